package text

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/template"
)

// frame is the checked text of one label.
type frame struct {
	parts   []template.Part // literals are bytes
	values  *values
	hasCode bool
	indexed bool
}

// fixed are the placeholders whose end is known by their length.
var fixed = []string{"gtin", "sscc", "production_date", "expiration_date"}

// newFrame reads a label's text; end is what is sent behind it. It refuses whatever would
// leave in doubt where a value begins and ends.
func newFrame(text, end string, v *values) (*frame, error) {
	parts, err := template.Parse(text, "index")
	if err != nil {
		return nil, err
	}
	f := &frame{values: v}
	for _, p := range append(parts, template.Part{}) {
		if p.Name != "" {
			f.parts = append(f.parts, p)
			continue
		}
		literal, err := plain(p.Literal)
		if err != nil {
			return nil, err
		}
		if p.Literal == "" {
			literal = end // behind the last part
		}
		if n := len(f.parts); n > 0 && f.parts[n-1].Name == "" {
			f.parts[n-1].Literal += literal
		} else if literal != "" {
			f.parts = append(f.parts, template.Part{Literal: literal})
		}
	}
	return f, f.check(end)
}

func (f *frame) check(end string) error {
	var seen []string
	for i, p := range f.parts {
		if p.Name == "" {
			continue
		}
		if slices.Contains(seen, p.Name) && (p.Name == "code" || p.Name == "index") {
			return fmt.Errorf("{%s} stands there twice", p.Name)
		}
		seen = append(seen, p.Name)
		switch {
		case i+1 == len(f.parts):
			return fmt.Errorf("nothing follows {%s}, so the printer cannot see where the frame ends", p.Name)
		case f.parts[i+1].Name == "":
			if err := f.values.checkBehind(f.parts[i+1].Literal[0]); err != nil {
				return err
			}
		case !slices.Contains(fixed, p.Name):
			return fmt.Errorf("{%s} follows {%s} at once, so the printer cannot see where one ends", f.parts[i+1].Name, p.Name)
		}
	}
	f.hasCode, f.indexed = slices.Contains(seen, "code"), slices.Contains(seen, "index")
	if !f.hasCode && !slices.Contains(seen, "sscc") {
		return errors.New("there is neither {code} nor {sscc}")
	}
	// The bytes that end a frame, and one that begins it and is no ordinary character.
	last := f.parts[len(f.parts)-1].Literal
	if end != "" {
		last = end
	}
	if err := f.values.checkBehind(last[len(last)-1]); err != nil {
		return err
	}
	if first := f.parts[0]; first.Name == "" {
		// An error means a letter or the like, which begins a frame only where one may begin.
		_ = f.values.reserve(first.Literal[0], "a frame begins with")
	}
	return nil
}

// checkCode returns why the frame cannot carry the code.
func (f *frame) checkCode(code []byte) error {
	if !f.hasCode {
		return errors.New("the label has no {code}")
	}
	if _, err := f.values.code(code); err != nil || !template.Shows(f.parts, "serial") {
		return err
	}
	return template.CheckSerial(code, func(text string) error {
		_, err := f.values.text(text)
		return err
	})
}

// render returns the bytes of one label.
func (f *frame) render(l drivers.Label, index uint64) ([]byte, error) {
	if f.hasCode || l.Code != nil {
		if err := f.checkCode(l.Code); err != nil {
			return nil, err
		}
	}
	var out strings.Builder
	for _, p := range f.parts {
		var text string
		var err error
		switch p.Name {
		case "":
			text = p.Literal
		case "index":
			text = strconv.FormatUint(index, 10)
		case "code":
			text, err = f.values.code(l.Code)
		default:
			if text, err = template.Text(p, l); err != nil {
				return nil, err
			}
			if text, err = f.values.text(text); err != nil {
				err = fmt.Errorf("{%s}: %w", p.Name, err)
			}
		}
		if err != nil {
			return nil, err
		}
		out.WriteString(text)
	}
	return []byte(out.String()), nil
}
