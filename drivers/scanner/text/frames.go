package text

import (
	"bytes"
	"strings"
)

// lineEnds are the bytes that devices end their lines with, in every mixture: CR, LF, ETX
// and NUL. No code holds any of them.
const lineEnds = "\r\n\x03\x00"

// lineEnd reports whether the terminator is any mixture of lineEnds. Then every run of
// them ends a frame: devices mix them more freely than their manuals say.
func lineEnd(terminator string) bool {
	return terminator != "" && strings.Trim(terminator, lineEnds) == ""
}

// frames cuts a stream of bytes into frames. The result does not depend on how the bytes
// were cut on their way. Empty frames are nothing.
type frames struct {
	terminator string
	run        bool // any run of lineEnds is a terminator
	max        int  // of a frame, in bytes

	buf      []byte
	dropping bool // the rest of a frame that was too long goes by
}

// feed takes bytes in and calls emit for each frame that they end, and as soon as a frame
// is too long, with as much of it as is possible. The frame is the callee's own.
func (f *frames) feed(b []byte, emit func(frame []byte, long bool)) {
	for _, c := range b {
		if f.run && strings.IndexByte(lineEnds, c) >= 0 {
			f.end(len(f.buf), emit)
			continue
		}
		f.buf = append(f.buf, c)
		if !f.run && bytes.HasSuffix(f.buf, []byte(f.terminator)) {
			f.end(len(f.buf)-len(f.terminator), emit)
			continue
		}
		f.bound(emit)
	}
}

// end closes the frame of the first n bytes.
func (f *frames) end(n int, emit func([]byte, bool)) {
	if !f.dropping && n > 0 {
		emit(bytes.Clone(f.buf[:n]), false)
	}
	f.buf, f.dropping = f.buf[:0], false
}

// bound gives up a frame that is too long, even if it ended now.
func (f *frames) bound(emit func([]byte, bool)) {
	tail := 0 // the bytes that may be the beginning of a terminator
	if !f.run {
		tail = len(f.terminator) - 1
	}
	if !f.dropping && len(f.buf) > f.max+tail {
		emit(bytes.Clone(f.buf[:f.max]), true)
		f.dropping = true
	}
	if f.dropping && len(f.buf) > tail {
		f.buf = append(f.buf[:0], f.buf[len(f.buf)-tail:]...)
	}
}
