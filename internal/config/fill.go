package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// defaulter is a table with defaults; they are set before its keys are read.
type defaulter interface{ setDefaults() }

// optionEither marks a table that stands in the place of another: without it nothing is missing in it.
const optionEither = "either"

// fill sets a struct's fields from a table by their tags: name; name,required; name,either; and ",rest"
// for a map of all keys that no other field names.
func (d *doc) fill(at *place, table map[string]any, into reflect.Value) {
	if t, ok := into.Addr().Interface().(defaulter); ok {
		t.setDefaults()
	}
	var known []string
	var rest reflect.Value
	for i := range into.NumField() {
		tag := into.Type().Field(i).Tag.Get("toml")
		if tag == "" || tag == "-" {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		if option == "rest" {
			rest = into.Field(i)
			continue
		}
		known = append(known, name)
		d.field(at, name, table, into.Field(i), option)
	}
	others := map[string]any{}
	for key, value := range table {
		if !slices.Contains(known, key) {
			others[key] = value
		}
	}
	if rest.IsValid() {
		rest.Set(reflect.ValueOf(others))
		return
	}
	for key := range others {
		d.add(at.at(key), "unknown key", suggest(key, known, "remove it"))
	}
}

func (d *doc) field(at *place, name string, table map[string]any, into reflect.Value, option string) {
	required := option == "required"
	here := at.at(name)
	raw, given := table[name]
	switch {
	case given:
		d.value(here, raw, into, required)
	case required:
		d.add(here, "is missing", "add "+sample(here, name, into)+headerOf(at, into))
		d.problems[len(d.problems)-1].Secret = into.Type() == secretType
	case isTable(into) && option != optionEither:
		d.fill(here, nil, into)
	}
}

func (d *doc) value(at *place, raw any, into reflect.Value, required bool) {
	switch p := into.Addr().Interface().(type) {
	case *time.Duration:
		d.duration(at, raw, p)
		return
	case *Secret:
		d.text(at, raw, &p.value, required)
		d.secrets = append(d.secrets, found{at, p})
		return
	case *string:
		d.text(at, raw, p, required)
		return
	case *Choice:
		d.choice(at, raw, p)
		return
	case *int:
		d.integer(at, raw, p)
		return
	case *[]int:
		d.integers(at, raw, p)
		return
	case *[]string:
		d.texts(at, raw, p)
		return
	}
	if into.Kind() == reflect.Slice {
		d.tables(at, raw, into, required)
		return
	}
	table, ok := raw.(map[string]any)
	if !ok {
		d.wrongType(at, raw, "a table", "write ["+at.key+"] on a line of its own and its keys below it")
		return
	}
	d.fill(at, table, into)
}

func (d *doc) text(at *place, raw any, into *string, required bool) {
	s, ok := raw.(string)
	switch {
	case !ok:
		d.wrongType(at, raw, "a string", "write one value in quotes")
	case required && strings.TrimSpace(s) == "":
		d.add(at, "is empty", "write a value between the quotes")
	default:
		*into = s
	}
}

func (d *doc) choice(at *place, raw any, into *Choice) {
	yes, ok := raw.(bool)
	switch {
	case !ok:
		d.wrongType(at, raw, "a boolean", "write true or false, without quotes")
	case yes:
		*into = Yes
	default:
		*into = No
	}
}

// integer refuses what does not fit into 32 bits: no setting needs more, and the national
// system's numbers are int32.
func (d *doc) integer(at *place, raw any, into *int) {
	n, ok := raw.(int64)
	switch _, quoted := raw.(string); {
	case quoted:
		d.wrongType(at, raw, "an integer", "write the number without quotes")
	case !ok:
		d.wrongType(at, raw, "an integer", "write a whole number")
	case n < math.MinInt32 || n > math.MaxInt32:
		d.add(at, fmt.Sprintf("%d does not fit", n), fmt.Sprintf("write a number up to %d", math.MaxInt32))
	default:
		*into = int(n)
	}
}

func (d *doc) texts(at *place, raw any, into *[]string) {
	array, ok := raw.([]any)
	if !ok {
		d.wrongType(at, raw, "an array of strings", `write the texts in brackets, such as ["a", "b"]`)
		return
	}
	for _, one := range array {
		s, ok := one.(string)
		if !ok {
			d.wrongType(at, one, "a string", "write each value in quotes")
			return
		}
		*into = append(*into, s)
	}
}

func (d *doc) integers(at *place, raw any, into *[]int) {
	array, ok := raw.([]any)
	if !ok {
		d.wrongType(at, raw, "an array of integers", "write the numbers in brackets, such as [1, 2]")
		return
	}
	for _, one := range array {
		n := 0
		if d.integer(at, one, &n); d.bad[at.path] {
			return
		}
		*into = append(*into, n)
	}
}

func (d *doc) duration(at *place, raw any, into *time.Duration) {
	const hint = `write a number with its unit in quotes, such as "5m", "30s" or "20ms"`
	s, ok := raw.(string)
	if !ok {
		d.wrongType(at, raw, "a duration", hint)
		return
	}
	length, err := time.ParseDuration(s)
	if err != nil {
		d.add(at, fmt.Sprintf("%q is no duration", s), hint)
		return
	}
	*into = length
}

// tables fills a slice of structs from [[...]] tables or an array of inline tables.
func (d *doc) tables(at *place, raw any, into reflect.Value, required bool) {
	elements, ok := tablesOf(raw)
	hint := "write [[" + at.key + "]], with double brackets, above each one's keys"
	switch {
	case !ok:
		d.wrongType(at, raw, "an array of tables", hint)
		return
	case required && len(elements) == 0:
		d.add(at, "is empty", "add a [["+at.key+"]] table")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(elements), len(elements)))
	for i, e := range elements {
		d.fill(at.element(i), e, into.Index(i))
	}
}

func tablesOf(raw any) ([]map[string]any, bool) {
	if tables, ok := raw.([]map[string]any); ok {
		return tables, true
	}
	array, ok := raw.([]any)
	if !ok {
		return nil, false
	}
	tables := make([]map[string]any, len(array))
	for i, e := range array {
		if tables[i], ok = e.(map[string]any); !ok {
			return nil, false
		}
	}
	return tables, true
}

func (d *doc) wrongType(at *place, raw any, expected, hint string) {
	d.add(at, "found "+kindOf(raw)+", expected "+expected, hint)
}

// kindOf names a decoded value's TOML type, never the value: it may be a secret.
func kindOf(raw any) string {
	switch raw.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date or time"
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "an array of tables"
	}
	return "an array"
}

var secretType = reflect.TypeFor[Secret]()

func isTable(v reflect.Value) bool { return v.Kind() == reflect.Struct && v.Type() != secretType }

// sample is what to add for a missing key.
func sample(at *place, name string, missing reflect.Value) string {
	switch {
	case isTable(missing):
		return "[" + at.key + "]"
	case missing.Kind() == reflect.Slice:
		return "a [[" + at.key + "]] table"
	case missing.Kind() == reflect.Int:
		return name + " = 1"
	}
	return name + ` = "..."`
}

func headerOf(at *place, missing reflect.Value) string {
	if isTable(missing) || missing.Kind() == reflect.Slice {
		return ""
	}
	return " " + at.header()
}
