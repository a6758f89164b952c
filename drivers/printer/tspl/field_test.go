package tspl

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/printer/tspl/tspltest"
)

func TestCheck(t *testing.T) {
	open := rule{gs1: true}
	for _, c := range []struct {
		name string
		rule rule
		code string
		want string
	}{
		{"plain", open, "0104601234567893211234\x1d93dGVz", ""},
		{"nasty without a form", open, nasty, `byte 20 of the code is 22 (")`},
		{"nasty", rule{gs1: true, quote: `\["]`}, nasty, ""},
		{"empty", open, "", "empty"},
		{"leading GS", open, "\x1d01", "begins with GS"},
		{"NUL", open, "0\x00", "byte 2 of the code is the control character 00"},
		{"CR", open, "0\r1", "0D"},
		{"LF", open, "0\n1", "0A"},
		{"DEL", open, "0\x7f", "7F"},
		{"high", open, "0\xe9", "E9"},
		{"escape", open, "0~1", "7E (~)"},
		{"backslash", open, `0\["]`, `5C (\)`},
		{"2046 bytes", rule{}, strings.Repeat("1", 2046), ""},
		{"2047 bytes", rule{}, strings.Repeat("1", 2047), "2047 bytes"},
		{"separators count twice", open, strings.Repeat("1\x1d", 700), "2102 bytes"},
	} {
		err := c.rule.check([]byte(c.code))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestContent(t *testing.T) {
	code := []byte(nasty)
	for _, c := range []struct {
		rule rule
		want string
	}{
		{rule{gs1: true, quote: quotes["backslash"]}, `~10104601234567893215\["]<&'_1>=,;%/~193dGVz`},
		{rule{gs1: true, quote: quotes["decimal"]}, `~10104601234567893215~d034<&'_1>=,;%/~193dGVz`},
		{rule{quote: quotes["decimal"]}, `0104601234567893215~d034<&'_1>=,;%/~193dGVz`},
	} {
		if got := c.rule.content(code); got != c.want {
			t.Errorf("content = %s, want %s", got, c.want)
		}
	}
}

const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz` + "\x1d"

// P8: whatever CheckCode lets through comes out of the printer as those bytes, and over GS1's
// own characters it refuses the quotation mark alone.
func TestP8PrinterDecodesWhatWasSent(t *testing.T) {
	for form, model := range map[string]tspltest.Quote{"refuse": tspltest.QuoteNone, "backslash": tspltest.QuoteBackslash, "decimal": tspltest.QuoteDecimal} {
		t.Run(form, func(t *testing.T) {
			p := build(t, tspltest.Options{Trigger: true, Quote: model}, map[string]any{"quote_form": form, "settle": "1ms", "poll": "1ms"})
			s := p.open(t)
			rapid.Check(t, func(r *rapid.T) {
				code := rapid.OneOf(rapid.SliceOfN(rapid.SampledFrom([]byte(set82)), 1, 60), rapid.SliceOfN(rapid.Byte(), 0, 6)).Draw(r, "code")
				if err := p.driver.Traits().CheckCode(code); err != nil {
					for _, b := range code {
						if strings.IndexByte(set82, b) < 0 || b == '"' && form == "refuse" {
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
				if _, err := s.Printed(t.Context()); err != nil { // which also waits until the label is taken
					r.Fatal(err)
				}
				l, ok := p.Print()
				if !ok || len(l.Symbols) != 1 || !bytes.Equal(l.Symbols[0].Data, code) || !l.Symbols[0].GS1 {
					r.Fatalf("%+v came of %q", l.Symbols, code)
				}
			})
		})
	}
}
