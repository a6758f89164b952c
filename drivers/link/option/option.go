// Package option reads a driver's own keys from its settings, and collects every problem
// with the key and a hint, so that one run of the configuration check shows all of them.
package option

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// Keys is one device's options while a driver's New reads them. Each reading method
// returns the default where the key is absent or wrong; Err tells of all that was wrong.
type Keys struct {
	values map[string]any
	known  []string
	files  map[string]string // what settings name that are files
	asked  func(drivers.Setting)
	errs   []error
}

// Of begins to read the options of a device. It checks the address too, unless the
// settings bring their own Dial. A driver names the schemes that it serves; none named is
// tcp and serial, where the agent is the one that connects.
func Of(s drivers.Settings, schemes ...string) *Keys {
	k := &Keys{values: s.Options, files: map[string]string{}, asked: s.Asked}
	if s.Dial == nil {
		scheme, _, found := strings.Cut(s.Address, "://")
		if len(schemes) == 0 && link.Listens(s.Address) {
			schemes = []string{"tcp", "serial"}
		}
		if found && len(schemes) > 0 && !slices.Contains(schemes, scheme) {
			k.Fail("address", scheme+":// is not served by this driver", "served: "+strings.Join(schemes, "://, ")+"://")
		} else if bad, ok := errors.AsType[*link.AddressError](link.Check(s.Address)); ok {
			k.Fail("address", bad.Problem, bad.Hint)
		}
	}
	return k
}

// Fail notes a problem with a key, or with the file that it names.
func (k *Keys) Fail(key, problem, hint string) {
	k.errs = append(k.errs, &drivers.OptionError{Key: key, Problem: problem, Hint: hint, File: k.files[key]})
}

// Err returns every problem noted, and those of keys that nobody asked for: nil, or
// *drivers.OptionError values joined.
func (k *Keys) Err() error {
	for _, key := range slices.Sorted(maps.Keys(k.values)) {
		if slices.Contains(k.known, key) {
			continue
		}
		hint := "known: " + strings.Join(slices.Sorted(slices.Values(k.known)), ", ")
		if near := Nearest(key, k.known); near != "" {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
		k.Fail(key, "unknown setting", hint)
	}
	return errors.Join(k.errs...)
}

func (k *Keys) lookup(key string) (any, bool) {
	k.known = append(k.known, key)
	v, ok := k.values[key]
	return v, ok
}

// tell says what was read, to whoever wants to know what a driver takes.
func (k *Keys) tell(s drivers.Setting) {
	if k.asked == nil {
		return
	}
	_, s.Given = k.values[s.Key]
	k.asked(s)
}

// text reads a string. It is not ok where the key is absent or no string.
func (k *Keys) text(key string) (s string, ok bool) {
	v, given := k.lookup(key)
	if !given {
		return "", false
	}
	if s, ok = v.(string); !ok {
		k.Fail(key, fmt.Sprintf("%v is no text", v), "write it in quotes")
	}
	return s, ok
}

// String returns a text. The words are those that the driver takes, if it takes no others: they are
// told to whoever asks, and the driver itself checks them.
func (k *Keys) String(key, absent string, words ...string) string {
	s, ok := k.text(key)
	if !ok {
		s = absent
	}
	k.tell(drivers.Setting{Key: key, Kind: drivers.SettingText, Words: words, Default: absent, Value: s})
	return s
}

// File returns the path of a file as the settings have it; "" where the key is absent. What is found
// wrong with the key from then on is wrong in that file.
func (k *Keys) File(key string) string {
	s, ok := k.text(key)
	if ok && s != "" {
		k.files[key] = s
	}
	k.tell(drivers.Setting{Key: key, Kind: drivers.SettingFile, Value: s})
	return s
}

// OneOf returns one of the allowed words; the first is the default.
func (k *Keys) OneOf(key string, allowed ...string) string {
	s, ok := k.text(key)
	if ok && !slices.Contains(allowed, s) {
		k.Fail(key, fmt.Sprintf("%q is unknown", s), "known: "+strings.Join(allowed, ", "))
		ok = false
	}
	if !ok {
		s = allowed[0]
	}
	k.tell(drivers.Setting{Key: key, Kind: drivers.SettingText, Words: allowed, Default: allowed[0], Value: s})
	return s
}

// Int returns a whole number from least to most. A default out of these bounds is none: what the
// setting stands for does not happen without it.
func (k *Keys) Int(key string, absent, least, most int) int {
	n := k.number(key, absent, least, most)
	told := drivers.Setting{Key: key, Kind: drivers.SettingNumber, Least: least, Most: most, Value: n}
	if absent >= least && absent <= most {
		told.Default = absent
	}
	k.tell(told)
	return n
}

func (k *Keys) number(key string, absent, least, most int) int {
	v, ok := k.lookup(key)
	if !ok {
		return absent
	}
	n, ok := v.(int64)
	if !ok {
		k.Fail(key, fmt.Sprintf("%v is no whole number", v), fmt.Sprintf("write a number from %d to %d, without quotes", least, most))
		return absent
	}
	if n < int64(least) || n > int64(most) {
		k.Fail(key, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("%d to %d is possible", least, most))
		return absent
	}
	return int(n)
}

// Duration returns a span of time, written as Go writes it ("20ms", "3s"), of at least least.
func (k *Keys) Duration(key string, absent, least time.Duration) time.Duration {
	d := k.span(key, absent, least)
	k.tell(drivers.Setting{Key: key, Kind: drivers.SettingSpan, Shorter: least, Default: absent, Value: d})
	return d
}

func (k *Keys) span(key string, absent, least time.Duration) time.Duration {
	s, ok := k.text(key)
	if !ok {
		return absent
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		k.Fail(key, fmt.Sprintf("%q is no duration", s), `write it like "20ms" or "3s"`)
		return absent
	case d < least:
		k.Fail(key, fmt.Sprintf("%s is too short", d), fmt.Sprintf("at least %s is possible", least))
		return absent
	}
	return d
}

// Texts returns a table of names to texts; nil where the key is absent.
func (k *Keys) Texts(key string) map[string]string {
	v, ok := k.lookup(key)
	k.tell(drivers.Setting{Key: key, Kind: drivers.SettingTexts, Value: v})
	if !ok {
		return nil
	}
	table, ok := v.(map[string]any)
	if !ok {
		k.Fail(key, "this is no table", fmt.Sprintf("write name = \"...\" lines under [*.%s]", key))
		return nil
	}
	texts := make(map[string]string, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if s, ok := table[name].(string); ok {
			texts[name] = s
			continue
		}
		k.Fail(key+"."+name, fmt.Sprintf("%v is no text", table[name]), "write it in quotes")
	}
	return texts
}

// List returns an array as TOML gave it, for the driver to look into: []any, []map[string]any, or what
// else stands there by mistake; nil where the key is absent.
func (k *Keys) List(key string) any {
	v, _ := k.lookup(key)
	k.tell(drivers.Setting{Key: key, Kind: drivers.SettingList, Value: v})
	return v
}
