package sbpl

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
)

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		label         string
		options       map[string]any
		key, problem  string
		otherProblems int
	}{
		"no label":         {unit, map[string]any{"label": nil}, "label", "missing", 0},
		"no such file":     {unit, map[string]any{"label": "labels/unit.sbpl"}, "label", "cannot be read", 0},
		"ZPL":              {"^XA^FD{code}^FS^XZ", nil, "label", "the file is ZPL, not SBPL", 0},
		"bad label":        {strings.Replace(unit, "Q1", "Q2", 1), nil, "label", "Q2", 0},
		"unknown key":      {unit, map[string]any{"lable": "x"}, "lable", "unknown setting", 0},
		"no FNC1 form":     {unit, map[string]any{"fnc1_form": nil}, "fnc1_form", "is missing", 0},
		"control in form":  {unit, map[string]any{"fnc1_form": "\x1b1"}, "fnc1_form", "byte 1B", 1},
		"form not ASCII":   {unit, map[string]any{"fnc1_form": "~\u00e8"}, "fnc1_form", "byte E8", 1},
		"bad separator":    {unit, map[string]any{"separator": "\x05"}, "separator", "byte 05", 0},
		"needless":         {unit, map[string]any{"fnc1_form": "none", "separator": "~1"}, "separator", "no GS1", 0},
		"no ECC":           {unit, map[string]any{"ecc": nil}, "ecc", "is missing", 0},
		"unknown ECC":      {unit, map[string]any{"ecc": "2000"}, "ecc", "does not say", 0},
		"other ECC":        {unit, map[string]any{"ecc": "200"}, "label", `is for ecc = "20", and the setting is ecc = "200"`, 0},
		"no status":        {unit, map[string]any{"status": nil}, "status", "no protocol", 0},
		"status 5":         {unit, map[string]any{"status": "5-enq"}, "status", "no protocol", 0},
		"status address":   {unit, map[string]any{"status_address": "1.2.3.4:1025"}, "status_address", "no scheme", 0},
		"status 3 address": {unit, map[string]any{"status": "3-enq", "status_address": "tcp://1.2.3.4:1025"}, "status_address", "of the jobs", 0},
		"poll":             {unit, map[string]any{"poll": "0s"}, "poll", "too short", 0},
		"settle":           {unit, map[string]any{"settle": "1ms"}, "settle", "too short", 0},
		"silence":          {unit, map[string]any{"silence": "1ms"}, "silence", "too short", 0},
		"all at once":      {"<ESC>A<ESC>Q1<ESC>Z", map[string]any{"poll": "x", "colour": "red"}, "label", "neither", 2},
	} {
		_, err := drivers.NewPrinter("sbpl", settings(t, c.label, c.options))
		drivertest.WantProblem(t, name, err, c.key, c.problem, c.otherProblems)
	}
}

func TestNewChecksTheAddress(t *testing.T) {
	for _, c := range []struct {
		address, status, key string
	}{
		{"tcp://127.0.0.1", "4-enq", "address"},
		{"tcp://127.0.0.1:1024", "4-enq", "status_address"},
		{"tcp://127.0.0.1:1024", "4-cyclic", "status_address"},
		{"serial://COM3?baud=9600", "4-cyclic", "status"},
		{"tcp://127.0.0.1:1024", "3-enq", ""},
		{"serial://COM3?baud=9600", "3-enq", ""},
		{"serial://COM3?baud=9600", "4-enq", ""},
		{"tcp://127.0.0.1:9100", "4-cyclic", ""},
	} {
		s := settings(t, unit, map[string]any{"status": c.status})
		s.Address = c.address
		_, err := New(s)
		bad, ok := errors.AsType[*drivers.OptionError](err)
		if ok != (c.key != "") || ok && bad.Key != c.key {
			t.Errorf("%s, %s: %v, want %q", c.address, c.status, err, c.key)
		}
	}
}

func TestTraits(t *testing.T) {
	p, err := drivers.NewPrinter("sbpl", settings(t, unit, nil))
	if err != nil {
		t.Fatal(err)
	}
	traits := p.Traits()
	if traits.Confirms != drivers.ConfirmsIdentity || traits.MaxAhead != 99 || traits.Poll != 50*time.Millisecond {
		t.Errorf("traits = %+v", traits)
	}
	told, err := New(settings(t, unit, map[string]any{"status": "4-cyclic"}))
	if err != nil {
		t.Fatal(err)
	}
	if n := told.Traits().MaxAhead; n != 1 {
		t.Errorf("%d labels ahead of a status that comes by itself", n)
	}
	if err := traits.CheckCode([]byte(nasty)); err != nil {
		t.Errorf("CheckCode = %v", err)
	}
	if err := traits.CheckCode([]byte("01\x05")); err == nil || !strings.Contains(err.Error(), "05") {
		t.Errorf("CheckCode of ENQ = %v", err)
	}
}

// Codes that are no GS1 element strings need no form; those that are get refused then.
func TestNoGS1(t *testing.T) {
	p := build(t, trigger, map[string]any{"fnc1_form": "none", "settle": "100ms"})
	if err := p.driver.Traits().CheckCode([]byte(nasty)); err == nil {
		t.Error("a code with GS goes through")
	}
	s := p.open(t)
	drivertest.Send(t, s, "01A")
	drivertest.WantPrinted(t, s, 0)
	if got := p.Received()[0].Symbols; len(got) != 1 || got[0].GS1 || string(got[0].Data) != "01A" {
		t.Errorf("received %+v", got)
	}
}

// The README's label is accepted, and so is the sample with it.
func TestSampleAndREADME(t *testing.T) {
	var label string
	for l := range strings.Lines(README) {
		if strings.HasPrefix(l, "    <ESC>A") {
			label = strings.TrimSpace(l)
		}
	}
	drivertest.Sample(t, Sample, README, func(s *drivers.Settings) {
		s.Dir, s.Options["label"] = settings(t, label, nil).Dir, "unit.sbpl"
	})
}
