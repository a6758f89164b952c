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
func URLParam(s string) string { return percent(s, "-._~") }

// URLCode writes a marking code into any URL: all but A-Z a-z 0-9 and ~ becomes %XX. That
// covers both lists of chapter 2.3, which encode - . _ too, and GS.
func URLCode(c code.Code) string { return percent(string(c), "~") }

// percent encodes the bytes of s but for letters, digits and those of bare.
func percent(s, bare string) string {
	out := make([]byte, 0, len(s)+len("%1D%2B%25"))
	for i := range len(s) {
		b := s[i]
		if alphanumeric(b) || strings.IndexByte(bare, b) >= 0 {
			out = append(out, b)
		} else {
			out = append(out, '%', upperHex[b>>4], upperHex[b&0xf])
		}
	}
	return string(out)
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
