package ziphertest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/recordtest"
)

// maxLine is how many bytes of one command are kept; a longer one is refused.
const maxLine = 16 << 10

// lines takes commands apart. They end with CR; an LF behind it is tolerated.
type lines struct {
	take func(line string)
	buf  []byte
	long bool
}

func (l *lines) feed(b []byte) {
	for _, c := range b {
		switch {
		case c == '\r':
			line := string(l.buf)
			if l.long {
				line = "too long"
			}
			l.buf, l.long = l.buf[:0], false
			if line != "" {
				l.take(line)
			}
		case c == '\n' && len(l.buf) == 0:
		case len(l.buf) == maxLine:
			l.long = true
		default:
			l.buf = append(l.buf, c)
		}
	}
}

// command acts on one line of a host and answers it. The host has been there since power was what it was.
func (p *Printer) command(w *answertest.Writer, power int, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || power != p.power {
		return
	}
	reply := "ERR"
	if name, args, ok := split(line); ok {
		reply = p.act(name, args)
	}
	if reply == "ERR" {
		p.log(event{Event: "refused", Line: line})
	}
	p.answer(w, reply)
}

// split takes a command's fields apart: each is ended by |.
func split(line string) (name string, args []string, ok bool) {
	name, rest, found := strings.Cut(line, "|")
	if !found {
		return name, nil, true
	}
	body, ended := strings.CutSuffix(rest, "|")
	if !ended {
		return name, nil, false
	}
	return name, strings.Split(body, "|"), true
}

// act does what a command says and returns the line that answers it. The caller holds the lock.
func (p *Printer) act(name string, args []string) string {
	if len(args) == 0 {
		if reply, ok := p.query(name); ok {
			return reply
		}
	}
	done := false
	switch {
	case p.manner.Refuse:
	case name == "SCB" && len(args) == 0:
		// The record under the head is out of the buffer already: it comes out all the same.
		under := p.queue[:0:0]
		if p.head.Busy() {
			under, p.queue = p.queue[:1], p.queue[1:]
		}
		for _, l := range p.queue {
			p.log(labelEvent("cleared", l))
		}
		p.queue, done = under, true
	case name == "SHO":
		done = p.setHeader(args)
	case name == "SID" && len(args) > 1:
		index, err := strconv.ParseInt(args[0], 10, 32)
		done = err == nil && p.record(index, args[1:])
	case name == "SDO" && p.record(p.newest+1, args):
		return fmt.Sprintf("SFS|%d|", p.free())
	case name == "SMR" && len(args) == 1:
		n, err := strconv.Atoi(args[0])
		if done = err == nil && n > 0; done {
			p.capacity = n
		}
	case name == "SST" && len(args) == 1:
		done = p.setState(args[0])
	case (name == "EAN" || name == "DAN") && len(args) == 0:
		p.notices, done = name == "EAN", true
	case (name == "CAF" || name == "CAW") && len(args) == 0:
		done = true // a fault whose cause stays comes back at once
	}
	if done {
		return "ACK"
	}
	return "ERR"
}

// query answers what changes nothing. The caller holds the lock.
func (p *Printer) query(name string) (reply string, ok bool) {
	switch name {
	case "SLR":
		return fmt.Sprintf("SLR|%d|", p.last), true
	case "SNI":
		return fmt.Sprintf("SNI|%d|", max(p.newest, p.last)+1), true
	case "SRC":
		return fmt.Sprintf("SRC|%d|", len(p.queue)), true
	case "SFS":
		return fmt.Sprintf("SFS|%d|", p.free()), true
	case "SGM":
		return fmt.Sprintf("SGM|%d|", p.capacity), true
	case "GST":
		return p.state(), true
	case "GJN":
		return fmt.Sprintf("JOB|%s|-|", p.job), true
	case "GFT":
		if p.fault.interrupts() {
			return fmt.Sprintf("FLT|1|E%d|0|%s|", 1000+p.fault, p.fault), true
		}
		return "FLT|0|", true
	case "GWN":
		return "WRN|0|", true
	case "VER":
		return "VER|1.37|", true
	}
	return "", false
}

// free is the room of the buffer in bytes, at 1000 for a record.
func (p *Printer) free() int { return 1000 * (p.capacity - len(p.queue)) }

// state is the STS line: overall state, error state, job, batch count, total count.
func (p *Printer) state() string {
	faults := 0
	if p.fault.interrupts() {
		faults = 2
	}
	return fmt.Sprintf("STS|%d|%d|%s|%d|%d|", p.overall, faults, p.job, p.Odometer(), p.Odometer())
}

// setState obeys SST. Running is impossible without a job, and only offline and running can be left at will.
func (p *Printer) setState(to string) bool {
	switch {
	case to == "3" && p.job != "" && p.fault != Pause:
		p.overall = running
	case to == "4":
		p.overall = offline
	default:
		return false
	}
	p.notice(p.state())
	linktest.Notify(p.wake)
	return true
}

// setHeader names the fields of the records to come.
func (p *Printer) setHeader(names []string) bool {
	if len(names) == 0 {
		return false
	}
	for i, n := range names {
		if n == "" || slices.Contains(names[:i], n) || p.opt.Fields != nil && !slices.Contains(p.opt.Fields, n) {
			return false
		}
	}
	p.header = names
	return true
}

// record takes one record into the buffer.
func (p *Printer) record(index int64, values []string) bool {
	if index <= p.newest || len(values) != len(p.header) || len(p.queue) >= p.capacity || strings.Contains(strings.Join(values, ""), "\n") {
		return false
	}
	p.newest = index
	p.seq++
	l := Label{Seq: p.seq, Index: index, Values: map[string]string{}, At: p.opt.Now()}
	for i, name := range p.header {
		l.Values[name] = values[i]
	}
	if value, ok := l.Values[p.opt.CodeField]; ok {
		l.Symbols = []Symbol{p.symbol(value)}
	}
	p.log(labelEvent("received", l))
	recordtest.Take(&p.Record, l)
	p.queue = append(p.queue, l)
	recordtest.Ready(&p.Record)
	linktest.Notify(p.wake)
	return true
}

// symbol is what the job's Data Matrix field makes of a value.
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
