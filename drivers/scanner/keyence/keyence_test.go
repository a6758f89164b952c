package keyence

import (
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/scanner/scantest"
)

// settings returns good settings with the options changed; nil takes one out.
func settings(options map[string]any) drivers.Settings {
	return drivers.Settings{Name: "cam-1", Address: "tcp://127.0.0.1:9004",
		Options: drivertest.Changed(map[string]any{"answers": "detailed", "no_read": "ERROR"}, options)}
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
		drivertest.WantProblem(t, name, err, c.key, c.problem, 0)
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
	scantest.Sample(t, Sample, README, "answers", "no_read", "framing", "check", "hold", "separator", "aim", "gs", "fnc1",
		"max_length", "frame_timeout", "duplicate_window", "silence", "idle")
}
