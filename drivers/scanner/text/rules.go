package text

import (
	"bytes"
	"fmt"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
)

// rules say what a device puts around its codes. An empty mark is not used.
type rules struct {
	prefix    string // before every frame
	separator string // between the codes of a frame
	noRead    string // in place of a code
	heartbeat string // a frame that means nothing
	form      reading.Form
	maxLength int
}

// scans turns a frame into readings. Raw is the whole frame in each of them.
func (r rules) scans(frame []byte, long bool) []drivers.Scan {
	if long {
		return []drivers.Scan{{Raw: frame, Bad: fmt.Sprintf("the frame is longer than %d bytes", r.maxLength)}}
	}
	if r.is(frame, r.heartbeat) {
		return nil
	}
	if r.is(frame, r.noRead) {
		return []drivers.Scan{{Raw: frame, NoRead: true}}
	}
	rest, ok := bytes.CutPrefix(frame, []byte(r.prefix))
	if !ok {
		return []drivers.Scan{{Raw: frame, Bad: fmt.Sprintf("the prefix %q is missing", r.prefix)}}
	}
	pieces := [][]byte{rest}
	if r.separator != "" {
		pieces = bytes.Split(rest, []byte(r.separator))
	}
	var all []drivers.Scan
	silent := false
	for _, piece := range pieces {
		switch {
		case len(piece) == 0: // a separator after the last code
		case r.is(piece, r.heartbeat):
			silent = true
		case r.is(piece, r.noRead):
			all = append(all, drivers.Scan{Raw: frame, NoRead: true})
		default:
			all = append(all, r.code(frame, piece))
		}
	}
	if len(all) == 0 && !silent {
		all = []drivers.Scan{{Raw: frame, Bad: "there is no code in the frame"}}
	}
	return all
}

// is reports whether the text is exactly the word, if the device has one.
func (r rules) is(text []byte, word string) bool { return word != "" && string(text) == word }

// code reads one code of a frame.
func (r rules) code(frame, piece []byte) drivers.Scan {
	got := r.form.Take(piece)
	return drivers.Scan{Raw: frame, Code: got.Code, AIM: got.AIM, Bad: got.Bad}
}
