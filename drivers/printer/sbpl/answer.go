package sbpl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// Bytes that the printer sends by themselves.
const (
	ack = 0x06
	nak = 0x15
)

// The length of a status from STX to ETX (programming references).
const (
	short = 11 // status 3
	long  = 27 // status 4, which has the name of the job
)

// kind is what an answer of the printer is.
type kind int

const (
	told     kind = iota // a status
	accepted             // ACK
	refused              // NAK
)

type answer struct {
	kind   kind
	status status
}

// answers takes the printer's bytes apart.
type answers struct{ buf []byte }

func (a *answers) add(b []byte) { a.buf = append(a.buf, b...) }

var (
	// errForeign is what comes of a wrong speed, or of something that is no SATO printer.
	errForeign = errors.New("the answers are not those of a SATO printer: look at the address, " +
		"the speed of a serial port and the protocol that is set on the printer")
	errShort = errors.New("the printer tells status 3: set it to status 4, or write status = \"3-enq\"")
	errLong  = errors.New("the printer tells status 4: set it to status 3, or write another status")
)

// next takes one whole answer out; ok is false where more bytes are needed. A status is read by
// its length and not by its end, since a byte of a length may look like one of the framing.
func (a *answers) next(status3 bool) (found answer, ok bool, err error) {
	if len(a.buf) == 0 {
		return answer{}, false, nil
	}
	head, size := 0, long
	if status3 {
		size = short
	}
	switch a.buf[0] {
	case ack, nak:
		found.kind = accepted
		if a.buf[0] == nak {
			found.kind = refused
		}
		a.buf = a.buf[1:]
		return found, true, nil
	case stx[0]:
	case 0:
		if len(a.buf) < 4 {
			return answer{}, false, nil
		}
		switch binary.BigEndian.Uint32(a.buf) {
		case 1: // ACK or NAK by LAN
			switch {
			case len(a.buf) == 4:
				return answer{}, false, nil
			case a.buf[4] != ack && a.buf[4] != nak:
				return answer{}, false, errForeign
			}
			a.buf = a.buf[4:]
			return a.next(status3)
		case 0x0B:
			head, size = 4, short
		case 0x1C:
			head, size = 5, long
		case 0x20:
			head, size = 9, long
		default:
			return answer{}, false, errForeign
		}
	default:
		return answer{}, false, errForeign
	}
	if head > 0 && status3 != (size == short) {
		return answer{}, false, wrongStatus(size == short)
	}
	if len(a.buf) >= head+short && head == 0 && !status3 && a.buf[short-1] == etx[0] {
		return answer{}, false, errShort
	}
	if len(a.buf) < head+size {
		return answer{}, false, nil
	}
	frame := a.buf[:head+size]
	body := frame[head:]
	whole := body[0] == stx[0] && body[size-1] == etx[0]
	switch {
	case head == 0 && status3 && !whole:
		return answer{}, false, errLong
	case head == 5 && frame[4] != enq, head == 9 && string(frame[4:9]) != "\x00\x00\x00\x1c\x05", !whole:
		return answer{}, false, errForeign
	}
	if found.status, err = parseStatus(string(body[1:10])); err != nil {
		return answer{}, false, err
	}
	a.buf = a.buf[head+size:]
	return found, true, nil
}

func wrongStatus(isShort bool) error {
	if isShort {
		return errShort
	}
	return errLong
}

// status is what the printer tells of itself.
type status struct {
	id        int // of the job in work; noJob where there is none
	letter    byte
	remaining int // labels of that job still to come
}

const noJob = -1

func (s status) String() string {
	if s.id == noJob {
		return fmt.Sprintf("status %c, no job", s.letter)
	}
	return fmt.Sprintf("status %c, job %02d, %d to come", s.letter, s.id, s.remaining)
}

// parseStatus reads id, letter and remaining count: nine characters.
func parseStatus(text string) (s status, err error) {
	id, count := text[:2], text[3:]
	s.letter = text[2]
	if s.id = noJob; id != "  " {
		if s.id, err = digits(id); err != nil {
			return status{}, fmt.Errorf("the id in the printer's status is %q", id)
		}
	}
	if s.remaining, err = digits(count); err != nil {
		return status{}, fmt.Errorf("the remaining count in the printer's status is %q", count)
	}
	return s, nil
}

// digits reads a number that is written in digits only.
func digits(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

func (s status) offline() bool  { return s.letter >= '0' && s.letter <= '4' }
func (s status) idle() bool     { return s.letter >= 'A' && s.letter <= 'E' }
func (s status) printing() bool { return s.letter >= 'G' && s.letter <= 'K' }
func (s status) dispense() bool { return s.letter >= 'M' && s.letter <= 'Q' }
func (s status) analyse() bool  { return s.letter >= 'S' && s.letter <= 'W' }

// done tells that the printer has nothing more to print of the job it names, or no job at all.
func (s status) done() bool { return s.remaining == 0 && (s.idle() || s.dispense()) }

// fault names what may have spoilt a label.
func (s status) fault() error {
	if s.offline() || s.idle() || s.printing() || s.dispense() || s.analyse() {
		return nil
	}
	name, ok := map[byte]string{
		'a': "receive buffer overrun", 'b': "head open", 'c': "paper out", 'd': "ribbon out", 'e': "media error",
		'f': "sensor error", 'g': "head error", 'i': "card error",
	}[s.letter]
	if !ok {
		name = fmt.Sprintf("fault, code %q", s.letter)
	}
	return fmt.Errorf("the printer reports: %s", name)
}
