package text

import (
	"bytes"
	"fmt"
	"regexp"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/frame"
)

// rules say what a device puts around its codes, and how it is driven. An empty mark is not used.
type rules struct {
	frame.Codes
	cut       frame.Cutter   // of a new session
	timeout   time.Duration  // after which a frame is given up that does not end
	prefix    string         // before every frame
	heartbeat string         // a frame that means nothing
	beats     *regexp.Regexp // frames that mean nothing, if it fits them whole; prefers the longest match
	beatsWith string         // what every heartbeat of the pattern begins with
	within    time.Duration  // in which something must come; 0: the device may be silent for ever
	template  template       // of one code

	trigger, triggerOff string
	triggerFor          time.Duration
}

// scans turns a whole frame into readings. Raw is the whole frame in each of them.
func (r rules) scans(text []byte) []drivers.Scan {
	switch {
	case r.is(text, r.heartbeat) || len(r.Pieces(text)) == 1 && r.silent(text):
		return nil
	case r.Empty(text):
		return []drivers.Scan{{Raw: text, NoRead: true}}
	}
	rest, ok := bytes.CutPrefix(text, []byte(r.prefix))
	if !ok {
		return frame.Bad(text, fmt.Sprintf("the prefix %q is missing", r.prefix))
	}
	var all []drivers.Scan
	silent := false
	for _, piece := range r.Pieces(rest) {
		switch {
		case len(piece) == 0: // a separator after the last code
		case r.silent(piece):
			silent = true
		default:
			all = append(all, r.piece(text, piece))
		}
	}
	if len(all) == 0 && !silent {
		return frame.Bad(text, "there is no code in the frame")
	}
	return frame.Together(all)
}

// is reports whether the text is exactly the word, if the device has one.
func (r rules) is(text []byte, word string) bool { return word != "" && string(text) == word }

// silent reports whether the text means nothing.
func (r rules) silent(text []byte) bool {
	if r.is(text, r.heartbeat) {
		return true
	}
	if r.beats == nil {
		return false
	}
	at := r.beats.FindIndex(text)
	return at != nil && at[0] == 0 && at[1] == len(text)
}

// piece reads one code of a frame with what the device says of it, or that there was none.
func (r rules) piece(text, piece []byte) drivers.Scan {
	if r.Empty(piece) {
		return drivers.Scan{Raw: text, NoRead: true}
	}
	code, grade, place, ok := r.template.split(piece)
	if !ok {
		return drivers.Scan{Raw: text, Bad: fmt.Sprintf("it does not fit the template %q", r.template.text)}
	}
	scan := r.Scan(text, code)
	scan.Grade, scan.Place = grade, place
	return scan
}
