package escape

import (
	"fmt"
	"strings"

	"linemark/internal/code"
)

const upperHex = "0123456789ABCDEF"

// URLParam writes a parameter of a request (an id, a GTIN, a time) by RFC 3986: the
// unreserved characters A-Z a-z 0-9 - . _ ~ stay bare, every other byte becomes %XX. So a
// space is %20, and a plus, as in a time zone, is %2B.
func URLParam(s string) string {
	return percent(s, func(b byte) bool { return alphanumeric(b) || strings.IndexByte("-._~", b) >= 0 })
}

// URLCode writes a marking code into any URL: all but A-Z a-z 0-9 and ~ becomes %XX. That
// covers both lists of chapter 2.3 and GS, and is what this program sends.
//
// The chapter's list for a URL prints the quote's own row as %"22, against its example, which
// has %22 as RFC 3986, section 2.1, forms it; its row of ( has lost a column. It encodes - . _,
// which RFC 3986, section 2.3, leaves to the writer, and has no row for the space, # $ @ [ ] and
// GS, which section 2 does not let stand for themselves in a value.
func URLCode(c code.Code) string {
	return percent(string(c), func(b byte) bool { return alphanumeric(b) || b == '~' })
}

// JSONGet writes a marking code as the chapter's second list has it, for JSON in a parameter of
// a GET: the ten characters " % & + [ ] \ { | } become %XX. So does what would end the value or
// cannot be sent: #, the space, controls with GS, DEL and bytes beyond ASCII. Everything else
// stays bare, a semicolon too, at which Go's url.ParseQuery fails. It serves to imitate foreign
// senders; URLCode is read as the same code everywhere. ParseURL is its inverse.
//
// The list is headed RFC 8259 (once "gfc8259", under a doubled heading), but no JSON escaping:
// it is percent encoding, RFC 3986, section 2.1. Its cell of the vertical bar is empty, its row
// of [ has lost a column, both known from the code beside them, and its example leaves * bare,
// which the first list encodes: both forms are the same value (RFC 3986, section 2.2).
func JSONGet(c code.Code) string {
	return percent(string(c), func(b byte) bool {
		return ' ' < b && b < 0x7f && strings.IndexByte(`"%&+[]\{|}#`, b) < 0
	})
}

// percent encodes the bytes of s but for those that may stay bare.
func percent(s string, bare func(byte) bool) string {
	size := len(s)
	for i := range len(s) {
		if !bare(s[i]) {
			size += len("1D")
		}
	}
	var out strings.Builder
	out.Grow(size)
	for i := range len(s) {
		b := s[i]
		if bare(b) {
			out.WriteByte(b)
		} else {
			out.WriteByte('%')
			out.WriteByte(upperHex[b>>4])
			out.WriteByte(upperHex[b&0xf])
		}
	}
	return out.String()
}

func alphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// ParseURL reads one value of a URL, already cut out of it, back into bytes. Hex digits may
// be of either case, a plus is a plus, and printable ASCII that the writer left bare stands
// for itself, as chapter 2.3's shorter list has it. A broken percent sequence, a space, a
// control or a byte above 0x7E is refused with a *SyntaxError: none stands in a URL.
func ParseURL(s string) (code.Code, error) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		b := s[i]
		switch {
		case b == '%':
			if i+2 >= len(s) {
				return "", &SyntaxError{Medium: "URL", Pos: i, Problem: "percent sequence cut off"}
			}
			high, ok1 := nibble(s[i+1])
			low, ok2 := nibble(s[i+2])
			if !ok1 || !ok2 {
				return "", &SyntaxError{Medium: "URL", Pos: i, Problem: "percent sign without two hex digits"}
			}
			out = append(out, high<<4|low)
			i += 2
		case b <= ' ' || b > '~':
			return "", &SyntaxError{Medium: "URL", Pos: i, Problem: fmt.Sprintf("byte 0x%02X not encoded", b)}
		default:
			out = append(out, b)
		}
	}
	return code.Code(out), nil
}

func nibble(b byte) (byte, bool) {
	switch {
	case '0' <= b && b <= '9':
		return b - '0', true
	case 'A' <= b && b <= 'F':
		return b - 'A' + 10, true
	case 'a' <= b && b <= 'f':
		return b - 'a' + 10, true
	}
	return 0, false
}
