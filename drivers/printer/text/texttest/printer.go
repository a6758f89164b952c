package texttest

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
)

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	opt      Options
	grammar  grammar
	labelled chan struct{}
	wake     chan struct{}
	server   linktest.Server
	feeding  sync.WaitGroup

	mu        sync.Mutex
	over      bool
	hosts     map[*host]bool
	queue     []Label
	seq       int
	counter   int
	index     string // of the last printed label
	fault     Fault
	refusals  int
	capacity  int
	speech    Speech
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
		opt: opt, grammar: newGrammar(opt.Protocol.Label), labelled: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		hosts: map[*host]bool{}, index: "0", capacity: opt.Protocol.Capacity,
	}
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
	p.received = append(p.received, l)
	p.queue = append(p.queue, l)
	notify(p.labelled)
	notify(p.wake)
	return proto.Accepts
}

// fill writes the numbers and the state into an answer. The caller holds the lock.
func (p *Printer) fill(answer string) string {
	return strings.NewReplacer("{index}", p.index, "{counter}", strconv.Itoa(p.counter), "{state}", p.opt.Protocol.States[p.fault]).Replace(answer)
}

// empty drops the buffer. The caller holds the lock.
func (p *Printer) empty() {
	for _, l := range p.queue {
		p.log(labelEvent("dropped", l))
	}
	p.queue = nil
}

// Print is the trigger: the oldest waiting label comes out and is returned. It is false when
// there is none, when a fault holds, and when the printer prints by itself.
func (p *Printer) Print() (Label, bool) {
	if !p.opt.Trigger {
		return Label{}, false
	}
	return p.output()
}

func (p *Printer) output() (Label, bool) {
	p.mu.Lock()
	if p.over || p.fault != NoFault || len(p.queue) == 0 {
		p.mu.Unlock()
		return Label{}, false
	}
	l := p.queue[0]
	p.queue = p.queue[1:]
	p.counter++
	if i, ok := l.Values["index"]; ok {
		p.index = i
	}
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	p.printed = append(p.printed, l)
	if tells := p.opt.Protocol.Tells; tells != "" {
		p.say(p.fill(tells))
	}
	call := p.onPrinted
	p.mu.Unlock()
	if call != nil {
		call(l)
	}
	return l, true
}

// feed prints label after label until the printer is closed.
func (p *Printer) feed() {
	for {
		if p.Waiting() > 0 && p.opt.PrintTime > 0 {
			t := time.NewTimer(p.opt.PrintTime)
			select {
			case <-t.C:
			case <-p.server.Closed():
				t.Stop()
				return
			}
		}
		if _, out := p.output(); out {
			continue
		}
		select {
		case <-p.wake:
		case <-p.server.Closed():
			return
		}
	}
}

// Received returns every label that was taken into the buffer, in order. The bytes inside are
// shared: they must not be changed.
func (p *Printer) Received() []Label {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.received)
}

// Printed returns every label that came out, in order. The bytes inside are shared.
func (p *Printer) Printed() []Label {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.printed)
}

// Waiting returns how many labels are in the buffer.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// OnPrinted sets what is called after each label that came out. It is called outside the
// printer's locks and may use the printer, except for Close. It replaces an earlier one.
func (p *Printer) OnPrinted(f func(Label)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onPrinted = f
}

// Labelled returns a channel, buffered by one, that is signalled when a label was taken.
func (p *Printer) Labelled() <-chan struct{} { return p.labelled }

// notify signals a channel that holds one signal.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
