package text

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/scanner/scantest"
)

func settings(options map[string]any) drivers.Settings {
	return drivers.Settings{Name: "cam-1", Address: "tcp://127.0.0.1:9004", Options: options}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"no terminator":              {map[string]any{"terminator": ""}, "terminator", "must have an end"},
		"terminator in codes":        {map[string]any{"terminator": ","}, "terminator", "a code may hold"},
		"terminator with GS":         {map[string]any{"terminator": "\x1d\r"}, "terminator", "GS stands inside"},
		"separator in codes":         {map[string]any{"separator": ";"}, "separator", "a code may hold"},
		"separator is GS":            {map[string]any{"separator": "\x1d"}, "separator", "GS stands inside"},
		"separator is terminator":    {map[string]any{"separator": "\n\r"}, "separator", "holds the terminator"},
		"separator in terminator":    {map[string]any{"terminator": "#|", "separator": "x#|"}, "separator", "holds the terminator"},
		"separator and stand-in":     {map[string]any{"separator": "|", "gs": "|"}, "separator", "stand-in"},
		"separator joins stand-in":   {map[string]any{"separator": "A|", "gs": "|}"}, "separator", "stand-in"},
		"separator and FNC1":         {map[string]any{"separator": "}", "fnc1": "{FNC1}"}, "separator", "leading FNC1"},
		"separator cuts AIM":         {map[string]any{"separator": "]"}, "separator", "AIM identifier"},
		"terminator cuts AIM":        {map[string]any{"terminator": "]\r"}, "terminator", "AIM identifier"},
		"terminator in stand-in":     {map[string]any{"terminator": "A|", "gs": "|}"}, "gs", "told from the terminator"},
		"ambiguous stand-in":         {map[string]any{"gs": "<GS>"}, "gs", "a code may hold"},
		"FNC1 in codes":              {map[string]any{"fnc1": "FNC1"}, "fnc1", "a code may hold"},
		"no-read with its end":       {map[string]any{"no_read": "NOREAD\r\n"}, "no_read", "holds the terminator"},
		"heartbeat with an end":      {map[string]any{"heartbeat": "ALIVE\n"}, "heartbeat", "holds the terminator"},
		"prefix with an end":         {map[string]any{"prefix": "\x03A"}, "prefix", "holds the terminator"},
		"no-read and heartbeat":      {map[string]any{"no_read": "X", "heartbeat": "X"}, "heartbeat", "the same as no_read"},
		"aim":                        {map[string]any{"aim": "always"}, "aim", "unknown"},
		"role":                       {map[string]any{"role": "master"}, "role", "unknown"},
		"server at tcp://":           {map[string]any{"role": "server"}, "role", "the agent connects"},
		"max_length":                 {map[string]any{"max_length": int64(127)}, "max_length", "out of range"},
		"prefix of digits":           {map[string]any{"prefix": "01"}, "prefix", "begin with digits"},
		"no_read like a code":        {map[string]any{"no_read": "01047800123456"}, "no_read", "begins as codes do"},
		"duplicate_window":           {map[string]any{"duplicate_window": "-1s"}, "duplicate_window", "too short"},
		"unknown":                    {map[string]any{"terminater": "\r"}, "terminater", "unknown"},
		"no text":                    {map[string]any{"terminator": int64(13)}, "terminator", "no text"},
		"line ends, no others":       {map[string]any{"terminator": "\x03", "separator": "\x03\r"}, "separator", "a part of it"},
		"separator in exact end":     {map[string]any{"terminator": "#\r", "separator": "\r\n"}, "separator", "a part of it"},
		"no-read with separator":     {map[string]any{"terminator": "\x03", "separator": "\r", "no_read": "\rN"}, "no_read", "holds the separator"},
		"template without code":      {map[string]any{"template": "{grade}"}, "template", "no {code}"},
		"template in codes":          {map[string]any{"template": "{code}({place})"}, "template", "a code may hold"},
		"template with an end":       {map[string]any{"template": "{code}@{grade}\n"}, "template", "holds the terminator"},
		"template and separator":     {map[string]any{"template": "{code}@{grade}", "separator": "@@"}, "template", "told from the separator"},
		"template and line ends":     {map[string]any{"terminator": "\x03", "separator": "\r\n", "template": "{code}@\n{grade}"}, "template", "told from the separator"},
		"template and stand-in":      {map[string]any{"template": "{code}@{grade}", "gs": "@"}, "template", "stands for FNC1"},
		"template and FNC1":          {map[string]any{"template": "{grade}|A{code}", "fnc1": "|A"}, "template", "stands for FNC1"},
		"pattern":                    {map[string]any{"heartbeat_pattern": "HB("}, "heartbeat_pattern", "missing closing"},
		"pattern of anything":        {map[string]any{"heartbeat_pattern": ".*HB"}, "heartbeat_pattern", "take a code for a heartbeat"},
		"pattern of either":          {map[string]any{"heartbeat_pattern": "HB|01.*"}, "heartbeat_pattern", "take a code for a heartbeat"},
		"pattern of digits":          {map[string]any{"heartbeat_pattern": "01.*"}, "heartbeat_pattern", "take a code for a heartbeat"},
		"pattern with the prefix":    {map[string]any{"heartbeat_pattern": "H.*", "prefix": "HB"}, "heartbeat_pattern", "readings may begin"},
		"pattern and no-read":        {map[string]any{"heartbeat_pattern": "NO.*", "no_read": "NOREAD"}, "heartbeat_pattern", "readings may begin"},
		"pattern and stand-in":       {map[string]any{"heartbeat_pattern": "{GS.*", "gs": "{GS}"}, "heartbeat_pattern", "readings may begin"},
		"pattern and template":       {map[string]any{"heartbeat_pattern": "H.*", "template": "H{code}"}, "heartbeat_pattern", "readings may begin"},
		"pattern and grade first":    {map[string]any{"heartbeat_pattern": "H.*", "template": "{grade}@{code}"}, "heartbeat_pattern", "begin with anything"},
		"heartbeat_within, no beats": {map[string]any{"heartbeat_within": "10s"}, "heartbeat_within", "no heartbeat is set"},
		"frame_timeout":              {map[string]any{"frame_timeout": "soon"}, "frame_timeout", "no duration"},
		"trigger_off alone":          {map[string]any{"trigger_off": "LOFF\r"}, "trigger_off", "no trigger"},
		"trigger_for":                {map[string]any{"trigger": "LON\r", "trigger_for": "0s"}, "trigger_for", "too short"},
		"stand-in with terminator":   {map[string]any{"terminator": "|#", "gs": "|#"}, "gs", "holds the terminator"},
	} {
		_, err := drivers.NewScanner("text", settings(c.options))
		drivertest.WantProblem(t, name, err, c.key, c.problem, 0)
	}
}

// The word for who connects cannot say another thing than the address.
func TestRole(t *testing.T) {
	for _, c := range []struct{ address, role, problem string }{
		{"listen://:9004", "", ""},
		{"listen://0.0.0.0:9004", "server", ""},
		{"listen://:9004", "client", "the scanner connects to the agent"},
		{"tcp://10.0.0.5:9004", "", ""},
		{"tcp://10.0.0.5:9004", "client", ""},
		{"tcp://10.0.0.5:9004", "server", "the agent connects to the scanner"},
		{"serial://COM3?baud=9600", "client", ""},
		{"serial://COM3?baud=9600", "server", "the agent connects to the scanner"},
	} {
		s := drivers.Settings{Address: c.address}
		if c.role != "" {
			s.Options = map[string]any{"role": c.role}
		}
		_, err := New(s)
		bad, _ := errors.AsType[*drivers.OptionError](err)
		if (bad == nil) != (c.problem == "") || bad != nil && (bad.Key != "role" || !strings.Contains(bad.Problem, c.problem) || !strings.Contains(bad.Hint, "://")) {
			t.Errorf("%s, role %q: %#v, want %q", c.address, c.role, bad, c.problem)
		}
	}
	_, err := New(drivers.Settings{Address: "tcp://10.0.0.5:9004", Options: map[string]any{"role": "server"}})
	if bad, _ := errors.AsType[*drivers.OptionError](err); bad == nil || !strings.Contains(bad.Hint, "listen://:9004") {
		t.Errorf("%#v does not say what to write", bad)
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
	scantest.Accepted(t, "text", settings,
		nil,
		map[string]any{"terminator": "\x03", "prefix": "\x02"},
		map[string]any{"terminator": "\x04"},
		map[string]any{"terminator": "\r\n", "separator": "|", "gs": "{GS}"},
		map[string]any{"gs": " "}, map[string]any{"gs": "^]"}, map[string]any{"gs": "~1"}, map[string]any{"gs": `\x1D`}, map[string]any{"gs": "&#29;"},
		map[string]any{"gs": "_x001D_"}, map[string]any{"gs": "]C1"},
		map[string]any{"fnc1": "\xe8"},
		map[string]any{"aim": "none", "separator": "]"},
		map[string]any{"terminator": "\x03", "separator": "\n\r", "template": "{code}@{grade}({place})", "no_read": "error"},
		map[string]any{"terminator": "\x03\r\n", "separator": "\r\n"}, map[string]any{"terminator": "#|", "separator": "\r\n"},
		map[string]any{"heartbeat_pattern": "HB [0-9]+", "heartbeat_within": "10s", "prefix": "\x02", "no_read": "NOREAD"},
		map[string]any{"heartbeat_pattern": "ER,LOFF.*", "no_read": "ERROR", "trigger": "LON\r", "trigger_off": "LOFF\r", "trigger_for": "300ms"},
		map[string]any{"heartbeat": "ALIVE", "heartbeat_within": "10s", "frame_timeout": "0s", "role": "client"},
	)
}

// A pattern fits a whole frame if it can, whichever of its ways comes first.
func TestPatternFitsTheWholeFrame(t *testing.T) {
	sc, err := New(settings(map[string]any{"heartbeat_pattern": "HB|HB2"}))
	if err != nil {
		t.Fatal(err)
	}
	for frame, readings := range map[string]int{"HB": 0, "HB2": 0, "HB3": 1, "xHB": 1} {
		if got := sc.rules.scans([]byte(frame)); len(got) != readings {
			t.Errorf("%s gives %s", frame, show(got...))
		}
	}
}

func TestMarksAreBytes(t *testing.T) {
	sc, err := New(settings(map[string]any{"fnc1": "\u00e8"}))
	if err != nil || sc.rules.Form.FNC1 != "\xe8" {
		t.Errorf("%q, %v", sc.rules.Form.FNC1, err)
	}
}

var keys = []string{"terminator", "no_read", "heartbeat", "heartbeat_pattern", "heartbeat_within", "prefix", "separator", "template", "aim", "gs",
	"fnc1", "max_length", "frame_timeout", "duplicate_window", "trigger", "trigger_off", "trigger_for", "role"}

// The list of keys is that of the driver.
func TestKeys(t *testing.T) {
	_, err := New(settings(map[string]any{"": ""}))
	bad, _ := errors.AsType[*drivers.OptionError](err)
	if want := "known: " + strings.Join(slices.Sorted(slices.Values(keys)), ", "); bad == nil || bad.Hint != want {
		t.Errorf("%#v, want %s", bad, want)
	}
}

// The sample is a working configuration, with and without its comments' keys, and names every key.
func TestSample(t *testing.T) { scantest.Sample(t, Sample, README, keys...) }
