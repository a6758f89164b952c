// Package frame takes apart what scanners send beside answers to commands: it cuts a stream into
// frames and a frame into codes. It knows no protocol; the marks are those of the configuration.
package frame

import (
	"bytes"
	"strings"
)

// LineEnds are the bytes that devices end their lines with, in every mixture: CR, LF, ETX and
// NUL. No code holds any of them.
const LineEnds = "\r\n\x03\x00"

// Cutter cuts a stream of bytes into frames. What comes out does not depend on how the bytes were
// cut on their way. Empty frames are nothing.
type Cutter struct {
	End string // ends a frame; "" is any run of LineEnds
	Max int    // of a frame, in bytes; a longer one is given up

	buf      []byte
	dropping bool // the rest of a frame that was too long goes by
}

// Feed takes bytes in and calls emit for each frame that they end, and as soon as a frame is too
// long with its first Max bytes. The frame is the callee's own.
func (c *Cutter) Feed(b []byte, emit func(frame []byte, long bool)) {
	for _, x := range b {
		if c.End == "" && strings.IndexByte(LineEnds, x) >= 0 {
			c.cut(len(c.buf), emit)
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

// Rest returns what has come of a frame that has not ended.
func (c *Cutter) Rest() []byte { return bytes.Clone(c.buf) }

// cut ends the frame of the first n bytes.
func (c *Cutter) cut(n int, emit func([]byte, bool)) {
	if !c.dropping && n > 0 {
		emit(bytes.Clone(c.buf[:n]), false)
	}
	c.buf, c.dropping = c.buf[:0], false
}

// bound gives up a frame that is too long even if it ended with the next byte.
func (c *Cutter) bound(emit func([]byte, bool)) {
	tail := max(0, len(c.End)-1) // bytes that may be the beginning of the end
	if !c.dropping && len(c.buf) > c.Max+tail {
		emit(bytes.Clone(c.buf[:c.Max]), true)
		c.dropping = true
	}
	if c.dropping && len(c.buf) > tail {
		c.buf = append(c.buf[:0], c.buf[len(c.buf)-tail:]...)
	}
}
