package ngpcl

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

const (
	maxAnswer = 4096 // bounds what is gathered without a whole answer in it
	maxShown  = 24   // bytes of what is no answer that are kept for a message
)

// answer is what one {~XXn|...|} holds.
type answer struct {
	name   string   // two letters
	code   string   // what follows them: 0 is good
	values []string // without the spaces that some printers add
}

// answers takes the printer's bytes apart.
type answers struct {
	buf   []byte
	noise []byte // the first bytes that belonged to no answer
}

func (a *answers) add(b []byte) { a.buf = append(a.buf, b...) }

// next takes one whole answer out; ok is false where more bytes are needed.
func (a *answers) next() (found answer, ok bool, err error) {
	for {
		end := bytes.IndexByte(a.buf, '}')
		if end < 0 {
			if len(a.buf) > maxAnswer {
				a.odd(a.buf)
				return answer{}, false, a.strange()
			}
			return answer{}, false, nil
		}
		frame := a.buf[:end]
		a.buf = a.buf[end+1:]
		// An answer cut short is followed by the next one's beginning.
		begin := bytes.LastIndexByte(frame, '{')
		if begin < 0 {
			a.odd(frame)
			continue
		}
		a.odd(frame[:begin])
		if found, ok := parseAnswer(string(frame[begin+1:])); ok {
			return found, true, nil
		}
		a.odd(frame[begin:])
	}
}

// odd keeps what is no answer, for a message.
func (a *answers) odd(b []byte) {
	b = bytes.Trim(b, " \r\n\x00")
	a.noise = append(a.noise, b[:min(len(b), maxShown-min(maxShown, len(a.noise)))]...)
}

// strange tells of bytes that are no answers; nil where there were none.
func (a *answers) strange() error {
	shown := a.noise
	if rest := bytes.Trim(a.buf, " \r\n\x00"); len(shown) == 0 {
		shown = rest[:min(len(rest), maxShown)]
	}
	if len(shown) == 0 {
		return nil
	}
	return fmt.Errorf("what answers is no NGPCL (%q): check the address, the protocol selected in the printer and the baud rate", shown)
}

// parseAnswer reads what stands between { and }.
func parseAnswer(frame string) (answer, bool) {
	values := strings.Split(frame, "|")
	for i, v := range values {
		values[i] = strings.Trim(v, " ")
	}
	head, last := values[0], len(values)-1
	if last < 1 || values[last] != "" || len(head) < 3 || head[0] != '~' {
		return answer{}, false
	}
	return answer{name: head[1:3], code: head[3:], values: values[1:last]}, true
}

// Places of a status' values (answer DS0), and the states that are known.
const (
	atBeam      = 2
	atAttention = 3
	atState     = 8
	atMode      = 9

	off       = "02"
	stopped   = "04"
	attention = "05"
	printing  = "06"
	beamStop  = "09"
	idling    = "11"
)

// status is what DS0 tells of a printer.
type status struct {
	state           string
	beam, attention bool
}

func parseStatus(values []string) (status, error) {
	if len(values) <= atMode {
		return status{}, fmt.Errorf("the printer's status has %d values, at least %d were expected", len(values), atMode+1)
	}
	s := status{state: values[atState]}
	for _, flag := range []struct {
		name, value string
		set         *bool
	}{{"beam stop", values[atBeam], &s.beam}, {"attention", values[atAttention], &s.attention}} {
		switch flag.value {
		case "0":
		case "1":
			*flag.set = true
		default:
			return status{}, fmt.Errorf("the printer's flag for %s is %q", flag.name, flag.value)
		}
	}
	return s, nil
}

// fault says what keeps the printer from marking and may have spoilt a mark.
func (s status) fault() error {
	switch {
	case s.attention || s.state == attention:
		return errors.New("the printer asks for attention: look at its panel")
	case s.beam || s.state == beamStop:
		return errors.New("the printer reports a beam stop")
	case s.state == off:
		return errors.New("the printer is off")
	case s.state != stopped && s.state != printing && s.state != idling:
		return fmt.Errorf("the printer is in the unknown state %q", s.state)
	}
	return nil
}
