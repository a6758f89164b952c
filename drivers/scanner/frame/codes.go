package frame

import (
	"bytes"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
)

// Codes says what one reading of a device looks like. An empty mark is not used.
type Codes struct {
	Separator string // between several codes
	NoRead    string // in place of a code
	Form      reading.Form
}

// Scans turns the text of one reading into scans, which all carry the frame as Raw. An empty text
// is a no-read of a device without a no-read text, and else bad.
func (c Codes) Scans(frame, text []byte) []drivers.Scan {
	pieces := [][]byte{text}
	if c.Separator != "" {
		pieces = bytes.Split(text, []byte(c.Separator))
	}
	var all []drivers.Scan
	for _, piece := range pieces {
		switch {
		case c.NoRead != "" && string(piece) == c.NoRead:
			all = append(all, drivers.Scan{Raw: frame, NoRead: true})
		case len(piece) > 0: // nothing stands after a separator at the end
			got := c.Form.Take(piece)
			all = append(all, drivers.Scan{Raw: frame, Code: got.Code, AIM: got.AIM, Bad: got.Bad})
		}
	}
	switch {
	case len(all) == 0 && c.NoRead == "" && len(text) == 0:
		return []drivers.Scan{{Raw: frame, NoRead: true}}
	case len(all) == 0:
		return Bad(frame, "there is no code in the frame")
	}
	for i := range all[:len(all)-1] {
		all[i].More = true
	}
	return all
}

// Bad returns the scan of a frame that can be no code, with the reason in one clause.
func Bad(frame []byte, why string) []drivers.Scan { return []drivers.Scan{{Raw: frame, Bad: why}} }

// Long returns the scan of a frame that is longer than most bytes.
func Long(frame []byte, most int) []drivers.Scan {
	return Bad(frame, fmt.Sprintf("the frame is longer than %d bytes", most))
}

// Repeats finds readings that a device gives again. The zero value finds none.
type Repeats struct {
	Window time.Duration // a reading with the codes of the one before it, within this time, is that one

	last []drivers.Scan // the reading given on last
	at   time.Time
}

// Of reports whether the scans of one reading are those of the reading before it. The window
// begins with the reading that was given on: what stays before a scanner is given on again each
// time that the window has passed.
func (r *Repeats) Of(scans []drivers.Scan, now time.Time) bool {
	if r.Window <= 0 || len(scans) == 0 {
		return false
	}
	if same(r.last, scans) && now.Sub(r.at) < r.Window {
		return true
	}
	r.last, r.at = scans, now
	return false
}

// same reports whether both readings consist of the same codes and of nothing else.
func same(a, b []drivers.Scan) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Code == nil || !bytes.Equal(a[i].Code, b[i].Code) {
			return false
		}
	}
	return true
}
