package dynamarktest

import (
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/feedtest"
	"linemark/drivers/link/linktest/recordtest"
)

// Printer is an emulated laser. Its methods may be called from any goroutine.
type Printer struct {
	recordtest.Record[Label]

	opt     Options
	wake    chan struct{} // signals the worker that there may be something to mark
	seat    chan struct{} // held by the one client that is served
	server  linktest.Server
	working sync.WaitGroup // the workers
	press   feedtest.Press[Label]

	mu          sync.Mutex
	over        bool
	power       int // counts power cycles: a connection from before the last one is dead
	client      *answertest.Writer
	manner      Manner
	messages    map[int]bool // switched on by SETMSG
	fault       Fault
	started     bool
	transaction map[string]string // texts of the open transaction; nil when there is none
	staged      *Label            // given, and not applied yet
	applying    *time.Timer
	live        Label // what a product would get
	fresh       bool  // live was applied and not marked since
	head        feedtest.Head
	seq         int
	pipelined   int
	events      recordtest.Log
}

// New returns a stopped laser, to be stopped for good with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.CodeField == "" {
		opt.CodeField = "CODE"
	}
	p := &Printer{
		opt:      opt,
		events:   recordtest.NewLog(opt.Log),
		wake:     make(chan struct{}, 1),
		seat:     make(chan struct{}, 1),
		messages: map[int]bool{},
	}
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.head, Output: p.output, Record: &p.Record}
	if !opt.Trigger {
		p.working.Go(p.feed)
	}
	return p
}

// SetFault raises a fault, or clears it with NoFault. An open interlock spoils the mark under way; the texts
// stay as they are.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f == p.fault {
		return
	}
	p.raise(f)
	if f == Interlock && p.head.Busy() {
		p.spoil()
	}
	linktest.Notify(p.wake)
}

// Interrupt opens the interlock in the middle of a mark, which comes out half; false when the laser would not
// mark now. It stands for the fault during a mark where Trigger leaves no time between beginning and end. A
// Pause interrupts nothing and is refused.
func (p *Printer) Interrupt(f Fault) (Label, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ready() || f != Interlock {
		return Label{}, false
	}
	p.raise(f)
	p.spoil()
	return p.live, true
}

// raise sets the fault and tells of it. The caller holds the lock.
func (p *Printer) raise(f Fault) {
	p.log(event{Event: "fault", Fault: f.String()})
	p.fault = f
	p.tell(5)
	switch {
	case f == Interlock:
		p.tell(4)
	case f == NoFault && p.started:
		p.tell(1)
	}
}

// spoil ends the mark under way. The caller holds the lock.
func (p *Printer) spoil() {
	p.log(labelEvent("spoilt", p.live))
	p.fresh = false
	p.head.Free()
}

// PowerCycle switches the laser off and on: the connection is dropped, the laser is stopped, its messages are
// off, an open transaction is gone, and so are the texts unless KeepBuffer is set. An open interlock stays.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	p.head.Free()
	p.unstage()
	p.transaction, p.staged, p.started = nil, nil, false
	p.messages = map[int]bool{}
	if !p.opt.KeepBuffer {
		p.live, p.fresh = Label{}, false
	}
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.power++
	p.server.Drop()
}

// unstage stops the clock of texts that are being applied. The caller holds the lock.
func (p *Printer) unstage() {
	if p.applying != nil {
		p.applying.Stop()
		p.applying = nil
	}
}
