package dynamark

import (
	"errors"
	"fmt"
	"strings"

	"linemark/drivers/link/option"
)

const gs = 0x1d

// form is how the project's Data Matrix field takes what is no character: separators and the
// leading FNC1. What lasers understand there is not settled, so both are settings.
type form struct {
	gs   string // written for a separator; empty: not known, and a code that holds one is refused
	fnc1 string // written before every code; empty: the field makes a GS1 symbol by itself
}

func readForm(k *option.Keys, options map[string]any) form {
	if _, ok := options["fnc1_form"]; !ok {
		k.Fail("fnc1_form", "how the project's Data Matrix field takes the leading FNC1 is not settled",
			`write fnc1_form = "" if the field makes a GS1 symbol by itself, or the text that the project wants before a code`)
	}
	f := form{fnc1: readText(k, "fnc1_form")}
	if f.gs = readText(k, "gs_form"); f.gs == "refuse" {
		f.gs = ""
	}
	if f.gs != f.fnc1 && f.gs != "" && f.fnc1 != "" && (strings.HasPrefix(f.gs, f.fnc1) || strings.HasPrefix(f.fnc1, f.gs)) {
		k.Fail("fnc1_form", "one of fnc1_form and gs_form begins with the other, so the laser could mistake them", "make them equal or wholly different")
	}
	return f
}

// readText reads the text that stands for FNC1 or a separator; "raw" is the byte 1D.
func readText(k *option.Keys, key string) string {
	text := k.String(key, "")
	if text == "raw" {
		return string(rune(gs))
	}
	const hint = `write "raw" for the byte 1D, or the text that the project's field takes, such as "~1"`
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"':
			k.Fail(key, "it holds a quote, which ends a text of the protocol", hint)
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

// content returns the code as the value of the project's field. The code has passed check.
func (f form) content(code []byte) string {
	return f.fnc1 + strings.ReplaceAll(string(code), string(rune(gs)), f.gs)
}

// check returns why a field cannot carry the code.
func (f form) check(code []byte) error {
	if len(code) == 0 {
		return errors.New("the code is empty")
	}
	if code[0] == gs {
		return errors.New("the code begins with GS (1D), which would be lost in the first place")
	}
	for i, b := range code {
		switch {
		case b == gs && f.gs == "":
			return fmt.Errorf("byte %d of the code is GS (1D), and gs_form does not say how the project's field takes it", i+1)
		case b == gs:
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d of the code is the control character %02X, which a Dynamark text cannot carry", i+1, b)
		case b > 0x7f:
			return fmt.Errorf("byte %d of the code is %02X, whose marked form depends on the project", i+1, b)
		case b == '"':
			return fmt.Errorf("byte %d of the code is 22 (\"), which ends a text of the protocol", i+1)
		case !option.CodeByte(b) && strings.IndexByte(f.gs+f.fnc1, b) >= 0:
			return fmt.Errorf("byte %d of the code is %02X (%c), which belongs to gs_form or fnc1_form", i+1, b, b)
		}
	}
	return nil
}

// checkText returns why a field cannot carry a plain text.
func checkText(text string) error {
	for i := range len(text) {
		switch b := text[i]; {
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d is the control character %02X", i+1, b)
		case b > 0x7f:
			return fmt.Errorf("byte %d is %02X, which is no ASCII", i+1, b)
		case b == '"':
			return fmt.Errorf("byte %d is a quote, which ends a text of the protocol", i+1)
		}
	}
	return nil
}
