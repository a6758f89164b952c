// Package frame takes apart what scanners send beside answers to commands: it cuts a stream into
// frames and a frame into codes, and finds readings that come again. It knows no protocol; the
// marks are those of the configuration.
package frame

import (
	"bytes"
	"strings"
)

// LineEnds are the bytes that devices end their lines with, in every mixture: CR, LF, ETX and
// NUL. No code holds any of them.
const LineEnds = "\r\n\x03\x00"

// LineEnd reports whether the mark is any mixture of LineEnds. Then every run of them does its
// work: devices mix them more freely than their manuals say.
func LineEnd(mark string) bool { return mark != "" && strings.Trim(mark, LineEnds) == "" }

// Ending says how a frame came to its end.
type Ending int

const (
	Whole   Ending = iota // by its mark
	TooLong               // given up: it has as many bytes as a frame may have, and goes on
	Unended               // given up: the device fell silent in the middle of it
)

// Cutter cuts a stream of bytes into frames. What comes out does not depend on how the bytes were
// cut on their way. Empty frames are nothing.
type Cutter struct {
	Ends    string // any run of these bytes ends a frame
	End     string // ends a frame as it is; "": only Ends does
	Between string // bytes that mean nothing at the beginning and the end of a frame
	Max     int    // of a frame, in bytes; a longer one is given up

	buf      []byte
	dropping bool // the rest of a frame that was too long goes by
}

// NewCutter returns the cutter of a device with this terminator. Where codes too are separated by
// line ends, the others of them end the frame.
func NewCutter(terminator, separator string, limit int) Cutter {
	c := Cutter{Max: limit}
	if LineEnd(separator) {
		c.Between = separator
	}
	if !LineEnd(terminator) {
		c.End = terminator
		return c
	}
	c.Ends = strings.Map(func(r rune) rune {
		if strings.ContainsRune(c.Between, r) {
			return -1
		}
		return r
	}, LineEnds)
	return c
}

// Holds reports whether a frame that holds the text would be cut in it.
func (c *Cutter) Holds(text string) bool {
	return strings.ContainsAny(text, c.Ends) || c.End != "" && strings.Contains(text, c.End)
}

// Feed takes bytes in and calls emit for each frame that they end, and as soon as a frame is too
// long with its first Max bytes. The frame is the callee's own.
func (c *Cutter) Feed(b []byte, emit func(frame []byte, how Ending)) {
	for _, x := range b {
		if strings.IndexByte(c.Ends, x) >= 0 {
			c.cut(len(c.buf), emit)
			continue
		}
		if len(c.buf) == 0 && !c.dropping && strings.IndexByte(c.Between, x) >= 0 {
			continue
		}
		c.buf = append(c.buf, x)
		if c.End != "" && bytes.HasSuffix(c.buf, []byte(c.End)) {
			c.cut(len(c.buf)-len(c.End), emit)
			continue
		}
		c.bound(emit)
	}
}

// Begun reports whether a frame has begun and not ended.
func (c *Cutter) Begun() bool { return len(c.buf) > 0 || c.dropping }

// Rest returns what has come of a frame that has not ended.
func (c *Cutter) Rest() []byte { return bytes.Clone(c.buf) }

// GiveUp ends the frame that has begun. What comes next begins another one: a reading too many
// rejects a product, a reading too few would let one pass.
func (c *Cutter) GiveUp(emit func(frame []byte, how Ending)) {
	if !c.dropping && len(c.buf) > 0 {
		emit(bytes.Clone(c.buf), Unended)
	}
	c.buf, c.dropping = c.buf[:0], false
}

// cut ends the frame of the first n bytes.
func (c *Cutter) cut(n int, emit func([]byte, Ending)) {
	if frame := bytes.TrimRight(c.buf[:n], c.Between); !c.dropping && len(frame) > 0 {
		emit(bytes.Clone(frame), Whole)
	}
	c.buf, c.dropping = c.buf[:0], false
}

// bound gives up a frame that is too long even if it ended with the next byte.
func (c *Cutter) bound(emit func([]byte, Ending)) {
	tail := max(0, len(c.End)-1) // bytes that may be the beginning of the end
	if !c.dropping && len(c.buf) > c.Max+tail {
		emit(bytes.Clone(c.buf[:c.Max]), TooLong)
		c.dropping = true
	}
	if c.dropping && len(c.buf) > tail {
		c.buf = append(c.buf[:0], c.buf[len(c.buf)-tail:]...)
	}
}
