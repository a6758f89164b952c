package zipher

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxLine bounds what is gathered without the end of a line in it.
const maxLine = 4096

// kind of a line that the printer sent. A line is classified before it is matched to what
// was asked: notices come between a command and its answer.
type kind int

const (
	ack      kind = iota // ACK
	refusal              // ERR
	tagged               // TAG|value|...| : an answer, or a notice that nobody asked for
	stranger             // nothing that the protocol knows
)

type answer struct {
	kind   kind
	tag    string
	values []string
	line   string // as it came
}

// lines takes the printer's bytes apart. Lines end with CR, LF or both: firmware differs.
type lines struct{ buf []byte }

func (l *lines) add(b []byte) { l.buf = append(l.buf, b...) }

// next takes one whole line out; ok is false where more bytes are needed.
func (l *lines) next() (line string, ok bool, err error) {
	l.buf = bytes.TrimLeft(l.buf, "\r\n")
	end := bytes.IndexAny(l.buf, "\r\n")
	if end < 0 {
		if len(l.buf) > maxLine {
			return "", false, fmt.Errorf("the printer sent %d bytes without an end", len(l.buf))
		}
		return "", false, nil
	}
	line = string(l.buf[:end])
	l.buf = l.buf[end+1:]
	return line, true, nil
}

// classify reads a line. A value that is not ended by | may be cut off: such a line is a stranger.
func classify(line string) answer {
	a := answer{kind: stranger, line: line}
	switch line {
	case "ACK":
		a.kind = ack
		return a
	case "ERR":
		a.kind = refusal
		return a
	}
	tag, rest, found := strings.Cut(line, "|")
	if len(tag) != 3 || strings.Trim(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || tag == "ACK" || tag == "ERR" {
		return a
	}
	if found {
		body, ended := strings.CutSuffix(rest, "|")
		if !ended && rest != "" {
			return a
		}
		if ended {
			a.values = strings.Split(body, "|")
		}
	}
	a.kind, a.tag = tagged, tag
	return a
}

// maxIndex is the highest index that the driver uses. How many digits a printer takes is not settled;
// a number of 31 bits is the least that is in use.
const maxIndex = 1<<31 - 1

// number reads the only value of an answer. Nothing at all stands for none: 0.
func (a answer) number() (int64, error) {
	if len(a.values) != 1 {
		return 0, fmt.Errorf("the printer's answer %q does not hold one number", a.line)
	}
	if a.values[0] == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(a.values[0], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("the printer's answer %q holds no number", a.line)
	}
	return int64(n), nil
}

// Overall states (STS, first value).
const (
	shutDown     = "0"
	starting     = "1"
	shuttingDown = "2"
	running      = "3"
	offline      = "4"
)

// state is what an STS line tells.
type state struct {
	overall string
	faulty  bool
	job     string
}

func (a answer) state() (state, error) {
	if len(a.values) < 3 {
		return state{}, fmt.Errorf("the printer's state %q has fewer than 3 values", a.line)
	}
	s := state{overall: a.values[0], job: a.values[2]}
	if len(s.overall) != 1 || s.overall < shutDown || s.overall > offline {
		return state{}, fmt.Errorf("the printer's state %q is none that is known", s.overall)
	}
	switch a.values[1] {
	case "0", "1": // none, warnings only
	case "2":
		s.faulty = true
	default:
		return state{}, fmt.Errorf("the printer's error state %q is none that is known", a.values[1])
	}
	return s, nil
}

// down says that the printer is on its way up or down, where its buffer is not to be relied on.
func (s state) down() error {
	switch s.overall {
	case shutDown:
		return errors.New("the printer is shut down")
	case starting:
		return errors.New("the printer is starting: that takes a minute or two")
	case shuttingDown:
		return errors.New("the printer is shutting down")
	}
	return nil
}

// faults reads the answer to GFT: a number of faults, then code, clearable and text of each.
func (a answer) faults() (string, error) {
	if len(a.values) == 0 || (len(a.values)-1)%3 != 0 {
		return "", fmt.Errorf("the printer's list of faults %q cannot be read", a.line)
	}
	var named []string
	for at := 1; at < len(a.values); at += 3 {
		named = append(named, strings.TrimSpace(fmt.Sprintf("%s (%s)", a.values[at+2], a.values[at])))
	}
	if len(named) == 0 {
		return "a fault that it does not name", nil
	}
	return strings.Join(named, ", "), nil
}
