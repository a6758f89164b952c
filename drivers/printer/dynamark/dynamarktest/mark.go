package dynamarktest

import (
	"maps"
	"strings"
	"time"
)

// Print is the trigger: a product comes and gets the present texts, whether they were marked before or not. It
// is false when the laser is stopped or has a fault, when it was never given a text, and when it marks by itself.
func (p *Printer) Print() (Label, bool) {
	p.mu.Lock()
	if !p.opt.Trigger || !p.ready() {
		p.mu.Unlock()
		return Label{}, false
	}
	l, call := p.output(), p.onPrinted
	p.mu.Unlock()
	if call != nil {
		call(l)
	}
	return l, true
}

// ready tells whether a product would be marked now. The caller holds the lock.
func (p *Printer) ready() bool { return !p.over && p.started && p.fault == NoFault && p.live.Seq > 0 }

// output makes a whole mark. The caller holds the lock.
func (p *Printer) output() Label {
	p.tell(2)
	l := p.live
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	p.fresh = false
	p.printed = append(p.printed, l)
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
	p.received = append(p.received, l)
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
	p.tell(1)
	if p.fresh {
		notify(p.labelled)
		notify(p.wake)
	}
}

// feed marks each label once, until the laser is closed.
func (p *Printer) feed() {
	for {
		stop := p.begin()
		if stop == nil {
			select {
			case <-p.wake:
				continue
			case <-p.server.Closed():
				return
			}
		}
		if p.opt.PrintTime > 0 {
			t := time.NewTimer(p.opt.PrintTime)
			select {
			case <-t.C:
			case <-stop:
			case <-p.server.Closed():
				t.Stop()
				return
			}
			t.Stop()
		}
		p.finish(stop)
	}
}

// begin begins a mark. It returns nil when there is nothing to be marked now.
func (p *Printer) begin() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ready() || !p.fresh {
		return nil
	}
	p.head = make(chan struct{})
	return p.head
}

// finish ends a mark, unless it was stopped meanwhile.
func (p *Printer) finish(stop chan struct{}) {
	p.mu.Lock()
	select {
	case <-stop:
		p.mu.Unlock()
		return
	default:
	}
	p.release()
	l, call := p.output(), p.onPrinted
	p.mu.Unlock()
	if call != nil {
		call(l)
	}
}
