package izkm

import (
	"fmt"
	"strconv"

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

func (o *object) quote(what string, c code.Code) {
	q, err := escape.JSONString(c)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("%s: %w", what, err)
	}
	o.b = append(o.b, q...)
}

func (o *object) text(name, value string) {
	o.key(name)
	o.quote(name, code.Code(value))
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

func texts[T ~string](o *object, name string, items []T) {
	array(o, name, items, func(i int, item T) {
		o.quote(fmt.Sprintf("%s[%d]", name, i), code.Code(item))
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
