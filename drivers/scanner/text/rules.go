package text

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
)

// rules say what a device puts around its codes. An empty mark is not used.
type rules struct {
	prefix    string         // before every frame
	separator string         // between the codes of a frame
	noRead    string         // in place of a code
	heartbeat string         // a frame that means nothing
	beats     *regexp.Regexp // frames that mean nothing, if it fits them whole; prefers the longest match
	template  template       // of one code
	form      reading.Form
	maxLength int
	timeout   time.Duration // after which a frame is given up that does not end
}

// scans turns a frame into readings. Raw is the whole frame in each of them.
func (r rules) scans(frame []byte, how ending) []drivers.Scan {
	switch {
	case how == tooLong:
		return bad(frame, "the frame is longer than %d bytes", r.maxLength)
	case how == unended:
		return bad(frame, "the frame has no end: nothing followed in %s", r.timeout)
	case r.is(frame, r.heartbeat) || len(r.pieces(frame)) == 1 && r.silent(frame):
		return nil
	case r.is(frame, r.noRead):
		return []drivers.Scan{{Raw: frame, NoRead: true}}
	}
	rest, ok := bytes.CutPrefix(frame, []byte(r.prefix))
	if !ok {
		return bad(frame, "the prefix %q is missing", r.prefix)
	}
	var all []drivers.Scan
	silent := false
	for _, piece := range r.pieces(rest) {
		switch {
		case len(piece) == 0: // a separator after the last code
		case r.silent(piece):
			silent = true
		default:
			all = append(all, r.piece(frame, piece))
		}
	}
	if len(all) == 0 && !silent {
		return bad(frame, "there is no code in the frame")
	}
	return all
}

func bad(frame []byte, why string, args ...any) []drivers.Scan {
	return []drivers.Scan{{Raw: frame, Bad: fmt.Sprintf(why, args...)}}
}

// pieces cuts what stands in a frame at the separator. Line ends separate in any mixture.
func (r rules) pieces(rest []byte) [][]byte {
	switch {
	case r.separator == "":
		return [][]byte{rest}
	case lineEnd(r.separator):
		return bytes.FieldsFunc(rest, func(c rune) bool { return strings.ContainsRune(r.separator, c) })
	}
	return bytes.Split(rest, []byte(r.separator))
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

// piece reads one code of a frame, or that there was none.
func (r rules) piece(frame, piece []byte) drivers.Scan {
	if r.is(piece, r.noRead) {
		return drivers.Scan{Raw: frame, NoRead: true}
	}
	code, grade, place, ok := r.template.split(piece)
	if !ok {
		return drivers.Scan{Raw: frame, Bad: fmt.Sprintf("it does not fit the template %q", r.template.text)}
	}
	if r.is(code, r.noRead) {
		return drivers.Scan{Raw: frame, NoRead: true, Grade: grade, Place: place}
	}
	got := r.form.Take(code)
	return drivers.Scan{Raw: frame, Code: got.Code, AIM: got.AIM, Bad: got.Bad, Grade: grade, Place: place}
}
