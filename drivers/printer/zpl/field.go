package zpl

import (
	"errors"
	"fmt"

	"linemark/drivers/link/option"
)

const (
	gs = 0x1d
	// maxField is how many bytes of field data a printer takes; it cuts off what is longer
	// (ZPL II Programming Guide, ^FD).
	maxField = 3072
)

// fieldRule is how a code becomes the content of a ^BX field.
type fieldRule struct {
	escape byte // parameter g of ^BX
	gs1    bool // write a leading FNC1
}

// checkEscape says why the text cannot be the escape character, or "".
func checkEscape(s string) string {
	switch {
	case len(s) != 1 || s[0] <= ' ' || s[0] >= 0x7f:
		return fmt.Sprintf("%q is not one visible ASCII character", s)
	case s == "^" || s == "~":
		return fmt.Sprintf("%s begins a command of the printer", s)
	case option.CodeByte(s[0]):
		return fmt.Sprintf("%s may be part of a code", s)
	}
	return ""
}

// content returns the code as the data of a ^BX field. The code has passed check.
func (r fieldRule) content(code []byte) []byte {
	out := make([]byte, 0, len(code)+8)
	if r.gs1 {
		out = append(out, r.escape, '1')
	}
	for _, b := range code {
		if b == gs {
			out = append(out, r.escape, '1')
			continue
		}
		out = append(out, b)
	}
	return out
}

// check returns why a ^BX field cannot carry the code.
func (r fieldRule) check(code []byte) error {
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
			return fmt.Errorf("byte %d of the code is the control character %02X, which a ZPL field cannot carry", i+1, b)
		case b > 0x7f:
			return fmt.Errorf("byte %d of the code is %02X, whose printed form depends on the printer's code page", i+1, b)
		case b == '^' || b == '~':
			return fmt.Errorf("byte %d of the code is %02X (%c), which begins a command of the printer", i+1, b, b)
		case b == r.escape:
			return fmt.Errorf("byte %d of the code is %02X (%c), the label's escape character", i+1, b, b)
		}
	}
	if n := len(r.content(code)); n > maxField {
		return fmt.Errorf("the code takes %d bytes of field data, a ZPL field holds %d", n, maxField)
	}
	return nil
}

// checkText returns why a field cannot carry a plain text.
func (r fieldRule) checkText(text string, inBX bool) error {
	for i := range len(text) {
		switch b := text[i]; {
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d is the control character %02X", i+1, b)
		case b == '^' || b == '~':
			return fmt.Errorf("byte %d is %c, which begins a command of the printer", i+1, b)
		case b == r.escape && inBX:
			return fmt.Errorf("byte %d is %c, the label's escape character", i+1, b)
		}
	}
	if len(text) > maxField {
		return fmt.Errorf("it is %d bytes long, a ZPL field holds %d", len(text), maxField)
	}
	return nil
}
