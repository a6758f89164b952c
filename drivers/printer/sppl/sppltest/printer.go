package sppltest

import (
	"slices"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/feedtest"
	"linemark/drivers/link/linktest/recordtest"
)

// row is one line of a field's queue.
type row struct {
	seq  int
	text string // as it is marked
}

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
	power    int            // counts power cycles: a connection from before the last one is dead
	hosts    map[*host]bool // connections
	manner   Manner
	fault    Fault
	running  bool
	word     string // said after every print; "" for none
	queues   map[string][]row
	seqs     map[string]int
	values   map[string]string // of each field on the last label, as marked
	loaded   int               // prints since the template was loaded
	head     feedtest.Head
	commands []string
	events   recordtest.Log
}

// New returns a stopped printer with empty queues, to be ended with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Fields == nil {
		opt.Fields = []string{"CODE"}
	}
	p := &Printer{
		opt:    opt,
		events: recordtest.NewLog(opt.Log),
		wake:   make(chan struct{}, 1),
		hosts:  map[*host]bool{},
		queues: map[string][]row{},
		seqs:   map[string]int{},
		values: map[string]string{},
	}
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.head, Output: p.output, Record: &p.Record}
	if !opt.Trigger {
		p.feeding.Go(p.feed)
	}
	return p
}

// SetManner changes how the printer speaks, from the next word on.
func (p *Printer) SetManner(m Manner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.manner = m
}

// SetFault raises a fault, or clears it with NoFault. An error, and initialising, leave the printer stopped
// when they are over; after a Pause the operator starts it again.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raise(f)
}

// raise sets the fault. The caller holds the lock.
func (p *Printer) raise(f Fault) {
	if f == p.fault {
		return
	}
	p.log(event{Event: "fault", Fault: f.String()})
	if p.fault == Pause && f == NoFault && p.depth() > 0 {
		p.start()
	}
	p.fault = f
	if f.stops() {
		p.stop()
	}
	linktest.Notify(p.wake)
}

// Interrupt raises an error in the middle of a label: its rows are gone, it comes out half, and no word is
// said. It is false when the printer is not printing.
func (p *Printer) Interrupt(f Fault) (Label, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ready() || !f.isError() {
		return Label{}, false
	}
	l := p.take()
	p.log(labelEvent("interrupted", l))
	p.raise(f)
	return l, true
}

// ClearQueue is the operator emptying the queues at the panel.
func (p *Printer) ClearQueue() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.opt.Fields {
		p.clear(f, "lost")
	}
}

// PowerCycle switches the printer off and on: connections are dropped, it is stopped, the word is forgotten
// and, unless it KeepsQueue, the queues are empty. The counter stays, and so do errors.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	if !p.opt.KeepsQueue {
		for _, f := range p.opt.Fields {
			p.clear(f, "lost")
		}
	}
	p.stop()
	p.word = ""
	if !p.fault.isError() {
		p.fault = NoFault
	}
	p.power++
	p.server.Drop()
}

// start and stop set the mode. The caller holds the lock.
func (p *Printer) start() {
	p.log(event{Event: "started"})
	p.running = true
	linktest.Notify(p.wake)
	recordtest.Ready(&p.Record)
}

func (p *Printer) stop() {
	if p.running {
		p.log(event{Event: "stopped"})
	}
	p.running = false
	p.head.Free()
}

// depth is the number of labels that the queues suffice for. The caller holds the lock.
func (p *Printer) depth() int {
	n := len(p.queues[p.opt.Fields[0]])
	for _, f := range p.opt.Fields {
		n = min(n, len(p.queues[f]))
	}
	return n
}

// clear empties a field's queue. The caller holds the lock.
func (p *Printer) clear(field, name string) {
	for _, r := range p.queues[field] {
		p.log(event{Event: name, Field: field, Label: r.seq})
	}
	delete(p.queues, field)
	p.head.Free()
}

// appendRows adds rows to a field's queue. The caller holds the lock.
func (p *Printer) appendRows(field string, texts []string) {
	for _, t := range texts {
		p.seqs[field]++
		r := row{p.seqs[field], t}
		p.queues[field] = append(p.queues[field], r)
		l := Label{Seq: r.seq, Code: []byte(t), Fields: map[string]string{field: t}, At: p.opt.Now()}
		e := labelEvent("received", l)
		e.Field = field
		p.log(e)
		if field == p.opt.Fields[0] {
			recordtest.Take(&p.Record, l)
		}
	}
	linktest.Notify(p.wake)
	if p.running {
		recordtest.Ready(&p.Record)
	}
}

func (p *Printer) hasField(name string) bool { return slices.Contains(p.opt.Fields, name) }
