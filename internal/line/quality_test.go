package line

import (
	"strings"
	"testing"
)

func TestQuality(t *testing.T) {
	grade := func(text string, value float64) Scan {
		return Scan{Grade: Grade{Text: text, Value: value, Known: true}}
	}
	for name, c := range map[string]struct {
		quality Quality
		scan    Scan
		want    string // a part of the fault; empty: it passes
	}{
		"nothing asked":                      {Quality{}, Scan{AIM: "]d1", Grade: Grade{Text: "F", Known: true}}, ""},
		"a GS1 symbol":                       {Quality{GS1: true}, Scan{AIM: "]d2"}, ""},
		"a GS1 symbol with ECI":              {Quality{GS1: true}, Scan{AIM: "]d5"}, ""},
		"GS1-128":                            {Quality{GS1: true}, Scan{AIM: "]C1"}, ""},
		"no identifier":                      {Quality{GS1: true}, Scan{}, ""},
		"a plain symbol":                     {Quality{GS1: true}, Scan{AIM: "]d1"}, "no GS1 symbol (]d1)"},
		"FNC1 in the second position":        {Quality{GS1: true}, Scan{AIM: "]d3"}, "no GS1 symbol"},
		"plain Code 128":                     {Quality{GS1: true}, Scan{AIM: "]C0"}, "no GS1 symbol"},
		"a plain symbol of codes without AI": {Quality{}, Scan{AIM: "]d1"}, ""},
		"good enough":                        {Quality{Grade: 2}, grade("C", 2), ""},
		"better":                             {Quality{Grade: 1.5}, grade("3.4/10/660", 3.4), ""},
		"worse":                              {Quality{Grade: 2}, grade("1.9", 1.9), "print quality 1.9 is below 2.0"},
		"no grade":                           {Quality{Grade: 2}, Scan{}, "gave no grade"},
		"no known grade":                     {Quality{Grade: 2}, Scan{Grade: Grade{Text: "good"}}, `"good" is not understood`},
	} {
		got := c.quality.fault(c.scan)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
