package tspltest

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"linemark/drivers/link/linktest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/link/linktest/recordtest"
)

const (
	esc       = 0x1B
	maxLine   = 4 << 10 // bytes of a line; a longer one is dropped whole
	maxCopies = 99_999
)

// stream takes one connection's bytes apart, however they are cut. It belongs to the goroutine that reads
// the connection.
type stream struct {
	p     *Printer
	out   *answertest.Writer
	power int // of the printer when the connection began

	immediate []byte // what has come of <ESC>!?
	part
	tooLong bool
}

// part is what has come of a line.
type part struct {
	line []byte
	left int // bytes of a BITMAP's data that are to come
}

// newStream begins a connection. The caller holds the lock.
func newStream(p *Printer, out *answertest.Writer) *stream {
	s := &stream{p: p, out: out, power: p.power, part: p.rest}
	p.rest = part{}
	return s
}

// feed takes bytes in.
func (s *stream) feed(b []byte) {
	for _, c := range b {
		switch n := len(s.immediate); {
		case n == 0 && c == esc, n == 1 && c == '!':
			s.immediate = append(s.immediate, c)
		case n == 2:
			s.immediate = s.immediate[:0]
			switch {
			case c == '?':
				s.status()
			case c == s.p.opt.Cancel && c != 0:
				s.part, s.tooLong = part{}, false
				s.cancel()
			}
		default:
			for _, held := range s.immediate {
				s.take(held)
			}
			s.immediate = s.immediate[:0]
			s.take(c)
		}
	}
}

// take adds a byte to the line.
func (s *stream) take(c byte) {
	switch {
	case s.left > 0:
		s.left--
		s.line = append(s.line, c)
	case c == '\r' || c == '\n':
		line, tooLong := s.line, s.tooLong
		s.line, s.tooLong = nil, false
		if len(line) > 0 || tooLong {
			s.command(line, tooLong)
		}
	case len(s.line) >= maxLine:
		s.tooLong = true
	default:
		if s.line = append(s.line, c); c == ',' {
			s.left = bitmapSize(s.line)
		}
	}
}

// end leaves what has come of a line to the next connection.
func (s *stream) end() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if s.power == s.p.power && len(s.line) > 0 {
		s.p.rest = s.part
	}
}

// status answers <ESC>!?: one byte.
func (s *stream) status() {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.fault.bits()
	if !p.fault.interrupts() && p.buffer.Waiting() > 0 {
		b |= 0x20
	}
	s.out.Push(p.answers, string([]byte{b}))
}

// cancel drops everything that waits.
func (s *stream) cancel() {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.power != p.power || p.over {
		return
	}
	p.empty("cancelled")
	p.image, p.drawn, p.lines = nil, nil, nil
	p.reply()
}

var (
	printLine = regexp.MustCompile(`^\s*(\d{1,5})\s*(?:,\s*(\d{1,5})\s*)?$`)
	outLine   = regexp.MustCompile(`^\s*(\w+)\s+"([^"]*)"\s*;\s*STR\$\(LABEL\)\s*$`)
)

// command acts on one line.
func (s *stream) command(line []byte, tooLong bool) {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.power != p.power || p.over {
		return
	}
	name, arguments, _ := strings.Cut(strings.TrimLeft(string(line), " "), " ")
	p.lines = append(append(p.lines, line...), "\r\n"...)
	ok := !tooLong && (name == "BITMAP" || bytes.IndexByte(line, 0) < 0)
	switch {
	case !ok:
	case name == "CLS":
		if ok = strings.TrimSpace(arguments) == ""; ok {
			p.image, p.drawn = nil, nil
		}
	case name == "BITMAP":
		var d drawtest.Dots
		if d, ok = bitmap(line, p.opt.Ones); ok {
			p.drawn = append(p.drawn, d)
		}
	case name == "DMATRIX":
		var sym Symbol
		if sym, ok = dataMatrix(arguments, p.opt.Quote); ok {
			p.image = append(p.image, sym)
		}
	case name == "BARCODE":
		if sym, ours, drawn := code128(arguments, p.opt.Quote); ours {
			if ok = drawn; ok {
				p.image = append(p.image, sym)
			}
		}
	case name == "PRINT":
		for p.opt.Buffer > 0 && p.buffer.Waiting() >= p.opt.Buffer && !p.over && s.power == p.power {
			p.room.Wait() // and the connection is not read meanwhile
		}
		if p.over || s.power != p.power {
			return
		}
		ok = p.print(arguments)
	case name == "OUT":
		m := outLine.FindStringSubmatch(arguments)
		if ok = m != nil && m[1] == p.opt.Out; ok {
			p.questions = append(p.questions, question{s.out, m[2], p.seq})
			p.reply()
		}
	case name == "SET" && strings.HasPrefix(arguments, "REPRINT "):
		state := strings.TrimSpace(strings.TrimPrefix(arguments, "REPRINT "))
		if ok = state == "ON" || state == "OFF"; ok {
			p.reprint = state == "ON"
		}
	default:
		ok = words[name]
	}
	if !ok {
		p.log(event{Event: "error", Line: string(line)})
	}
}

// words are the commands that change nothing that is emulated.
var words = map[string]bool{"SIZE": true, "GAP": true, "BLINE": true, "OFFSET": true, "SPEED": true, "DENSITY": true,
	"DIRECTION": true, "REFERENCE": true, "SHIFT": true, "CODEPAGE": true, "COUNTRY": true, "SET": true, "HOME": true,
	"TEXT": true, "BAR": true, "BOX": true, "BLOCK": true, "REM": true, "QRCODE": true, "REVERSE": true, "ERASE": true}

// print is PRINT m,n: the image goes into the buffer. The caller holds the lock.
func (p *Printer) print(arguments string) bool {
	m := printLine.FindStringSubmatch(arguments)
	if m == nil {
		return false
	}
	copies, _ := strconv.Atoi(m[1])
	if m[2] != "" {
		each, _ := strconv.Atoi(m[2])
		copies *= each
	}
	if copies < 1 || copies > maxCopies {
		return false
	}
	p.seq++
	l := Label{Seq: p.seq, TSPL: p.lines, Symbols: append([]Symbol(nil), p.image...), Drawn: append([]drawtest.Dots(nil), p.drawn...), At: p.opt.Now()}
	p.lines = nil
	e := labelEvent("received", l)
	e.Copies = copies
	p.log(e)
	recordtest.Take(&p.Record, l)
	p.buffer.Add(l, copies)
	recordtest.Ready(&p.Record)
	linktest.Notify(p.wake)
	return true
}
