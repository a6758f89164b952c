package sppltest

import "linemark/drivers/link/linktest/recordtest"

// Print is the trigger: a product passes. The label that it gets is returned; false when the printer is not
// running, has no rows, or prints by itself.
func (p *Printer) Print() (Label, bool) {
	return p.press.Print(func() bool { return p.opt.Trigger && p.ready() })
}

// ready tells whether a label can come out. The caller holds the lock.
func (p *Printer) ready() bool { return !p.over && p.running && p.depth() > 0 }

// output brings a label out, says so and stops when a queue has run empty. The caller holds the lock.
func (p *Printer) output() Label {
	l := p.take()
	p.log(labelEvent("printed", l))
	p.loaded++
	recordtest.Print(&p.Record, l)
	if p.word != "" && !p.manner.Mute {
		for h := range p.hosts {
			h.say(p.word)
		}
	}
	if p.depth() == 0 {
		p.stop()
	}
	return l
}

// take removes one row of every field. The caller holds the lock.
func (p *Printer) take() Label {
	first := p.opt.Fields[0]
	l := Label{Seq: p.queues[first][0].seq, Fields: map[string]string{}, At: p.opt.Now()}
	for _, f := range p.opt.Fields {
		l.Fields[f] = p.queues[f][0].text
		p.values[f] = l.Fields[f]
		p.queues[f] = p.queues[f][1:]
	}
	l.Code = []byte(l.Fields[first])
	return l
}

// feed prints label after label until the printer is closed.
func (p *Printer) feed() { p.press.Run(p.wake, p.server.Closed(), p.opt.PrintTime, p.ready) }
