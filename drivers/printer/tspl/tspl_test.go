package tspl

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
		"no label":     {unit, map[string]any{"label": nil}, "label", "missing", 0},
		"no such file": {unit, map[string]any{"label": "labels/unit.tspl"}, "label", "cannot be read", 0},
		"ZPL":          {"^XA^FD{code}^FS^XZ", nil, "label", "the file is ZPL, not TSPL", 0},
		"bad label":    {strings.Replace(unit, "PRINT 1", "PRINT 2", 1), nil, "label", "PRINT 2", 0},
		"unknown key":  {unit, map[string]any{"lable": "x"}, "lable", "unknown setting", 0},
		"quote form":   {unit, map[string]any{"quote_form": "double"}, "quote_form", "unknown", 0},
		"gs1":          {unit, map[string]any{"gs1": "sometimes"}, "gs1", "unknown", 0},
		"reprint":      {unit, map[string]any{"reprint": "on"}, "reprint", "unknown", 0},
		"out":          {unit, map[string]any{"out": "NET \""}, "out", "no single word", 0},
		"cancel":       {unit, map[string]any{"cancel": "?"}, "cancel", "not the one character", 0},
		"long cancel":  {unit, map[string]any{"cancel": "!R"}, "cancel", "not the one character", 0},
		"bad cancel":   {unit, map[string]any{"cancel": "\r"}, "cancel", "not the one character", 0},
		"poll":         {unit, map[string]any{"poll": "0s"}, "poll", "too short", 0},
		"settle":       {unit, map[string]any{"settle": "0s"}, "settle", "too short", 0},
		"silence":      {unit, map[string]any{"silence": "1ms"}, "silence", "too short", 0},
		"all at once":  {"CLS\nPRINT 1", map[string]any{"poll": "x", "colour": "red"}, "label", "neither", 2},
	} {
		_, err := drivers.NewPrinter("tspl", settings(t, c.label, c.options))
		drivertest.WantProblem(t, name, err, c.key, c.problem, c.otherProblems)
	}
}

// OUT on a serial port is not established: the word has to be named.
func TestSerialNeedsOut(t *testing.T) {
	s := settings(t, unit, nil)
	s.Address = "serial://COM3?baud=9600"
	_, err := New(s)
	if bad, ok := errors.AsType[*drivers.OptionError](err); !ok || bad.Key != "out" {
		t.Errorf("New = %v", err)
	}
	s.Options["out"] = "COM"
	if p, err := New(s); err != nil || p.out != "COM" {
		t.Errorf("New = %v", err)
	}
	s.Address = "tcp://127.0.0.1"
	if _, err = New(s); err == nil || !strings.Contains(err.Error(), "the port is missing") {
		t.Errorf("New = %v", err)
	}
}

func TestTraits(t *testing.T) {
	p, err := drivers.NewPrinter("tspl", settings(t, unit, nil))
	if err != nil {
		t.Fatal(err)
	}
	traits := p.Traits()
	if traits.Confirms != drivers.ConfirmsCount || traits.MaxAhead != 0 || traits.Poll != 50*time.Millisecond {
		t.Errorf("traits = %+v", traits)
	}
	if err := traits.CheckCode([]byte(nasty)); err == nil || !strings.Contains(err.Error(), "22") {
		t.Errorf("CheckCode of a quotation mark = %v", err)
	}
	if err := traits.CheckCode([]byte(strings.Replace(nasty, `"`, "", 1))); err != nil {
		t.Errorf("CheckCode = %v", err)
	}
}

func TestGS1NeverAndReprint(t *testing.T) {
	p := build(t, trigger, map[string]any{"gs1": "never", "reprint": "leave", "settle": "1ms"})
	s := p.open(t)
	drivertest.Send(t, s, "01A")
	drivertest.WantPrinted(t, s, 0)
	got := p.Received()[0]
	if strings.Contains(string(got.TSPL), "REPRINT") || got.Symbols[0].GS1 || string(got.Symbols[0].Data) != "01A" {
		t.Errorf("received %q", got.TSPL)
	}
}

// The README's label is accepted, and so is the sample with it.
func TestSampleAndREADME(t *testing.T) {
	var label strings.Builder
	for l := range strings.Lines(README) {
		if strings.HasPrefix(l, "    ") {
			label.WriteString(strings.TrimSpace(l) + "\n")
		}
	}
	drivertest.Sample(t, Sample, README, func(s *drivers.Settings) {
		s.Dir, s.Options["label"] = settings(t, label.String(), nil).Dir, "unit.tspl"
	})
}
