package config

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"linemark/drivers"
)

// shown is one setting in force.
type shown struct {
	key   string
	value any    // string, int, bool; for a driver also what TOML knows besides
	usual bool   // the file does not have it: this is the default
	note  string // where a secret is kept
}

// shownTable is one table in force.
type shownTable struct {
	key      string
	array    bool // one of several
	settings []shown
	tables   []*shownTable
}

// inForce walks a configuration that has been checked.
type inForce struct{ cfg *Config }

// force returns everything that is in force: what the file says, and the defaults of what it does not say.
func (c *Config) force() *shownTable {
	f := inForce{c}
	root := &shownTable{}
	f.table(root, &place{}, reflect.ValueOf(c).Elem())
	root.tables = slices.DeleteFunc(root.tables, func(t *shownTable) bool { // they are there or not: defaults alone are neither
		return (t.key == "ediweb" || t.key == "diadoc" || t.key == "mqtt") && c.lines[childPath("", t.key)] == 0
	})
	for _, t := range root.tables {
		if t.key == "mqtt" {
			t.settings = t.with("client_id", c.MQTT.ClientIDOr(c), "broker")
			t.settings = t.with("prefix", c.MQTT.PrefixOr(c), "client_id")
		}
	}
	for i, l := range c.Lines {
		line := root.nth("line", i)
		line.settings = f.line(line.settings, l)
		for j, s := range l.Stations {
			station := line.nth("station", j)
			station.settings = f.station(station.settings, s)
		}
	}
	for i, p := range c.Products {
		product := root.nth("product", i)
		product.settings = product.with("group", p.GroupOr(c), "gtin")
	}
	for section, devices := range map[string][]Device{"printer": c.Printers, "scanner": c.Scanners, "plc": c.PLCs} {
		for i, d := range devices {
			f.device(root.nth(section, i), section, i, d)
		}
	}
	return root
}

// nth finds the table of one element.
func (t *shownTable) nth(key string, n int) *shownTable {
	for _, sub := range t.tables {
		if sub.key == key && sub.array {
			if n == 0 {
				return sub
			}
			n--
		}
	}
	return &shownTable{}
}

// with adds a default behind another setting, unless the file says otherwise.
func (t *shownTable) with(key string, value any, behind string) []shown {
	at := func(key string) int {
		return slices.IndexFunc(t.settings, func(s shown) bool { return s.key == key })
	}
	if at(key) >= 0 {
		return t.settings
	}
	return slices.Insert(t.settings, at(behind)+1, shown{key: key, value: value, usual: true})
}

// table takes over a struct's fields by their tags. What is neither given nor has a default is left out.
func (f inForce) table(into *shownTable, at *place, from reflect.Value) {
	if extra, ok := from.Interface().(Extra); ok {
		into.settings = extra.shown()
		return
	}
	for i := range from.NumField() {
		tag := from.Type().Field(i).Tag.Get("toml")
		name, option, _ := strings.Cut(tag, ",")
		if tag == "" || tag == "-" || option == "rest" {
			continue
		}
		here, field := at.at(name), from.Field(i)
		switch {
		case option == optionEither && f.cfg.lines[here.path] == 0:
		case isTable(field):
			sub := &shownTable{key: name}
			if f.table(sub, here, field); len(sub.settings)+len(sub.tables) > 0 {
				into.tables = append(into.tables, sub)
			}
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			for j := range field.Len() {
				sub := &shownTable{key: name, array: true}
				f.table(sub, here.element(j), field.Index(j))
				into.tables = append(into.tables, sub)
			}
		default:
			s := shown{key: name, usual: f.cfg.lines[here.path] == 0}
			if s.value, s.note = valueOf(field, factOf(from.Type(), i)); !s.usual || s.value != nil && s.value != "" && s.value != 0 {
				into.settings = append(into.settings, s)
			}
		}
	}
}

// valueOf is a field as TOML writes it; nil where nothing holds.
func valueOf(field reflect.Value, usual fact) (value any, note string) {
	switch v := field.Interface().(type) {
	case Secret:
		if v == (Secret{}) {
			return nil, ""
		}
		if v.ref != "" {
			note = "from " + v.ref
		}
		return v.String(), note
	case time.Duration:
		return short(v), ""
	case Choice:
		if v == Unset {
			return usual.without, ""
		}
		return v == Yes, ""
	case []int:
		return array(v), ""
	case []string:
		return array(v), ""
	case int:
		return v, ""
	case string:
		return v, ""
	}
	return nil, ""
}

// short writes 5m for 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// line adds the limit that holds where the file gives none.
func (f inForce) line(settings []shown, l Line) []shown {
	for i := range settings {
		if s := &settings[i]; s.key == "count_limit" && s.usual {
			s.value = l.LimitOfCounts(f.cfg.CounterOf(l) != "")
		}
	}
	return settings
}

// station keeps the settings that its kind has and that mean something beside the others.
func (f inForce) station(settings []shown, s Station) []shown {
	known := append([]string{"name", "kind"}, keysOf(s.Kind)...)
	idle := map[string]bool{
		"partial":    s.PackMode != PackHand || s.Printer != "",
		"unverified": s.Of != "",
		"pulse":      s.Request != "", "verdict_good": s.Request == "", "verdict_reject": s.Request == "", "match": s.Request == "",
		"signal_for": s.Refused == "" && s.Accepted == "",
	}
	settings = slices.DeleteFunc(settings, func(e shown) bool {
		return !slices.Contains(known, e.key) || e.usual && idle[e.key]
	})
	for i := range settings {
		if e := &settings[i]; e.key == "ahead" && e.usual {
			e.value = f.ahead(s)
		}
	}
	return settings
}

// ahead is how many codes the station keeps in its printer, which may hold less than is usual.
func (f inForce) ahead(s Station) int {
	if d, ok := f.cfg.Printer(s.Printer); ok {
		if p, err := drivers.NewPrinter(d.Driver, f.cfg.DeviceSettings(d)); err == nil && p.Traits().MaxAhead > 0 {
			return min(s.Ahead, p.Traits().MaxAhead)
		}
	}
	return s.Ahead
}

// written is a driver's default as the file has it.
func written(value any) any {
	if span, ok := value.(time.Duration); ok {
		return short(span)
	}
	return value
}

// device adds what the driver has read: the file's own values, and the driver's defaults. What the file has
// and the driver does not tell of is shown as well.
func (f inForce) device(t *shownTable, section string, n int, d Device) {
	at := (&place{}).at(section).element(n)
	fixed := len(t.settings)
	seen := map[string]bool{}
	add := func(key string, value any, usual bool) {
		if seen[key] || value == nil || usual && value == "" {
			return
		}
		seen[key] = true
		if table, ok := value.(map[string]any); ok {
			t.tables = append(t.tables, f.names(at.at(key), key, table))
			return
		}
		t.settings = append(t.settings, shown{key: key, value: value, usual: usual})
	}
	_ = askDriver(section, d.Driver, f.cfg.DeviceSettings(d), func(s drivers.Setting) { // what is wrong was told
		if s.Given {
			add(s.Key, d.Options[s.Key], false)
			return
		}
		add(s.Key, written(s.Default), true)
	})
	for _, key := range f.inLines(at, d.Options) {
		add(key, d.Options[key], false)
	}
	m, err := manualOf(section, d.Driver)
	if err != nil {
		return
	}
	sample := readSample(m) // which has them in a good order
	slices.SortStableFunc(t.settings[fixed:], func(a, b shown) int { return sample.place(a.key) - sample.place(b.key) })
	slices.SortStableFunc(t.tables, func(a, b *shownTable) int { return sample.place(a.key) - sample.place(b.key) })
}

// names is a table of names that people choose.
func (f inForce) names(at *place, key string, table map[string]any) *shownTable {
	t := &shownTable{key: key}
	for _, name := range f.inLines(at, table) {
		t.settings = append(t.settings, shown{key: name, value: table[name]})
	}
	return t
}

// inLines returns a table's keys in the order of the file.
func (f inForce) inLines(at *place, table map[string]any) []string {
	return slices.SortedFunc(maps.Keys(table), func(a, b string) int {
		return cmp.Or(f.cfg.lines[at.at(a).path]-f.cfg.lines[at.at(b).path], strings.Compare(a, b))
	})
}

// array is a list as JSON and TOML have it; nil where nothing was given.
func array[T any](v []T) any {
	if v == nil {
		return nil
	}
	all := make([]any, len(v))
	for i := range v {
		all[i] = v[i]
	}
	return all
}
