package job

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/template"
)

// Layout says what goes into which field of the job.
type Layout struct {
	medium  Medium
	fields  []field // in the order of their names
	form    form
	hasCode bool
	serial  bool // a field shows {serial}
}

type field struct {
	name  string
	parts []template.Part
	code  bool // the field's value is the code
	once  bool // it holds what stands on one product only
}

// Value is what one field of the job gets for a label.
type Value struct{ Field, Text string }

// Read reads the settings fields, gs_form and fnc1_form. What is wrong with them is said to k.
func Read(k *option.Keys, options map[string]any, medium Medium) *Layout {
	l := &Layout{medium: medium}
	texts := k.Texts("fields")
	sscc, read := false, true
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		key := "fields." + name
		if err := medium.CheckText(name); err != nil || name == "" || !utf8.ValidString(name) {
			k.Fail(key, "this is no name of a field", "write it as the "+medium.Job+" in the "+medium.Device+" has it")
		}
		parts, err := template.Parse(texts[name])
		if bad, ok := errors.AsType[*template.Error](err); ok {
			k.Fail(key, bad.Problem, bad.Hint)
			read = false
			continue
		}
		if medium.Filled && len(parts) == 0 {
			k.Fail(key, "the text is empty", "write it like {batch}")
			continue
		}
		f := field{name: name, parts: parts, code: template.Shows(parts, "code")}
		f.once = f.code || template.Shows(parts, "sscc")
		l.hasCode, sscc = l.hasCode || f.code, sscc || template.Shows(parts, "sscc")
		l.serial = l.serial || template.Shows(parts, "serial")
		for _, p := range parts {
			if err := medium.CheckText(p.Literal); err != nil {
				k.Fail(key, "the text cannot be sent: "+err.Error(), "write it without")
			}
		}
		if f.code && len(parts) != 1 {
			k.Fail(key, "{code} is not the whole value of its field", `write "{code}": the driver writes FNC1 itself`)
		}
		l.fields = append(l.fields, f)
	}
	if read && !l.hasCode && !sscc {
		k.Fail("fields", "there is neither {code} nor {sscc}",
			`write fields = { CODE = "{code}" } with the name that the field has in the `+medium.Device+`'s `+medium.Job)
	}
	l.form = readForm(k, options, medium, l.hasCode)
	return l
}

// CheckCode returns why this layout cannot carry the code.
func (l *Layout) CheckCode(code []byte) error {
	if !l.hasCode {
		return fmt.Errorf("no %s of the %s takes {code}", l.medium.Value, l.medium.Job)
	}
	if err := l.form.check(code); err != nil || !l.serial {
		return err
	}
	return template.CheckSerial(code, l.medium.CheckValue)
}

// CheckLabel returns why a label's fields could not be filled.
func (l *Layout) CheckLabel(v drivers.Label) error {
	_, err := l.Values(v)
	return err
}

// Fields returns the names of the fields, in the order of a label's values.
func (l *Layout) Fields() []string {
	names := make([]string, len(l.fields))
	for i, f := range l.fields {
		names[i] = f.name
	}
	return names
}

// Once returns the names of the fields that hold {code} or {sscc}.
func (l *Layout) Once() (names []string) {
	for _, f := range l.fields {
		if f.once {
			names = append(names, f.name)
		}
	}
	return names
}

// Values returns what each field gets for a label, in the order of Fields.
func (l *Layout) Values(v drivers.Label) ([]Value, error) {
	if l.hasCode || v.Code != nil {
		if err := l.CheckCode(v.Code); err != nil {
			return nil, err
		}
	}
	values := make([]Value, len(l.fields))
	for i, f := range l.fields {
		values[i].Field = f.name
		if f.code {
			values[i].Text = l.form.content(v.Code)
			continue
		}
		text, err := l.text(f, v)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		values[i].Text = l.medium.write(text)
	}
	return values, nil
}

// text returns the value of a field that is no code.
func (l *Layout) text(f field, v drivers.Label) (string, error) {
	whole := ""
	for _, p := range f.parts {
		text, err := template.Text(p, v)
		if err != nil {
			return "", err
		}
		if err := l.medium.CheckText(text); err != nil {
			return "", fmt.Errorf("the value of {%s}: %w", p.Name, err)
		}
		whole += text
	}
	if l.medium.Filled && whole == "" {
		return "", errors.New("it would be empty, and it is not known what the " + l.medium.Device + " makes of that")
	}
	return whole, l.medium.check(whole)
}
