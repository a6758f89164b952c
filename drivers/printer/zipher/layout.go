package zipher

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/template"
)

// layout says what goes into which field of the printer's job.
type layout struct {
	fields  []field // in the order of their names
	form    form
	hasCode bool
}

type field struct {
	name  string
	parts []template.Part
	code  bool // the field's value is the code
}

func readLayout(k *option.Keys, options map[string]any) *layout {
	l := &layout{form: readForm(k, options)}
	texts := k.Texts("fields")
	sscc := false
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		key := "fields." + name
		if err := checkText(name); err != nil || name == "" || !utf8.ValidString(name) {
			k.Fail(key, "this is no name of a field", "write it as the job in the printer has it")
			continue
		}
		parts, err := template.Parse(texts[name])
		if bad, ok := errors.AsType[*template.Error](err); ok {
			k.Fail(key, bad.Problem, bad.Hint)
			continue
		}
		f := field{name: name, parts: parts}
		for _, p := range parts {
			f.code = f.code || p.Name == "code"
			sscc = sscc || p.Name == "sscc"
			if err := checkText(p.Literal); err != nil {
				k.Fail(key, "the text cannot be sent: "+err.Error(), "write it without")
			}
		}
		if f.code && len(parts) != 1 {
			k.Fail(key, "{code} is not the whole value of its field", `write "{code}": the driver writes FNC1 itself`)
		}
		l.hasCode = l.hasCode || f.code
		l.fields = append(l.fields, f)
	}
	if !l.hasCode && !sscc {
		k.Fail("fields", "there is neither {code} nor {sscc}", `write fields = { CODE = "{code}" } with the name that the field has in the printer's job`)
	}
	return l
}

// checkCode returns why this layout cannot carry the code.
func (l *layout) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("no field of the job takes {code}")
	}
	return l.form.check(code)
}

// header names the fields in the order of a record's values.
func (l *layout) header() string {
	var b strings.Builder
	b.WriteString("SHO|")
	for _, f := range l.fields {
		b.WriteString(f.name + "|")
	}
	return b.String()
}

// values returns a record's values, each ended as the protocol wants it.
func (l *layout) values(v drivers.Label) (string, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	for _, f := range l.fields {
		if f.code {
			b.WriteString(l.form.content(v.Code) + "|")
			continue
		}
		for _, p := range f.parts {
			text, err := template.Text(p, v)
			if err != nil {
				return "", fmt.Errorf("field %s: %w", f.name, err)
			}
			if err := checkText(text); err != nil {
				return "", fmt.Errorf("field %s: the value of {%s}: %w", f.name, p.Name, err)
			}
			b.WriteString(text)
		}
		b.WriteString("|")
	}
	return b.String(), nil
}
