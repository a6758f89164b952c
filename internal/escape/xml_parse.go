package escape

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"linemark/internal/code"
)

// Parse reads the text of an element or the value of an attribute, already cut out of the
// document, without CDATA sections, comments and elements. It knows the five named entities and
// numeric references, and resolves each once: &amp;lt; is the text &lt;. A bare <, an & that
// begins no reference, a reference to no legal character and a bare control (a reader of XML
// would have changed or refused it) are refused with a *SyntaxError, invalid UTF-8 with a
// *UTF8Error. The substitution, if there is one, is read as GS, in whatever form it is written.
func (x XML) Parse(text []byte) (code.Code, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		b := text[i]
		switch {
		case b == '&':
			r, size, problem := reference(text[i:])
			if problem != "" {
				return "", xmlError(i, problem)
			}
			out = utf8.AppendRune(out, r)
			i += size
		case b == '<':
			return "", xmlError(i, "< not escaped")
		case b < ' ':
			return "", xmlError(i, fmt.Sprintf("control byte 0x%02X not escaped", b))
		default:
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return "", &UTF8Error{Byte: b, Pos: i}
			}
			if !legalXML(r) {
				return "", xmlError(i, fmt.Sprintf("U+%04X is no character of XML", r))
			}
			out = append(out, text[i:i+size]...)
			i += size
		}
	}
	if x.gs != "" {
		return code.Code(strings.ReplaceAll(string(out), x.gs, string(code.GS))), nil
	}
	return code.Code(out), nil
}

// reference resolves the reference at the start of text and says how long it is, or else what
// is wrong with it.
func reference(text []byte) (r rune, size int, problem string) {
	end := bytes.IndexByte(text, ';')
	if end < 0 {
		return 0, 0, "& not escaped, or a reference without its semicolon"
	}
	size = end + 1
	name := string(text[1:end])
	switch name {
	case "lt":
		return '<', size, ""
	case "gt":
		return '>', size, ""
	case "amp":
		return '&', size, ""
	case "quot":
		return '"', size, ""
	case "apos":
		return '\'', size, ""
	}
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		return 0, 0, "& not escaped, or an entity unknown to XML"
	}
	base := rune(10)
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	for i := range len(digits) {
		d, ok := nibble(digits[i])
		if !ok || rune(d) >= base || r > unicode.MaxRune {
			return 0, 0, noCharacter
		}
		r = r*base + rune(d)
	}
	if !legalXML(r) { // as is 0, of no digits
		return 0, 0, noCharacter
	}
	return r, size, ""
}

const noCharacter = "a reference to no character of XML"

func xmlError(pos int, problem string) error {
	return &SyntaxError{Medium: mediumXML, Pos: pos, Problem: problem}
}
