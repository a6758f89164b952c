package dynamark

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/template"
)

// layout says what goes into which text of the laser's project.
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
		if err := checkText(name); err != nil || name == "" {
			k.Fail(key, "this is no name of a field", "write it as the project in the laser has it")
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
		k.Fail("fields", "there is neither {code} nor {sscc}", `write fields = { CODE = "{code}" } with the name that the field has in the laser's project`)
	}
	return l
}

// checkCode returns why this layout cannot carry the code.
func (l *layout) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("no text of the project takes {code}")
	}
	return l.form.check(code)
}

// texts returns the commands that give a label's values to the project.
func (l *layout) texts(v drivers.Label) ([]string, error) {
	if l.hasCode || v.Code != nil {
		if err := l.checkCode(v.Code); err != nil {
			return nil, err
		}
	}
	var all []string
	for _, f := range l.fields {
		value := ""
		if f.code {
			value = l.form.content(v.Code)
		} else {
			for _, p := range f.parts {
				text, err := template.Text(p, v)
				if err != nil {
					return nil, fmt.Errorf("field %s: %w", f.name, err)
				}
				if err := checkText(text); err != nil {
					return nil, fmt.Errorf("field %s: the value of {%s}: %w", f.name, p.Name, err)
				}
				value += text
			}
		}
		all = append(all, fmt.Sprintf(`SETTEXT "%s" "%s"`, f.name, value))
	}
	return all, nil
}
