// Package reading turns what a scanner sent for one symbol into the bytes of its code. Every
// scanner driver uses it, so that all of them read the same marks by the same settings.
//
// A scanner may put an AIM identifier before a code and a mark for the leading FNC1, and may
// send something else in place of GS. Which of these it does is a setting: nothing is
// recognised that was not set, and no other byte is changed. A GS that the scanner dropped is
// not put back: the code then equals an issued one or it does not.
package reading

import (
	"bytes"

	"linemark/drivers/link/option"
)

// gs separates the elements of a GS1 code (ASCII 29).
const gs = '\x1d'

// What is expected of the AIM identifier, the setting aim.
const (
	Optional = "optional" // an identifier at the start is taken off
	Require  = "require"  // a reading without one is bad
	None     = "none"     // the start of a reading is its code
)

// Form is how one scanner sends codes. The zero value is that of a scanner with no settings:
// an optional identifier, GS and the leading FNC1 as GS.
type Form struct {
	AIM  string // Optional, Require or None; "" is Optional
	GS   string // the bytes that stand for GS, besides GS itself; "": nothing does
	FNC1 string // the bytes that stand for the leading FNC1, besides GS; "": nothing does
}

// Reading is what one symbol said. It has a Code or a Bad, never both.
type Reading struct {
	Code []byte // the code; no part of what was given to Take
	AIM  string // the identifier, such as "]d2"; empty if there was none
	Bad  string // why this can be no code, in one clause
}

// Take takes the marks off what the scanner sent for one symbol.
//
// The leading FNC1 is the sign of a GS1 symbol and no data. Decoders give it as its own mark,
// as GS or not at all, so one of these is taken off and no more than one.
func (f Form) Take(piece []byte) (r Reading) {
	if len(piece) == 0 {
		return Reading{Bad: empty}
	}
	if f.AIM != None {
		switch r.AIM = identifier(piece); {
		case r.AIM != "":
			piece = piece[len(r.AIM):]
		case piece[0] == ']': // no code begins so
			r.Bad = "it begins with ] and has no AIM identifier"
			return r
		case f.AIM == Require:
			r.Bad = "the AIM identifier is missing"
			return r
		}
	}
	for _, mark := range [...]string{f.FNC1, f.GS, string(gs)} {
		if mark != "" && begins(piece, mark) {
			piece = piece[len(mark):]
			break
		}
	}
	if len(piece) == 0 {
		r.Bad = empty
		return r
	}
	r.Code = f.restore(piece)
	return r
}

const empty = "there is no code in the frame"

// restore returns a copy in which GS stands in place of its stand-in. It reads from left to
// right: a stand-in has a byte that no code has, so none begins at a byte of the code.
func (f Form) restore(piece []byte) []byte {
	code := make([]byte, 0, len(piece))
	for f.GS != "" {
		i := bytes.IndexByte(piece, f.GS[0])
		if i < 0 {
			break
		}
		code, piece = append(code, piece[:i]...), piece[i:]
		switch {
		case begins(piece, f.GS):
			code, piece = append(code, gs), piece[len(f.GS):]
		case f.GS == spreadsheet && begins(piece, escapedUnderscore):
			code, piece = append(code, '_'), piece[len(escapedUnderscore):]
		default:
			code, piece = append(code, piece[0]), piece[1:]
		}
	}
	return append(code, piece...)
}

// spreadsheet is how a spreadsheet file holds GS. It consists of characters that a code may
// hold and is yet no guess: where the text itself has this form, "_xHHHH_", such a file holds
// its first underscore as escapedUnderscore (ECMA-376 part 1, 22.9.2.19, ST_Xstring). So the
// code's own "_x001D_" comes as "_x005F_x001D_".
const (
	spreadsheet       = "_x001D_"
	escapedUnderscore = "_x005F_"
)

func begins(b []byte, mark string) bool {
	return len(b) >= len(mark) && string(b[:len(mark)]) == mark
}

// identifier returns the AIM identifier at the beginning (ISO/IEC 15424: a bracket, a letter
// for the symbology, a modifier), or "".
func identifier(b []byte) string {
	letter := func(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	if len(b) < 3 || b[0] != ']' || !letter(b[1]) || !letter(b[2]) && (b[2] < '0' || b[2] > '9') {
		return ""
	}
	if s, known := byIdentifier[string(b[:3])]; known {
		return s.id // not a new text for every reading
	}
	return string(b[:3])
}

// Confusable reports whether two marks that stand around or inside codes can be laid over each
// other so that they agree where both are, in a byte at least that no code holds. Only then can
// one be taken for a part of the other and of what stands beside it. An absent mark, "", is
// never confusable.
func Confusable(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	for at := 1 - len(b); at < len(a); at++ { // where b begins, against a
		from, to := max(at, 0), min(at+len(b), len(a))
		common := a[from:to]
		if b != "" && common == b[from-at:to-at] && !option.CodeText(common) {
			return true
		}
	}
	return false
}
