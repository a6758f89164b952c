package zpltest

import (
	"maps"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
)

// job is one format in the buffer with the copies that are still to come out.
type job struct {
	label  Label
	copies int
	// stop is made while a copy is under the head and closed when something keeps it from coming out whole.
	stop chan struct{}
	// spoiled: a copy came out half and is to be printed again.
	spoiled bool
}

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	opt      Options
	labelled chan struct{}
	wake     chan struct{} // signals the worker that there may be something to print
	server   linktest.Server
	feeding  sync.WaitGroup // the worker

	mu        sync.Mutex
	over      bool
	power     int // counts power cycles: a connection from before the last one is dead
	epoch     int // grows whenever the buffers are emptied: what began before does not count after
	partial   int // formats begun and not finished, over all connections
	queue     []*job
	seq       int
	odometer  int
	fault     Fault
	reprint   bool              // ^JZ
	stored    map[string]object // stored formats by drive and name
	line      lineUse
	received  []Label
	printed   []Label
	onPrinted func(Label)
	logErr    error
}

// New returns a running printer, to be stopped with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	p := &Printer{
		opt:      opt,
		labelled: make(chan struct{}, 1),
		wake:     make(chan struct{}, 1),
		reprint:  true,
		stored:   map[string]object{},
	}
	if !opt.Trigger {
		p.feeding.Go(p.feed)
	}
	return p
}

// SetFault raises a fault, or clears it with NoFault. A label that is under the head is interrupted by every
// fault but Pause: with ^JZY it stays in the buffer and comes out again as soon as the fault is cleared, with
// ^JZN it is lost.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	if f == p.fault {
		p.mu.Unlock()
		return
	}
	p.log(event{Event: "fault", Fault: f.String()})
	p.fault = f
	if f.interrupts() && len(p.queue) > 0 && p.queue[0].stop != nil {
		p.interrupt()
	}
	var again []Label
	// The Guide: the label is reprinted as soon as the error condition is corrected, so without a trigger.
	if f == NoFault && p.opt.Trigger && len(p.queue) > 0 && p.queue[0].spoiled {
		again = append(again, p.output())
	}
	call := p.onPrinted
	p.mu.Unlock()
	notify(p.wake)
	for _, l := range again {
		if call != nil {
			call(l)
		}
	}
}

// Interrupt raises a fault in the middle of the oldest waiting label, which comes out half; false when there
// is none, or a fault holds already. It stands for the fault during a label where Trigger leaves no time
// between beginning and end. A Pause interrupts nothing and is refused.
func (p *Printer) Interrupt(f Fault) (Label, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 || p.fault != NoFault || !f.interrupts() {
		return Label{}, false
	}
	l := p.queue[0].label
	p.log(event{Event: "fault", Fault: f.String()})
	p.fault = f
	p.interrupt()
	return l, true
}

// interrupt spoils the copy under the head. The caller holds the lock.
func (p *Printer) interrupt() {
	j := p.queue[0]
	p.log(labelEvent("interrupted", j.label))
	p.release(j)
	if p.reprint {
		j.spoiled = true
		return
	}
	p.log(labelEvent("lost", j.label))
	p.take(j)
}

// release ends the time of a copy under the head. The caller holds the lock.
func (p *Printer) release(j *job) {
	if j.stop != nil {
		close(j.stop)
		j.stop = nil
	}
}

// take removes one copy of the oldest job. The caller holds the lock.
func (p *Printer) take(j *job) {
	if j.copies--; j.copies == 0 {
		p.queue = p.queue[1:]
	}
}

// PowerCycle switches the printer off and on: the buffer and the formats on drive R: are lost, connections
// are dropped, a Pause is over and ^JZ is Y again. The odometer stays, and so do the formats on the other
// drives, an open head and a missing supply.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	p.empty("lost")
	maps.DeleteFunc(p.stored, func(name string, _ object) bool { return name[0] == 'R' })
	p.reprint = true
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.power++
	p.server.Drop()
}

// notify signals a channel that holds one signal.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
