package dataman

import (
	"maps"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/scanner/scantest"
)

// settings returns good settings with the options changed; nil takes one out.
func settings(options map[string]any) drivers.Settings {
	return drivers.Settings{Name: "cam-1", Address: "tcp://127.0.0.1:23",
		Options: drivertest.Changed(map[string]any{"encoding": "base64", "no_read": "NOREAD"}, options)}
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
		drivertest.WantProblem(t, name, err, c.key, c.problem, 0)
	}
}

func TestNewAccepts(t *testing.T) {
	scantest.Accepted(t, "dataman", settings,
		nil, map[string]any{"no_read": ""}, map[string]any{"encoding": "plain", "checksum": "xor"}, map[string]any{"terminator": ""}, map[string]any{"responses": "extended-2"},
		map[string]any{"responses": "silent", "encoding": nil, "terminator": "\x03", "separator": "|", "gs": "{GS}"},
		map[string]any{"responses": "silent", "encoding": nil, "idle": "0s"},
	)
}

// The sample is a working configuration, with and without its comments' keys, and names every key.
func TestSample(t *testing.T) {
	scantest.Sample(t, Sample, README, "responses", "encoding", "no_read", "checksum", "terminator", "separator", "aim", "gs", "fnc1",
		"max_length", "frame_timeout", "duplicate_window", "silence", "idle")
}
