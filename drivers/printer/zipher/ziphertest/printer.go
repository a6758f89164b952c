package ziphertest

import (
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/feedtest"
	"linemark/drivers/link/linktest/recordtest"
)

// Overall states.
const (
	running = 3
	offline = 4
)

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	recordtest.Record[Label]

	opt     Options
	wake    chan struct{} // signals the worker that there may be something to print
	server  linktest.Server
	feeding sync.WaitGroup // the worker
	press   feedtest.Press[Label]

	mu       sync.Mutex
	over     bool
	power    int // counts power cycles: a connection from before the last one is dead
	hosts    map[*answertest.Writer]bool
	manner   Manner
	overall  int
	fault    Fault
	job      string
	notices  bool
	capacity int
	header   []string
	queue    []Label
	head     feedtest.Head
	newest   int64 // the highest index received
	last     int64 // the index printed last
	seq      int
	events   recordtest.Log
}

// New returns a running printer, to be stopped with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Job == "" {
		opt.Job = "Job1"
	}
	if opt.CodeField == "" {
		opt.CodeField = "CODE"
	}
	if opt.Capacity == 0 {
		opt.Capacity = 150
	}
	if opt.End == "" {
		opt.End = "\r"
	}
	p := &Printer{
		opt:      opt,
		events:   recordtest.NewLog(opt.Log),
		wake:     make(chan struct{}, 1),
		hosts:    map[*answertest.Writer]bool{},
		overall:  running,
		job:      opt.Job,
		notices:  opt.Notices,
		capacity: opt.Capacity,
	}
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.head, Output: p.output, Record: &p.Record}
	if opt.NoJob {
		p.job, p.overall = "", offline
	}
	if !opt.Trigger {
		p.feeding.Go(p.feed)
	}
	return p
}

// SetFault raises a fault, or clears it with NoFault. A label that is under the head is spoilt by every fault
// but Pause, and does not come out again.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f == p.fault {
		return
	}
	p.raise(f)
	if f.interrupts() && p.head.Busy() {
		p.spoil()
	}
	linktest.Notify(p.wake)
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
	l := p.queue[0]
	p.raise(f)
	p.spoil()
	return l, true
}

// raise sets the fault and tells of it. The caller holds the lock.
func (p *Printer) raise(f Fault) {
	p.log(event{Event: "fault", Fault: f.String()})
	switch {
	case f == Pause:
		p.overall = offline
	case p.fault == Pause:
		p.overall = running
	}
	p.fault = f
	p.notice(p.state())
}

// spoil takes the oldest label away half printed. The caller holds the lock.
func (p *Printer) spoil() {
	l := p.queue[0]
	p.log(labelEvent("spoilt", l))
	p.head.Free()
	p.queue = p.queue[1:]
	if p.opt.CountsHalf {
		p.last = l.Index
	}
}

// SelectJob selects another job, as a person does at the panel. The records go with the old job.
func (p *Printer) SelectJob(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "job", Job: name})
	p.empty("lost")
	p.job, p.header = name, nil
	p.notice("JOB|" + name + "|-|")
}

// PowerCycle switches the printer off and on: connections are dropped, a Pause is over, and unless KeepBuffer
// is set the records are lost and the indexes begin anew. An open head and a missing supply stay.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	p.head.Free()
	if !p.opt.KeepBuffer {
		p.empty("lost")
		p.newest, p.last, p.header, p.capacity = 0, 0, nil, p.opt.Capacity
	}
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.overall = running
	if p.opt.Offline || p.job == "" {
		p.overall = offline
	}
	p.notices = p.opt.Notices
	p.power++
	p.server.Drop()
	linktest.Notify(p.wake)
}

// empty drops every record. The caller holds the lock.
func (p *Printer) empty(name string) {
	p.head.Free()
	for _, l := range p.queue {
		p.log(labelEvent(name, l))
	}
	p.queue = nil
}
