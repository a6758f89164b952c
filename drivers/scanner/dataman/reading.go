package dataman

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/frame"
)

// scans turns the data of a reading, as the reader wrote it, into scans.
func (r rules) scans(raw, data []byte) []drivers.Scan {
	if r.base64 {
		text, err := base64.StdEncoding.AppendDecode(nil, data)
		if err != nil {
			return frame.Bad(raw, `the reading is no base64: see encoding in the driver's manual`)
		}
		data = text
	}
	if frame.LineEnd(r.terminator) {
		data = bytes.TrimRight(data, frame.LineEnds)
	} else {
		data = bytes.TrimSuffix(data, []byte(r.terminator))
	}
	return r.codes.Scans(raw, data)
}

// silentLine reads a frame of a reader that sends plain text. One with a header can still be
// the answer of a reader that was not silent until now.
func (d *device) silentLine(line []byte) []drivers.Scan {
	for {
		head, rest, _ := bytes.Cut(line, []byte(footer))
		r, ok := parse(head)
		switch {
		case !ok && d.phase != ready && isLogin(line):
			d.stray = append(d.stray[:0], line...)
			return nil
		case !ok:
			return d.codes.Scans(line, line)
		case r.status != statusOK:
			return frame.Bad(line, fmt.Sprintf("the reader is not silent: it sent a frame with a header, %s", meaning(r.status)))
		case len(rest) == 0:
			return nil
		}
		line = rest
	}
}

// Lines of base64 by RFC 2045, to which the older manual refers, hold at most 76 characters.
// Whether a reader folds longer readings is not said: a first line of just this length may be
// the whole reading or not. It is whole if it ends with the terminator, or if another frame
// follows; if nothing does, it may be the half of a code, which is never taken for a code.
const foldedAt = 76

// fold is a reading whose next line may be still to come.
type fold struct {
	raw   []byte // nil: there is none
	data  []byte
	until time.Time // zero: it may wait for ever
	tail  bool      // a reading has ended with a full line: a line end may be left of it
}

// first begins a reading with the frame that has its header, and returns it if it is whole.
func (f *fold) first(line []byte, r reply, now time.Time, rules rules) []drivers.Scan {
	if !rules.base64 || r.xor || !full(r.data) {
		return rules.scans(line, r.data)
	}
	*f = fold{raw: line, data: r.data}
	return f.goOn(now, rules)
}

// more is told of the next line: it is taken if it goes on with the reading, and the reading is
// returned if it is whole.
func (f *fold) more(line []byte, now time.Time, rules rules) (scans []drivers.Scan, taken bool) {
	tail := f.tail
	f.tail = false
	goesOn := len(line) <= foldedAt && strings.Trim(string(line), base64Characters) == ""
	switch {
	case f.raw == nil:
		return nil, tail && goesOn && frame.LineEnd(decoded(line))
	case !goesOn:
		return f.end(rules), false
	}
	f.raw = append(append(f.raw, footer...), line...)
	f.data = append(f.data, line...)
	if full(line) && len(f.data) < rules.maxLength {
		return f.goOn(now, rules), true
	}
	return f.end(rules), true
}

// goOn waits for the next line, unless the reading has ended with this one.
func (f *fold) goOn(now time.Time, rules rules) []drivers.Scan {
	if rules.terminator != "" && strings.HasSuffix(decoded(f.data), rules.terminator) {
		scans := f.end(rules)
		f.tail = frame.LineEnd(rules.terminator) // which may be a mixture
		return scans
	}
	if f.until = (time.Time{}); rules.timeout > 0 {
		f.until = now.Add(rules.timeout)
	}
	return nil
}

// expire returns the reading after which nothing came: a bad one, unless it ends with a line end
// of any kind.
func (f *fold) expire(now time.Time, rules rules) []drivers.Scan {
	if f.raw == nil || f.until.IsZero() || now.Before(f.until) {
		return nil
	}
	if text := decoded(f.data); frame.LineEnd(rules.terminator) && strings.TrimRight(text, frame.LineEnds) != text {
		return f.end(rules)
	}
	raw := f.raw
	*f = fold{}
	return frame.Bad(raw, fmt.Sprintf("the reading may go on, and nothing followed in %s: see terminator in the driver's manual", rules.timeout))
}

func (f *fold) end(rules rules) []drivers.Scan {
	whole := *f
	*f = fold{}
	return rules.scans(whole.raw, whole.data)
}

// decoded is what base64 says; "" where it is none.
func decoded(data []byte) string {
	text, err := base64.StdEncoding.AppendDecode(nil, data)
	if err != nil {
		return ""
	}
	return string(text)
}

const base64Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// full reports whether a line of base64 is so long that another may follow.
func full(line []byte) bool { return len(line) == foldedAt && line[foldedAt-1] != '=' }

// isLogin reports whether a device asks who is there, as In-Sight cameras do on the same port.
func isLogin(text []byte) bool {
	end := bytes.ToLower(bytes.TrimSpace(text))
	for _, prompt := range []string{"login:", "user:", "username:", "password:"} {
		if bytes.HasSuffix(end, []byte(prompt)) {
			return true
		}
	}
	return false
}

func loginError(text []byte) error {
	return errors.New("the device asks for a login, which DMCC does not know: switch it off, or check that this is a DataMan reader; it said " +
		fmt.Sprintf("%q", text[:min(len(text), 80)]))
}
