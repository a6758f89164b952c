package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"linemark/internal/ledger"
	"linemark/internal/record"
)

// The stations' values are written as JSON by the names of their fields, unexported ones too, so that a
// station's whole state is taken without a list of what belongs to it. What is zero is left out.
// A moment is nanoseconds since the run began, on the monotonic clock. An event or effect, which may be
// of any kind, is an object with its type as the only name. Functions are left out.

var (
	timeType  = reflect.TypeFor[time.Time]()
	errorType = reflect.TypeFor[error]()
)

// open makes a value readable and settable that came out of an unexported field.
func open(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	}
	return v
}

// appendAny writes an event or an effect with its type.
func appendAny(b []byte, v reflect.Value, base time.Time) []byte {
	b = append(b, '{')
	b = record.AppendText(b, v.Type().Name())
	b = append(b, ':')
	b = appendValue(b, v, base)
	return append(b, '}')
}

func appendValue(b []byte, v reflect.Value, base time.Time) []byte {
	if v.Type() == timeType {
		t, ok := v.Interface().(time.Time)
		if !ok || t.IsZero() {
			return append(b, "null"...)
		}
		return strconv.AppendInt(b, int64(t.Sub(base)), 10)
	}
	switch v.Kind() {
	case reflect.Struct:
		return appendStruct(b, v, base)
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case reflect.Slice, reflect.Array:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v.Index(i), base)
		}
		return append(b, ']')
	case reflect.Map:
		return appendMap(b, v, base)
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...)
		}
		return appendValue(b, v.Elem(), base)
	case reflect.Interface:
		if v.IsNil() {
			return append(b, "null"...)
		}
		if err, ok := v.Interface().(error); ok && v.Type() == errorType {
			return appendError(b, err)
		}
		return appendAny(b, v.Elem(), base)
	}
	panic(fmt.Sprintf("a %s cannot be recorded", v.Type()))
}

// left says whether a field is left out: what is zero, functions, and the settings' own functions.
func left(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Func, reflect.Chan:
		return true
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		if v.Type() == timeType {
			t, ok := v.Interface().(time.Time)
			return ok && t.IsZero()
		}
		for i := range v.NumField() {
			if !left(open(v.Field(i))) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

func appendStruct(b []byte, v reflect.Value, base time.Time) []byte {
	b = append(b, '{')
	first := true
	for i := range v.NumField() {
		f := open(v.Field(i))
		if left(f) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = record.AppendText(b, v.Type().Field(i).Name)
		b = append(b, ':')
		b = appendValue(b, f, base)
	}
	return append(b, '}')
}

func appendMap(b []byte, v reflect.Value, base time.Time) []byte {
	byName := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		byName[k.String()] = v.MapIndex(k)
	}
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(byName)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		b = appendValue(b, byName[name], base)
	}
	return append(b, '}')
}

// bytesMark begins a text that stands for bytes which are no UTF-8: each is written as the character of
// its number.
const bytesMark = "\x00"

func appendString(b []byte, s string) []byte {
	if utf8.ValidString(s) && !strings.HasPrefix(s, bytesMark) {
		return record.AppendText(b, s)
	}
	var t strings.Builder
	t.WriteString(bytesMark)
	for i := range len(s) {
		t.WriteRune(rune(s[i]))
	}
	return record.AppendText(b, t.String())
}

// failure is an error as it was recorded.
type failure struct {
	Text  string
	State *string // What of a ledger.StateError, on which stations decide
}

func (f *failure) Error() string { return f.Text }

func (f *failure) Unwrap() error {
	if f.State == nil {
		return nil
	}
	return &ledger.StateError{What: *f.State}
}

func appendError(b []byte, err error) []byte {
	b = append(b, `{"Text":`...)
	b = appendString(b, err.Error())
	if no, ok := errors.AsType[*ledger.StateError](err); ok {
		b = append(b, `,"State":`...)
		b = appendString(b, no.What)
	}
	return append(b, '}')
}

// readAny reads what appendAny has written.
func readAny(text []byte, base time.Time) (any, error) {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(text, &named); err != nil || len(named) != 1 {
		return nil, fmt.Errorf("%.100s is no event", text)
	}
	for name, value := range named {
		t, ok := kinds[name]
		if !ok {
			return nil, fmt.Errorf("this linemark knows no %s", name)
		}
		v := reflect.New(t).Elem()
		if err := readValue(value, v, base); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return v.Interface(), nil
	}
	return nil, nil
}

func readValue(text []byte, into reflect.Value, base time.Time) error {
	into = open(into)
	if string(text) == "null" {
		into.SetZero()
		return nil
	}
	if into.Type() == timeType {
		n, err := strconv.ParseInt(string(text), 10, 64)
		into.Set(reflect.ValueOf(base.Add(time.Duration(n))))
		return err
	}
	switch into.Kind() {
	case reflect.Struct:
		return readStruct(text, into, base)
	case reflect.String:
		s, err := readString(text)
		into.SetString(s)
		return err
	case reflect.Slice:
		var all []json.RawMessage
		if err := json.Unmarshal(text, &all); err != nil {
			return err
		}
		into.Set(reflect.MakeSlice(into.Type(), len(all), len(all)))
		return readEach(all, into, base)
	case reflect.Array:
		var all []json.RawMessage
		if err := json.Unmarshal(text, &all); err != nil {
			return err
		}
		if len(all) != into.Len() {
			return fmt.Errorf("%d values where there are %d", len(all), into.Len())
		}
		return readEach(all, into, base)
	case reflect.Map:
		return readMap(text, into, base)
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return readValue(text, into.Elem(), base)
	case reflect.Interface:
		return readInterface(text, into, base)
	case reflect.Func, reflect.Chan:
		return errors.New("a function cannot be read")
	}
	return json.Unmarshal(text, into.Addr().Interface()) // a number or a boolean
}

func readEach(all []json.RawMessage, into reflect.Value, base time.Time) error {
	for i, one := range all {
		if err := readValue(one, into.Index(i), base); err != nil {
			return err
		}
	}
	return nil
}

func readStruct(text []byte, into reflect.Value, base time.Time) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for name, value := range fields {
		i := slices.IndexFunc(reflect.VisibleFields(into.Type()), func(f reflect.StructField) bool { return len(f.Index) == 1 && f.Name == name })
		if i < 0 {
			return fmt.Errorf("%s has no %s in this linemark", into.Type().Name(), name)
		}
		if err := readValue(value, into.Field(reflect.VisibleFields(into.Type())[i].Index[0]), base); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func readMap(text []byte, into reflect.Value, base time.Time) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	into.Set(reflect.MakeMap(into.Type()))
	for name, value := range all {
		v := reflect.New(into.Type().Elem()).Elem()
		if err := readValue(value, v, base); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		into.SetMapIndex(reflect.ValueOf(unmarked(name)).Convert(into.Type().Key()), v)
	}
	return nil
}

func readInterface(text []byte, into reflect.Value, base time.Time) error {
	if into.Type() == errorType {
		var f failure
		if err := json.Unmarshal(text, &f); err != nil {
			return err
		}
		f.Text = unmarked(f.Text)
		into.Set(reflect.ValueOf(error(&f)))
		return nil
	}
	v, err := readAny(text, base)
	if err == nil {
		into.Set(reflect.ValueOf(v))
	}
	return err
}

func readString(text []byte) (string, error) {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return "", err
	}
	return unmarked(s), nil
}

func unmarked(s string) string {
	rest, ok := strings.CutPrefix(s, bytesMark)
	if !ok {
		return s
	}
	var b []byte
	for _, r := range rest {
		b = append(b, byte(r))
	}
	return string(b)
}
