package texttest

import "linemark/drivers/link/linktest"

// SetFault raises a fault, or clears it with NoFault. Nothing is printed while one holds.
func (p *Printer) SetFault(f Fault) {
	p.mu.Lock()
	p.log(event{Event: "fault", Fault: f.String()})
	p.fault = f
	p.head.Free()
	p.mu.Unlock()
	linktest.Notify(p.wake)
}

// Refuse makes the printer refuse the next n labels.
func (p *Printer) Refuse(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusals = n
}

// SetCapacity changes how many labels the buffer holds; 0: as many as come.
func (p *Printer) SetCapacity(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.capacity = n
}

// SetSpeech changes how the printer says what it says from now on.
func (p *Printer) SetSpeech(s Speech) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.speech = s
}

// Say sends a message that nobody asked for to every host.
func (p *Printer) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say(text)
}

// say is Say; the caller holds the lock.
func (p *Printer) say(text string) {
	p.log(event{Event: "said", Frame: []byte(text)})
	for h := range p.hosts {
		p.tell(h, text, p.speech)
	}
}

// PowerCycle switches the printer off and on: connections are dropped, and the buffer is lost
// unless it is kept. The counter and the last index stay, and so do an open head and missing
// media; a pause is over.
func (p *Printer) PowerCycle(keep bool) {
	p.mu.Lock()
	p.log(event{Event: "reset"})
	if !keep {
		p.empty()
	}
	if p.fault == Pause {
		p.fault = NoFault
	}
	for h := range p.hosts {
		h.dead = true
	}
	p.server.Drop()
	p.mu.Unlock()
	linktest.Notify(p.wake)
}
