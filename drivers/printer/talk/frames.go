package talk

import (
	"bytes"
	"fmt"
)

const (
	maxFrame = 4096 // bounds what is gathered without a whole answer in it
	maxShown = 24   // bytes of what is no answer that are kept for a message
)

// Frames takes apart the bytes of a printer whose answers stand between two characters that no
// answer holds. It passes over what is no answer.
type Frames[A any] struct {
	Begin, End byte
	Protocol   string                       // as a person calls it
	Parse      func(frame string) (A, bool) // reads what stands between the two
	buf, noise []byte                       // noise: the first bytes that belonged to no answer
}

// Add takes bytes in.
func (f *Frames[A]) Add(b []byte) { f.buf = append(f.buf, b...) }

// Next takes one whole answer out; ok is false where more bytes are needed.
func (f *Frames[A]) Next() (found A, ok bool, err error) {
	for {
		end := bytes.IndexByte(f.buf, f.End)
		if end < 0 {
			if len(f.buf) > maxFrame {
				f.odd(f.buf)
				return found, false, f.Strange()
			}
			return found, false, nil
		}
		frame := f.buf[:end]
		f.buf = f.buf[end+1:]
		// An answer cut short is followed by the next one's beginning.
		begin := bytes.LastIndexByte(frame, f.Begin)
		if begin < 0 {
			f.odd(frame)
			continue
		}
		f.odd(frame[:begin])
		if found, ok := f.Parse(string(frame[begin+1:])); ok {
			return found, true, nil
		}
		f.odd(frame[begin:])
	}
}

// odd keeps what is no answer, for a message.
func (f *Frames[A]) odd(b []byte) {
	b = bytes.Trim(b, " \r\n\x00")
	f.noise = append(f.noise, b[:min(len(b), maxShown-min(maxShown, len(f.noise)))]...)
}

// Strange tells of bytes that are no answers; nil where there were none.
func (f *Frames[A]) Strange() error {
	shown := f.noise
	if rest := bytes.Trim(f.buf, " \r\n\x00"); len(shown) == 0 {
		shown = rest[:min(len(rest), maxShown)]
	}
	if len(shown) == 0 {
		return nil
	}
	return fmt.Errorf("what answers is no %s (%q): check the address, the printer's protocol and the baud rate", f.Protocol, shown)
}
