package zpl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

func settings(t *testing.T, label string, options map[string]any) drivers.Settings {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(label), 0o600); err != nil {
		t.Fatal(err)
	}
	s := drivers.Settings{Name: "tij-1", Address: "tcp://127.0.0.1:9100", Dir: dir, Options: map[string]any{"label": "unit.zpl"}}
	for k, v := range options {
		if s.Options[k] = v; v == nil {
			delete(s.Options, k)
		}
	}
	return s
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		label         string
		options       map[string]any
		key, problem  string
		otherProblems int
	}{
		"no label":        {unit, map[string]any{"label": nil}, "label", "missing", 0},
		"no such file":    {unit, map[string]any{"label": "labels/unit.zpl"}, "label", "cannot be read", 0},
		"bad label":       {strings.Replace(unit, "^PQ1", "^PQ2", 1), nil, "label", "^PQ2", 0},
		"unknown key":     {unit, map[string]any{"lable": "x"}, "lable", "unknown setting", 0},
		"escape":          {unit, map[string]any{"escape": "_"}, "escape", "may be part of a code", 0},
		"another escape":  {unit, map[string]any{"escape": "$"}, "label", "names the escape character #, but escape is $", 0},
		"gs1":             {unit, map[string]any{"gs1": "sometimes"}, "gs1", "unknown", 0},
		"format":          {unit, map[string]any{"format": "flash"}, "format", "unknown", 0},
		"store of whole":  {unit, map[string]any{"store": "R:LM.ZPL"}, "store", "not stored", 0},
		"store, no drive": {unit, map[string]any{"format": "stored", "store": "LM.ZPL"}, "store", "no name of a stored format", 0},
		"store, long":     {unit, map[string]any{"format": "stored", "store": "R:LINEMARK1.ZPL"}, "store", "no name", 0},
		"store, commands": {unit, map[string]any{"format": "stored", "store": "R:A^XZ.ZPL"}, "store", "no name", 0},
		"not storable":    {strings.Replace(unit, "^PQ1", "^FN1^PQ1", 1), map[string]any{"format": "stored"}, "label", "^FN", 0},
		"no ZPL":          {"SIZE 60 mm,40 mm\r\n", map[string]any{"format": "stored"}, "label", "the file is TSPL, not ZPL", 0},
		"poll":            {unit, map[string]any{"poll": "0s"}, "poll", "too short", 0},
		"silence":         {unit, map[string]any{"silence": "1ms"}, "silence", "too short", 0},
		"odometer":        {unit, map[string]any{"odometer": "x\"\r\n"}, "odometer", "no name", 0},
		"all at once":     {"^XA^XZ", map[string]any{"poll": "x", "colour": "red"}, "label", "neither", 2},
		"escape and more": {unit, map[string]any{"escape": "1", "colour": "red"}, "escape", "may be part", 1},
	} {
		_, err := drivers.NewPrinter("zpl", settings(t, c.label, c.options))
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Errorf("%s: %v is not joined", name, err)
			continue
		}
		found := false
		for _, e := range joined.Unwrap() {
			bad, ok := e.(*drivers.OptionError)
			if !ok || bad.Hint == "" {
				t.Errorf("%s: %#v is no *drivers.OptionError with a hint", name, e)
				continue
			}
			found = found || bad.Key == c.key && strings.Contains(bad.Problem, c.problem)
		}
		if !found || len(joined.Unwrap()) != 1+c.otherProblems {
			t.Errorf("%s: %v, want %s: %s and %d more", name, err, c.key, c.problem, c.otherProblems)
		}
	}
}

func TestNewChecksTheAddress(t *testing.T) {
	s := settings(t, unit, nil)
	s.Address = "tcp://127.0.0.1"
	_, err := New(s)
	if bad, ok := errors.AsType[*drivers.OptionError](err); !ok || bad.Key != "address" {
		t.Errorf("New = %v", err)
	}
}

func TestTraits(t *testing.T) {
	p, err := drivers.NewPrinter("zpl", settings(t, unit, nil))
	if err != nil {
		t.Fatal(err)
	}
	traits := p.Traits()
	if traits.Confirms != drivers.ConfirmsCount || traits.MaxAhead != 0 || traits.Poll != 20*time.Millisecond {
		t.Errorf("traits = %+v", traits)
	}
	if err := traits.CheckCode([]byte(nasty)); err != nil {
		t.Errorf("CheckCode = %v", err)
	}
	if err := traits.CheckCode([]byte("01^")); err == nil || !strings.Contains(err.Error(), "5E") {
		t.Errorf("CheckCode of a caret = %v", err)
	}
}

func TestGS1Never(t *testing.T) {
	p, err := New(settings(t, unit, map[string]any{"gs1": "never"}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.label.render(nil, drivers.Label{Code: []byte("04601234567893ABCDEF1")})
	if err != nil || !strings.Contains(string(got), "^FD04601234567893ABCDEF1^FS") {
		t.Errorf("%q, %v", got, err)
	}
}

// The sample is a working configuration, with and without its comments' keys, and the
// README's label is accepted.
func TestSampleAndREADME(t *testing.T) {
	var open []string
	for l := range strings.Lines(Sample) {
		l = strings.TrimPrefix(l, "# ")
		open = append(open, l)
	}
	for _, text := range []string{Sample, strings.Join(open, "")} {
		var file struct{ Printer []map[string]any }
		if _, err := toml.Decode(text, &file); err != nil || len(file.Printer) != 1 {
			t.Fatalf("%v in\n%s", err, text)
		}
		device := file.Printer[0]
		var label string
		for l := range strings.Lines(README) {
			if strings.HasPrefix(l, "    ^XA") && strings.Contains(l, "{code}") {
				label = strings.TrimSpace(l)
			}
		}
		s := settings(t, label, device)
		s.Address = device["address"].(string)
		driver := device["driver"].(string)
		for _, key := range []string{"name", "driver", "address"} {
			delete(s.Options, key)
		}
		s.Options["label"] = "unit.zpl"
		if _, err := drivers.NewPrinter(driver, s); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}
