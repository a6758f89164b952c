package ngpcl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/template"
)

// label says what goes into which field of the printer's job.
type label struct {
	fields  []field // by name
	rule    fieldRule
	hasCode bool
}

type field struct {
	name   string
	parts  []template.Part
	unique bool // holds what is marked on one product only
}

// value is what one field of the job is to hold.
type value struct{ field, text string }

// compile reads the setting fields.
func (l *label) compile(k *option.Keys, texts map[string]string) {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		key := "fields." + name
		if err := checkText(name); err != nil || name == "" {
			k.Fail(key, "this can be no field's name", "write the name of a field of the printer's job")
		}
		parts, err := template.Parse(texts[name])
		if err != nil {
			hint := "write it like {batch}"
			if bad, ok := errors.AsType[*template.Error](err); ok {
				hint = bad.Hint
			}
			k.Fail(key, strings.TrimSuffix(err.Error(), " ("+hint+")"), hint)
			continue
		}
		if len(parts) == 0 {
			k.Fail(key, "the text is empty", "write it like {batch}")
			continue
		}
		f := field{name: name, parts: parts}
		for _, p := range parts {
			names = append(names, p.Name)
			f.unique = f.unique || p.Name == "code" || p.Name == "sscc"
			if p.Name == "code" {
				l.hasCode = true
				if len(parts) > 1 {
					k.Fail(key, "{code} is not the whole field", `write "{code}"`)
				}
			}
			for i := range len(p.Literal) {
				if err := checkByte(i, p.Literal[i]); err != nil {
					k.Fail(key, err.Error(), "take it out of the text")
					break
				}
			}
		}
		l.fields = append(l.fields, f)
	}
	if !slices.Contains(names, "code") && !slices.Contains(names, "sscc") {
		k.Fail("fields", "there is neither {code} nor {sscc}", `name the job's fields, such as fields = { CODE = "{code}" }`)
	}
}

// checkCode returns why this label cannot carry the code.
func (l *label) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("no field of the printer's job holds {code}")
	}
	return l.rule.check(code)
}

// unique returns the fields that hold what is marked once, all with the same text.
func (l *label) unique(text string) (all []value) {
	for _, f := range l.fields {
		if f.unique {
			all = append(all, value{f.name, text})
		}
	}
	return all
}

// render returns what the fields are to hold for one label.
func (l *label) render(v drivers.Label) ([]value, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return nil, err
		}
	}
	var all []value
	for _, f := range l.fields {
		text, err := l.text(f, v)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		all = append(all, value{f.name, text})
	}
	return all, nil
}

func (l *label) text(f field, v drivers.Label) (string, error) {
	if f.parts[0].Name == "code" {
		return l.rule.content(v.Code), nil
	}
	var whole strings.Builder
	for _, p := range f.parts {
		text, err := template.Text(p, v)
		if err != nil {
			return "", err
		}
		whole.WriteString(text)
	}
	if whole.Len() == 0 {
		return "", errors.New("it would be empty, and it is not known what the printer makes of that")
	}
	return whole.String(), checkText(whole.String())
}
