package keyence

import (
	"maps"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// settings returns good settings with the options changed; nil takes one out.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "cam-1", Address: "tcp://127.0.0.1:9004", Options: map[string]any{"answers": "detailed", "no_read": "ERROR"}}
	for key, v := range options {
		if s.Options[key] = v; v == nil {
			delete(s.Options, key)
		}
	}
	return s
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"no answers":            {map[string]any{"answers": nil}, "answers", "missing"},
		"answers":               {map[string]any{"answers": "some"}, "answers", "unknown"},
		"no no_read":            {map[string]any{"no_read": nil}, "no_read", "missing"},
		"no_read too long":      {map[string]any{"no_read": "NOTHING!!"}, "no_read", "at most 8"},
		"no_read like an OK":    {map[string]any{"no_read": "OK,LON"}, "no_read", "answer commands so"},
		"no_read like an error": {map[string]any{"no_read": "ERR91"}, "no_read", "answer commands so"},
		"separator in codes":    {map[string]any{"separator": ","}, "separator", "a code may hold"},
		"separator is an end":   {map[string]any{"separator": "\r"}, "separator", "line end"},
		"stand-in is an end":    {map[string]any{"gs": "\x03"}, "gs", "line end"},
		"framing":               {map[string]any{"framing": "lf"}, "framing", "unknown"},
		"check":                 {map[string]any{"check": "LON"}, "check", "unknown"},
		"idle without check":    {map[string]any{"check": "", "idle": "1s"}, "idle", "no command"},
		"max_length":            {map[string]any{"max_length": int64(1)}, "max_length", "out of range"},
		"hold":                  {map[string]any{"hold": "-1s"}, "hold", "too short"},
		"unknown":               {map[string]any{"frameing": "cr"}, "frameing", "unknown"},
	} {
		_, err := drivers.NewScanner("keyence", settings(c.options))
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) != 1 {
			t.Errorf("%s: %v, want one problem", name, err)
			continue
		}
		bad, ok := joined.Unwrap()[0].(*drivers.OptionError)
		if !ok || bad.Key != c.key || !strings.Contains(bad.Problem, c.problem) || bad.Hint == "" {
			t.Errorf("%s: %#v, want %s: %s", name, bad, c.key, c.problem)
		}
	}
}

func TestPortIsRequired(t *testing.T) {
	s := settings(nil)
	s.Address = "tcp://192.168.10.51"
	if _, err := New(s); err == nil || !strings.Contains(err.Error(), "the port is missing") {
		t.Errorf("New = %v", err)
	}
}

// The sample is a working configuration, with and without its comments' keys, and names every key.
func TestSample(t *testing.T) {
	var open strings.Builder
	for l := range strings.Lines(Sample) {
		open.WriteString(strings.TrimPrefix(l, "# "))
	}
	for _, text := range []string{Sample, open.String()} {
		var file struct{ Scanner []map[string]any }
		if _, err := toml.Decode(text, &file); err != nil || len(file.Scanner) != 1 {
			t.Fatalf("%v in\n%s", err, text)
		}
		options := maps.Clone(file.Scanner[0])
		s := drivers.Settings{Address: options["address"].(string), Options: options}
		driver := options["driver"].(string)
		for _, key := range []string{"name", "driver", "address"} {
			delete(options, key)
		}
		if _, err := drivers.NewScanner(driver, s); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
	for _, key := range []string{"answers", "no_read", "framing", "check", "hold", "separator", "aim", "gs", "fnc1",
		"max_length", "duplicate_window", "silence", "idle"} {
		if !strings.Contains(Sample, key) || !strings.Contains(README, "`"+key+"`") {
			t.Errorf("%s is not in the sample or not in the README", key)
		}
	}
}
