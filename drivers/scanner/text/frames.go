package text

import (
	"bytes"
	"strings"
)

// lineEnds are the bytes that devices end their lines with, in every mixture: CR, LF, ETX
// and NUL. No code holds any of them.
const lineEnds = "\r\n\x03\x00"

// lineEnd reports whether the mark is any mixture of lineEnds. Then every run of them does
// its work: devices mix them more freely than their manuals say.
func lineEnd(mark string) bool {
	return mark != "" && strings.Trim(mark, lineEnds) == ""
}

// ending says how a frame came to its end.
type ending int

const (
	whole   ending = iota // by the terminator
	tooLong               // given up: it has as many bytes as a frame may have, and goes on
	unended               // given up: the device fell silent in the middle of it
)

// frames cuts a stream of bytes into frames. The result does not depend on how the bytes
// were cut on their way. Empty frames are nothing.
type frames struct {
	terminator string
	ends       string // any run of these bytes is a terminator; "": the terminator itself is
	between    string // bytes that mean nothing at the beginning and the end of a frame
	max        int    // of a frame, in bytes

	buf      []byte
	dropping bool // the rest of a frame that was too long goes by
}

// cutting returns the frames of a device. Where codes too are separated by line ends, the
// others of them end the frame.
func cutting(terminator, separator string, limit int) frames {
	f := frames{terminator: terminator, max: limit}
	if lineEnd(separator) {
		f.between = separator
	}
	if lineEnd(terminator) {
		f.ends = strings.Map(func(c rune) rune {
			if strings.ContainsRune(f.between, c) {
				return -1
			}
			return c
		}, lineEnds)
	}
	return f
}

// holdsEnd reports whether a frame that holds the text would be cut in it.
func (f *frames) holdsEnd(text string) bool {
	if f.ends != "" {
		return strings.ContainsAny(text, f.ends)
	}
	return f.terminator != "" && strings.Contains(text, f.terminator)
}

// feed takes bytes in and calls emit for each frame that they end, and as soon as a frame
// is too long, with as much of it as is possible. The frame is the callee's own.
func (f *frames) feed(b []byte, emit func(frame []byte, how ending)) {
	for _, c := range b {
		if strings.IndexByte(f.ends, c) >= 0 {
			f.end(len(f.buf), emit)
			continue
		}
		if len(f.buf) == 0 && !f.dropping && strings.IndexByte(f.between, c) >= 0 {
			continue
		}
		f.buf = append(f.buf, c)
		if f.ends == "" && bytes.HasSuffix(f.buf, []byte(f.terminator)) {
			f.end(len(f.buf)-len(f.terminator), emit)
			continue
		}
		f.bound(emit)
	}
}

// end closes the frame of the first n bytes.
func (f *frames) end(n int, emit func([]byte, ending)) {
	if frame := bytes.TrimRight(f.buf[:n], f.between); !f.dropping && len(frame) > 0 {
		emit(bytes.Clone(frame), whole)
	}
	f.buf, f.dropping = f.buf[:0], false
}

// bound gives up a frame that is too long, even if it ended now.
func (f *frames) bound(emit func([]byte, ending)) {
	tail := 0 // the bytes that may be the beginning of a terminator
	if f.ends == "" {
		tail = len(f.terminator) - 1
	}
	if !f.dropping && len(f.buf) > f.max+tail {
		emit(bytes.Clone(f.buf[:f.max]), tooLong)
		f.dropping = true
	}
	if f.dropping && len(f.buf) > tail {
		f.buf = append(f.buf[:0], f.buf[len(f.buf)-tail:]...)
	}
}

// begun reports whether a frame has begun and not ended.
func (f *frames) begun() bool { return len(f.buf) > 0 || f.dropping }

// expire gives up the frame that has begun. What comes next begins another one: a reading
// too many rejects a product, a reading too few would let one pass.
func (f *frames) expire(emit func([]byte, ending)) {
	if !f.dropping && len(f.buf) > 0 {
		emit(bytes.Clone(f.buf), unended)
	}
	f.buf, f.dropping = f.buf[:0], false
}
