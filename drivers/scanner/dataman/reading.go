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
	if lineEnd(r.terminator) {
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
// the whole reading or not. The rest follows at once or never.
const (
	foldedAt = 76
	foldWait = 100 * time.Millisecond
)

// fold is a reading whose next line may be still to come.
type fold struct {
	raw   []byte
	data  []byte
	until time.Time // zero: there is none
}

// first begins a reading with the frame that has its header, and returns it if it is whole.
func (f *fold) first(line []byte, r reply, now time.Time, rules rules) []drivers.Scan {
	if !rules.base64 || r.xor || !full(r.data) {
		return rules.scans(line, r.data)
	}
	*f = fold{raw: line, data: r.data, until: now.Add(foldWait)}
	return nil
}

// more is told of the next line: it is taken if it goes on with the reading, and the reading is
// returned if it is whole.
func (f *fold) more(line []byte, now time.Time, rules rules) (scans []drivers.Scan, taken bool) {
	if f.until.IsZero() {
		return nil, false
	}
	if len(line) > foldedAt || strings.Trim(string(line), base64Characters) != "" {
		return f.end(rules), false
	}
	f.raw = append(append(f.raw, footer...), line...)
	f.data = append(f.data, line...)
	if f.until = now.Add(foldWait); full(line) && len(f.data) < rules.maxLength {
		return nil, true
	}
	return f.end(rules), true
}

// expire returns the reading after which nothing came.
func (f *fold) expire(now time.Time, rules rules) []drivers.Scan {
	if f.until.IsZero() || now.Before(f.until) {
		return nil
	}
	return f.end(rules)
}

func (f *fold) end(rules rules) []drivers.Scan {
	whole := *f
	*f = fold{}
	return rules.scans(whole.raw, whole.data)
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
