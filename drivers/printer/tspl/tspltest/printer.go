package tspltest

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/link/linktest/feedtest"
	"linemark/drivers/link/linktest/recordtest"
)

// question is an OUT that waits for its turn.
type question struct {
	from   *answertest.Writer
	prefix string
	after  int // number of the last PRINT before it
}

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	recordtest.Record[Label]

	opt     Options
	wake    chan struct{} // signals the worker that there may be something to print
	server  linktest.Server
	feeding sync.WaitGroup // the worker
	press   feedtest.Press[Label]

	mu        sync.Mutex
	room      *sync.Cond // signalled when a label has left the buffer, or everything ends
	over      bool
	power     int  // counts power cycles: a connection from before the last one is dead
	rest      part // of a line whose connection ended: the next connection's bytes go on from there
	image     []Symbol
	drawn     []drawtest.Dots
	lines     []byte // since the last PRINT
	buffer    feedtest.Buffer[Label]
	questions []question
	answers   Answers
	seq       int
	fault     Fault
	reprint   bool // SET REPRINT
	events    recordtest.Log
}

// New returns a running printer, to be stopped with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Out == "" {
		opt.Out = "NET"
	}
	p := &Printer{opt: opt, events: recordtest.NewLog(opt.Log), wake: make(chan struct{}, 1), reprint: true}
	p.room = sync.NewCond(&p.mu)
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.buffer.Head, Output: p.output, Record: &p.Record}
	if !opt.Trigger {
		p.feeding.Go(p.feed)
	}
	return p
}

// SetFault raises a fault, or clears it with NoFault. A label that is under the head is interrupted by every
// fault but Pause: it stays in the buffer and comes out again as soon as the fault is cleared, or with
// SET REPRINT OFF is lost.
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
	p.reply()
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
	p.take()
}

// take removes one copy of the oldest job. The caller holds the lock.
func (p *Printer) take() {
	p.buffer.Take()
	p.room.Broadcast()
}

// PowerCycle switches the printer off and on: connections are dropped, a Pause is over, REPRINT is ON again,
// and the buffer is lost, unless Options say otherwise. The count stays, and so do an open head and a
// missing supply.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	if !p.opt.KeepBuffer {
		p.empty("lost")
	}
	p.buffer.Free()
	p.image, p.drawn, p.lines, p.rest, p.questions = nil, nil, nil, part{}, nil
	p.reprint = true
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
	p.room.Broadcast()
}

// reply answers every OUT whose turn has come. The caller holds the lock.
func (p *Printer) reply() {
	next, waiting := p.buffer.Next()
	p.questions = slices.DeleteFunc(p.questions, func(q question) bool {
		if p.fault.interrupts() || p.opt.OutWaits && waiting > 0 && next.Seq <= q.after {
			return false
		}
		q.from.Push(p.answers, q.prefix+strconv.Itoa(p.Odometer())+"\r\n")
		return true
	})
}
