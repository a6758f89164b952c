package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/internal/line"
)

// plc owns a PLC's bus: one goroutine polls the inputs and writes the outputs, so no two
// requests are ever on the bus at once.
type plc struct {
	device
	driver  drivers.PLC
	watch   drivers.Watch
	beat    string          // output that shows the agent alive; empty: none
	pulsed  map[string]bool // outputs that are pulsed: taken back when a session begins
	bits    map[string]int  // width of each input that is a counter
	alive   func() bool
	lines   []*line.Line // that name it
	onState func(up bool, why string)
	onRead  func(drivers.Values)              // after each poll
	onSet   func(output string, value uint64) // the PLC has taken a level
	onCount func(input string, delta int)     // a counter has risen
	onJump  func(input string)                // a counter has jumped: how far it has risen is not known
	alarm   func(text string)
	news    *news

	orders  map[string]uint64 // what a look at the inputs asks to be written at once
	refused map[string]bool   // refusals of this session that were logged

	mu      sync.Mutex
	session *plcSession // nil: down
	values  drivers.Values
	at      time.Time // when they were read
}

// plcSession is one connection with what goes on in it.
type plcSession struct {
	drivers.PLCSession
	requests chan write
	gone     chan struct{}
	ends     map[string]time.Time // running pulses: when they end
	last     drivers.Values
	looked   time.Time // of last
	changed  time.Time // when the PLC's own beat last changed
	beating  uint64
	toggled  time.Time
}

type write struct {
	output string
	value  uint64
	pulse  time.Duration // 0: a level that stays
	done   chan error
}

// errPLCDown answers a write while the PLC is away: whether it was set is not known.
var errPLCDown = errors.New("the PLC is not connected")

// beatEvery is how often the beat changes; a PLC's watchdog waits at least twice as long.
const beatEvery = 250 * time.Millisecond

// write sets an output and returns when the PLC has taken it.
func (p *plc) write(ctx context.Context, w write) error {
	p.mu.Lock()
	s := p.session
	p.mu.Unlock()
	if s == nil {
		return errPLCDown
	}
	w.done = make(chan error, 1)
	select {
	case s.requests <- w:
	case <-s.gone:
		return errPLCDown
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-s.gone:
		return errPLCDown
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Values returns what was read last; nil while the PLC is down.
func (p *plc) Values() drivers.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.values
}

func (p *plc) run(ctx context.Context) {
	var carrying sync.WaitGroup
	carrying.Go(func() { p.news.carry(ctx) })
	defer carrying.Wait()
	p.keep(ctx, func(ctx context.Context, _ int) error {
		opened, err := p.driver.Open(ctx)
		if err != nil {
			p.onState(false, err.Error())
			return err
		}
		s := &plcSession{PLCSession: opened, requests: make(chan write), gone: make(chan struct{}), ends: map[string]time.Time{}}
		err = p.begin(ctx, s)
		if err == nil {
			p.refused = map[string]bool{}
			p.hold(s)
			p.up()
			p.onState(true, "")
			err = p.serve(ctx, s)
		}
		p.hold(nil)
		close(s.gone)
		_ = opened.Close() // the session's own error is the one to tell
		p.onState(false, err.Error())
		return err
	})
}

func (p *plc) hold(s *plcSession) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session = s; s == nil {
		p.values = nil
	}
}

// begin reads once, so that counters have a base, and takes back pulses that a session before
// this one may have left standing.
func (p *plc) begin(ctx context.Context, s *plcSession) error {
	for output := range p.pulsed {
		if err := s.Write(ctx, output, 0); err != nil {
			return err
		}
	}
	if err := p.look(ctx, s); err != nil {
		return err
	}
	return p.firstBeat(ctx, s)
}

// firstBeat waits until the PLC shows that its program runs: one whose Modbus server alone answers
// would be taken for a PLC that stops the line.
func (p *plc) firstBeat(ctx context.Context, s *plcSession) error {
	for first := s.last[p.watch.Alive]; p.watch.Alive != "" && s.last[p.watch.Alive] == first; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.watch.Poll):
		}
		if err := p.look(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *plc) serve(ctx context.Context, s *plcSession) error {
	ticker := time.NewTicker(p.watch.Poll)
	defer ticker.Stop()
	for {
		var end <-chan time.Time
		if next, ok := s.nextEnd(); ok {
			end = time.After(time.Until(next))
		}
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case w := <-s.requests:
			err = p.take(ctx, s, w)
		case <-end:
			err = s.endPulses(ctx)
		case <-ticker.C:
			if err = p.lenient(p.toggle(ctx, s)); err == nil {
				if err := p.look(ctx, s); err != nil {
					return err // also its clear no: without its inputs nothing can be counted
				}
			}
		}
		if err := p.lenient(err); err != nil {
			return err
		}
	}
}

// lenient lets a session go on after a PLC's clear no to a write. The station that asked has its
// answer; each that differs is logged once in a session.
func (p *plc) lenient(err error) error {
	var refusal *drivers.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if !p.refused[err.Error()] {
		p.refused[err.Error()] = true
		p.log.Warn("the PLC refused a request", "name", p.name, "error", err)
	}
	return nil
}

// take writes what a station asked for. A pulse that is asked for while the last one still
// stands ends that one first: every rejection needs an edge of its own.
func (p *plc) take(ctx context.Context, s *plcSession, w write) error {
	if _, standing := s.ends[w.output]; standing && w.pulse > 0 {
		if err := s.Write(ctx, w.output, 0); err != nil {
			w.done <- err
			return err
		}
	}
	err := s.Write(ctx, w.output, w.value)
	if err == nil && w.pulse > 0 {
		s.ends[w.output] = time.Now().Add(w.pulse)
	}
	w.done <- err
	if err == nil && w.pulse == 0 {
		p.onSet(w.output, w.value)
	}
	return err
}

func (s *plcSession) nextEnd() (time.Time, bool) {
	var next time.Time
	for _, end := range s.ends {
		if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	return next, len(s.ends) > 0
}

func (s *plcSession) endPulses(ctx context.Context) error {
	now := time.Now()
	for output, end := range s.ends {
		if end.After(now) {
			continue
		}
		delete(s.ends, output)
		if err := s.Write(ctx, output, 0); err != nil {
			return err
		}
	}
	return nil
}

// toggle changes the beat, but only while the stations live and the ledger takes writes: the
// PLC's watchdog stops the line when it stands still (P6).
func (p *plc) toggle(ctx context.Context, s *plcSession) error {
	now := time.Now()
	if p.beat == "" || now.Sub(s.toggled) < beatEvery || !p.alive() {
		return nil
	}
	s.toggled, s.beating = now, 1-s.beating
	return s.Write(ctx, p.beat, s.beating)
}

func (p *plc) look(ctx context.Context, s *plcSession) error {
	values, err := s.Read(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := p.heart(s, values, now); err != nil {
		return err
	}
	p.mu.Lock()
	p.values, p.at = values, now
	p.mu.Unlock()
	most := plausible(p.watch.MaxRate, now.Sub(s.looked))
	for input, bits := range p.bits {
		was, ok := s.last[input]
		if !ok {
			continue // the first look of a session is the base
		}
		delta := rise(was, values[input], bits)
		if delta > most {
			p.alarm(fmt.Sprintf("counter %s went from %d to %d: the PLC has restarted, counting goes on from there", input, was, values[input]))
			p.onJump(input)
			continue
		}
		if delta > 0 {
			p.onCount(input, int(delta))
		}
	}
	s.last, s.looked = values, now
	p.onRead(values)
	for output, value := range p.orders {
		delete(p.orders, output)
		if err := p.take(ctx, s, write{output: output, value: value, done: make(chan error, 1)}); err != nil {
			return p.lenient(err)
		}
	}
	return nil
}

// heart watches the beat that the PLC itself gives.
func (p *plc) heart(s *plcSession, values drivers.Values, now time.Time) error {
	if p.watch.Alive == "" {
		return nil
	}
	if s.last == nil || values[p.watch.Alive] != s.last[p.watch.Alive] {
		s.changed = now
	}
	if still := now.Sub(s.changed); still > p.watch.Within {
		return fmt.Errorf("its beat (input %s) has stood still for %s: its program does not run", p.watch.Alive, still.Round(100*time.Millisecond))
	}
	return nil
}

// plausible is the most that a counter may rise in a time; more is a restarted PLC. A few may come
// at once whatever the speed.
func plausible(rate int, in time.Duration) uint64 {
	const atOnce = 10
	return atOnce + uint64(float64(rate)*in.Seconds())
}

// rise is the difference of a counter by its modulus.
func rise(was, now uint64, bits int) uint64 {
	d := now - was
	if bits < 64 {
		d &= 1<<bits - 1
	}
	return d
}
