package sbpltest

import (
	"fmt"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/recordtest"
)

const (
	stx = 0x02
	etx = 0x03
	enq = 0x05
	ack = "\x06"
	nak = "\x15"
	can = 0x18
	esc = 0x1B

	maxJob = 1 << 20 // bytes of a job; a longer one is dropped
)

// stream takes one connection's bytes apart, however they are cut. It belongs to the goroutine that reads
// the connection.
type stream struct {
	p            *Printer
	out          *answertest.Writer
	power        int  // of the printer when the connection began
	jobs, status bool // what this connection is for

	inside bool // of a job
	job    []byte
	epoch  int // of the printer when the job began
}

// feed takes bytes in.
func (s *stream) feed(b []byte) {
	for _, c := range b {
		switch {
		case c == can && s.jobs:
			s.inside = false
			s.cancel()
		case s.inside && c == etx:
			s.inside = false
			s.receive()
		case s.inside:
			if s.job = append(s.job, c); len(s.job) > maxJob {
				s.inside = false
				s.drop("too long")
			}
		case c == stx && s.jobs:
			s.p.mu.Lock()
			s.inside, s.job, s.epoch = true, nil, s.p.epoch
			s.p.mu.Unlock()
		case c == enq && s.status && s.p.opt.Status != Status4Cyclic:
			s.p.mu.Lock()
			s.out.Push(s.p.answers, s.p.state())
			s.p.mu.Unlock()
		}
	}
}

// cancel is <CAN>: everything that waits is dropped.
func (s *stream) cancel() {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.power != p.power || p.over {
		return
	}
	p.empty("cancelled")
	s.answer(p.fault.interrupts())
}

// receive takes a whole job into the buffer.
func (s *stream) receive() {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.opt.Buffer > 0 && p.buffer.Waiting() >= p.opt.Buffer && s.power == p.power && !p.over && s.epoch == p.epoch {
		p.room.Wait() // and the connection is not read meanwhile
	}
	if s.power != p.power || p.over || s.epoch != p.epoch {
		return
	}
	acknowledged := p.opt.Status == Status3 || p.opt.Form == FormPlain
	if p.refuse > 0 || acknowledged && p.fault.interrupts() {
		p.refuse = max(0, p.refuse-1)
		p.log(event{Event: "refused"})
		if acknowledged {
			s.answer(true)
		}
		return
	}
	l, copies, err := p.parse(s.job)
	if err != nil {
		p.log(event{Event: "error", Reason: err.Error()})
	} else {
		p.seq++
		l.Seq, l.At = p.seq, p.opt.Now()
		e := labelEvent("received", l)
		e.Copies = copies
		p.log(e)
		recordtest.Take(&p.Record, l)
		p.buffer.Add(l, copies)
		recordtest.Ready(&p.Record)
		linktest.Notify(p.wake)
	}
	if acknowledged {
		s.answer(err != nil)
	}
}

// answer acknowledges, or says no. The caller holds the lock.
func (s *stream) answer(no bool) {
	text := ack
	if no {
		text = nak
	}
	if s.p.opt.Status != Status3 && s.p.opt.Form == FormLAN {
		text = "\x00\x00\x00\x01" + text
	}
	s.out.Push(s.p.answers, text)
}

// drop notes a job that could not be taken.
func (s *stream) drop(reason string) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.log(event{Event: "error", Reason: reason})
}

// noID stands in a status where the printer has no job.
const noID = "  "

// state is the printer's status as it goes out. The caller holds the lock.
func (p *Printer) state() string {
	id, remaining, letter := p.last, 0, byte('A')
	if p.out.Seq > 0 && p.opt.Now().Sub(p.out.At) < p.opt.Tail {
		id, letter = p.out.ID, 'G'
	}
	if l, copies := p.buffer.Next(); copies > 0 {
		id, remaining, letter = l.ID, copies, 'G'
	}
	if p.fault != NoFault {
		letter = p.fault.letter()
	}
	body := fmt.Sprintf("%s%c%06d", id, letter, remaining)
	if p.opt.Status == Status3 {
		if p.opt.Form == FormLegacy {
			return "\x00\x00\x00\x0B\x02" + body + "\x03"
		}
		return "\x02" + body + "\x03"
	}
	body += "                " // the name of a job without a name
	switch p.opt.Form {
	case FormLAN:
		return "\x00\x00\x00\x1C\x05\x02" + body + "\x03"
	case FormLegacy:
		return "\x00\x00\x00\x20\x00\x00\x00\x1C\x05\x02" + body + "\x03"
	}
	return "\x02" + body + "\x03"
}
