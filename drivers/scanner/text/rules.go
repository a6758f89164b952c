package text

import (
	"bytes"
	"fmt"

	"linemark/drivers"
)

// rules say what a device puts around its codes. An empty mark is not used.
type rules struct {
	prefix    string // before every frame
	separator string // between the codes of a frame
	noRead    string // in place of a code
	heartbeat string // a frame that means nothing
	gs        string // stands for GS
	fnc1      string // before a GS1 code
	aim       string // optional, require, none
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

// code takes the marks off one code. Every byte that is no configured mark stays.
func (r rules) code(frame, piece []byte) drivers.Scan {
	s := drivers.Scan{Raw: frame}
	if r.aim != "none" {
		switch id := aim(piece); {
		case id != "":
			s.AIM, piece = id, piece[len(id):]
		case piece[0] == ']': // no code begins so
			s.Bad = "it begins with ] and has no AIM identifier"
		case r.aim == "require":
			s.Bad = "the AIM identifier is missing"
		}
		if s.Bad != "" {
			return s
		}
	}
	// One leading FNC1 is the sign of a GS1 symbol and no data. Decoders give it in one of
	// these forms, or not at all.
	rest, marked := piece, false
	if r.fnc1 != "" {
		rest, marked = bytes.CutPrefix(piece, []byte(r.fnc1))
	}
	if r.gs != "" {
		rest = bytes.ReplaceAll(rest, []byte(r.gs), []byte{gs})
	}
	if !marked {
		rest = bytes.TrimPrefix(rest, []byte{gs})
	}
	if s.Code = bytes.Clone(rest); len(rest) == 0 {
		s.Code, s.Bad = nil, "there is no code in the frame"
	}
	return s
}

// aim returns the AIM identifier at the beginning (ISO/IEC 15424: a bracket, a letter for
// the symbology, a modifier), or "".
func aim(b []byte) string {
	letter := func(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	if len(b) < 3 || b[0] != ']' || !letter(b[1]) || !letter(b[2]) && (b[2] < '0' || b[2] > '9') {
		return ""
	}
	return string(b[:3])
}
