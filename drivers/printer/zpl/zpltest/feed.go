package zpltest

import "linemark/drivers/link/linktest/recordtest"

// Print is the trigger: the oldest waiting label comes out and is returned. It is false when there is none,
// when a fault holds, and when the printer prints by itself.
func (p *Printer) Print() (Label, bool) {
	return p.press.Print(func() bool { return p.opt.Trigger && p.ready() })
}

// ready tells whether a label can be printed now. The caller holds the lock.
func (p *Printer) ready() bool { return !p.over && p.fault == NoFault && p.buffer.Waiting() > 0 }

// output brings one copy of the oldest job out. The caller holds the lock.
func (p *Printer) output() Label {
	l, _ := p.buffer.Next()
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	p.buffer.Take()
	recordtest.Print(&p.Record, l)
	return l
}

// feed prints label after label until the printer is closed.
func (p *Printer) feed() { p.press.Run(p.wake, p.server.Closed(), p.opt.PrintTime, p.ready) }
