package izkm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// answer is what a method expects to read from a body of status 200.
type answer interface {
	// complete says what the method needs and the body does not hold.
	complete() error
}

// jsonObject returns the body of an answer without a byte order mark, or why it cannot be
// one. The bytes are checked as UTF-8 here because encoding/json replaces what is not, and a
// code would change without anyone being told.
func jsonObject(body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return body, errors.New("it is not UTF-8")
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	switch {
	case len(body) == 0:
		return body, errors.New("it is empty")
	case body[0] != '{':
		return body, errors.New("it is not a JSON object")
	}
	return body, nil
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading the JSON: %w", err)
	}
	return nil
}

// text is an id or a word: a string in the tables, now and then a number in the examples.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(t))
	case '{', '[', 't', 'f':
		return fmt.Errorf("%.20s where a string belongs", b)
	case 'n':
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

// words is a text for people. Whatever it is, it must not make the answer unreadable.
type words string

func (w *words) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	if *w = words(b); *w == "null" {
		*w = ""
	}
	return nil
}

// flag is a boolean that may be written as a string; nil inside a pointer means not given.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(b), `"`)))
	if err != nil {
		return fmt.Errorf("%.20s where true or false belongs", b)
	}
	*f = flag(v)
	return nil
}

// number is a whole number, also as a string of digits; null is 0.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" {
		return nil
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = number(v)
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v != float64(int64(v)) || v > 1<<53 || v < -(1<<53) {
		return fmt.Errorf("%.20s where a whole number belongs", b)
	}
	*n = number(v)
	return nil
}

// hint is a number that nothing depends on; what cannot be read is 0.
type hint int64

func (h *hint) UnmarshalJSON(b []byte) error {
	var n number
	if n.UnmarshalJSON(b) == nil {
		*h = hint(n)
	}
	return nil
}

// moment is a point in time: ISO 8601, or an epoch as a number or a string of digits. The
// table of 4.10 says the first, its example shows the second; from 10^11 on the epoch counts
// milliseconds. What cannot be read is the zero time.
type moment time.Time

func (m *moment) UnmarshalJSON(b []byte) error {
	s := strings.TrimSpace(strings.Trim(string(b), `"`))
	var t time.Time
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		t = time.Unix(n, 0)
		if n >= epochMillis {
			t = time.UnixMilli(n)
		}
	} else {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
			if t, err = time.Parse(layout, s); err == nil {
				break
			}
		}
	}
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		t = time.Time{}
	}
	*m = moment(t)
	return nil
}

// epochMillis is where an epoch, or a duration in milliseconds, is taken for epoch
// milliseconds: in seconds it would be the year 5138, in milliseconds it is 1973.
const epochMillis = 100_000_000_000

// list is an array, or the one object that stands in its place.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '[':
		return json.Unmarshal(b, (*[]T)(l))
	case '{':
		var one T
		if err := json.Unmarshal(b, &one); err != nil {
			return err
		}
		*l = list[T]{one}
	case 'n':
		*l = nil
	default:
		return fmt.Errorf("%.20s where a list belongs", b)
	}
	return nil
}
