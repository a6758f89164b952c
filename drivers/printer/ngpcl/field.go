package ngpcl

import (
	"errors"
	"fmt"
	"strings"
)

const (
	gs = 0x1d
	// framing are the characters that NGPCL's commands consist of; no value holds one.
	framing = "|{}~"
)

// fieldRule is how a code becomes the value of a field.
type fieldRule struct {
	gs   string // stands for GS; empty: codes with GS are refused
	fnc1 string // stands in front of a code; empty: the job's field brings FNC1 itself
}

// checkForm says why the text cannot stand for GS or FNC1.
func checkForm(text string) error {
	for i := range len(text) {
		switch b := text[i]; {
		case strings.IndexByte(framing, b) >= 0:
			return fmt.Errorf("byte %d is %c, which is part of the printer's commands", i+1, b)
		case b == '\r' || b == '\n' || b == 0:
			return fmt.Errorf("byte %d is %02X, which the printer takes for a line's end", i+1, b)
		case b > 0x7e:
			return fmt.Errorf("byte %d is %02X, which is no ASCII", i+1, b)
		}
	}
	return nil
}

// content returns the code as a field's value. The code has passed check.
func (r fieldRule) content(code []byte) string {
	return r.fnc1 + strings.ReplaceAll(string(code), string(rune(gs)), r.gs)
}

// check returns why a field cannot carry the code.
func (r fieldRule) check(code []byte) error {
	if len(code) == 0 {
		return errors.New("the code is empty")
	}
	if code[0] == gs {
		// FNC1 in the first place is no data: the marked code would read back without it.
		return errors.New("the code begins with GS (1D), which would be lost in the first place")
	}
	if code[0] == ' ' || code[len(code)-1] == ' ' {
		return errors.New("the code begins or ends with a space (20), which printers of this language add by themselves")
	}
	for i, b := range code {
		if b == gs && r.gs == "" {
			return fmt.Errorf("byte %d of the code is GS (1D), and gs_form names no way to send it", i+1)
		}
		if b == gs {
			continue
		}
		if err := checkByte(i, b); err != nil {
			return fmt.Errorf("code: %w", err)
		}
	}
	return r.checkForms(code)
}

// checkForms refuses a code whose own characters bring about what stands for GS or FNC1.
func (r fieldRule) checkForms(code []byte) error {
	var pairs []string
	for _, form := range []string{r.fnc1, r.gs} {
		if form != "" {
			pairs = append(pairs, form, "\x1d")
		}
	}
	want := string(code)
	if r.fnc1 != "" {
		want = "\x1d" + want
	}
	if strings.NewReplacer(pairs...).Replace(r.content(code)) != want {
		return fmt.Errorf("the code holds characters that stand for FNC1 or GS (%q in fnc1_form, %q in gs_form)", r.fnc1, r.gs)
	}
	return nil
}

// checkText returns why a field cannot carry a plain text.
func checkText(text string) error {
	for i := range len(text) {
		if err := checkByte(i, text[i]); err != nil {
			return err
		}
	}
	if strings.TrimSpace(text) != text {
		return errors.New("it begins or ends with a space, which printers of this language add by themselves")
	}
	return nil
}

func checkByte(i int, b byte) error {
	switch {
	case b < ' ' || b == 0x7f:
		return fmt.Errorf("byte %d is the control character %02X, which a field cannot carry", i+1, b)
	case b > 0x7f:
		return fmt.Errorf("byte %d is %02X, which is no ASCII", i+1, b)
	case strings.IndexByte(framing, b) >= 0:
		return fmt.Errorf("byte %d is %02X (%c), which is part of the printer's commands", i+1, b, b)
	}
	return nil
}
