package tspl

import (
	"errors"
	"fmt"
	"strings"
)

const (
	gs     = 0x1d
	escape = '~' // no character of a GS1 code; c126 in the label says so to the printer
	// maxExpression is how many bytes stand in an expression (TSPL2 manual: 2 KB), its two
	// quotation marks counted too.
	maxExpression = 2<<10 - 2
)

// quotes are the forms in which a printer may take a quotation mark, by the setting's words.
// The manual does not say which of them DMATRIX knows.
var quotes = map[string]string{"refuse": "", "backslash": `\["]`, "decimal": "~d034"}

// rule is how a code becomes the content of DMATRIX.
type rule struct {
	gs1   bool   // write a leading FNC1
	quote string // what a quotation mark is written as; empty: a value with one is refused
}

// content returns the code as the content of DMATRIX. The code has passed check.
func (r rule) content(code []byte) string {
	out := make([]byte, 0, len(code)+8)
	if r.gs1 {
		out = append(out, "~1"...)
	}
	for _, b := range code {
		switch b {
		case gs:
			out = append(out, "~1"...)
		case '"':
			out = append(out, r.quote...)
		default:
			out = append(out, b)
		}
	}
	return string(out)
}

// check returns why DMATRIX cannot carry the code.
func (r rule) check(code []byte) error {
	if len(code) == 0 {
		return errors.New("the code is empty")
	}
	if code[0] == gs {
		// FNC1 in the first place is no data: the printed code would read back without it.
		return errors.New("the code begins with GS (1D), which would be lost in the first place")
	}
	for i, b := range code {
		switch {
		case b == gs:
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d of the code is the control character %02X, which a TSPL label cannot carry", i+1, b)
		case b > 0x7f:
			return fmt.Errorf("byte %d of the code is %02X, whose printed form depends on the printer's code page", i+1, b)
		case b == escape:
			return fmt.Errorf("byte %d of the code is %02X (%c), the escape character of DMATRIX", i+1, b, b)
		case b == '\\':
			return fmt.Errorf("byte %d of the code is %02X (%c), which may begin an escape sequence", i+1, b, b)
		case b == '"' && r.quote == "":
			return fmt.Errorf("byte %d of the code is %02X (%c), which ends the content of DMATRIX; quote_form is not set", i+1, b, b)
		}
	}
	if n := len(r.content(code)); n > maxExpression {
		return fmt.Errorf("the code takes %d bytes of a TSPL expression, which holds %d", n, maxExpression)
	}
	return nil
}

// text returns a plain text as it stands in an expression, or why it cannot stand there.
func (r rule) text(text string, inMatrix bool) (string, error) {
	quote := r.quote
	if !inMatrix && strings.HasPrefix(quote, string(escape)) {
		quote = "" // nothing but DMATRIX knows its escape character
	}
	for i := range len(text) {
		switch b := text[i]; {
		case b < ' ' || b == 0x7f:
			return "", fmt.Errorf("byte %d is the control character %02X", i+1, b)
		case b == '"' && quote == "":
			return "", fmt.Errorf(`byte %d is ", which ends the text`, i+1)
		case b == '\\':
			return "", fmt.Errorf("byte %d is %c, which may begin an escape sequence", i+1, b)
		case b == escape && inMatrix:
			return "", fmt.Errorf("byte %d is %c, the escape character of DMATRIX", i+1, b)
		}
	}
	return strings.ReplaceAll(text, `"`, quote), nil
}
