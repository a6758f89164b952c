package sppl

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/printer/sppl/sppltest"
)

// made returns the driver with these settings changed.
func made(t *testing.T, options map[string]any) *Printer {
	t.Helper()
	p, err := New(settings(options))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestContent(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		want    string
	}{
		"five":       {nil, "0104601234567893215&quot;&lt;&amp;&apos;_1&gt;=,;%/\x1d93dGVz"},
		"angle":      {map[string]any{"entities": "angle"}, "0104601234567893215\"&lt;&'_1&gt;=,;%/\x1d93dGVz"},
		"none":       {map[string]any{"entities": "none"}, nasty},
		"FNC1":       {map[string]any{"entities": "none", "gs_form": "\\F", "fnc1_form": "#"}, "#0104601234567893215\"<&'_1>=,;%/\\F93dGVz"},
		"a stand-in": {map[string]any{"entities": "none", "gs_form": "&#29;"}, "0104601234567893215\"<&'_1>=,;%/&#29;93dGVz"},
	} {
		got, err := made(t, c.options).rows(drivers.Label{Code: []byte(nasty)})
		if err != nil || got != (command{"SPLAQD", "CODE~gt~" + c.want}) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestCheckNamesTheByte(t *testing.T) {
	type m = map[string]any
	for _, c := range []struct {
		options map[string]any
		code    string
		want    string
	}{
		{nil, "", "empty"},
		{nil, "\x1d01", "begins with GS"},
		{nil, "01~", "byte 3 of the code is 7E (~)"},
		{nil, "0^1", "byte 2 of the code is 5E (^)"},
		{nil, "{01", "byte 1 of the code is 7B ({)"},
		{nil, "01}", "byte 3 of the code is 7D (})"},
		{nil, "01|", "byte 3 of the code is 7C (|)"},
		{nil, "01\r", "byte 3 of the code is the control character 0D"},
		{nil, "01\n", "byte 3 of the code is the control character 0A"},
		{nil, "01\x7f", "control character 7F"},
		{nil, "01\xe8", "byte 3 of the code is E8"},
		{nil, "01 2", "byte 3 of the code is a space"},
		{nil, "01&lt;", ""},
		{nil, "01,2\x1d", ""},
		{m{"comma": "refuse"}, "01,2", "byte 3 of the code is 2C (,), which may split the row"},
		{m{"gs_form": nil}, "01\x1d2", "byte 3 of the code is GS"},
		{m{"gs_form": "refuse"}, "01\x1d2", "byte 3 of the code is GS"},
		{m{"gs_form": "refuse"}, "012", ""},
		{m{"entities": "angle"}, "01&quot;2", "&quot;"},
		{m{"entities": "none"}, "01&quot;2", ""},
		{m{"gs_form": "\\F"}, "01\\2", "byte 3 of the code is 5C (\\), which belongs"},
		{m{"gs_form": "\\F"}, "01F2\x1d", ""},
	} {
		err := made(t, c.options).Traits().CheckCode([]byte(c.code))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: CheckCode(%q) = %v, want %q", c.options, c.code, err, c.want)
		}
	}
}

// What the printer marks is the code byte by byte, or the code was refused; all of the
// characters of GS1 codes are carried where the settings are proven.
func TestPrinterMarksTheCode(t *testing.T) {
	const characters = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\x1d"
	likely := rapid.OneOf(rapid.SampledFrom([]byte(characters)), rapid.SampledFrom([]byte("&;ltgaquosmp\"'<>!\x1d,")))
	for _, c := range []struct {
		name    string
		opt     sppltest.Options
		options map[string]any
		all     bool // every GS1 code is carried
	}{
		{"as proven", sppltest.Options{}, nil, true},
		{"no entities", sppltest.Options{RawEntities: true}, map[string]any{"entities": "none"}, true},
		{"angle", sppltest.Options{}, map[string]any{"entities": "angle"}, false},
		{"comma refused", sppltest.Options{}, map[string]any{"comma": "refuse"}, false},
		{"stand-in", sppltest.Options{GS: "\\F"}, map[string]any{"gs_form": "\\F"}, true},
		{"FNC1", sppltest.Options{GS: "\\F", Lead: "\\F"}, map[string]any{"gs_form": "\\F", "fnc1_form": "\\F"}, true},
		{"stand-in with a code's characters", sppltest.Options{GS: "&#29;"}, map[string]any{"gs_form": "&#29;", "entities": "angle"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, s := connect(t, c.opt, c.options)
			check := made(t, c.options).Traits().CheckCode
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				code := "01" + string(rapid.SliceOfN(likely, 0, 60).Draw(rt, "code"))
				err := check([]byte(code))
				if err != nil && c.all {
					rt.Fatalf("CheckCode(%q) = %v", code, err)
				}
				if err != nil {
					if s.Send(t.Context(), drivertest.Labels(code)) == nil {
						rt.Fatalf("%q was sent", code)
					}
					return
				}
				drivertest.Send(t, s, code)
				if l, ok := p.Print(); !ok || string(l.Code) != code {
					rt.Fatalf("%q came out as %q", code, l.Code)
				}
				n++
				drivertest.WantPrinted(t, s, n)
			})
		})
	}
}

// Any bytes are carried as they are, or refused.
func TestPrinterMarksAnyBytes(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	rapid.Check(t, func(rt *rapid.T) {
		code := string(rapid.SliceOfN(rapid.ByteRange(0, 255), 0, 8).Draw(rt, "code"))
		if s.Send(t.Context(), drivertest.Labels(code)) != nil {
			return
		}
		if l, ok := p.Print(); !ok || string(l.Code) != code {
			rt.Fatalf("%q came out as %q", code, l.Code)
		}
		if _, err := s.Printed(t.Context()); err != nil {
			rt.Fatal(err)
		}
	})
}
