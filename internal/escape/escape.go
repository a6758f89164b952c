// Package escape writes a marking code into another medium, a URL, a JSON body, a CSV field or
// XML, and reads it back, byte for byte. The rules are chapter 2.3 of the LEGACY-API document
// with its defects mended after the standards that it names (RFC 3986, RFC 8259, RFC 4180,
// XML 1.0); each function says which. Nothing is ever replaced: what a medium cannot carry is
// refused.
package escape

import (
	"fmt"
	"unicode/utf8"

	"linemark/internal/code"
)

// UTF8Error refuses bytes that are no UTF-8, which JSON, CSV and XML cannot carry: replacing
// them would make another code.
type UTF8Error struct {
	Byte byte
	Pos  int // offset from zero in what was to be encoded or decoded
}

func (e *UTF8Error) Error() string {
	return fmt.Sprintf("invalid UTF-8: byte %d is 0x%02X", e.Pos, e.Byte)
}

// SyntaxError refuses text that no encoder of the medium writes.
type SyntaxError struct {
	Medium  string // "JSON string", "URL", "CSV", "CSV with doubled apostrophes" or "XML"
	Pos     int    // offset from zero
	Problem string // for people
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: at byte %d: %s", e.Medium, e.Pos, e.Problem)
}

// CharError refuses a code with a character that the medium has no way to carry.
type CharError struct {
	Medium  string // as in SyntaxError
	Char    rune
	Pos     int    // offset from zero in the code, in bytes
	Problem string // for people
}

func (e *CharError) Error() string {
	name := fmt.Sprintf("U+%04X", e.Char)
	if e.Char == code.GS {
		name = "GS (0x1D)"
	}
	return fmt.Sprintf("%s: byte %d is %s: %s", e.Medium, e.Pos, name, e.Problem)
}

// checkUTF8 returns a *UTF8Error with the first byte of s that is no UTF-8.
func checkUTF8[T code.Code | []byte](s T) error {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && size == 1 {
			return &UTF8Error{Byte: s[i], Pos: i}
		}
		i += size
	}
	return nil
}
