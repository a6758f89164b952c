package tspltest

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
)

// job is one PRINT in the buffer with the copies that are still to come out.
type job struct {
	label  Label
	copies int
	// stop is made while a copy is under the head and closed when something keeps it from coming out whole.
	stop chan struct{}
	// spoiled: a copy came out half and is to be printed again.
	spoiled bool
}

// question is an OUT that waits for its turn.
type question struct {
	from   *answertest.Writer
	prefix string
	after  int // number of the last PRINT before it
}

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	opt      Options
	labelled chan struct{}
	wake     chan struct{} // signals the worker that there may be something to print
	server   linktest.Server
	feeding  sync.WaitGroup // the worker

	mu        sync.Mutex
	room      *sync.Cond // signalled when a label has left the buffer, or everything ends
	over      bool
	power     int    // counts power cycles: a connection from before the last one is dead
	rest      []byte // of a line whose connection ended: the next connection's bytes go on from there
	image     []Symbol
	lines     []byte // since the last PRINT
	queue     []*job
	questions []question
	answers   Answers
	seq       int
	odometer  int
	fault     Fault
	reprint   bool // SET REPRINT
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
	if opt.Out == "" {
		opt.Out = "NET"
	}
	p := &Printer{opt: opt, labelled: make(chan struct{}, 1), wake: make(chan struct{}, 1), reprint: true}
	p.room = sync.NewCond(&p.mu)
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
	if f.interrupts() && len(p.queue) > 0 && p.queue[0].stop != nil {
		p.interrupt()
	}
	var again []Label
	if f == NoFault && p.opt.Trigger && len(p.queue) > 0 && p.queue[0].spoiled {
		again = append(again, p.output())
	}
	p.reply()
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
	for _, j := range p.queue {
		p.release(j)
	}
	p.image, p.lines, p.rest, p.questions = nil, nil, nil, nil
	p.reprint = true
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.power++
	p.room.Broadcast()
	p.server.Drop()
	notify(p.wake)
}

// empty drops everything from the buffer. The caller holds the lock.
func (p *Printer) empty(name string) {
	for _, j := range p.queue {
		p.release(j)
		p.log(labelEvent(name, j.label))
	}
	p.queue = nil
	p.room.Broadcast()
}

// waiting counts the labels in the buffer. The caller holds the lock.
func (p *Printer) waiting() int {
	n := 0
	for _, j := range p.queue {
		n += j.copies
	}
	return n
}

// reply answers every OUT whose turn has come. The caller holds the lock.
func (p *Printer) reply() {
	p.questions = slices.DeleteFunc(p.questions, func(q question) bool {
		if p.fault.interrupts() || p.opt.OutWaits && len(p.queue) > 0 && p.queue[0].label.Seq <= q.after {
			return false
		}
		q.from.Push(p.answers, q.prefix+strconv.Itoa(p.odometer)+"\r\n")
		return true
	})
}

// notify signals a channel that holds one signal.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
