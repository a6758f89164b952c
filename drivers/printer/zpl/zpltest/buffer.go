package zpltest

import (
	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/recordtest"
)

// beginFormat notes that a format has begun. A connection that was dropped belongs to no epoch: what it had
// sent before is not taken any more.
func (p *Printer) beginFormat(power int) (epoch int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if power != p.power {
		return -1
	}
	p.partial++
	return p.epoch
}

// receive takes a complete format into the buffer, unless the buffers were emptied since it began. A format
// of no labels is just finished.
func (p *Printer) receive(epoch int, l Label, copies int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || epoch != p.epoch {
		return
	}
	p.partial--
	if copies == 0 {
		return
	}
	p.seq++
	l.Seq, l.At = p.seq, p.opt.Now()
	e := labelEvent("received", l)
	e.Copies = copies
	p.log(e)
	recordtest.Take(&p.Record, l)
	p.line.label()
	p.buffer.Add(l, copies)
	recordtest.Ready(&p.Record)
	linktest.Notify(p.wake)
}

// overflow drops a format that is too long for the printer.
func (p *Printer) overflow(epoch int) {
	p.mu.Lock()
	p.log(event{Event: "overflow"})
	p.mu.Unlock()
	p.receive(epoch, Label{}, 0)
}

// cancel is ~JA: the label under the head still comes out, everything else is dropped.
func (p *Printer) cancel(power int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if power != p.power {
		return
	}
	p.dropped("cancelled", p.buffer.Behind())
}

// dropped notes what is gone from the buffer, and drops whatever any connection has begun. The caller holds
// the lock.
func (p *Printer) dropped(name string, labels []Label) {
	for _, l := range labels {
		p.log(labelEvent(name, l))
	}
	p.partial = 0
	p.epoch++
}
