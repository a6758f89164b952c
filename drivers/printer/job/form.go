// Package job fills the named fields of a job that lies in the printer, among them the code of a
// Data Matrix symbol. What such a field takes for FNC1 and for a separator depends on the job, so
// both are settings. Drivers whose protocol fills fields by name share it.
package job

import (
	"errors"
	"fmt"
	"strings"

	"linemark/drivers/link/option"
)

const gs = 0x1d

// form is how a job's Data Matrix field takes what is no character.
type form struct {
	medium Medium
	gs     string // written for a separator; empty: not known, and a code that holds one is refused
	fnc1   string // written before every code; empty: the field makes a GS1 symbol by itself
}

// readForm reads gs_form ("refuse", the default, or a text) and fnc1_form, which must be given
// where there is a code.
func readForm(k *option.Keys, options map[string]any, medium Medium, hasCode bool) form {
	if _, ok := options["fnc1_form"]; !ok && hasCode {
		k.Fail("fnc1_form", "how the "+medium.Job+"'s Data Matrix field takes the leading FNC1 is not settled",
			`write fnc1_form = "" if the field makes a GS1 symbol by itself, or the text that the `+medium.Job+` wants before a code`)
	}
	f := form{medium: medium}
	f.fnc1 = f.text(k, "fnc1_form", "")
	if f.gs = f.text(k, "gs_form", "refuse"); f.gs == "refuse" {
		f.gs = ""
	}
	if f.gs != f.fnc1 && f.gs != "" && f.fnc1 != "" && (strings.HasPrefix(f.gs, f.fnc1) || strings.HasPrefix(f.fnc1, f.gs)) {
		k.Fail("fnc1_form", "one of fnc1_form and gs_form begins with the other, so the "+medium.Device+" could mistake them", "make them equal or wholly different")
	}
	return f
}

// text reads the text that stands for FNC1 or a separator; "raw" is the byte 1D.
func (f form) text(k *option.Keys, key, absent string) string {
	text := k.String(key, absent)
	if text == "raw" {
		return string(rune(gs))
	}
	hint := `write "raw" for the byte 1D, or the text that the ` + f.medium.Job + `'s field takes`
	for i := range len(text) {
		b := text[i]
		switch which := f.medium.reserved(b); {
		case which != "":
			k.Fail(key, fmt.Sprintf("it holds %02X (%c), %s", b, b, which), hint)
			return ""
		case b < ' ' && b != gs || b >= 0x7f:
			k.Fail(key, fmt.Sprintf("it holds the byte %02X", b), hint)
			return ""
		}
	}
	if option.CodeText(text) && !(key == "gs_form" && text == "refuse") {
		k.Fail(key, fmt.Sprintf("%q may be part of a code", text), hint)
		return ""
	}
	return text
}

// content returns the code as the value of the field. The code has passed check.
func (f form) content(code []byte) string {
	return f.fnc1 + strings.ReplaceAll(f.medium.write(string(code)), string(rune(gs)), f.gs)
}

// check returns why the field cannot carry the code.
func (f form) check(code []byte) error {
	if len(code) == 0 {
		return errors.New("the code is empty")
	}
	if code[0] == gs {
		// FNC1 in the first place is no data: the printed code would read back without it.
		return errors.New("the code begins with GS (1D), which would be lost in the first place")
	}
	for i, b := range code {
		switch which := f.medium.reserved(b); {
		case b == gs && f.gs == "":
			return fmt.Errorf("byte %d of the code is GS (1D), and gs_form does not say how the %s's field takes it", i+1, f.medium.Job)
		case b == gs:
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d of the code is the control character %02X, which a %s cannot carry", i+1, b, f.medium.Protocol)
		case b > 0x7f:
			return fmt.Errorf("byte %d of the code is %02X, whose printed form depends on the %s", i+1, b, f.medium.Job)
		case which != "":
			return fmt.Errorf("byte %d of the code is %02X (%c), %s", i+1, b, b, which)
		case !option.CodeByte(b) && strings.IndexByte(f.gs+f.fnc1, b) >= 0:
			return fmt.Errorf("byte %d of the code is %02X (%c), which belongs to gs_form or fnc1_form", i+1, b, b)
		}
	}
	if err := f.medium.check(string(code)); err != nil {
		return fmt.Errorf("the code: %w", err)
	}
	return nil
}
