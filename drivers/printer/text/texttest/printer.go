package texttest

import (
	"strconv"
	"strings"
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
	grammar grammar
	wake    chan struct{}
	server  linktest.Server
	feeding sync.WaitGroup
	press   feedtest.Press[Label]

	mu       sync.Mutex
	over     bool
	hosts    map[*host]bool
	queue    []Label
	seq      int
	index    string // of the last printed label
	fault    Fault
	refusals int
	capacity int
	speech   Speech
	head     feedtest.Head
	events   recordtest.Log
}

// New returns a running printer, to be stopped with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	p := &Printer{
		opt: opt, events: recordtest.NewLog(opt.Log), grammar: newGrammar(opt.Protocol.Label), wake: make(chan struct{}, 1),
		hosts: map[*host]bool{}, index: "0", capacity: opt.Protocol.Capacity,
	}
	p.press = feedtest.Press[Label]{Lock: &p.mu, Head: &p.head, Output: p.output, Record: &p.Record}
	if !opt.Trigger {
		p.feeding.Go(p.feed)
	}
	return p
}

// take takes one frame of a host and returns what is to be said to it.
func (p *Printer) take(frame []byte) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	proto := p.opt.Protocol
	if c, ok := proto.Commands[string(frame)]; ok {
		p.log(event{Event: "command", Frame: frame})
		if c.Empties {
			p.empty()
		}
		return p.fill(c.Answer)
	}
	l, ok := p.grammar.label(proto, frame)
	switch {
	case !ok:
		p.log(event{Event: "unknown", Frame: frame})
		return proto.Refuses
	case p.refusals > 0:
		p.refusals--
		p.log(labelEvent("refused", l))
		return proto.Refuses
	case p.capacity > 0 && len(p.queue) >= p.capacity:
		p.log(labelEvent("full", l))
		return proto.Full
	}
	p.seq++
	l.Seq, l.At = p.seq, p.opt.Now()
	p.log(labelEvent("received", l))
	recordtest.Take(&p.Record, l)
	p.queue = append(p.queue, l)
	recordtest.Ready(&p.Record)
	linktest.Notify(p.wake)
	return proto.Accepts
}

// fill writes the numbers and the state into an answer. The caller holds the lock.
func (p *Printer) fill(answer string) string {
	return strings.NewReplacer("{index}", p.index, "{counter}", strconv.Itoa(p.Odometer()), "{state}", p.opt.Protocol.States[p.fault]).Replace(answer)
}

// empty drops the buffer. The caller holds the lock.
func (p *Printer) empty() {
	for _, l := range p.queue {
		p.log(labelEvent("dropped", l))
	}
	p.queue = nil
	p.head.Free()
}

// Print is the trigger: the oldest waiting label comes out and is returned. It is false when
// there is none, when a fault holds, and when the printer prints by itself.
func (p *Printer) Print() (Label, bool) {
	return p.press.Print(func() bool { return p.opt.Trigger && p.ready() })
}

// ready tells whether a label can come out. The caller holds the lock.
func (p *Printer) ready() bool { return !p.over && p.fault == NoFault && len(p.queue) > 0 }

// output brings the oldest label out. The caller holds the lock.
func (p *Printer) output() Label {
	l := p.queue[0]
	p.queue = p.queue[1:]
	if i, ok := l.Values["index"]; ok {
		p.index = i
	}
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	recordtest.Print(&p.Record, l)
	if tells := p.opt.Protocol.Tells; tells != "" {
		p.say(p.fill(tells))
	}
	return l
}

// feed prints label after label until the printer is closed.
func (p *Printer) feed() { p.press.Run(p.wake, p.server.Closed(), p.opt.PrintTime, p.ready) }

// Waiting returns how many labels are in the buffer.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}
