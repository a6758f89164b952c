package text

import (
	"maps"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

func settings(options map[string]any) drivers.Settings {
	return drivers.Settings{Name: "cam-1", Address: "tcp://127.0.0.1:9004", Options: options}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"no terminator":            {map[string]any{"terminator": ""}, "terminator", "must have an end"},
		"terminator in codes":      {map[string]any{"terminator": ","}, "terminator", "a code may hold"},
		"terminator with GS":       {map[string]any{"terminator": "\x1d\r"}, "terminator", "GS stands inside"},
		"separator in codes":       {map[string]any{"separator": ";"}, "separator", "a code may hold"},
		"separator is GS":          {map[string]any{"separator": "\x1d"}, "separator", "GS stands inside"},
		"separator is terminator":  {map[string]any{"separator": "\n\r"}, "separator", "holds the terminator"},
		"separator in terminator":  {map[string]any{"terminator": "#|", "separator": "x#|"}, "separator", "holds the terminator"},
		"separator and stand-in":   {map[string]any{"separator": "|", "gs": "|"}, "separator", "stand-in"},
		"separator joins stand-in": {map[string]any{"separator": "A|", "gs": "|}"}, "separator", "stand-in"},
		"separator and FNC1":       {map[string]any{"separator": "}", "fnc1": "{FNC1}"}, "separator", "leading FNC1"},
		"separator cuts AIM":       {map[string]any{"separator": "]"}, "separator", "AIM identifier"},
		"terminator cuts AIM":      {map[string]any{"terminator": "]\r"}, "terminator", "AIM identifier"},
		"terminator in stand-in":   {map[string]any{"terminator": "A|", "gs": "|}"}, "gs", "told from the terminator"},
		"ambiguous stand-in":       {map[string]any{"gs": "<GS>"}, "gs", "a code may hold"},
		"FNC1 in codes":            {map[string]any{"fnc1": "FNC1"}, "fnc1", "a code may hold"},
		"no-read with its end":     {map[string]any{"no_read": "NOREAD\r\n"}, "no_read", "holds the terminator"},
		"heartbeat with an end":    {map[string]any{"heartbeat": "ALIVE\n"}, "heartbeat", "holds the terminator"},
		"prefix with an end":       {map[string]any{"prefix": "\x03A"}, "prefix", "holds the terminator"},
		"no-read and heartbeat":    {map[string]any{"no_read": "X", "heartbeat": "X"}, "heartbeat", "the same as no_read"},
		"aim":                      {map[string]any{"aim": "always"}, "aim", "unknown"},
		"server":                   {map[string]any{"role": "server"}, "role", "unknown"},
		"max_length":               {map[string]any{"max_length": int64(127)}, "max_length", "out of range"},
		"prefix of digits":         {map[string]any{"prefix": "01"}, "prefix", "begin with digits"},
		"no_read like a code":      {map[string]any{"no_read": "01047800123456"}, "no_read", "begins as codes do"},
		"duplicate_window":         {map[string]any{"duplicate_window": "-1s"}, "duplicate_window", "too short"},
		"unknown":                  {map[string]any{"terminater": "\r"}, "terminater", "unknown"},
		"no text":                  {map[string]any{"terminator": int64(13)}, "terminator", "no text"},
		"stand-in with terminator": {map[string]any{"terminator": "|#", "gs": "|#"}, "gs", "holds the terminator"},
	} {
		_, err := drivers.NewScanner("text", settings(c.options))
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

func TestNewTellsEverything(t *testing.T) {
	s := settings(map[string]any{"terminator": ",", "gs": "GS", "colour": "red"})
	s.Address = "nowhere"
	_, err := New(s)
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 4 {
		t.Errorf("New = %v", err)
	}
}

func TestNewAccepts(t *testing.T) {
	for _, options := range []map[string]any{
		nil,
		{"terminator": "\x03", "prefix": "\x02"},
		{"terminator": "\x04"},
		{"terminator": "\r\n", "separator": "|", "gs": "{GS}"},
		{"gs": " "}, {"gs": "^]"}, {"gs": "~1"}, {"gs": `\x1D`}, {"gs": "&#29;"},
		{"gs": "_x001D_"}, {"gs": "]C1"},
		{"fnc1": "\xe8"},
		{"aim": "none", "separator": "]"},
	} {
		if _, err := New(settings(options)); err != nil {
			t.Errorf("%q: %v", options, err)
		}
	}
}

func TestMarksAreBytes(t *testing.T) {
	sc, err := New(settings(map[string]any{"fnc1": "\u00e8"}))
	if err != nil || sc.rules.form.FNC1 != "\xe8" {
		t.Errorf("%q, %v", sc.rules.form.FNC1, err)
	}
}

// The sample is a working configuration, with and without its comments' keys.
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
	for _, key := range []string{"terminator", "no_read", "heartbeat", "prefix", "separator", "aim", "gs", "fnc1", "max_length", "duplicate_window", "role"} {
		if !strings.Contains(Sample, key) || !strings.Contains(README, "`"+key+"`") {
			t.Errorf("%s is not in the sample or not in the README", key)
		}
	}
}
