package izkm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linemark/internal/code"
	"linemark/internal/escape"
)

// object writes one JSON object, fields in the order of the calls, so that the same content
// always has the same bytes. Every string goes through escape.JSONString, which changes no
// code and refuses what is not UTF-8, where encoding/json would replace it.
type object struct {
	b   []byte
	err error
}

func (o *object) key(name string) {
	sep := byte(',')
	if len(o.b) == 0 {
		sep = '{'
	}
	o.b = append(append(append(o.b, sep, '"'), name...), `":`...)
}

func (o *object) quote(c code.Code) error {
	q, err := escape.JSONString(c)
	o.b = append(o.b, q...)
	return err
}

func (o *object) text(name, value string) {
	o.key(name)
	if err := o.quote(code.Code(value)); err != nil && o.err == nil {
		o.err = fmt.Errorf("%s: %w", name, err)
	}
}

// textIf leaves an empty value out.
func (o *object) textIf(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *object) number(name string, n int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) flag(name string, v bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, v)
}

func array[T any](o *object, name string, items []T, write func(i int, item T)) {
	o.key(name)
	o.b = append(o.b, '[')
	for i, item := range items {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		write(i, item)
	}
	o.b = append(o.b, ']')
}

// texts makes room for all items first, so that a body of thousands of codes is not moved each
// time it has grown. The spare part is for quotes in the codes and for what follows them.
func texts[T ~string](o *object, name string, items []T) {
	size := 0
	for _, item := range items {
		size += len(item) + len(`"",`) + strings.Count(string(item), string(code.GS))*len(`\u001`)
	}
	o.b = slices.Grow(o.b, size+size/32)
	array(o, name, items, func(i int, item T) {
		if err := o.quote(code.Code(item)); err != nil && o.err == nil {
			o.err = fmt.Errorf("%s[%d]: %w", name, i, err)
		}
	})
}

// inner appends a finished object as an element of an array.
func (o *object) inner(in object) {
	b, err := in.end()
	if err != nil && o.err == nil {
		o.err = err
	}
	o.b = append(o.b, b...)
}

func (o *object) end() ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	return append(o.b, '}'), nil
}
