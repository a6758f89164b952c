package ngpcltest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/recordtest"
)

// Printer is an emulated printer. Its methods may be called from any goroutine.
type Printer struct {
	recordtest.Record[Label]

	opt    Options
	server linktest.Server

	mu       sync.Mutex
	over     bool
	power    int // counts power cycles: a connection from before the last one is dead
	manner   Manner
	fault    Fault
	job      string
	values   map[string]string // of the fields, as they were sent
	seq      int
	fresh    bool // an update is not marked yet
	commands []string
	events   recordtest.Log
}

// New returns a printer that is ready to mark, to be ended with Close.
func New(opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Jobs == nil {
		opt.Jobs = []string{"unit.job"}
	}
	if opt.Fields == nil {
		opt.Fields = []string{"CODE"}
	}
	return &Printer{opt: opt, events: recordtest.NewLog(opt.Log), job: opt.Jobs[0], values: map[string]string{}}
}

// SetManner changes how the printer answers, from the next answer on.
func (p *Printer) SetManner(m Manner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.manner = m
}

// SetFault raises a fault, or clears it with NoFault. The fields stay as they are.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f != p.fault {
		p.log(event{Event: "fault", Fault: f.String()})
		p.fault = f
	}
}

// SelectJob is the operator selecting another job at the panel.
func (p *Printer) SelectJob(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.selectJob(name)
}

// selectJob begins a job with empty fields. The caller holds the lock.
func (p *Printer) selectJob(name string) {
	p.log(event{Event: "selected", Text: name})
	p.job, p.values, p.fresh = name, map[string]string{}, false
}

// PowerCycle switches the printer off and on: connections are dropped and, unless it KeepsFields, the fields
// are empty. A Pause is over, other faults stay.
func (p *Printer) PowerCycle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log(event{Event: "reset"})
	if !p.opt.KeepsFields {
		p.values, p.fresh = map[string]string{}, false
	}
	if p.fault == Pause {
		p.fault = NoFault
	}
	p.power++
	p.server.Drop()
}

// Print is the trigger: a product passes. What it is marked with is returned, which is the same again where
// no update came since; false when the printer does not mark, has nothing in its first field, or marks by
// itself.
func (p *Printer) Print() (Label, bool) {
	p.mu.Lock()
	if !p.opt.Trigger {
		p.mu.Unlock()
		return Label{}, false
	}
	return p.mark()
}

// mark marks a product. The caller holds the lock, which mark gives back.
func (p *Printer) mark() (Label, bool) {
	if p.over || p.fault.stops() || p.values[p.opt.Fields[0]] == "" {
		p.mu.Unlock()
		return Label{}, false
	}
	l := p.label()
	p.log(labelEvent("printed", l))
	p.fresh = false
	recordtest.Print(&p.Record, l)
	p.mu.Unlock()
	recordtest.Tell(&p.Record, l)
	return l, true
}

// label is what would be marked now. The caller holds the lock.
func (p *Printer) label() Label {
	l := Label{Seq: p.seq, Fields: maps.Clone(p.values), At: p.opt.Now()}
	for f, v := range l.Fields {
		v = strings.TrimPrefix(v, p.opt.Lead)
		if p.opt.GS != "" {
			v = strings.ReplaceAll(v, p.opt.GS, "\x1D")
		}
		l.Fields[f] = v
	}
	l.Code = []byte(l.Fields[p.opt.Fields[0]])
	return l
}

// update sets fields. Those that the job does not have are ignored, and acknowledged. The caller holds the
// lock.
func (p *Printer) update(pairs []string) {
	if p.fault == Deaf {
		return
	}
	for i := 0; i < len(pairs); i += 2 {
		if slices.Contains(p.opt.Fields, pairs[i]) {
			p.values[pairs[i]] = pairs[i+1]
		}
	}
	p.seq++
	p.fresh = true
	l := p.label()
	p.log(labelEvent("received", l))
	recordtest.Take(&p.Record, l)
	recordtest.Ready(&p.Record)
}
