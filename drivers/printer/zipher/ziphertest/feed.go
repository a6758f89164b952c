package ziphertest

import "linemark/drivers/link/linktest/recordtest"

// Print is the trigger: the oldest record comes out and is returned. It is false when there is none, when the
// printer is not running or has a fault, and when it prints by itself.
func (p *Printer) Print() (Label, bool) {
	return p.press.Print(func() bool { return p.opt.Trigger && p.ready() })
}

// ready tells whether a label can be printed now. The caller holds the lock.
func (p *Printer) ready() bool {
	return !p.over && p.fault == NoFault && p.overall == running && len(p.queue) > 0
}

// output brings the oldest record out. The caller holds the lock.
func (p *Printer) output() Label {
	l := p.queue[0]
	p.notice("PRS")
	p.queue = p.queue[1:]
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	p.last = l.Index
	recordtest.Print(&p.Record, l)
	p.notice("PRC")
	return l
}

// feed prints record after record until the printer is closed.
func (p *Printer) feed() { p.press.Run(p.wake, p.server.Closed(), p.opt.PrintTime, p.ready) }
