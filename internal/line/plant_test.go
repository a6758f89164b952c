package line

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"linemark/internal/code"
)

// Where things stand along the belt, in places of pitch each.
const (
	pitch  = 100 * time.Millisecond // ten products a second
	camera = 4                      // the check camera, and the rejector beside it
	packer = 12                     // the camera of the packing machine
)

// bottle is one product on the belt.
type bottle struct {
	code  code.Code // empty: no label
	right bool      // the check camera read its own code, for the first time
}

// plant is a line's whole world in the bubble's time: a belt, two printers, two cameras, a PLC
// with a watchdog, and a person who takes off what was not verified before the belt runs again.
// Whatever can go wrong does, at the seed's choice.
type plant struct {
	mu    sync.Mutex
	rng   *rand.Rand
	line  *Line
	fault func() error // the ledger's
	fail  func(format string, args ...any)

	belt        [packer + 1]*bottle
	unit, box   *press
	check, pack *eye
	plc         device
	coil, told  bool // the stop output, and as it was last read
	beat        time.Time
	since       time.Time // the belt stands since then
	counted     int       // rejected products, not told yet
	stall       time.Duration
	wasRead     map[code.Code]bool // rightly, by the check camera
	originals   []code.Code        // of wasRead
	packed      []code.Code        // what the packing machine's camera saw; empty: a unit that it did not read
	happened    map[string]int
	steps       int
}

// device is something that goes away and comes back.
type device struct {
	up   bool
	back time.Time
}

// press is a printer.
type press struct {
	device
	plant   *plant
	session int
	buffer  []Label
	printed int // counted in this session
	sent    map[code.Code]int
	applied []code.Code
}

// eye is a camera.
type eye struct {
	device
	seq int64
}

// posting is an event on its way to a station.
type posting struct {
	station string
	event   Event
}

func newPlant(seed uint64, fail func(format string, args ...any)) *plant {
	p := &plant{rng: rand.New(rand.NewPCG(seed, seed)), fail: fail, check: &eye{}, pack: &eye{}, wasRead: map[code.Code]bool{}, happened: map[string]int{}}
	p.unit, p.box = &press{plant: p, sent: map[code.Code]int{}}, &press{plant: p, sent: map[code.Code]int{}}
	return p
}

// Send implements PrintPort.
func (r *press) Send(session int, labels []Label) {
	r.plant.mu.Lock()
	defer r.plant.mu.Unlock()
	for _, l := range labels {
		r.sent[l.Code]++
		if r.up && session == r.session {
			r.buffer = append(r.buffer, l)
		}
	}
}

// print takes the next label out of the buffer. A printer that cannot be reached prints on.
func (r *press) print() code.Code {
	if len(r.buffer) == 0 {
		return ""
	}
	l := r.buffer[0]
	r.buffer = r.buffer[1:]
	r.applied = append(r.applied, l.Code)
	r.printed++
	return l.Code
}

var errGone = errors.New("no answer")

// Pulse implements SignalPort: the rejector throws out what stands before it.
func (p *plant) Pulse(context.Context, string, time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.plc.up:
		return errGone
	case p.chance(30, "the PLC refuses a rejection"):
		return errGone
	case p.chance(8, "the rejector jams"):
		return nil
	}
	if b := p.belt[camera]; b != nil {
		p.belt[camera] = nil
		p.counted++
		p.happened["rejected"]++
	}
	return nil
}

// Set implements SignalPort.
func (p *plant) Set(_ context.Context, _ string, on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plc.up || p.chance(20, "the PLC refuses the stop") {
		return errGone
	}
	p.coil = on
	return nil
}

// Write implements SignalPort.
func (*plant) Write(context.Context, string, uint64) error {
	panic("this plant has no handshake")
}

// now is the ledger's clock, and the place where its disk is slow.
func (p *plant) now() time.Time {
	p.mu.Lock()
	d := p.stall
	p.stall = 0
	p.mu.Unlock()
	time.Sleep(d)
	return time.Now()
}

// chance is true once in n times.
func (p *plant) chance(n int, what string) bool {
	if p.rng.IntN(n) != 0 {
		return false
	}
	p.happened[what]++
	return true
}

// run works for n belt steps.
func (p *plant) run(ctx context.Context, n int) {
	p.beat = time.Now()
	for range n {
		for _, next := range p.step() {
			p.line.Post(ctx, next.station, next.event)
		}
		time.Sleep(pitch)
	}
}

func (p *plant) step() []posting {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.steps++
	all := p.devices(now)
	if p.steps%15 == 0 {
		p.happened["the disk is slow"]++
		p.stall = time.Duration(p.rng.IntN(500)) * time.Millisecond
	}
	if p.plc.up {
		if p.coil != p.told {
			p.told = p.coil
			all = append(all, posting{"check", StopOutput{Set: p.coil}})
		}
		if p.counted > 0 {
			all = append(all, posting{"check", CountedRejects{N: p.counted}})
			p.counted = 0
		}
		if p.line.Alive(now) && p.fault() == nil {
			p.beat = now
		}
	}
	if stands := p.coil || now.Sub(p.beat) > 500*time.Millisecond; stands {
		p.person(now)
		return all
	}
	p.since = time.Time{}
	return append(all, p.move()...)
}

// devices lets each device go after so many steps, and come back after some seconds.
func (p *plant) devices(now time.Time) []posting {
	var all []posting
	change := func(d *device, n int, what string, up, down func()) {
		switch {
		case !d.up && now.After(d.back):
			d.up = true
			up()
		case d.up && p.steps%n == n/2:
			p.happened[what]++
			d.up, d.back = false, now.Add(time.Duration(p.rng.IntN(3000))*time.Millisecond)
			down()
		}
	}
	tell := func(station string, ev Event) func() {
		return func() { all = append(all, posting{station, ev}) }
	}
	session := func(r *press, station string) func() {
		return func() {
			r.session++
			r.buffer, r.printed = nil, 0
			tell(station, PrinterUp{Session: r.session})()
		}
	}
	change(&p.plc, 700, "the PLC goes", tell("check", PLCState{Up: true}), tell("check", PLCState{Why: "gone"}))
	change(&p.check.device, 700, "the check camera goes", tell("check", ScannerState{Up: true}), tell("check", ScannerState{Why: "gone"}))
	change(&p.pack.device, 500, "the pack camera goes", tell("box", ScannerState{Up: true}), tell("box", ScannerState{Why: "gone"}))
	change(&p.unit.device, 300, "the marking printer goes", session(p.unit, "mark"), func() { tell("mark", PrinterDown{Session: p.unit.session, Why: "gone"})() })
	change(&p.box.device, 200, "the box printer goes", session(p.box, "box"), func() { tell("box", PrinterDown{Session: p.box.session, Why: "gone"})() })
	if p.box.up && p.box.print() != "" {
		all = append(all, posting{"box", PrintedCount{Session: p.box.session, Count: p.box.printed}})
	}
	return all
}

// person comes when the belt stands, takes off everything behind the camera that was not
// verified, and lets the belt run again when all devices are back.
func (p *plant) person(now time.Time) {
	if p.since.IsZero() {
		p.since = now
		p.happened["stops"]++
	}
	if now.Sub(p.since) < 2*time.Second || !p.plc.up || !p.check.up {
		return
	}
	for i := camera; i <= packer; i++ {
		if b := p.belt[i]; b != nil && !b.right {
			p.belt[i] = nil
			p.happened["taken off"]++
		}
	}
	p.coil = false
}

// move takes the belt one place on.
func (p *plant) move() []posting {
	copy(p.belt[1:], p.belt[:packer])
	var all []posting
	p.belt[0] = &bottle{}
	if len(p.originals) > 0 && p.chance(150, "a copy") {
		p.belt[0].code = p.originals[p.rng.IntN(len(p.originals))]
	} else if p.belt[0].code = p.unit.print(); p.belt[0].code != "" {
		if p.unit.up {
			all = append(all, posting{"mark", PrintedCount{Session: p.unit.session, Count: p.unit.printed}})
		}
		if p.chance(100, "a label falls off") {
			p.belt[0].code = ""
		}
	}
	if b := p.belt[camera]; b != nil && p.check.up {
		n := 80
		if p.stall > 0 {
			n = 6 // a bad product whose verdict comes late
		}
		scan := p.look(p.check, b.code, n)
		if b.right = scan.Code != "" && scan.Code == b.code && !p.wasRead[b.code]; b.right {
			p.wasRead[b.code] = true
			p.originals = append(p.originals, b.code)
		}
		all = append(all, posting{"check", Scans{Scans: []Scan{scan}}})
	}
	if b := p.belt[packer]; b != nil {
		if !b.right {
			p.fail("a product that was not verified was packed: %q", b.code)
		}
		seen := code.Code("")
		if p.pack.up {
			scan := p.look(p.pack, b.code, 200)
			seen = scan.Code
			all = append(all, posting{"box", Scans{Scans: []Scan{scan}}})
		}
		p.packed = append(p.packed, seen)
	}
	return all
}

// look is one reading; one in n has a fault.
func (p *plant) look(e *eye, c code.Code, n int) Scan {
	e.seq++
	s := Scan{Seq: e.seq, Code: c, At: time.Now()}
	switch {
	case c == "" || p.chance(n, "a no-read"):
		return Scan{Seq: e.seq, NoRead: true, At: s.At}
	case p.chance(n, "a misreading"):
		at := p.rng.IntN(len(c))
		s.Code = c[:at] + "?" + c[at+1:]
	}
	return s
}
