package text

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"linemark/drivers/link/option"
)

// template is how a device puts one code and what it says of it together. The zero value is
// that of a device that sends the code alone.
type template struct {
	text  string // as the configuration has it
	parts []part
	code  int // which part the code is
}

// part is a literal or a field. No two fields follow each other.
type part struct {
	literal string
	field   string // code, grade, place, skip; empty for a literal
}

var fields = []string{"code", "grade", "place", "skip"}

// templateError is what is wrong with a template, and what to do about it.
type templateError struct{ problem, hint string }

func (e *templateError) Error() string { return e.problem + " (" + e.hint + ")" }

const gs = '\x1d'

const braces = "write {{ or }} for a brace that the scanner sends"

// parseTemplate takes a template apart: {code}, {grade}, {place} and {skip} are fields, {{
// and }} are braces, all else is literal. A template that could cut a code in two is
// refused. The error is a *templateError.
func parseTemplate(text string) (template, error) {
	t := template{text: text, code: -1}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, part{literal: option.Bytes(literal.String())})
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
			return t, &templateError{fmt.Sprintf("there is a } without its { at character %d", i+1), braces}
		default:
			name, _, closed := strings.Cut(text[i+1:], "}")
			if !closed || strings.Contains(name, "{") {
				return t, &templateError{fmt.Sprintf("the { at character %d has no }", i+1), braces}
			}
			flush()
			if err := t.add(name); err != nil {
				return t, err
			}
			i += len(name) + 1
		}
	}
	flush()
	return t, t.check()
}

// add takes a field in.
func (t *template) add(name string) error {
	if !slices.Contains(fields, name) {
		hint := "known: {" + strings.Join(fields, "} {") + "}; " + braces
		if near := option.Nearest(name, fields); near != "" {
			hint = fmt.Sprintf("did you mean {%s}?", near)
		}
		return &templateError{fmt.Sprintf("unknown field {%s}", name), hint}
	}
	if n := len(t.parts); n > 0 && t.parts[n-1].field != "" {
		return &templateError{fmt.Sprintf("nothing stands between {%s} and {%s}", t.parts[n-1].field, name),
			"set a mark between them in the scanner"}
	}
	if name != "skip" && slices.ContainsFunc(t.parts, func(p part) bool { return p.field == name }) {
		return &templateError{fmt.Sprintf("{%s} stands there twice", name), "write {skip} for what is not needed"}
	}
	if name == "code" {
		t.code = len(t.parts)
	}
	t.parts = append(t.parts, part{field: name})
	return nil
}

// check refuses a template in which the ends of the code cannot be told from the code.
func (t *template) check() error {
	if t.code < 0 {
		return &templateError{"there is no {code}", `write it like "{code}@{grade}"`}
	}
	for _, mark := range t.beside() {
		if !mark.start && option.CodeText(mark.text) {
			return &templateError{fmt.Sprintf("%q beside {code} consists of characters that a code may hold", mark.text),
				`set a mark in the scanner with another character in it, such as "@" or "|"`}
		}
		if mark.start && strings.Trim(mark.text, "0123456789") == "" {
			return &templateError{fmt.Sprintf("%q before {code}: codes themselves begin with digits", mark.text),
				"set another mark in the scanner, or none"}
		}
		if strings.IndexByte(mark.text, gs) >= 0 {
			return &templateError{fmt.Sprintf("%q beside {code} holds GS, which stands inside codes", mark.text),
				`set another mark in the scanner, such as "@" or "|"`}
		}
	}
	return nil
}

// mark is a literal beside the code.
type mark struct {
	text  string
	start bool // the piece begins with it
}

func (t *template) beside() (marks []mark) {
	if t.code > 0 {
		marks = append(marks, mark{t.parts[t.code-1].literal, t.code == 1})
	}
	if t.code >= 0 && t.code+1 < len(t.parts) {
		marks = append(marks, mark{t.parts[t.code+1].literal, false})
	}
	return marks
}

// begins returns the literal that every piece begins with, and whether a field other than
// the code does instead.
func (t *template) begins() (literal string, field bool) {
	if len(t.parts) == 0 || t.code == 0 {
		return "", false
	}
	return t.parts[0].literal, t.parts[0].field != ""
}

// split takes a piece apart. What stands before the code is read from the start, what
// stands behind it from the end; so only the fields, whose values are short and plain, must
// not hold the mark that ends them. The values are pieces of piece.
func (t *template) split(piece []byte) (code []byte, grade, place string, ok bool) {
	if len(t.parts) == 0 {
		return piece, "", "", true
	}
	set := func(field string, value []byte) {
		switch field {
		case "grade":
			grade = string(value)
		case "place":
			place = string(value)
		}
	}
	for i := 0; i < t.code; i++ {
		if p := t.parts[i]; p.field != "" {
			value, rest, found := bytes.Cut(piece, []byte(t.parts[i+1].literal))
			if !found {
				return nil, "", "", false
			}
			set(p.field, value)
			piece = rest
			i++
		} else if piece, ok = bytes.CutPrefix(piece, []byte(p.literal)); !ok {
			return nil, "", "", false
		}
	}
	for i := len(t.parts) - 1; i > t.code; i-- {
		if p := t.parts[i]; p.field != "" {
			literal := t.parts[i-1].literal
			at := bytes.LastIndex(piece, []byte(literal))
			if at < 0 {
				return nil, "", "", false
			}
			set(p.field, piece[at+len(literal):])
			piece = piece[:at]
			i--
		} else if piece, ok = bytes.CutSuffix(piece, []byte(p.literal)); !ok {
			return nil, "", "", false
		}
	}
	return piece, grade, place, true
}
