package sppl

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers/printer/sppl/sppltest"

	"linemark/drivers/drivertest"
)

const (
	five  = `"'<>&`
	angle = "<>"
)

func TestContent(t *testing.T) {
	for name, c := range map[string]struct {
		rule fieldRule
		want string
	}{
		"five":       {fieldRule{gs: "\x1d", entities: five, comma: true}, "0104601234567893215&quot;&lt;&amp;&apos;_1&gt;=,;%/\x1d93dGVz"},
		"angle":      {fieldRule{gs: "\x1d", entities: angle, comma: true}, "0104601234567893215\"&lt;&'_1&gt;=,;%/\x1d93dGVz"},
		"none":       {fieldRule{gs: "\x1d", comma: true}, nasty},
		"FNC1":       {fieldRule{gs: "~", fnc1: "#", comma: true}, "#0104601234567893215\"<&'_1>=,;%/~93dGVz"},
		"a stand-in": {fieldRule{gs: "\\F", comma: true}, "0104601234567893215\"<&'_1>=,;%/\\F93dGVz"},
	} {
		if err := c.rule.check([]byte(nasty)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := c.rule.content([]byte(nasty)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCheckNamesTheByte(t *testing.T) {
	raw := fieldRule{gs: "\x1d", entities: five, comma: true}
	for _, c := range []struct {
		rule fieldRule
		code string
		want string
	}{
		{raw, "", "empty"},
		{raw, "\x1d01", "begins with GS"},
		{raw, "01~", "byte 3 is 7E (~)"},
		{raw, "0^1", "byte 2 is 5E (^)"},
		{raw, "{01", "byte 1 is 7B ({)"},
		{raw, "01}", "byte 3 is 7D (})"},
		{raw, "01|", "byte 3 is 7C (|)"},
		{raw, "01\r", "byte 3 is the control character 0D"},
		{raw, "01\n", "byte 3 is the control character 0A"},
		{raw, "01\x7f", "control character 7F"},
		{raw, "01\xe8", "byte 3 is E8"},
		{raw, "01 2", "byte 3 of the code is a space"},
		{raw, "01&lt;", ""},
		{raw, "01,2\x1d", ""},
		{fieldRule{gs: "\x1d", entities: five}, "01,2", "byte 3 is 2C"},
		{fieldRule{gs: "", entities: five, comma: true}, "01\x1d2", "byte 3 of the code is GS"},
		{fieldRule{gs: "", entities: five, comma: true}, "012", ""},
		{fieldRule{gs: "\x1d", entities: angle, comma: true}, "01&quot;2", "&quot;"},
		{fieldRule{gs: "\x1d", comma: true}, "01&quot;2", ""},
		{fieldRule{gs: "!", entities: five, comma: true}, "01!2", "stand for FNC1 or GS"},
		{fieldRule{gs: "!", entities: five, comma: true}, "01\x1d2", ""},
		{fieldRule{gs: "!!", entities: five, comma: true}, "01!\x1d2", "stand for FNC1 or GS"},
		{fieldRule{gs: "\x1d", fnc1: "!F", comma: true}, "01!F2", "stand for FNC1 or GS"},
		{fieldRule{gs: "!F", fnc1: "!F", comma: true}, "01\x1d2", ""},
		{fieldRule{gs: "&quot;", entities: five, comma: true}, "01\"2", "stand for FNC1 or GS"},
	} {
		err := c.rule.check([]byte(c.code))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("check(%q) = %v, want %q", c.code, err, c.want)
		}
	}
}

func TestCheckForm(t *testing.T) {
	for _, good := range []string{"\x1d", "!", "\\F", "[GS]", "&#29;"} {
		if err := checkForm(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"~1", "^", "{GS}", "a|b", "\r", "\n", "\x00", "\x7f", "é"} {
		if checkForm(bad) == nil {
			t.Errorf("%q was accepted", bad)
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
		{"stand-in of a code's character", sppltest.Options{GS: "!"}, map[string]any{"gs_form": "!"}, false},
		{"long stand-in", sppltest.Options{GS: "!!"}, map[string]any{"gs_form": "!!"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, s := connect(t, c.opt, c.options)
			made, err := New(settings(c.options))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				code := "01" + string(rapid.SliceOfN(likely, 0, 60).Draw(rt, "code"))
				err := made.Traits().CheckCode([]byte(code))
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
