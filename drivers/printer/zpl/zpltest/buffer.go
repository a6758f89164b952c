package zpltest

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
	p.received = append(p.received, l)
	p.line.label()
	p.queue = append(p.queue, &job{label: l, copies: copies})
	notify(p.labelled)
	notify(p.wake)
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
	var head *job
	if len(p.queue) > 0 && p.queue[0].stop != nil {
		head = p.queue[0]
		p.queue = p.queue[1:]
		if head.copies > 1 {
			p.log(labelEvent("cancelled", head.label))
			head.copies = 1
		}
	}
	p.empty("cancelled")
	if head != nil {
		p.queue = []*job{head}
	}
}

// empty drops everything from the buffer, and whatever any connection has begun. The caller holds the lock.
func (p *Printer) empty(name string) {
	for _, j := range p.queue {
		p.release(j)
		p.log(labelEvent(name, j.label))
	}
	p.queue = nil
	p.partial = 0
	p.epoch++
}
