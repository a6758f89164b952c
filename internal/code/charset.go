package code

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CharError names a byte that a rule does not allow.
type CharError struct {
	Byte byte
	Pos  int    // offset from zero
	Rule string // what was expected there, for people
}

func (e *CharError) Error() string {
	if e.Byte > ' ' && e.Byte < 0x7f {
		return fmt.Sprintf("byte %d is %q (0x%02X), expected %s", e.Pos, e.Byte, e.Byte, e.Rule)
	}
	return fmt.Sprintf("byte %d is 0x%02X, expected %s", e.Pos, e.Byte, e.Rule)
}

// CheckSerial82 checks that s holds only characters of the GS1 set 82 (GS1 General
// Specifications), to which serial numbers and check parts are bound. The error is a
// *CharError with the first byte outside. The length is not its concern.
func CheckSerial82(s string) error {
	for i := range len(s) {
		if !in82(s[i]) {
			return &CharError{Byte: s[i], Pos: i, Rule: "a character of GS1 set 82"}
		}
	}
	return nil
}

func in82(b byte) bool { return allowed82[b] }

// allowed82 answers in82 in one step for each byte of a code.
var allowed82 = func() (t [256]bool) {
	for i := range len(Set82) {
		t[Set82[i]] = true
	}
	return t
}()

// Visible shows a code to people and logs: GS as {GS}, the bytes of everything else that does
// not print and of invalid UTF-8 as \xNN. The result is not meant to be read back.
func Visible(c Code) string {
	var b strings.Builder
	for i := 0; i < len(c); {
		r, size := utf8.DecodeRuneInString(string(c[i:]))
		switch {
		case r == GS:
			b.WriteString("{GS}")
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r):
			for _, x := range []byte(c[i : i+size]) {
				fmt.Fprintf(&b, `\x%02X`, x)
			}
		default:
			b.WriteString(string(c[i : i+size]))
		}
		i += size
	}
	return b.String()
}
