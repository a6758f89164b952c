package dataman

import (
	"maps"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// settings returns good settings with the options changed; nil takes one out.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "cam-1", Address: "tcp://127.0.0.1:23", Options: map[string]any{"encoding": "base64", "no_read": "NOREAD"}}
	for key, v := range options {
		if s.Options[key] = v; v == nil {
			delete(s.Options, key)
		}
	}
	return s
}

func TestNewRefuses(t *testing.T) {
	silent := func(more map[string]any) map[string]any {
		all := map[string]any{"responses": "silent", "encoding": nil}
		maps.Copy(all, more)
		return all
	}
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"no encoding":             {map[string]any{"encoding": nil}, "encoding", "missing"},
		"encoding":                {map[string]any{"encoding": "hex"}, "encoding", "unknown"},
		"encoding and silent":     {map[string]any{"responses": "silent"}, "encoding", "plain text"},
		"no no_read":              {map[string]any{"no_read": nil}, "no_read", "missing"},
		"no_read like an answer":  {map[string]any{"no_read": "||x"}, "no_read", "begin with ||"},
		"no_read like a code":     {map[string]any{"no_read": "01047800123456"}, "no_read", "begins as codes do"},
		"no_read with separator":  {map[string]any{"no_read": "a|b", "separator": "|"}, "no_read", "separator"},
		"no_read with line end":   {map[string]any{"no_read": "NR\r"}, "no_read", "line end"},
		"no_read with terminator": {silent(map[string]any{"no_read": "N\x04", "terminator": "\x04"}), "no_read", "holds the terminator"},
		"separator in codes":      {map[string]any{"separator": ","}, "separator", "a code may hold"},
		"separator is GS":         {map[string]any{"separator": "\x1d"}, "separator", "GS"},
		"separator cuts AIM":      {map[string]any{"separator": "]"}, "separator", "AIM"},
		"separator and stand-in":  {map[string]any{"separator": "|", "gs": "|"}, "separator", "stand-in"},
		"separator and FNC1":      {map[string]any{"separator": "}", "fnc1": "{F}"}, "separator", "FNC1"},
		"separator and end":       {silent(map[string]any{"terminator": "#|", "separator": "|"}), "separator", "told from the terminator"},
		"terminator in codes":     {map[string]any{"terminator": ","}, "terminator", "a code may hold"},
		"silent without end":      {silent(map[string]any{"terminator": ""}), "terminator", "must have an end"},
		"silent and idle":         {silent(map[string]any{"idle": "1s"}), "idle", "cannot be asked"},
		"responses":               {map[string]any{"responses": "loud"}, "responses", "unknown"},
		"checksum":                {map[string]any{"checksum": "crc"}, "checksum", "unknown"},
		"max_length":              {map[string]any{"max_length": int64(255)}, "max_length", "out of range"},
		"silence":                 {map[string]any{"silence": "1ms"}, "silence", "too short"},
		"unknown":                 {map[string]any{"separater": "|"}, "separater", "unknown"},
	} {
		_, err := drivers.NewScanner("dataman", settings(c.options))
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

func TestNewAccepts(t *testing.T) {
	for _, options := range []map[string]any{
		nil, {"no_read": ""}, {"encoding": "plain", "checksum": "xor"}, {"terminator": ""}, {"responses": "extended-2"},
		{"responses": "silent", "encoding": nil, "terminator": "\x03", "separator": "|", "gs": "{GS}"},
		{"responses": "silent", "encoding": nil, "idle": "0s"},
	} {
		if _, err := New(settings(options)); err != nil {
			t.Errorf("%q: %v", options, err)
		}
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
	for _, key := range []string{"responses", "encoding", "no_read", "checksum", "terminator", "separator", "aim", "gs", "fnc1",
		"max_length", "duplicate_window", "silence", "idle"} {
		if !strings.Contains(Sample, key) || !strings.Contains(README, "`"+key+"`") {
			t.Errorf("%s is not in the sample or not in the README", key)
		}
	}
}
