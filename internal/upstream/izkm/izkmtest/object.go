package izkmtest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// object is a JSON object of a request, taken apart field by field, so that each field of
// a wrong type or name is refused by its name. null counts as absent.
type object struct {
	c      *call
	at     string // where it stands in the body, with a trailing dot
	fields map[string]json.RawMessage
}

// object reads the whole body.
func (c *call) object() object {
	o := object{c: c}
	if !utf8.Valid(c.body) {
		c.wrong("the body is not UTF-8")
		return o
	}
	if err := json.Unmarshal(c.body, &o.fields); err != nil || o.fields == nil {
		c.wrong("the body is not a JSON object")
	}
	return o
}

// take removes a field; nil if it is absent.
func (o object) take(name string, need bool) json.RawMessage {
	raw := o.fields[name]
	delete(o.fields, name)
	if raw == nil || string(raw) == "null" {
		if need {
			o.c.missing(o.at + name)
		}
		return nil
	}
	return raw
}

// end refuses the fields that nobody took.
func (o object) end() {
	for name := range o.fields {
		o.c.wrong("%s%s: the document has no such field", o.at, name)
	}
}

func (o object) decode(name string, need bool, v any, kind string) bool {
	raw := o.take(name, need)
	if raw == nil {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		o.c.wrong("%s%s: wrong type, must be %s", o.at, name, kind)
		return false
	}
	return true
}

// text is a string; a required one is not empty.
func (o object) text(name string, need bool) string {
	var s string
	if o.decode(name, need, &s, "a string") && s == "" && need {
		o.c.missing(o.at + name)
	}
	return s
}

// taxNumber is a required number of a taxpayer, as a string.
func (o object) taxNumber(name string) string {
	s := o.text(name, true)
	if s != "" && !allDigits(s) {
		o.c.wrong("%s%s: %q is not a tax number", o.at, name, s)
	}
	return s
}

// oneOf is a string of a dictionary.
func (o object) oneOf(name string, need bool, words ...string) string {
	s := o.text(name, need)
	if s != "" && !slices.Contains(words, s) {
		o.c.wrong("%s%s: %q is none of %s", o.at, name, s, strings.Join(words, ", "))
	}
	return s
}

// when is an ISO 8601 time with its zone.
func (o object) when(name string, need bool) string {
	s := o.text(name, need)
	if s != "" {
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			o.c.wrong("%s%s: %q is not an ISO 8601 time with a zone", o.at, name, s)
		}
	}
	return s
}

// whole is an integer; ok is false if it is absent or refused.
func (o object) whole(name string, need bool, low, high int64) (n int64, ok bool) {
	if !o.decode(name, need, &n, "an integer") {
		return 0, false
	}
	if n < low || n > high {
		o.c.wrong("%s%s: %d is not between %d and %d", o.at, name, n, low, high)
		return 0, false
	}
	return n, true
}

// int32 is a required non-negative $int32.
func (o object) int32(name string) int {
	n, _ := o.whole(name, true, 0, math.MaxInt32)
	return int(n)
}

// texts is an array of strings, none of them empty; a required one has elements.
func (o object) texts(name string, need bool) []string {
	var list []string
	if !o.decode(name, need, &list, "an array of strings") {
		return nil
	}
	if len(list) == 0 && need {
		o.c.missing(o.at + name)
	}
	if i := slices.Index(list, ""); i >= 0 {
		o.c.wrong("%s%s[%d]: empty", o.at, name, i)
	}
	return list
}

// objects is a required array of objects.
func (o object) objects(name string) []object {
	var raws []map[string]json.RawMessage
	if !o.decode(name, true, &raws, "an array of objects") {
		return nil
	}
	if len(raws) == 0 {
		o.c.missing(o.at + name)
	}
	list := make([]object, len(raws))
	for i, fields := range raws {
		list[i] = object{c: o.c, at: fmt.Sprintf("%s%s[%d].", o.at, name, i), fields: fields}
		if fields == nil {
			o.c.wrong("%s%s[%d]: wrong type, must be an object", o.at, name, i)
		}
	}
	return list
}
