package dynamarktest

import (
	"maps"
	"strings"
	"time"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/recordtest"
)

// Print is the trigger: a product comes and gets the present texts, whether they were marked before or not. It
// is false when the laser is stopped or has a fault, when it was never given a text, and when it marks by itself.
func (p *Printer) Print() (Label, bool) {
	return p.press.Print(func() bool { return p.opt.Trigger && p.ready() })
}

// ready tells whether a product would be marked now. The caller holds the lock.
func (p *Printer) ready() bool { return !p.over && p.started && p.fault == NoFault && p.live.Seq > 0 }

// output makes a whole mark. The caller holds the lock.
func (p *Printer) output() Label {
	p.head.Free()
	p.tell(2)
	l := p.live
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	p.fresh = false
	recordtest.Print(&p.Record, l)
	p.tell(25)
	p.tell(3)
	return l
}

// give takes a new set of texts. The caller holds the lock.
func (p *Printer) give(changed map[string]string) {
	l := Label{Texts: map[string]string{}, At: p.opt.Now()}
	maps.Copy(l.Texts, p.live.Texts)
	if p.staged != nil {
		maps.Copy(l.Texts, p.staged.Texts)
	}
	maps.Copy(l.Texts, changed)
	p.seq++
	l.Seq = p.seq
	if value, ok := l.Texts[p.opt.CodeField]; ok {
		l.Symbols = []Symbol{p.symbol(value)}
	}
	p.log(labelEvent("received", l))
	recordtest.Take(&p.Record, l)
	p.staged = &l
}

// symbol is what the project's Data Matrix field makes of a text.
func (p *Printer) symbol(value string) Symbol {
	s := Symbol{Kind: "datamatrix", GS1: true}
	if p.opt.Lead != "" {
		value, s.GS1 = strings.CutPrefix(value, p.opt.Lead)
	}
	if p.opt.Separator != "" {
		value = strings.ReplaceAll(value, p.opt.Separator, "\x1d")
	}
	s.Data = []byte(value)
	return s
}

// apply makes the staged texts the present ones, after the time that it takes. Without any it tells all the
// same that it is done. The caller holds the lock.
func (p *Printer) apply() {
	p.unstage()
	if p.opt.ApplyTime == 0 {
		p.applied()
		return
	}
	p.applying = time.AfterFunc(p.opt.ApplyTime, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.applying != nil && !p.over {
			p.applying = nil
			p.applied()
		}
	})
}

func (p *Printer) applied() {
	if p.staged != nil {
		p.live, p.staged, p.fresh = *p.staged, nil, true
	}
	p.tell(26)
	if !p.started {
		return
	}
	switch p.fault {
	case NoFault:
		p.tell(1)
	case Interlock:
		p.tell(4) // it is told to mark, and is not ready
	}
	if p.fresh {
		recordtest.Ready(&p.Record)
		linktest.Notify(p.wake)
	}
}

// feed marks each label once, until the laser is closed.
func (p *Printer) feed() {
	p.press.Run(p.wake, p.server.Closed(), p.opt.PrintTime, func() bool { return p.fresh && p.ready() })
}
