package dynamark

import (
	"bytes"
	"fmt"
	"strings"
)

// maxLine bounds what is gathered without the end of a line in it.
const maxLine = 64 << 10

// Messages that the laser sends by itself.
const (
	msgReady    = "1"
	msgEnd      = "3" // end of print
	msgNotReady = "4"
	msgCoding   = "25" // data coding: taken for the end of print by some
	msgApplied  = "26" // new texts are applied
)

// kind of a line that the laser sent. A line is classified before it is matched to what was
// asked: messages come between a command and its answer.
type kind int

const (
	okay     kind = iota // OK
	failure              // ERROR and a number
	message              // MSG and a number
	result               // RESULT ... : the answer to a query, which this driver does not ask
	stranger             // nothing that the protocol knows
)

type answer struct {
	kind   kind
	number string // of an error or a message
	line   string // as it came
}

// lines takes the laser's bytes apart. Lines end with CR LF; a message may follow an answer in the same piece.
type lines struct{ buf []byte }

func (l *lines) add(b []byte) { l.buf = append(l.buf, b...) }

// next takes one whole line out; ok is false where more bytes are needed.
func (l *lines) next() (line string, ok bool, err error) {
	l.buf = bytes.TrimLeft(l.buf, "\r\n")
	end := bytes.IndexByte(l.buf, '\n') // not CR: the next command is not to meet the rest of an answer
	if end < 0 {
		if len(l.buf) > maxLine {
			return "", false, fmt.Errorf("the laser sent %d bytes without an end", len(l.buf))
		}
		return "", false, nil
	}
	line = string(bytes.TrimRight(l.buf[:end], "\r"))
	l.buf = l.buf[end+1:]
	return line, true, nil
}

func classify(line string) answer {
	a := answer{kind: stranger, line: line}
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "OK":
		a.kind = okay
	case word == "ERROR" && isNumber(rest):
		a.kind, a.number = failure, rest
	case word == "MSG" && isNumber(rest):
		a.kind, a.number = message, rest
	case word == "RESULT" && rest != "":
		a.kind = result
	}
	return a
}

// isNumber reports whether the text is a number of one to three digits.
func isNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}
