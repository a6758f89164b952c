package ziphertest

import "time"

// Print is the trigger: the oldest record comes out and is returned. It is false when there is none, when the
// printer is not running or has a fault, and when it prints by itself.
func (p *Printer) Print() (Label, bool) {
	p.mu.Lock()
	if !p.opt.Trigger || !p.ready() {
		p.mu.Unlock()
		return Label{}, false
	}
	l := p.output()
	call := p.onPrinted
	p.mu.Unlock()
	if call != nil {
		call(l)
	}
	return l, true
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
	p.odometer++
	p.last = l.Index
	p.printed = append(p.printed, l)
	p.notice("PRC")
	return l
}

// feed prints record after record until the printer is closed.
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

// begin puts the oldest record under the head. It returns nil when nothing can be printed now.
func (p *Printer) begin() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ready() {
		return nil
	}
	p.head = make(chan struct{})
	return p.head
}

// finish brings the label under the head out, unless it was stopped meanwhile.
func (p *Printer) finish(stop chan struct{}) {
	p.mu.Lock()
	select {
	case <-stop:
		p.mu.Unlock()
		return
	default:
	}
	p.release()
	l := p.output()
	call := p.onPrinted
	p.mu.Unlock()
	if call != nil {
		call(l)
	}
}
