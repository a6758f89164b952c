package sbpltest

import "time"

// Print is the trigger: the oldest waiting label comes out and is returned. It is false when there is none,
// when a fault holds, and when the printer prints by itself.
func (p *Printer) Print() (Label, bool) {
	p.mu.Lock()
	if !p.opt.Trigger || p.over || p.fault != NoFault || len(p.queue) == 0 {
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

// output brings one copy of the oldest job out. The caller holds the lock.
func (p *Printer) output() Label {
	j := p.queue[0]
	j.spoiled = false
	l := j.label
	l.At = p.opt.Now()
	p.log(labelEvent("printed", l))
	p.take(j)
	p.odometer++
	p.printed = append(p.printed, l)
	p.out = l
	return l
}

// feed prints label after label until the printer is closed.
func (p *Printer) feed() {
	for {
		j, stop := p.begin()
		if j == nil {
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
		p.finish(j, stop)
	}
}

// begin puts the oldest label under the head. It returns nil when nothing can be printed now.
func (p *Printer) begin() (*job, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.fault != NoFault || len(p.queue) == 0 {
		return nil, nil
	}
	j := p.queue[0]
	j.stop = make(chan struct{})
	return j, j.stop
}

// finish brings the label under the head out, unless it was stopped meanwhile.
func (p *Printer) finish(j *job, stop chan struct{}) {
	p.mu.Lock()
	select {
	case <-stop:
		p.mu.Unlock()
		return
	default:
	}
	p.release(j)
	l := p.output()
	call := p.onPrinted
	p.mu.Unlock()
	if call != nil {
		call(l)
	}
}
