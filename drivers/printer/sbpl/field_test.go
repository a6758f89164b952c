package sbpl

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/printer/sbpl/sbpltest"
)

var tilde = rule{gs1: true, fnc1: "~1", separator: "~1"}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		rule rule
		code string
		want string
	}{
		{"nasty", tilde, nasty, ""},
		{"no GS1", rule{}, "01~1_", ""},
		{"no GS1, GS", rule{}, nasty, "GS (1D), and fnc1_form says"},
		{"empty", tilde, "", "empty"},
		{"leading GS", tilde, "\x1d01", "begins with GS"},
		{"NUL", tilde, "0\x00", "byte 2 of the code is the control character 00"},
		{"STX", tilde, "0\x02", "02"},
		{"ETX", tilde, "0\x03", "03"},
		{"ENQ", tilde, "0\x05", "05"},
		{"CAN", tilde, "0\x18", "18"},
		{"ESC", tilde, "0\x1b", "1B"},
		{"DEL", tilde, "0\x7f", "7F"},
		{"high", tilde, "0\xe9", "E9"},
		{"form", tilde, "0~", "7E (~), which begins the printer's form"},
		{"form of a GS1 character", rule{gs1: true, fnc1: "_1", separator: "_1"}, nasty, "5F (_)"},
		{"form of the separator", rule{gs1: true, fnc1: "~1", separator: ">8"}, nasty, "3E (>)"},
		{"raw GS", rule{gs1: true, fnc1: "\x1d", separator: "\x1d"}, nasty, ""},
		{"500", rule{}, strings.Repeat("1", 500), ""},
		{"501", rule{}, strings.Repeat("1", 501), "501 characters"},
		{"forms count", tilde, strings.Repeat("1\x1d", 170), "512 characters"},
	} {
		err := c.rule.check([]byte(c.code))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestContent(t *testing.T) {
	for _, c := range []struct {
		rule rule
		want string
	}{
		{tilde, `~10104601234567893215"<&'_1>=,;%/~193dGVz`},
		{rule{gs1: true, fnc1: "~1", separator: "\x1d"}, "~1" + nasty},
	} {
		if got := c.rule.content([]byte(nasty)); got != c.want {
			t.Errorf("content = %q, want %q", got, c.want)
		}
	}
}

const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz` + "\x1d"

// P8: whatever CheckCode lets through comes out of the printer as those bytes. With a form outside
// of GS1's characters none of those is refused.
func TestP8PrinterDecodesWhatWasSent(t *testing.T) {
	for _, form := range []string{"~1", "_1", ">8", "aa", "\x1d", "{FNC1}"} {
		t.Run(form, func(t *testing.T) {
			p := build(t, sbpltest.Options{Trigger: true, FNC1: form}, map[string]any{"fnc1_form": form, "settle": "100ms", "poll": "1ms"})
			s := p.open(t)
			rapid.Check(t, func(r *rapid.T) {
				code := rapid.OneOf(rapid.SliceOfN(rapid.SampledFrom([]byte(set82)), 1, 60), rapid.SliceOfN(rapid.Byte(), 0, 6)).Draw(r, "code")
				if err := p.driver.Traits().CheckCode(code); err != nil {
					for _, b := range code {
						if strings.IndexByte(set82, b) < 0 || b == form[0] {
							return
						}
					}
					if len(code) > 0 && code[0] != gs {
						r.Fatalf("%q is refused: %v", code, err)
					}
					return
				}
				if err := s.Send(t.Context(), []drivers.Label{{Code: code}}); err != nil {
					r.Fatal(err)
				}
				before, err := s.Printed(t.Context()) // which also waits until the label is taken
				if err != nil {
					r.Fatal(err)
				}
				l, ok := p.Print()
				if !ok || len(l.Symbols) != 1 || !bytes.Equal(l.Symbols[0].Data, code) || !l.Symbols[0].GS1 {
					r.Fatalf("%+v came of %q", l.Symbols, code)
				}
				if n, err := s.Printed(t.Context()); n != before+1 || err != nil {
					r.Fatalf("Printed = %d, %v", n, err)
				}
			})
		})
	}
}
