package zpl

import (
	"errors"
	"fmt"
	"slices"

	"linemark/drivers"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/template"
)

// label is a checked label: the commands of its ZPL, some of them fields with values in their data.
type label struct {
	pieces   []piece
	fields   []*field // with placeholders; different ones, in the order of their numbers
	rule     fieldRule
	hasCode  bool
	picture  graphics.Want
	quantity string // the label's ^PQ; empty where it has none
}

// piece is one command with what follows it, or what stands before the first one.
type piece struct {
	command string // in capitals, such as "^FD"; empty before the first one
	literal []byte // the whole piece; of a field with a value all but its data
	field   *field // one with placeholders
	place   *place // of the label's picture
}

// field is a field with placeholders in its data. Fields with the same data share one.
type field struct {
	number   int // of ^FN, from 1
	parts    []template.Part
	encoding string // parameters of the ^CI in force; empty where the label has named none
	inBX     bool
}

// same reports whether two fields always hold the same.
func (f *field) same(other *field) bool {
	return f.encoding == other.encoding && slices.Equal(f.parts, other.parts)
}

// checkCode returns why this label cannot carry the code.
func (l *label) checkCode(code []byte) error {
	if !l.hasCode {
		return errors.New("the label has no {code}")
	}
	return l.rule.check(code)
}

// check returns why the label cannot be printed with its code, or without one.
func (l *label) check(v drivers.Label) error {
	if v.Picture != nil && l.picture.Width == 0 {
		_, err := l.picture.Of(v)
		return err
	}
	if !l.hasCode && v.Code == nil {
		return nil
	}
	return l.checkCode(v.Code)
}

// render appends the whole ZPL of one label to dst.
func (l *label) render(dst []byte, v drivers.Label) ([]byte, error) {
	if err := l.check(v); err != nil {
		return nil, err
	}
	for _, p := range l.pieces {
		dst = append(dst, p.literal...)
		if p.place != nil {
			dots, err := l.picture.Of(v)
			if err != nil {
				return nil, err
			}
			dst = p.place.draw(dst, dots)
		}
		if p.field == nil {
			continue
		}
		var err error
		if dst, err = l.data(dst, p.field, v); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// data appends the data of one field.
func (l *label) data(dst []byte, f *field, v drivers.Label) ([]byte, error) {
	begin := len(dst)
	for _, p := range f.parts {
		if p.Name == "code" {
			dst = append(dst, l.rule.content(v.Code)...)
			continue
		}
		text, err := template.Text(p, v)
		if err != nil {
			return nil, err
		}
		if p.Name != "" {
			if err := l.rule.checkText(text, f.inBX); err != nil {
				return nil, fmt.Errorf("the value of {%s}: %w", p.Name, err)
			}
		}
		dst = append(dst, text...)
	}
	if n := len(dst) - begin; n > maxField {
		return nil, fmt.Errorf("the field with {%s} takes %d bytes of data, a ZPL field holds %d", f.names()[0], n, maxField)
	}
	return dst, nil
}

// names returns the placeholders of the field.
func (f *field) names() (all []string) {
	for _, p := range f.parts {
		if p.Name != "" {
			all = append(all, p.Name)
		}
	}
	return all
}
