package escape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"linemark/internal/code"
)

const mediumXML = "XML"

// XML writes a marking code into XML 1.0 and reads it back. XML 1.0 has no GS, neither as the
// byte nor as &#x1D; (section 2.2), so the zero value refuses a code with GS; for such a
// receiver take the identification code alone, or agree with it on a substitution: NewXML.
// Tab, LF and CR are written as references, since XML readers change the bare ones (section
// 2.11); other controls, U+FFFE and U+FFFF are refused with a *CharError, invalid UTF-8 with a
// *UTF8Error.
//
// Chapter 2.3 shows < as &lt; and has no list: XML 1.0, section 2.4, adds & and, after ]], >,
// which is always escaped here, and section 2.3 the quote of an attribute. The chapter's example
// has lost the outer brackets of its result. It is silent on GS.
type XML struct {
	gs string // what stands for GS, empty: GS is refused
}

// NewXML returns an XML that writes gs for every GS and reads it back as GS. The substitution is
// agreed with the receiver and to be recorded with the file; an empty one is the zero XML.
// It is refused if it could not be told from a code, being of GS1 set 82 alone, or if it would
// itself need escaping.
func NewXML(gs string) (XML, error) {
	if gs == "" {
		return XML{}, nil
	}
	if code.CheckSerial82(gs) == nil {
		return XML{}, fmt.Errorf("%q cannot stand for GS in XML: a serial may hold it; one character outside GS1 set 82 is needed, as in {GS}", gs)
	}
	if err := checkUTF8([]byte(gs)); err != nil {
		return XML{}, fmt.Errorf("%q cannot stand for GS in XML: %w", gs, err)
	}
	for _, r := range gs {
		if strings.ContainsRune(`<>&"`, r) || unicode.IsControl(r) || !legalXML(r) {
			return XML{}, fmt.Errorf("%q cannot stand for GS in XML: %q needs escaping itself", gs, r)
		}
	}
	return XML{gs: gs}, nil
}

// Text writes c as the text of an element: & < > as &amp; &lt; &gt;, quotes and apostrophes as
// they are.
func (x XML) Text(c code.Code) ([]byte, error) { return x.escape(c, false) }

// Attr writes c as the value of an attribute that stands in quotes: as Text, and the quote as
// &quot;.
func (x XML) Attr(c code.Code) ([]byte, error) { return x.escape(c, true) }

func (x XML) escape(c code.Code, attr bool) ([]byte, error) {
	size := len(c)
	for i := range len(c) {
		size += max(0, len(x.written(c[i], attr))-1)
	}
	out := make([]byte, 0, size)
	for i := 0; i < len(c); {
		b := c[i]
		if b != code.GS && x.foreseen(c, i) {
			return nil, &CharError{Medium: mediumXML, Char: runeAt(c, i), Pos: i,
				Problem: fmt.Sprintf("here it would be read as GS, for which %q was agreed: agree on another substitution", x.gs)}
		}
		if s := x.written(b, attr); s != "" {
			out = append(out, s...)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(c[i:]))
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, &UTF8Error{Byte: b, Pos: i}
		case r == code.GS:
			return nil, &CharError{Medium: mediumXML, Char: r, Pos: i,
				Problem: "XML 1.0 cannot carry it: write the identification code alone, or agree on a substitution with the receiver"}
		case !legalXML(r):
			return nil, &CharError{Medium: mediumXML, Char: r, Pos: i, Problem: "XML 1.0 cannot carry it"}
		}
		out = append(out, c[i:i+size]...)
		i += size
	}
	return out, nil
}

// written is what stands for the byte, empty if that is the byte itself or nothing can.
func (x XML) written(b byte, attr bool) string {
	switch b {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '\t':
		return "&#x9;"
	case '\n':
		return "&#xA;"
	case '\r':
		return "&#xD;"
	case code.GS:
		return x.gs
	case '"':
		if attr {
			return "&quot;"
		}
	}
	return ""
}

// foreseen says whether c, written from byte i on, begins with the substitution without a GS
// there, so that a reader would find one.
func (x XML) foreseen(c code.Code, i int) bool {
	rest := x.gs
	if rest == "" {
		return false
	}
	for ; rest != "" && i < len(c); i++ {
		if c[i] == code.GS { // writes the whole substitution, which is no shorter than the rest
			return strings.HasPrefix(x.gs, rest)
		}
		if c[i] != rest[0] {
			return false
		}
		rest = rest[1:]
	}
	return rest == ""
}

func runeAt(c code.Code, i int) rune {
	r, _ := utf8.DecodeRuneInString(string(c[i:]))
	return r
}

// legalXML is the production Char of XML 1.0, section 2.2.
func legalXML(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r <= 0xD7FF:
		return true
	}
	return 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= unicode.MaxRune
}
