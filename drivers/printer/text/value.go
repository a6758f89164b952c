package text

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"linemark/drivers/link/option"
)

const gs = 0x1d

// word is a text of a value and what is written in its place.
type word struct{ from, to string }

// values says how the values of a label are written.
type values struct {
	escape []word // longest first
	all    bool   // escape applies to every value, not to the code alone
	fnc1   string // written before a code
	gs     string // written for GS; empty: a code with GS is refused

	// Why a byte may not stand in a value as it is; empty: it may.
	refuse [256]string
}

// newValues refuses every byte that no printer takes for text: controls and what is not ASCII.
func newValues(table map[string]string, refuse string, all bool) *values {
	v := &values{all: all}
	for b := range 256 {
		if b < ' ' || b >= 0x7f {
			v.refuse[b] = "no visible ASCII character and not in escape"
		}
	}
	for i := range len(refuse) {
		v.refuse[refuse[i]] = "refused by the setting refuse"
	}
	for from, to := range table {
		v.escape = append(v.escape, word{from, to})
	}
	slices.SortFunc(v.escape, func(a, b word) int {
		return cmp.Or(len(b.from)-len(a.from), strings.Compare(a.from, b.from))
	})
	return v
}

// escaped reports whether the byte itself has a replacement.
func (v *values) escaped(b byte) bool {
	return slices.ContainsFunc(v.escape, func(w word) bool { return w.from == string([]byte{b}) })
}

// raw reports whether the byte may be written as it is as part of a code.
func (v *values) raw(b byte) bool { return v.refuse[b] == "" && !v.escaped(b) }

// reserve keeps a byte that means something to the printer out of all values. It returns an
// error where codes need the byte.
func (v *values) reserve(b byte, why string) error {
	if option.CodeByte(b) && v.raw(b) {
		return fmt.Errorf("%s %s, which a code may hold as it is", why, name(b))
	}
	if v.refuse[b] == "" {
		v.refuse[b] = why + " it"
	}
	return nil
}

// check makes sure that every code that is written can be read back in one way only: no word
// of the written form is the beginning of another.
func (v *values) check() error {
	type mark struct{ what, text string }
	marks := []mark{}
	for _, w := range v.escape {
		switch {
		case w.from == "" || w.to == "":
			return errors.New("escape holds an empty text")
		case strings.IndexByte(w.from, gs) >= 0:
			return errors.New("escape holds GS (1D): the setting gs says how it is written")
		case len(w.from) == 1 && v.refuse[w.from[0]] == "refused by the setting refuse":
			return fmt.Errorf("%s is both in escape and in refuse", name(w.from[0]))
		}
		marks = append(marks, mark{fmt.Sprintf("the escape of %q", w.from), w.to})
	}
	if v.gs != "" {
		marks = append(marks, mark{"gs", v.gs})
	}
	if v.fnc1 != "" && v.fnc1 != v.gs {
		marks = append(marks, mark{"fnc1", v.fnc1})
	}
	for i, m := range marks {
		if err := v.reserve(m.text[0], m.what+" begins with"); err != nil {
			return err
		}
		for _, o := range marks[i+1:] {
			if strings.HasPrefix(m.text, o.text) || strings.HasPrefix(o.text, m.text) {
				return fmt.Errorf("%s and %s cannot be told from each other", m.what, o.what)
			}
		}
	}
	return nil
}

// checkBehind returns why the byte cannot stand behind a code: it would not be seen that the
// code ends there.
func (v *values) checkBehind(b byte) error {
	for _, w := range v.escape {
		if strings.IndexByte(w.to, b) >= 0 {
			return fmt.Errorf("what follows a value begins with %s, which the escape of %q holds", name(b), w.from)
		}
	}
	if strings.IndexByte(v.gs, b) >= 0 || strings.IndexByte(v.fnc1, b) >= 0 {
		return fmt.Errorf("what follows a value begins with %s, which gs or fnc1 holds", name(b))
	}
	return v.reserve(b, "what follows a value begins with")
}

// code returns the written form of a code, or why there is none.
func (v *values) code(code []byte) (string, error) {
	switch {
	case len(code) == 0:
		return "", errors.New("the code is empty")
	case code[0] == gs:
		// FNC1 in the first place is no data: the printed code would read back without it.
		return "", errors.New("the code begins with GS (1D), which would be lost in the first place")
	}
	return v.write(v.fnc1, string(code), v.escape, "the code")
}

// text returns the written form of another value.
func (v *values) text(text string) (string, error) {
	table := v.escape
	if !v.all {
		table = nil
	}
	if i := strings.IndexByte(text, gs); i >= 0 {
		return "", fmt.Errorf("byte %d of the value is GS (1D), which only a code may hold", i+1)
	}
	return v.write("", text, table, "the value")
}

func (v *values) write(lead, text string, table []word, what string) (string, error) {
	var out strings.Builder
	out.WriteString(lead)
next:
	for i := 0; i < len(text); {
		for _, w := range table {
			if strings.HasPrefix(text[i:], w.from) {
				out.WriteString(w.to)
				i += len(w.from)
				continue next
			}
		}
		b := text[i]
		switch {
		case b == gs && v.gs != "":
			out.WriteString(v.gs)
		case b == gs:
			return "", fmt.Errorf("byte %d of %s is GS (1D), and the settings gs and fnc1 do not say how it is written", i+1, what)
		case v.refuse[b] != "":
			return "", fmt.Errorf("byte %d of %s is %s: %s", i+1, what, name(b), v.refuse[b])
		default:
			out.WriteByte(b)
		}
		i++
	}
	return out.String(), nil
}
