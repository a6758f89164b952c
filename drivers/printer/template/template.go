// Package template reads the texts with placeholders in which a configuration or a label
// file says where a label's values go: "{code}", "{batch}", "{production_date:dd.MM.yyyy}".
package template

import (
	"fmt"
	"slices"
	"strings"

	"linemark/drivers/link/option"
)

// Part is a piece of a text: literal, or a placeholder for a value.
type Part struct {
	Literal string // empty for a placeholder
	Name    string // of the placeholder; empty for a literal
	Format  string // what stands behind the colon: of dates and pictures, never empty there
}

// Error is what is wrong with a text, and what to do about it.
type Error struct{ Problem, Hint string }

func (e *Error) Error() string { return e.Problem + " (" + e.Hint + ")" }

// defaultDate is the form of a date in a GS1 element string.
const defaultDate = "yyMMdd"

var names = []string{"code", "gtin", "serial", "sscc", "batch", "count", "production_date", "expiration_date",
	"shipment", "waybill", "pallets"}

// Names returns the placeholders that every text may hold.
func Names() []string { return slices.Clone(names) }

// IsDate reports whether the placeholder is a date, which may have a format.
func IsDate(name string) bool { return strings.HasSuffix(name, "_date") }

// Parse takes a text apart. {name} and {name:format} are placeholders, {{ and }} are literal
// braces; no two literals follow each other. The names in also are known besides those of
// Names, and Text has no value for them; Picture is known where it is among them. The error is an *Error.
func Parse(text string, also ...string) ([]Part, error) {
	var parts []Part
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, Part{Literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c != '{' && c != '}':
			literal.WriteByte(c)
		case i+1 < len(text) && text[i+1] == c:
			literal.WriteByte(c)
			i++
		case c == '}':
			return nil, &Error{fmt.Sprintf("there is a } without its { at character %d", i+1), "write }} for a brace that is to be sent"}
		default:
			end := strings.IndexAny(text[i+1:], "{}")
			if end < 0 || text[i+1+end] != '}' {
				return nil, &Error{fmt.Sprintf("the { at character %d has no }", i+1), "write {{ for a brace that is to be sent"}
			}
			p, err := placeholder(text[i+1:i+1+end], also)
			if err != nil {
				return nil, err
			}
			flush()
			parts = append(parts, p)
			i += end + 1
		}
	}
	flush()
	return parts, nil
}

// placeholder reads what stands between two braces.
func placeholder(inside string, also []string) (Part, error) {
	name, format, formatted := strings.Cut(inside, ":")
	if name == Picture {
		return picture(inside, format, slices.Contains(also, Picture))
	}
	known := append(Names(), also...)
	if !slices.Contains(known, name) {
		hint := "known: {" + strings.Join(known, "} {") + "}; write {{ for a brace that is to be sent"
		if near := option.Nearest(name, known); near != "" {
			hint = fmt.Sprintf("did you mean {%s}?", near)
		}
		return Part{}, &Error{fmt.Sprintf("unknown placeholder {%s}", inside), hint}
	}
	if !IsDate(name) {
		if formatted {
			return Part{}, &Error{fmt.Sprintf("{%s}: only a date has a format", inside), fmt.Sprintf("write {%s}", name)}
		}
		return Part{Name: name}, nil
	}
	if !formatted {
		format = defaultDate
	}
	if err := checkFormat(inside, format); err != nil {
		return Part{}, err
	}
	return Part{Name: name, Format: format}, nil
}
