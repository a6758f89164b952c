package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
	"linemark/drivers/link"
)

// askDriver makes a device's driver and tells asked of every key that it reads. The driver touches
// nothing then; what is wrong with the settings is the error.
func askDriver(section, driver string, s drivers.Settings, asked func(drivers.Setting)) error {
	s.Asked = asked
	var err error
	switch section {
	case "printer":
		_, err = drivers.NewPrinter(driver, s)
	case "scanner":
		_, err = drivers.NewScanner(driver, s)
	default:
		_, err = drivers.NewPLC(driver, s)
	}
	return err
}

// described is a driver's setting with what its sample says of it.
type described struct {
	drivers.Setting
	about    string
	required bool // a driver does not work without it
}

// settingsOfDriver returns the settings of a driver in the order of its sample. It learns them by
// letting the driver read its own sample, with and without what stands in comments there.
func settingsOfDriver(m drivers.Manual) []described {
	sample := readSample(m)
	var all []described
	note := func(s drivers.Setting) {
		i := slices.IndexFunc(all, func(d described) bool { return d.Key == s.Key })
		switch {
		case i < 0:
			all = append(all, described{Setting: s, about: sample.about[s.Key]})
		case all[i].Words == nil:
			all[i].Words = s.Words
		}
	}
	for _, options := range []map[string]any{sample.options, {}, sample.more} {
		_ = askDriver(m.Kind, m.Name, sample.settings(options), note) // what it asks counts, not what it says
	}
	for i := range all {
		all[i].required = sample.needs(m, all[i].Key)
	}
	slices.SortStableFunc(all, func(a, b described) int {
		return sample.place(a.Key) - sample.place(b.Key)
	})
	return all
}

// driverSample is a driver's part of a configuration, taken apart.
type driverSample struct {
	options map[string]any    // as it stands there
	more    map[string]any    // and with what stands in comments
	about   map[string]string // what it says of each key
	order   []string
	address string
}

func readSample(m drivers.Manual) *driverSample {
	s := &driverSample{options: table(m, m.Sample), about: map[string]string{}}
	var whole []string
	inside := false // a table of names that people choose
	for line := range strings.Lines(m.Sample) {
		text := strings.TrimSpace(line)
		bared := strings.TrimSpace(strings.TrimLeft(text, "#"))
		key, value, isKey := strings.Cut(bared, "=")
		key = strings.TrimSpace(key)
		switch {
		case strings.HasPrefix(text, "["):
			header, about, _ := strings.Cut(strings.Trim(text, "["), "]")
			_, key, inside = strings.Cut(header, ".")
			s.about[key] = behind(strings.TrimPrefix(about, "]"))
			if inside {
				s.order = append(s.order, key)
			}
		case isKey && bare(key) && !inside:
			s.order = append(s.order, key)
			s.about[key] = behind(value)
			line = bared + "\n"
		}
		whole = append(whole, line)
	}
	s.more = table(m, strings.Join(whole, ""))
	s.address, _ = s.options["address"].(string)
	for _, key := range []string{"name", "driver", "address"} {
		delete(s.options, key)
		delete(s.more, key)
	}
	return s
}

// table returns the device of a sample; nothing of a sample that is no TOML.
func table(m drivers.Manual, text string) map[string]any {
	var file map[string][]map[string]any
	if _, err := toml.Decode(text, &file); err != nil || len(file[m.Kind]) == 0 {
		return map[string]any{}
	}
	return file[m.Kind][0]
}

// behind is the comment behind a value.
func behind(value string) string {
	quote := byte(0)
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quote == '"' && c == '\\':
			i++
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '#':
			return strings.TrimSpace(value[i+1:])
		}
	}
	return ""
}

func (s *driverSample) settings(options map[string]any) drivers.Settings {
	return drivers.Settings{Name: "sample", Address: s.address, Options: options, Dial: link.Dial}
}

// needs says whether the driver refuses its sample without this key.
func (s *driverSample) needs(m drivers.Manual, key string) bool {
	if _, ok := s.options[key]; !ok {
		return false
	}
	without := map[string]any{}
	for k, v := range s.options {
		if k != key {
			without[k] = v
		}
	}
	refused := func(options map[string]any) bool {
		return speaksOf(askDriver(m.Kind, m.Name, s.settings(options), nil), key)
	}
	return refused(without) && refused(nil) // some are needed only beside others
}

// speaksOf says whether a driver's error is about this key.
func speaksOf(err error, key string) bool {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.ContainsFunc(all.Unwrap(), func(err error) bool { return speaksOf(err, key) })
	}
	bad, ok := errors.AsType[*drivers.OptionError](err)
	return ok && bad.Key == key
}

func (s *driverSample) place(key string) int {
	if i := slices.Index(s.order, key); i >= 0 {
		return i
	}
	return len(s.order)
}
