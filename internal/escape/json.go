package escape

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"linemark/internal/code"
)

const lowerHex = "0123456789abcdef"

// JSONString writes c as a JSON string with its quotes. Only what RFC 8259, section 7,
// demands is escaped: the quote, the backslash and the controls, these as \u00xx, so that GS
// is \u001d. Unlike encoding/json it leaves & < > as they are. Invalid UTF-8 is refused with
// a *UTF8Error.
//
// Chapter 2.3 names the quote alone for JSON bodies and is silent on the backslash and on
// controls, GS among them; RFC 8259, section 7, forbids all three bare.
func JSONString(c code.Code) ([]byte, error) {
	size := len(c) + len(`""`)
	for i := range len(c) {
		switch b := c[i]; {
		case b == '"' || b == '\\':
			size += len(`\`)
		case b < ' ':
			size += len(`\u001`)
		}
	}
	out := make([]byte, 0, size)
	out = append(out, '"')
	for i := 0; i < len(c); {
		b := c[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(string(c[i:]))
			if r == utf8.RuneError && size == 1 {
				return nil, &UTF8Error{Byte: b, Pos: i}
			}
			out = append(out, c[i:i+size]...)
			i += size
			continue
		}
		switch {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b < ' ':
			out = append(out, '\\', 'u', '0', '0', lowerHex[b>>4], lowerHex[b&0xf])
		default:
			out = append(out, b)
		}
		i++
	}
	return append(out, '"'), nil
}

// ParseJSONString reads one JSON string with its quotes and nothing around it. It takes
// every escape of RFC 8259, but half a surrogate pair, which stands for no character, is an
// error. Errors are *SyntaxError, or *UTF8Error.
func ParseJSONString(b []byte) (code.Code, error) {
	if len(b) < 2 || b[0] != '"' {
		return "", jsonError(0, "not a quoted string")
	}
	out := make([]byte, 0, len(b)-2)
	for i := 1; i < len(b); {
		switch {
		case b[i] == '"':
			if i != len(b)-1 {
				return "", jsonError(i+1, "text after the closing quote")
			}
			return code.Code(out), nil
		case b[i] < ' ':
			return "", jsonError(i, fmt.Sprintf("control byte 0x%02X not escaped", b[i]))
		case b[i] == '\\':
			r, size, err := unescape(b, i)
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			i += size
		default:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				return "", &UTF8Error{Byte: b[i], Pos: i}
			}
			out = append(out, b[i:i+size]...)
			i += size
		}
	}
	return "", jsonError(len(b), "closing quote missing")
}

// unescape reads the escape sequence at b[at:] and says how long it is.
func unescape(b []byte, at int) (r rune, size int, err error) {
	if at+1 >= len(b) {
		return 0, 0, jsonError(at, "escape cut off")
	}
	switch b[at+1] {
	case '"', '\\', '/':
		return rune(b[at+1]), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
	default:
		return 0, 0, jsonError(at, "escape unknown to JSON")
	}
	r, ok := hex4(b, at)
	if !ok {
		return 0, 0, jsonError(at, `\u without four hex digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	low, _ := hex4(b, at+6)
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0, jsonError(at, "half a surrogate pair")
	}
	return r, 12, nil
}

// hex4 reads \uXXXX at b[at:].
func hex4(b []byte, at int) (rune, bool) {
	if at+6 > len(b) || b[at] != '\\' || b[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[at+2:at+6]), 16, 16)
	return rune(n), err == nil
}

func jsonError(pos int, problem string) error {
	return &SyntaxError{Medium: "JSON string", Pos: pos, Problem: problem}
}
