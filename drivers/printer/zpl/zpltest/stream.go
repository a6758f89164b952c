package zpltest

import (
	"bytes"
	"io"
)

const (
	maxFormat = 1 << 20  // bytes of a format; a longer one is dropped, as a printer out of memory does
	maxParam  = 16 << 10 // bytes of one command's parameters but those of ^GF; the rest is ignored
	maxLine   = 1 << 10  // bytes of one SGD line; the rest is ignored
)

// mode says what the next byte belongs to.
type mode int

const (
	inText  mode = iota // parameters of the open command, or nothing at all
	inCaret             // the two letters after ^
	inTilde             // the two letters after ~
	inQuery             // the two letters after ~HQ
	inNoise             // the parameters of a ~ command that is not emulated
	inLine              // an SGD line
)

var lineStart = []byte("! U1 ")

// stream takes one connection's bytes apart, however they are cut. It belongs to the goroutine that reads
// the connection.
type stream struct {
	p     *Printer
	conn  io.Writer
	power int // of the printer when the connection began

	mode   mode
	name   []byte // letters of the ^ command being named
	tilde  []byte // letters of the ~ command being named
	line   []byte
	open   string // the ^ command whose parameters are being read; "" for none
	param  []byte
	format *format // nil between formats
	epoch  int     // of the printer when the format began
}

// newStream begins a connection. The caller holds the lock.
func newStream(p *Printer, conn io.Writer) *stream { return &stream{p: p, conn: conn, power: p.power} }

// feed takes bytes in. Its error is that of answering: the connection is lost.
func (s *stream) feed(b []byte) error {
	for _, c := range b {
		if err := s.take(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) take(c byte) error {
	if s.mode == inLine {
		done, err := s.takeLine(c)
		if done {
			return err
		}
	}
	switch c {
	case '^':
		err := s.closeCommand()
		s.mode, s.name = inCaret, s.name[:0]
		s.keep(c)
		return err
	case '~': // acts at once and leaves an open ^ command as it is
		s.mode, s.tilde = inTilde, s.tilde[:0]
		return nil
	}
	switch s.mode {
	case inCaret:
		s.keep(c)
		if s.name = append(s.name, upper(c)); len(s.name) == 2 {
			s.mode = inText
			s.openCommand(string(s.name))
		}
	case inTilde, inQuery:
		s.tilde = append(s.tilde, upper(c))
		return s.control()
	case inNoise:
		if c == '\r' || c == '\n' {
			s.mode = inText
		}
	default:
		s.keep(c)
		switch {
		case s.open != "" && (len(s.param) < maxParam || s.open == "GF"):
			s.param = append(s.param, c)
		case s.open == "" && s.format == nil && c == lineStart[0]:
			s.mode, s.line = inLine, append(s.line[:0], c)
		}
	}
	return nil
}

// takeLine adds a byte to the SGD line. It is not done with a byte that shows that this is no SGD line.
func (s *stream) takeLine(c byte) (done bool, err error) {
	if n := len(s.line); n < len(lineStart) && upper(c) != lineStart[n] {
		s.mode = inText
		return false, nil
	}
	if c == '\r' || c == '\n' {
		s.mode = inText
		return true, s.answer(s.p.variable(string(s.line)))
	}
	if len(s.line) < maxLine {
		s.line = append(s.line, c)
	}
	return true, nil
}

// control acts on a ~ command as soon as its name is whole.
func (s *stream) control() error {
	switch name := string(s.tilde); {
	case len(name) < 2:
	case name == "HS":
		s.mode = inText
		return s.answer(s.p.hostStatus())
	case name == "HI":
		s.mode = inText
		return s.answer(identification)
	case name == "JA":
		s.mode, s.open, s.format = inText, "", nil
		s.p.cancel(s.power)
	case name == "HQ":
		s.mode = inQuery
	case name == "HQES":
		s.mode = inText
		return s.answer(s.p.errorStatus())
	case len(name) == 3:
	default:
		s.mode = inNoise
	}
	return nil
}

// openCommand acts on a ^ command that has no parameters, and begins to collect those of any other.
func (s *stream) openCommand(name string) {
	if name == "XA" {
		s.end() // a format begun and never finished is forgotten
		s.format = newFormat()
		s.epoch = s.p.beginFormat(s.power)
		return
	}
	if s.format == nil {
		return
	}
	switch name {
	case "XZ":
		f := s.format
		s.format = nil
		if f.storing {
			s.p.store(s.epoch, f.name, object{text: f.raw[f.from : len(f.raw)-len("^XZ")], zpl: f.raw})
			s.p.receive(s.epoch, Label{}, 0)
			return
		}
		s.p.receive(s.epoch, Label{ZPL: f.raw, Symbols: f.symbols(), Drawn: f.drawn}, f.labels())
	case "FS":
		if !s.format.storing {
			s.format.endField()
		}
	default:
		s.open, s.param = name, s.param[:0]
	}
}

// closeCommand acts on the open command, whose parameters the next prefix has ended.
func (s *stream) closeCommand() error {
	if s.open == "" {
		return nil
	}
	name, param := s.open, s.param
	s.open = ""
	switch {
	case s.format.storing:
	case name == "DF":
		s.format.store(param)
	case name == "XF":
		s.format.marks = true // also of an unknown format: the label comes out without what it would hold
		if text, ok := s.p.recall(param); ok {
			s.format.recall(text)
		}
	case name == "ID":
		s.p.remove(s.power, param)
	case name == "HW":
		return s.answer(s.p.directory(param))
	case name == "JZ":
		if a := bytes.TrimSpace(param); len(a) > 0 {
			s.p.setReprint(s.power, upper(a[0]))
		}
	default:
		s.format.command(name, param)
	}
	return nil
}

// keep adds a byte to the format as received.
func (s *stream) keep(c byte) {
	if s.format == nil {
		return
	}
	if len(s.format.raw) == maxFormat {
		s.p.overflow(s.epoch)
		s.open, s.format = "", nil
		return
	}
	s.format.raw = append(s.format.raw, c)
}

// end forgets an unfinished format.
func (s *stream) end() {
	s.open = ""
	if s.format != nil {
		s.format = nil
		s.p.receive(s.epoch, Label{}, 0)
	}
}

func (s *stream) answer(text string) error {
	if text == "" {
		return nil
	}
	_, err := io.WriteString(s.conn, text)
	return err
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
