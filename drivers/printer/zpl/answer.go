package zpl

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

const (
	stx = 0x02
	etx = 0x03
	// maxAnswer bounds what is gathered without a whole answer in it.
	maxAnswer = 4096
)

// form is how an answer of the printer was framed. Answers to different commands, and
// lines that nobody asked for, come in any order on one connection.
type form int

const (
	value form = iota // "..." : the answer to a getvar
	frame             // STX ... ETX : a third of the answer to ~HS
	line              // text to the end of a line: an alert
)

type answer struct {
	form form
	text string // without its framing
}

// answers takes the printer's bytes apart.
type answers struct{ buf []byte }

func (a *answers) add(b []byte) { a.buf = append(a.buf, b...) }

// next takes one whole answer out; ok is false where more bytes are needed.
func (a *answers) next() (found answer, ok bool, err error) {
	// Whether CR LF follows a value is not settled: line ends between answers mean nothing.
	a.buf = bytes.TrimLeft(a.buf, "\r\n\x00")
	if len(a.buf) == 0 {
		return answer{}, false, nil
	}
	from, skip, end := 1, 1, 0
	switch a.buf[0] {
	case '"':
		found.form, end = value, bytes.IndexByte(a.buf[1:], '"')
	case stx:
		found.form, end = frame, bytes.IndexByte(a.buf[1:], etx)
	default:
		// A frame ends a line too: the line's own end may be missing.
		from, skip = 0, 0
		found.form, end = line, bytes.IndexAny(a.buf, "\r\n\x02")
	}
	if end < 0 {
		if len(a.buf) > maxAnswer {
			return answer{}, false, fmt.Errorf("the printer sent %d bytes without an end", len(a.buf))
		}
		return answer{}, false, nil
	}
	found.text = string(a.buf[from : from+end])
	a.buf = a.buf[from+end+skip:]
	return found, true, nil
}

// errNoVariable is the printer's "?" in answer to getvar.
var errNoVariable = errors.New("the printer does not know this variable")

// parseOdometer reads the value of a counter.
func parseOdometer(text string) (uint64, error) {
	if text == "?" {
		return 0, errNoVariable
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("the printer's count %q is no number", text)
	}
	return n, nil
}
