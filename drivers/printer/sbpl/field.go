package sbpl

import (
	"errors"
	"fmt"
	"strings"

	"linemark/drivers/link/option"
)

const (
	gs = 0x1d
	// maxData is how many characters <ESC>DC takes on every model (programming references).
	maxData = 500
	// notGS1 is the setting for codes that are no GS1 element strings.
	notGS1 = "none"
)

// rule is how a code becomes the data of <ESC>DC. SATO's texts do not settle how FNC1 is
// written, so the forms come from the settings.
type rule struct {
	gs1       bool
	fnc1      string // leading FNC1
	separator string // between element strings
}

// complete checks the forms as the settings gave them.
func (r *rule) complete(k *option.Keys) {
	const hint = `print a code and scan it to find the form of this model, such as "~1"; "none" if the codes are no GS1 element strings`
	r.gs1 = r.fnc1 != notGS1
	switch {
	case r.fnc1 == "":
		k.Fail("fnc1_form", "how this model takes FNC1 is missing, and it is not the same on every model", hint)
		return
	case !r.gs1 && r.separator != "":
		k.Fail("separator", "codes that are no GS1 element strings have none", "leave it out, or name fnc1_form")
		return
	case !r.gs1:
		r.fnc1 = ""
		return
	case r.separator == "":
		r.separator = r.fnc1
	}
	for _, form := range []struct{ key, text string }{{"fnc1_form", r.fnc1}, {"separator", r.separator}} {
		for _, b := range []byte(form.text) {
			if (b < ' ' || b >= 0x7f) && b != gs {
				k.Fail(form.key, fmt.Sprintf("there is the byte %02X in it", b), `only visible characters and \u001D are possible`)
				break
			}
		}
	}
}

// content returns the code as the data of <ESC>DC. The code has passed check.
func (r rule) content(code []byte) string {
	return r.fnc1 + strings.ReplaceAll(string(code), "\x1d", r.separator)
}

// check returns why <ESC>DC cannot carry the code.
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
		case b == gs && r.gs1:
		case b == gs:
			return fmt.Errorf("byte %d of the code is GS (1D), and fnc1_form says that the codes are no GS1 element strings", i+1)
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d of the code is the control character %02X, which SBPL cannot carry", i+1, b)
		case b > 0x7f:
			return fmt.Errorf("byte %d of the code is %02X, whose printed form depends on the printer's code page", i+1, b)
		case r.gs1 && (b == r.fnc1[0] || b == r.separator[0]):
			return fmt.Errorf("byte %d of the code is %02X (%c), which begins the printer's form of FNC1", i+1, b, b)
		}
	}
	if n := len(r.content(code)); n > maxData {
		return fmt.Errorf("the code takes %d characters, <ESC>DC holds %d", n, maxData)
	}
	return nil
}

// checkText returns why a job cannot carry a plain text.
func (r rule) checkText(text string) error {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b == 0x7f {
			return fmt.Errorf("byte %d is the control character %02X", i+1, b)
		}
	}
	return nil
}
