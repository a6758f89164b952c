package ngpcl

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/printer/job"
)

func TestNewRefuses(t *testing.T) {
	fields := func(pairs ...string) map[string]any {
		all := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = pairs[i+1]
		}
		return map[string]any{"fields": all}
	}
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
		others       int
	}{
		"no fields":     {map[string]any{"fields": nil}, "fields", "neither {code} nor {sscc}", 0},
		"no code":       {fields("LOT", "{batch}"), "fields", "neither {code} nor {sscc}", 0},
		"slip":          {fields("CODE", "{code}", "LOT", "{bach}"), "fields.LOT", "unknown placeholder {bach}", 0},
		"empty text":    {fields("CODE", "{code}", "LOT", ""), "fields.LOT", "empty", 0},
		"code and more": {fields("CODE", "01{code}"), "fields.CODE", "not the whole value", 0},
		"bad literal":   {fields("CODE", "{code}", "LOT", "a|{batch}"), "fields.LOT", "byte 2 is 7C", 0},
		"name":          {fields("CO~DE", "{code}"), "fields.CO~DE", "name", 0},
		"no job":        {map[string]any{"job": nil}, "job", "missing", 0},
		"job":           {map[string]any{"job": "a|b"}, "job", "byte 2 is 7C", 0},
		"no idle":       {map[string]any{"idle": nil}, "idle", "missing", 0},
		"idle":          {map[string]any{"idle": "NO{CODE"}, "idle", "byte 3 is 7B", 0},
		"idle, a code":  {map[string]any{"idle": "X04601234567893"}, "idle", "eight digits", 0},
		"gs_form":       {map[string]any{"gs_form": "{GS}"}, "gs_form", "7B ({)", 0},
		"of a code":     {map[string]any{"gs_form": "GS"}, "gs_form", "may be part of a code", 0},
		"no fnc1_form":  {map[string]any{"fnc1_form": nil}, "fnc1_form", "not settled", 0},
		"fnc1_form":     {map[string]any{"fnc1_form": "~1"}, "fnc1_form", "7E (~)", 0},
		"refused FNC1":  {map[string]any{"fnc1_form": "refuse"}, "fnc1_form", "may be part of a code", 0},
		"forms":         {map[string]any{"fnc1_form": "\\", "gs_form": "\\F"}, "fnc1_form", "begins with the other", 0},
		"poll":          {map[string]any{"poll": "0s"}, "poll", "too short", 0},
		"silence":       {map[string]any{"silence": "1ms"}, "silence", "too short", 0},
		"unknown key":   {map[string]any{"jobb": "x"}, "jobb", "unknown setting", 0},
		"all at once":   {map[string]any{"fnc1_form": nil, "poll": "x", "colour": "red"}, "fnc1_form", "not settled", 2},
	} {
		_, err := drivers.NewPrinter("ngpcl", settings(c.options))
		drivertest.WantProblem(t, name, err, c.key, c.problem, c.others)
	}
}

func TestNewChecksTheAddress(t *testing.T) {
	s := settings(nil)
	s.Address = "tcp://127.0.0.1"
	if _, err := New(s); err == nil || !strings.Contains(err.Error(), "address") {
		t.Errorf("New = %v", err)
	}
}

func TestTraits(t *testing.T) {
	p, err := drivers.NewPrinter("ngpcl", settings(nil))
	if err != nil {
		t.Fatal(err)
	}
	traits := p.Traits()
	if traits.Confirms != drivers.ConfirmsNothing || traits.MaxAhead != 1 || traits.Poll != time.Second {
		t.Errorf("traits = %+v", traits)
	}
	for code, want := range map[string]string{
		nasty:      "",
		"":         "empty",
		"\x1d01":   "begins with GS",
		"01|":      "byte 3 of the code is 7C (|)",
		"{01":      "byte 1 of the code is 7B ({)",
		"0}1":      "byte 2 of the code is 7D (})",
		"01~":      "byte 3 of the code is 7E (~)",
		"01\r":     "control character 0D",
		"01\n":     "control character 0A",
		"01\xe8":   "byte 3 of the code is E8",
		"01 ":      "ends with a space",
		"01\x1d2 ": "ends with a space",
	} {
		err := traits.CheckCode([]byte(code))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("CheckCode(%q) = %v, want %q", code, err, want)
		}
	}
}

// A label without a code needs no gs_form, and takes none.
func TestLabelWithoutCode(t *testing.T) {
	made, err := New(settings(map[string]any{"gs_form": nil, "fnc1_form": nil, "fields": map[string]any{"BOX": "{sscc}", "LOT": "Lot {batch}"}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Traits().CheckCode([]byte("01")); err == nil {
		t.Error("a code was accepted")
	}
	if got := filled(made.layout.Once(), "X"); !slices.Equal(got, []job.Value{{Field: "BOX", Text: "X"}}) {
		t.Errorf("fields that are marked once: %v", got)
	}
	for name, c := range map[string]struct {
		fields map[string]string
		want   string
	}{
		"good":     {map[string]string{"sscc": "003012345670000018", "batch": "A&1"}, ""},
		"no value": {map[string]string{"sscc": "003012345670000018"}, "field LOT: there is no value for {batch}"},
		"empty":    {map[string]string{"sscc": "", "batch": "A"}, "field BOX: it would be empty"},
		"bad byte": {map[string]string{"sscc": "1", "batch": "A\n"}, "field LOT: the value of {batch}: byte 2 is the control character 0A"},
		"space":    {map[string]string{"sscc": "1", "batch": "A "}, "field LOT: it begins or ends with a space"},
	} {
		got, err := made.layout.Values(drivers.Label{Fields: c.fields})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && !slices.Equal(got, []job.Value{{Field: "BOX", Text: "003012345670000018"}, {Field: "LOT", Text: "Lot A&1"}}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSample(t *testing.T) { drivertest.Sample(t, Sample, README, nil) }
