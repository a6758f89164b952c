package dynamark

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/drivertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ drivers.Printer = (*Printer)(nil)

func TestNewRefuses(t *testing.T) {
	fields := func(name, text string) map[string]any {
		return map[string]any{"fields": map[string]any{"CODE": "{code}", name: text}}
	}
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"no fields":          {map[string]any{"fields": nil}, "fields", "neither {code} nor {sscc}"},
		"no code":            {map[string]any{"fields": map[string]any{"LOT": "{batch}"}}, "fields", "neither"},
		"placeholder":        {fields("LOT", "{bach}"), "fields.LOT", "unknown placeholder"},
		"quote in a text":    {fields("LOT", `a"b`), "fields.LOT", `byte 2 is 22 (")`},
		"line end in text":   {fields("LOT", "a\r"), "fields.LOT", "control character 0D"},
		"no ASCII in text":   {fields("LOT", "\u00e8"), "fields.LOT", "no ASCII"},
		"code and more":      {fields("TWO", "{code}x"), "fields.TWO", "not the whole value"},
		"name":               {fields(`A"B`, "{batch}"), `fields.A"B`, "no name"},
		"no name":            {fields("", "{batch}"), "fields.", "no name"},
		"no text":            {map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": int64(5)}}, "fields.LOT", "no text"},
		"no fnc1":            {map[string]any{"fnc1_form": nil}, "fnc1_form", "not settled"},
		"part of a code":     {map[string]any{"gs_form": "<GS>"}, "gs_form", "may be part of a code"},
		"quote as separator": {map[string]any{"gs_form": `"1`}, "gs_form", "ends a text"},
		"CR as separator":    {map[string]any{"gs_form": "\r"}, "gs_form", "the byte 0D"},
		"refused FNC1":       {map[string]any{"fnc1_form": "refuse"}, "fnc1_form", "may be part of a code"},
		"not ASCII":          {map[string]any{"fnc1_form": "\u00e8"}, "fnc1_form", "the byte C3"},
		"begins with other":  {map[string]any{"gs_form": "~1", "fnc1_form": "~"}, "fnc1_form", "begins with the other"},
		"project":            {map[string]any{"project": `store:"x"`}, "project", `22 (")`},
		"marked":             {map[string]any{"marked": "4"}, "marked", "unknown"},
		"not ready":          {map[string]any{"not_ready": "stop"}, "not_ready", "unknown"},
		"gap":                {map[string]any{"gap": "-1s"}, "gap", "too short"},
		"apply":              {map[string]any{"apply": "1ms"}, "apply", "too short"},
		"load":               {map[string]any{"load": "1ms"}, "load", "too short"},
		"poll":               {map[string]any{"poll": "0s"}, "poll", "too short"},
		"silence":            {map[string]any{"silence": "1ms"}, "silence", "too short"},
		"unknown key":        {map[string]any{"feilds": "x"}, "feilds", "unknown setting"},
	} {
		_, err := drivers.NewPrinter("dynamark", settings(c.options))
		drivertest.WantProblem(t, name, err, c.key, c.problem, 0)
	}
	_, err := New(settings(map[string]any{"poll": "x", "colour": "red", "fields": nil}))
	drivertest.WantProblem(t, "all at once", err, "colour", "unknown setting", 2)
}

func TestNewChecksTheAddress(t *testing.T) {
	s := settings(nil)
	s.Address = "tcp://127.0.0.1"
	_, err := New(s)
	if bad, ok := errors.AsType[*drivers.OptionError](err); !ok || bad.Key != "address" || !strings.Contains(bad.Problem, "port") {
		t.Errorf("New = %v", err)
	}
}

func TestTraits(t *testing.T) {
	p, err := drivers.NewPrinter("dynamark", settings(nil))
	if err != nil {
		t.Fatal(err)
	}
	traits := p.Traits()
	if traits.Confirms != drivers.ConfirmsCount || traits.MaxAhead != 1 || traits.Poll != time.Millisecond {
		t.Errorf("traits = %+v", traits)
	}
	if err := traits.CheckCode([]byte(nasty)); err != nil {
		t.Errorf("CheckCode = %v", err)
	}
}

func TestCheckCodeNamesTheByte(t *testing.T) {
	token := map[string]any{"gs_form": "~1", "fnc1_form": "{F}"}
	for _, c := range []struct {
		options map[string]any
		code    string
		want    string
	}{
		{nil, "", "empty"},
		{nil, "\x1d01", "begins with GS"},
		{nil, `01"21`, `byte 3 of the code is 22 (")`},
		{nil, "01\r", "byte 3 of the code is the control character 0D"},
		{nil, "01\n", "control character 0A"},
		{nil, "01\x7f", "control character 7F"},
		{nil, "01\xe8", "byte 3 of the code is E8"},
		{nil, "01|1", ""},
		{map[string]any{"gs_form": nil}, "0104\x1d93", "byte 5 of the code is GS (1D), and gs_form"},
		{map[string]any{"gs_form": nil}, "0104", ""},
		{map[string]any{"gs_form": "refuse"}, "0104\x1d93", "byte 5 of the code is GS (1D), and gs_form"},
		{map[string]any{"fields": map[string]any{"CODE": "{sscc}"}}, "01", "no text of the project takes {code}"},
		{token, "01~2", "byte 3 of the code is 7E (~), which belongs"},
		{token, "01{2", "byte 3 of the code is 7B ({), which belongs"},
		{token, "01F1\x1d1", ""},
	} {
		p, err := New(settings(c.options))
		if err != nil {
			t.Fatal(err)
		}
		err = p.Traits().CheckCode([]byte(c.code))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: CheckCode(%q) = %v, want %q", c.options, c.code, err, c.want)
		}
	}
}

func TestSample(t *testing.T) { drivertest.Sample(t, Sample, README, nil) }
