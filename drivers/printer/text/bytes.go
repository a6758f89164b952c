package text

import (
	"fmt"
	"strconv"
	"strings"
)

// escapes is the hint for a text that cannot be turned into bytes.
const escapes = `write bytes as \xHH, \r, \n, \t or \\, in single quotes: '\x02'`

// unescape turns a text of the configuration into bytes. star is called for every * that is
// written as such; nil takes it for itself.
func unescape(text string, literal func(byte), star func()) error {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= 0x80:
			return fmt.Errorf("%q holds a character that is no ASCII: its bytes depend on the printer", text)
		case c == '*' && star != nil:
			star()
			continue
		case c != '\\':
			literal(c)
			continue
		case i+1 == len(text):
			return fmt.Errorf(`%q ends with \`, text)
		}
		i++
		switch text[i] {
		case '\\':
			literal('\\')
		case 'r':
			literal('\r')
		case 'n':
			literal('\n')
		case 't':
			literal('\t')
		case 'x':
			n, err := strconv.ParseUint(text[i+1:min(len(text), i+3)], 16, 8)
			if err != nil || i+3 > len(text) {
				return fmt.Errorf(`%q holds \x without two hexadecimal digits`, text)
			}
			literal(byte(n))
			i += 2
		default:
			return fmt.Errorf(`%q holds the unknown \%c`, text, text[i])
		}
	}
	return nil
}

// plain turns a text without wildcards into bytes.
func plain(text string) (string, error) {
	var b strings.Builder
	if err := unescape(text, func(c byte) { b.WriteByte(c) }, nil); err != nil {
		return "", err
	}
	return b.String(), nil
}

// name writes a byte so that a person recognises it.
func name(b byte) string {
	if b > ' ' && b < 0x7f {
		return fmt.Sprintf("%02X (%c)", b, b)
	}
	return fmt.Sprintf("%02X", b)
}
