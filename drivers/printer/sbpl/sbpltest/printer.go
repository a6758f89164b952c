package sbpltest

import (
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
	room    *sync.Cond // signalled when a label has left the buffer, or everything ends
	over    bool
	power   int // counts power cycles: a connection from before the last one is dead
	epoch   int // grows at each <CAN>: what began before does not count after
	buffer  feedtest.Buffer[Label]
	last    string // id of the last job that is done
	out     Label  // the last label that came out
	refuse  int    // jobs still to be refused
	answers Answers
	seq     int
	fault   Fault
	events  recordtest.Log
}

// New returns a running printer, to be stopped with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Every == 0 {
		opt.Every = 500 * time.Millisecond
	}
	if opt.ECC == "" {
		opt.ECC = "20"
	}
	p := &Printer{opt: opt, events: recordtest.NewLog(opt.Log), wake: make(chan struct{}, 1), last: noID}
	p.room = sync.NewCond(&p.mu)
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.buffer.Head, Output: p.output, Record: &p.Record}
	if !opt.Trigger {
		p.feeding.Go(p.feed)
	}
	return p
}

// SetFault raises a fault, or clears it with NoFault. A label that is under the head is interrupted by every
// fault but Pause: it is lost, or with Reprint stays in the buffer and comes out again as soon as the fault is
// cleared.
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
	if p.opt.Reprint {
		p.buffer.Spoil()
		return
	}
	p.log(labelEvent("lost", l))
	p.take()
}

// take removes one copy of the oldest job. The caller holds the lock.
func (p *Printer) take() {
	l, _ := p.buffer.Next()
	if p.buffer.Take() && p.opt.LastID {
		p.last = l.ID
	}
	p.room.Broadcast()
}

// PowerCycle switches the printer off and on: connections are dropped, a Pause is over, and the buffer is
// lost, unless Options say otherwise. An open head stays open, and a missing supply missing.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	if !p.opt.KeepBuffer {
		p.empty("lost")
	}
	p.buffer.Free()
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.power++
	p.room.Broadcast()
	p.server.Drop()
	linktest.Notify(p.wake)
}

// empty drops everything from the buffer. The caller holds the lock.
func (p *Printer) empty(name string) {
	for _, l := range p.buffer.Empty() {
		p.log(labelEvent(name, l))
	}
	p.last, p.out = noID, Label{}
	p.epoch++
	p.room.Broadcast()
}
