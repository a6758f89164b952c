package tspl

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxAnswer bounds what is gathered without a whole answer in it.
const maxAnswer = 256

// answer is either a status byte, which has no frame, or a line.
type answer struct {
	status bool
	bits   status
	line   string
}

// answers takes the printer's bytes apart.
type answers struct{ buf []byte }

func (a *answers) add(b []byte) { a.buf = append(a.buf, b...) }

// errForeign is what comes of a wrong speed, or of something that is no TSPL printer.
var errForeign = errors.New("the answers are not those of a TSPL printer: look at the address, " +
	"the speed of a serial port and the printer's language")

// next takes one whole answer out; ok is false where more bytes are needed. No status has
// bit 40, and every line the driver asks for begins with a letter, which has it: so the two
// are told apart although a status has no frame.
func (a *answers) next() (found answer, ok bool, err error) {
	if len(a.buf) == 0 {
		return answer{}, false, nil
	}
	if first := a.buf[0]; first&0x40 == 0 {
		a.buf = a.buf[1:]
		return answer{status: true, bits: status(first)}, true, nil
	}
	end := bytes.IndexByte(a.buf, '\n')
	for _, b := range a.buf[:max(end, 0)] {
		if b >= 0x7f || b < ' ' && b != '\r' {
			return answer{}, false, errForeign
		}
	}
	switch {
	case a.buf[0] >= 0x7f:
		return answer{}, false, errForeign
	case end < 0 && len(a.buf) > maxAnswer:
		return answer{}, false, fmt.Errorf("the printer sent %d bytes without an end", len(a.buf))
	case end < 0:
		return answer{}, false, nil
	}
	found.line = strings.TrimSuffix(string(a.buf[:end]), "\r")
	a.buf = a.buf[end+1:]
	return found, true, nil
}

// each hands every whole answer that is here already to take.
func (a *answers) each(take func(answer) error) error {
	for {
		found, ok, err := a.next()
		if err != nil || !ok {
			return err
		}
		if err := take(found); err != nil {
			return err
		}
	}
}

// status is the byte that answers <ESC>!? (TSPL2 manual).
type status byte

const (
	paused   status = 0x10
	printing status = 0x20
)

// has reports whether the status has a bit.
func (s status) has(bit status) bool { return s&bit != 0 }

// fault names what may have spoilt a label.
func (s status) fault() error {
	var all []string
	for _, f := range []struct {
		bit  status
		name string
	}{{0x01, "head open"}, {0x02, "paper jam"}, {0x04, "paper out"}, {0x08, "ribbon out"}, {0x80, "another error"}} {
		if s.has(f.bit) {
			all = append(all, f.name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("the printer reports: %s", strings.Join(all, ", "))
}

// parseCount reads a count; prefix has the number of the question in it. mine is false for
// a line that answers something else.
func parseCount(line, prefix string) (n uint64, mine bool, err error) {
	text, mine := strings.CutPrefix(line, prefix)
	if !mine {
		return 0, false, nil
	}
	n, err = strconv.ParseUint(strings.TrimSpace(text), 10, 63)
	if err != nil {
		return 0, true, fmt.Errorf("the printer's count %q is no number", text)
	}
	return n, true, nil
}
