package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"linemark/drivers"
)

// SchemaFile is how the schema is called beside a configuration, whose first line names it to editors.
const SchemaFile = "linemark.schema.json"

// object is one schema, or a part of it.
type object = map[string]any

// durationForm is what time.ParseDuration takes and is no negative span.
const durationForm = `^(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// Schema returns the JSON schema of a configuration (draft 2020-12), made of the very types, dictionaries and
// drivers that Load goes by. Drivers are known only to a program that imports linemark/drivers/all.
//
// It is more lenient than Load: it knows no other file and compares no two settings. Editors that know
// older drafts only leave out the parts with if and then, which say what a driver or a kind of station has.
func Schema() ([]byte, error) {
	about, err := comments()
	if err != nil {
		return nil, fmt.Errorf("reading the descriptions of the settings: %w", err)
	}
	s := schemer{about}
	root := s.table(reflect.New(reflect.TypeFor[Config]()).Elem())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = SchemaFile
	root["title"] = "linemark.toml"
	root["description"] = "The configuration of a linemark agent. linemark config check knows more than this schema."
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(root)
	return b.Bytes(), err
}

type schemer struct{ about map[string]string }

// table is the schema of a struct; usual holds what is in one that says nothing.
func (s schemer) table(usual reflect.Value) object {
	if d, ok := usual.Addr().Interface().(defaulter); ok {
		d.setDefaults()
	}
	t := usual.Type()
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("toml")
		name, option, _ := strings.Cut(tag, ",")
		if tag == "" || tag == "-" || option == "rest" {
			continue
		}
		if option == "required" {
			required = append(required, name)
		}
		p := s.field(name, t, i, usual.Field(i))
		if text := s.about[t.Name()+"."+t.Field(i).Name]; text != "" {
			p["description"] = text
		}
		properties[name] = p
	}
	o := object{"type": "object", "properties": properties, "description": s.about[t.Name()]}
	if len(required) > 0 {
		o["required"] = required
	}
	switch t {
	case reflect.TypeFor[Config]():
		o["oneOf"] = systems()
	case reflect.TypeFor[Station]():
		o["allOf"] = s.kinds(properties)
	case reflect.TypeFor[Device](): // the driver says which others there are
		return o
	case reflect.TypeFor[Extra](): // names and values are the service's own
		o["additionalProperties"] = object{"type": "string"}
		return o
	}
	o["additionalProperties"] = false
	return o
}

// field is the schema of one setting; usual is its value in a table that says nothing.
func (s schemer) field(name string, t reflect.Type, i int, usual reflect.Value) object {
	f := factOf(t, i)
	switch v := usual.Interface().(type) {
	case Secret:
		return object{"type": "string", "minLength": 1, "examples": []string{"${LINEMARK_IZKM_TOKEN}", "secret:izkm-token", "credential:izkm-token", "file:/etc/linemark/izkm.token"}}
	case string:
		return textOf(f, v)
	case int:
		o := object{"type": "integer"}
		if f.most > 0 {
			o["minimum"], o["maximum"] = f.least, f.most
		}
		if v > 0 {
			o["default"] = v
		}
		return o
	case time.Duration:
		o := object{"type": "string", "pattern": durationForm}
		if v > 0 {
			o["default"] = short(v)
		}
		return o
	case []int:
		return object{"type": "array", "items": object{"type": "integer", "minimum": 1, "maximum": mostInt}}
	case []string:
		return object{"type": "array", "items": object{"type": "string", "minLength": 1}}
	case Choice:
		o := object{"type": "boolean"}
		if f.without != nil {
			o["default"] = f.without
		}
		return o
	case []Device:
		one := s.devices(name)
		return object{"type": "array", "items": one, "description": one["description"]}
	}
	if usual.Kind() == reflect.Slice {
		one := s.table(reflect.New(usual.Type().Elem()).Elem())
		o := object{"type": "array", "items": one, "description": one["description"]}
		if strings.HasSuffix(t.Field(i).Tag.Get("toml"), ",required") {
			o["minItems"] = 1
		}
		return o
	}
	return s.table(usual)
}

func textOf(f fact, usual string) object {
	o := object{"type": "string"}
	switch {
	case f.words != nil:
		o["enum"] = f.words
	case f.likely != nil: // a file may add to them
		o["anyOf"] = []object{{"enum": f.likely}, {"pattern": "^[a-z0-9_-]+$"}}
	case f.pattern != "":
		o["pattern"] = f.pattern
	}
	if usual != "" {
		o["default"] = usual
	}
	return o
}

// kinds says which keys a station has by its kind.
func (s schemer) kinds(all object) []object {
	var each []object
	for _, kind := range stationKinds {
		known := append([]string{"name", "kind"}, keysOf(kind)...)
		not := object{}
		for key := range all {
			if !slices.Contains(known, key) {
				not[key] = false
			}
		}
		then := object{"required": neededBy(kind), "properties": not}
		if kind == kindVerify {
			then["anyOf"] = []object{{"required": []string{"reject"}}, {"required": []string{"request", "verdict", "acknowledge"}}}
		}
		each = append(each, when("kind", kind, then))
	}
	return each
}

// systems says that a line has one national system, and what that needs.
func systems() []object {
	products := func(needs object) object {
		return object{"product": object{"items": needs}}
	}
	one := func(key string) object {
		return object{"anyOf": []object{{"required": []string{key}}, {"required": []string{key + "_id"}}}}
	}
	return []object{
		{"required": []string{"izkm"}, "properties": products(object{"required": []string{"template_id"}})},
		{"required": []string{"smartone"}, "properties": products(object{"allOf": []object{one("assort"), one("unit")}})},
	}
}

func when(key, value string, then object) object {
	return object{"if": object{"properties": object{key: object{"const": value}}, "required": []string{key}}, "then": then}
}

// devices is the schema of the devices of one kind: what all have, every key of any driver for editors that
// know no more, and what each driver has.
func (s schemer) devices(section string) object {
	o := s.table(reflect.New(reflect.TypeFor[Device]()).Elem())
	properties, _ := o["properties"].(object)
	var names, abouts []string
	var each []object
	for _, m := range drivers.Manuals() {
		if m.Kind != section {
			continue
		}
		names, abouts = append(names, m.Name), append(abouts, m.Name+": "+m.Title())
		own, required := object{"name": true, "driver": true, "address": true}, []string{}
		for _, d := range settingsOfDriver(m) {
			own[d.Key] = optionOf(d)
			if d.required {
				required = append(required, d.Key)
			}
			p, _ := properties[d.Key].(object)
			if p == nil {
				p = object{"description": m.Name + ": " + d.about}
			} else {
				p["description"] = fmt.Sprint(p["description"], "; ", m.Name, ": ", d.about)
			}
			properties[d.Key] = p
		}
		then := object{"properties": own, "additionalProperties": false}
		if len(required) > 0 {
			then["required"] = required
		}
		each = append(each, when("driver", m.Name, then))
	}
	properties["driver"] = object{"type": "string", "enum": names, "description": strings.Join(abouts, "; ")}
	o["allOf"] = each
	return o
}

// optionOf is the schema of a driver's own setting.
func optionOf(d described) object {
	o := object{"type": "string"}
	switch d.Kind {
	case drivers.SettingNumber:
		o = object{"type": "integer", "minimum": d.Least, "maximum": d.Most}
	case drivers.SettingSpan:
		o["pattern"] = durationForm
	case drivers.SettingTexts:
		o = object{"type": "object", "additionalProperties": object{"type": "string"}}
	case drivers.SettingList:
		o = object{"type": "array"}
	default:
		if d.Words != nil {
			o["enum"] = d.Words
		}
	}
	if d.Default != nil && d.Default != "" {
		o["default"] = written(d.Default)
	}
	if d.about != "" {
		o["description"] = d.about
	}
	return o
}
