package sppl

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

// label says what goes into which CSV field of the printer's job.
type label struct {
	fields  []field // by name
	rule    fieldRule
	hasCode bool
}

type field struct {
	name  string
	parts []template.Part
}

// compile reads the setting fields.
func (l *label) compile(k *option.Keys, texts map[string]string) {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		key := "fields." + name
		if err := checkName(name); err != nil {
			k.Fail(key, "the field's name: "+err.Error(), "write the name of a CSV field of the printer's job")
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
		for _, p := range parts {
			names = append(names, p.Name)
			if p.Name == "code" {
				l.hasCode = true
				if len(parts) > 1 {
					k.Fail(key, "{code} is not the whole field", `write "{code}"`)
				}
			}
			if err := l.rule.checkText(p.Literal); err != nil {
				k.Fail(key, err.Error(), "take it out of the text")
			}
		}
		l.fields = append(l.fields, field{name, parts})
	}
	if !slices.Contains(names, "code") && !slices.Contains(names, "sscc") {
		k.Fail("fields", "there is neither {code} nor {sscc}", `name the job's CSV fields, such as fields = { CODE = "{code}" }`)
	}
}

// checkCode returns why this label cannot carry the code.
func (l *label) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("no field of the printer's job holds {code}")
	}
	return l.rule.check(code)
}

// render returns the command that appends one label's rows. A single field takes the command
// for one, which every controller knows.
func (l *label) render(v drivers.Label) (command, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return command{}, err
		}
	}
	params := make([]string, 0, 2*len(l.fields))
	for _, f := range l.fields {
		row, err := l.row(f, v)
		if err != nil {
			return command{}, fmt.Errorf("field %s: %w", f.name, err)
		}
		params = append(params, f.name, row)
	}
	name := "SPLAQD"
	if len(l.fields) > 1 {
		name = "SPLAMQ"
	}
	return command{name, strings.Join(params, separator)}, nil
}

func (l *label) row(f field, v drivers.Label) (string, error) {
	if f.parts[0].Name == "code" {
		return l.rule.content(v.Code), nil
	}
	var row strings.Builder
	for _, p := range f.parts {
		text, err := template.Text(p, v)
		if err != nil {
			return "", err
		}
		if err := l.rule.checkText(text); err != nil {
			return "", fmt.Errorf("the value of {%s}: %w", p.Name, err)
		}
		row.WriteString(l.rule.escape(text))
	}
	if row.Len() == 0 {
		return "", errors.New("the row would be empty, and it is not known what the printer makes of that")
	}
	return row.String(), nil
}
