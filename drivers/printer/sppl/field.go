package sppl

import (
	"errors"
	"fmt"
	"strings"
)

const (
	gs = 0x1d
	// framing are the characters that SPPL's commands consist of; no row holds one.
	framing = "~^{}|"
)

// entity names the five characters for which the language has entities (SPPL, section 9).
var entity = map[byte]string{'"': "&quot;", '\'': "&apos;", '<': "&lt;", '>': "&gt;", '&': "&amp;"}

// fieldRule is how a value becomes a row of a queue.
type fieldRule struct {
	gs       string // stands for GS; empty: codes with GS are refused
	fnc1     string // stands in front of a code; empty: the job's object brings FNC1 itself
	entities string // the characters that are written as entities
	comma    bool   // a comma may be part of a row
}

// checkForm says why the text cannot stand for GS or FNC1.
func checkForm(text string) error {
	for i := range len(text) {
		switch b := text[i]; {
		case strings.IndexByte(framing, b) >= 0:
			return fmt.Errorf("byte %d is %c, which is part of the printer's commands", i+1, b)
		case b == '\r' || b == '\n' || b == 0:
			return fmt.Errorf("byte %d is %02X, which ends a row", i+1, b)
		case b > 0x7e:
			return fmt.Errorf("byte %d is %02X, which is no ASCII", i+1, b)
		}
	}
	return nil
}

// escape writes entities.
func (r fieldRule) escape(text string) string {
	if !strings.ContainsAny(text, r.entities) {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(r.entities, text[i]) >= 0 {
			b.WriteString(entity[text[i]])
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// content returns the code as a row. The code has passed check.
func (r fieldRule) content(code []byte) string {
	return r.fnc1 + strings.ReplaceAll(r.escape(string(code)), string(rune(gs)), r.gs)
}

// check returns why a row cannot carry the code.
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
		case b == gs && r.gs == "":
			return fmt.Errorf("byte %d of the code is GS (1D), and gs_form names no way to send it", i+1)
		case b == ' ':
			return fmt.Errorf("byte %d of the code is a space (20), which the printer's Data Matrix does not take", i+1)
		case b != gs:
			if err := r.checkByte(i, b); err != nil {
				return fmt.Errorf("code: %w", err)
			}
		}
	}
	if err := r.checkEntities(string(code)); err != nil {
		return fmt.Errorf("code: %w", err)
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
	want := r.escape(string(code))
	if r.fnc1 != "" {
		want = "\x1d" + want
	}
	if strings.NewReplacer(pairs...).Replace(r.content(code)) != want {
		return fmt.Errorf("the code holds characters that stand for FNC1 or GS (%q in fnc1_form, %q in gs_form)", r.fnc1, r.gs)
	}
	return nil
}

// checkText returns why a row cannot carry a plain text.
func (r fieldRule) checkText(text string) error {
	for i := range len(text) {
		if err := r.checkByte(i, text[i]); err != nil {
			return err
		}
	}
	return r.checkEntities(text)
}

func (r fieldRule) checkByte(i int, b byte) error {
	switch {
	case b < ' ' || b == 0x7f:
		return fmt.Errorf("byte %d is the control character %02X, which a row cannot carry", i+1, b)
	case b > 0x7f:
		return fmt.Errorf("byte %d is %02X, which is no ASCII", i+1, b)
	case strings.IndexByte(framing, b) >= 0:
		return fmt.Errorf("byte %d is %02X (%c), which is part of the printer's commands", i+1, b, b)
	case b == ',' && !r.comma:
		return fmt.Errorf("byte %d is 2C (,), which may split the row: prove on the printer that it does not, then set comma to plain", i+1)
	}
	return nil
}

// checkEntities refuses what the printer would take for an entity where the driver writes
// & as it is and yet expects entities to be decoded.
func (r fieldRule) checkEntities(text string) error {
	if r.entities == "" || strings.Contains(r.entities, "&") {
		return nil
	}
	for _, e := range entity {
		if strings.Contains(text, e) {
			return fmt.Errorf("it holds %s, which the printer would take for another character", e)
		}
	}
	return nil
}
