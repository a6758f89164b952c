package zpltest

import (
	"maps"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/feedtest"
	"linemark/drivers/link/linktest/recordtest"
)

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	recordtest.Record[Label]

	opt     Options
	wake    chan struct{} // signals the worker that there may be something to print
	server  linktest.Server
	feeding sync.WaitGroup // the worker
	press   feedtest.Press[Label]

	mu      sync.Mutex
	over    bool
	power   int // counts power cycles: a connection from before the last one is dead
	epoch   int // grows whenever the buffers are emptied: what began before does not count after
	partial int // formats begun and not finished, over all connections
	buffer  feedtest.Buffer[Label]
	seq     int
	fault   Fault
	reprint bool              // ^JZ
	stored  map[string]object // stored formats by drive and name
	line    lineUse
	events  recordtest.Log
}

// New returns a running printer, to be stopped with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	p := &Printer{opt: opt, events: recordtest.NewLog(opt.Log), wake: make(chan struct{}, 1), reprint: true, stored: map[string]object{}}
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.buffer.Head, Output: p.output, Record: &p.Record}
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
	if f.interrupts() && p.buffer.Busy() {
		p.interrupt()
	}
	var again []Label
	// The Guide: the label is reprinted as soon as the error condition is corrected, so without a trigger.
	if f == NoFault && p.opt.Trigger && p.buffer.Spoiled() {
		again = append(again, p.output())
	}
	p.mu.Unlock()
	linktest.Notify(p.wake)
	for _, l := range again {
		recordtest.Tell(&p.Record, l)
	}
}

// Interrupt raises a fault in the middle of the oldest waiting label, which comes out half; false when there
// is none, or a fault holds already. It stands for the fault during a label where Trigger leaves no time
// between beginning and end. A Pause interrupts nothing and is refused.
func (p *Printer) Interrupt(f Fault) (Label, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, copies := p.buffer.Next()
	if copies == 0 || p.fault != NoFault || !f.interrupts() {
		return Label{}, false
	}
	p.log(event{Event: "fault", Fault: f.String()})
	p.fault = f
	p.interrupt()
	return l, true
}

// interrupt spoils the copy under the head. The caller holds the lock.
func (p *Printer) interrupt() {
	l, _ := p.buffer.Next()
	p.log(labelEvent("interrupted", l))
	if p.reprint {
		p.buffer.Spoil()
		return
	}
	p.log(labelEvent("lost", l))
	p.buffer.Take()
}

// PowerCycle switches the printer off and on: the buffer and the formats on drive R: are lost, connections
// are dropped, a Pause is over and ^JZ is Y again. The odometer stays, and so do the formats on the other
// drives, an open head and a missing supply.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	p.dropped("lost", p.buffer.Empty())
	maps.DeleteFunc(p.stored, func(name string, _ object) bool { return name[0] == 'R' })
	p.reprint = true
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.power++
	p.server.Drop()
}
