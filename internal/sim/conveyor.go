package sim

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"linemark/drivers/plc/modbus/modbustest"
	"linemark/internal/config"
)

// conveyor carries products of one line: from under the printer past the check camera and its
// rejector to the packing camera. It holds while the printer has no label ready, while the stop
// output is set, and while the agent's beat stands still.
type conveyor struct {
	name    string
	gap     int // products between the printer and the check camera
	opt     Options
	rng     *rand.Rand
	printer feeder          // or a roll of labels
	check   camera          // nil: none
	pack    camera          // nil: none
	plc     *modbustest.PLC // nil: none
	points  points
	numbers numbers
	log     io.Writer

	mu        sync.Mutex
	made      int
	rejects   uint32
	window    *product // was read and has not passed the rejector yet
	ejected   chan struct{}
	stopped   bool
	beat      time.Time // of its last change; zero: never seen
	beatWas   bool
	rejectWas bool
	broken    bool // the rejector does not move
	copies    [][]byte
	heard     map[string]bool // codes well read at the check camera
}

type product struct {
	n    int
	asks uint16 // the number under which the PLC asked for its verdict
	code []byte
	bad  string // why the check camera's reading must not pass; empty: a good reading
	out  bool   // thrown out
	here bool   // the rejector did not move when it should have taken it off
}

// usualGap is how many products fit between the printer and the check camera.
const usualGap = 3

func (p *Plant) belts(cfg *config.Config) error {
	for i, l := range cfg.Lines {
		log, err := p.log("conveyor-" + l.Name)
		if err != nil {
			return err
		}
		c := &conveyor{name: l.Name, gap: usualGap, heard: map[string]bool{}, opt: p.opt, rng: rand.New(rand.NewPCG(p.opt.Seed, uint64(i)+1)), log: log, points: points{-1, -1, -1, -1, -1}, numbers: numbers{request: -1}, ejected: make(chan struct{}, 1)}
		for _, s := range l.Stations {
			switch s.Kind {
			case "print":
				c.printer = p.press(s.Printer)
				if d, ok := cfg.Printer(s.Printer); ok && d.Driver == "ngpcl" {
					c.gap = 0 // it says nothing of its marks: the camera stands at the coder, and releases the next code
				}
			case "verify":
				c.check = p.camera(s.Scanner)
				if err := c.wire(p, cfg, s); err != nil {
					return fmt.Errorf("line %s, station %s: %w", l.Name, s.Name, err)
				}
			case "pack":
				if s.Scanner != "" {
					c.pack = p.camera(s.Scanner)
				}
				p.labelCheck(s)
			}
		}
		for _, r := range p.Rolls {
			if r.Line == l.Name {
				c.printer = r
			}
		}
		if c.printer != nil {
			c.recordLocked("started", nil, "") // the belt stood still until now
			p.conveyors = append(p.conveyors, c)
		}
	}
	return nil
}

// labelCheck lets a scanner read the labels that a container printer puts out.
func (p *Plant) labelCheck(s config.Station) {
	printer, reader := p.press(s.Printer), p.camera(s.Check)
	if printer == nil || reader == nil {
		return
	}
	printer.printed(func(code []byte) {
		if len(code) > 0 {
			reader.Read(code)
		}
	})
}

func (c *conveyor) run(ctx context.Context) {
	var belt []*product
	var pace time.Duration // between two products
	if c.opt.Rate > 0 {
		pace = time.Duration(float64(time.Second) / c.opt.Rate)
	}
	moved := time.Now() // when the belt moved last
	copied := false     // the next product is one with a copied code: it takes its own time on the belt
	for c.wait(ctx, moved, pace) {
		if copied {
			copied = false
			belt = append(belt, c.copy())
		} else if code, ok := c.printer.next(); ok {
			belt = append(belt, c.make(code))
			copied = c.chance(c.opt.Faults.Copied)
		} else {
			select {
			case <-ctx.Done():
			case <-c.printer.labelled():
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		moved = c.moves(moved, pace)
		for len(belt) > c.gap {
			c.pass(belt[0])
			belt = belt[1:]
		}
	}
	for _, p := range belt { // the belt runs out
		c.pass(p)
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // a rejection of the last product may still come
	c.leave()
}

// moves returns the moment from which the next product's time counts. A belt that was held, or whose program got
// no processor, never makes up for it: no product comes closer behind another than the pace, but for a twentieth
// of it that lets the speed be kept.
func (c *conveyor) moves(last time.Time, pace time.Duration) time.Time {
	now, due := time.Now(), last.Add(pace)
	if now.Sub(due) > pace/20 {
		return now
	}
	return due
}

// operator clears a stop in his time, unless somebody else has done so before, as on the agent's page. It is false when
// the shift is over.
func (c *conveyor) operator(ctx context.Context) bool {
	for end := time.Now().Add(c.opt.Restart); time.Now().Before(end); {
		if !sleep(ctx, min(20*time.Millisecond, time.Until(end))) {
			return false
		}
		c.mu.Lock()
		cleared := !c.stopped
		if cleared {
			c.takeOff()
			c.record("restarted", nil, "by somebody else")
		}
		c.mu.Unlock()
		if cleared {
			return true
		}
	}
	c.restart()
	return true
}

// wait lets one product's time pass. It is false when the shift is over.
func (c *conveyor) wait(ctx context.Context, moved time.Time, pace time.Duration) bool {
	if pace > 0 && !sleep(ctx, time.Until(moved.Add(pace))) {
		return false
	}
	held := false
	for ctx.Err() == nil {
		c.mu.Lock()
		stopped := c.stopped
		silent := c.points.beat >= 0 && time.Since(c.beat) > watchdog
		if silent && !stopped && !held {
			held = true
			c.record("held", nil, "the agent's beat stands still")
		}
		c.mu.Unlock()
		switch {
		case stopped:
			if !c.operator(ctx) {
				return false
			}
		case silent:
			if !sleep(ctx, 20*time.Millisecond) {
				return false
			}
		default:
			return true
		}
	}
	return false
}

func (c *conveyor) make(code []byte) *product {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	p := &product{n: c.made, code: code}
	c.record("made", p, "")
	if c.points.products >= 0 {
		c.plc.SetUint32(c.points.products, uint32(c.made))
	}
	if c.copies = append(c.copies, p.code); len(c.copies) > 50 {
		c.copies = c.copies[1:]
	}
	return p
}

// wellRead remembers a code that was heard at the check camera: what bears it behind is a copy.
func (c *conveyor) wellRead(p *product) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard[string(p.code)] = true
}

// unheard says of a copy that the product whose code it bears was never heard at the camera: then
// nobody can tell the two apart.
func (c *conveyor) unheard(p *product) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.bad == copiedCode && !c.heard[string(p.code)]
}

const copiedCode = "copied code"

// copy is a product that bears the code of an earlier one.
func (c *conveyor) copy() *product {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	p := &product{n: c.made, code: c.copies[0], bad: copiedCode}
	c.record("made", p, p.bad)
	if c.points.products >= 0 {
		c.plc.SetUint32(c.points.products, uint32(c.made))
	}
	return p
}

// pass brings a product under the check camera. The one before it has left the rejector then.
func (c *conveyor) pass(p *product) {
	if c.chance(c.opt.Faults.Taken) {
		c.recordLocked("taken", p, "before the check camera")
		return
	}
	if c.check == nil {
		c.toPack(p)
		return
	}
	c.leave()
	if c.unheard(p) {
		p.bad = ""
	}
	read := p.code
	switch {
	case p.bad != "":
	case c.chance(c.opt.Faults.NoRead):
		read, p.bad = nil, "no read"
	case c.chance(c.opt.Faults.Wrong) && len(read) > 0:
		read, p.bad = c.misread(read), "misread"
	}
	select { // an edge of a product before
	case <-c.ejected:
	default:
	}
	c.mu.Lock()
	c.window = p
	c.record("read", p, p.bad)
	c.announce(p)
	c.mu.Unlock()
	switch {
	case read == nil:
		c.check.NoRead()
	case c.check.Read(read) && p.bad == "":
		c.wellRead(p)
	}
	if c.numbers.request >= 0 {
		time.Sleep(travel)
		c.decide(p)
		return
	}
	if c.opt.Rate == 0 && p.bad != "" { // without a pace the product waits for its verdict
		select {
		case <-c.ejected:
			time.Sleep(10 * time.Millisecond) // the rejector takes its time: the next product is not there at once
		case <-time.After(2 * time.Second):
		}
	}
}

// leave lets the product in the rejector's window go on.
func (c *conveyor) leave() {
	c.mu.Lock()
	p := c.window
	c.window = nil
	if p != nil && !p.out {
		c.record("passed", p, p.bad)
	}
	c.mu.Unlock()
	if p != nil && !p.out {
		c.toPack(p)
	}
}

func (c *conveyor) toPack(p *product) {
	switch {
	case c.pack == nil:
	case c.chance(c.opt.Faults.Taken):
		c.recordLocked("taken", p, "before packing")
	case c.chance(c.opt.Faults.PackNoRead):
		c.recordLocked("packed", p, "no read")
		c.pack.NoRead()
	default:
		c.recordLocked("packed", p, "")
		c.pack.Read(p.code)
	}
}

// misread changes one character of the serial or of the verification part.
func (c *conveyor) misread(code []byte) []byte {
	wrong := append([]byte(nil), code...)
	i := len(wrong) - 1 - c.rng.IntN(min(16, len(wrong)))
	if wrong[i] < 0x20 { // not a GS
		i = len(wrong) - 1
	}
	wrong[i] ^= 1
	return wrong
}

func (c *conveyor) chance(of float64) bool { return of > 0 && c.rng.Float64() < of }

func (c *conveyor) recordLocked(event string, p *product, note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record(event, p, note)
}

// record writes one line of the belt's own log. The caller holds mu.
func (c *conveyor) record(event string, p *product, note string) {
	if c.log == nil {
		return
	}
	e := beltEvent{At: time.Now(), Event: event, Note: note}
	if p != nil {
		e.Product, e.Code = p.n, hex.EncodeToString(p.code)
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = c.log.Write(append(line, '\n'))
	}
	if err != nil {
		panic("sim: the belt's log cannot be written: " + err.Error()) // without it nothing can be judged
	}
}

// beltEvent is one line of a conveyor's log.
type beltEvent struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	Product int       `json:"product,omitempty"`
	Code    string    `json:"code,omitempty"` // hex of what is on the product
	Note    string    `json:"note,omitempty"`
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
