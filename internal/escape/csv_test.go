package escape

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"linemark/internal/code"
	"pgregory.net/rapid"
)

func TestCSVRefuses(t *testing.T) {
	for name, write := range map[string]func(code.Code) ([]byte, error){"CSV": CSV, "CSV with doubled apostrophes": CSVIzkm} {
		for c, want := range map[code.Code]CharError{
			"a\nb": {name, '\n', 1, "a line end would break the record in two"},
			"ab\r": {name, '\r', 2, "a line end would break the record in two"},
		} {
			out, err := write(c)
			var bad *CharError
			if !errors.As(err, &bad) || *bad != want || out != nil {
				t.Errorf("%s of %q = %q, %v", name, c, out, err)
			}
		}
	}
	if got := (&CharError{"CSV", '\n', 1, "why"}).Error(); got != "CSV: byte 1 is U+000A: why" {
		t.Error(got)
	}
	if got := (&CharError{"XML", code.GS, 25, "why"}).Error(); got != "XML: byte 25 is GS (0x1D): why" {
		t.Error(got)
	}
}

func TestParseCSV(t *testing.T) {
	for in, want := range map[string]code.Code{
		``: "", `""`: "", `""""`: `"`, `"a""b"`: `a"b`,
		`abc`: "abc", `a'b''c`: "a'b''c", ` a `: " a ", `" a "`: " a ", `a;b`: "a;b", `"a,b"`: "a,b", "a\tb": "a\tb",
	} {
		if got, err := ParseCSV([]byte(in)); err != nil || got != want {
			t.Errorf("ParseCSV(%s) = %q, %v; want %q", in, got, err, want)
		}
	}
	const text = "text after the closing quote, or a quote within the field that is not doubled"
	for in, want := range map[string]SyntaxError{
		`a,b`:       {"CSV", 1, "more than one field"},
		`,`:         {"CSV", 0, "more than one field"},
		`"a","b"`:   {"CSV", 3, "more than one field"},
		`"a",`:      {"CSV", 3, "more than one field"},
		`a"b`:       {"CSV", 1, "a quote in a field that is not in quotes"},
		` "a"`:      {"CSV", 1, "a quote in a field that is not in quotes"},
		"a\r":       {"CSV", 1, "a line end in the field"},
		"\"a\nb\"":  {"CSV", 2, "a line end in the field"},
		`"a"b"`:     {"CSV", 3, text},
		`"a" `:      {"CSV", 3, text},
		`"`:         {"CSV", 1, "closing quote missing"},
		`"ab`:       {"CSV", 3, "closing quote missing"},
		`"ab""`:     {"CSV", 5, "closing quote missing"},
		`"""`:       {"CSV", 3, "closing quote missing"},
		"\"a\"\r\n": {"CSV", 3, text},
	} {
		refusedAs(t, "ParseCSV", ParseCSV, in, want)
	}
	for _, in := range []string{"a\xe8", "\"\xe8\""} {
		var bad *UTF8Error
		if _, err := ParseCSV([]byte(in)); !errors.As(err, &bad) || *bad != (UTF8Error{0xe8, 1}) {
			t.Errorf("ParseCSV(%q): %v", in, err)
		}
	}
}

func TestParseCSVIzkm(t *testing.T) {
	for in, want := range map[string]code.Code{
		`""`: "", `"''"`: "'", `"a''''b"`: "a''b", `"""`: `"`, `"a","b"`: `a","b`, `" a "`: " a ", `"''a''"`: "'a'",
	} {
		if got, err := ParseCSVIzkm([]byte(in)); err != nil || got != want {
			t.Errorf("ParseCSVIzkm(%s) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]SyntaxError{
		``:         {mediumIzkm, 0, "the field is not in quotes"},
		`abc`:      {mediumIzkm, 0, "the field is not in quotes"},
		` "a"`:     {mediumIzkm, 0, "the field is not in quotes"},
		`"`:        {mediumIzkm, 1, "closing quote missing"},
		`"ab`:      {mediumIzkm, 3, "closing quote missing"},
		`"a" `:     {mediumIzkm, 4, "closing quote missing"},
		`"a'"`:     {mediumIzkm, 2, "an apostrophe that is not doubled"},
		`"a'''b"`:  {mediumIzkm, 4, "an apostrophe that is not doubled"},
		"\"a\rb\"": {mediumIzkm, 2, "a line end in the field"},
	} {
		refusedAs(t, "ParseCSVIzkm", ParseCSVIzkm, in, want)
	}
	var bad *UTF8Error
	if _, err := ParseCSVIzkm([]byte("\"a\xe8\"")); !errors.As(err, &bad) || *bad != (UTF8Error{0xe8, 2}) {
		t.Errorf("invalid UTF-8: %v", err)
	}
}

func refusedAs(t *testing.T, name string, parse func([]byte) (code.Code, error), in string, want SyntaxError) {
	t.Helper()
	got, err := parse([]byte(in))
	var bad *SyntaxError
	if !errors.As(err, &bad) || *bad != want || got != "" {
		t.Errorf("%s(%q) = %q, %v; want %v", name, in, got, err, &want)
	}
}

// The peer of RFC 4180 is encoding/csv, which reads what CSV writes and whose own writing
// ParseCSV reads.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(marks(), rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune(`"',a`)))).
			Filter(func(s string) bool { return !strings.ContainsAny(s, "\r\n") }).Draw(t, "code")
		out, err := CSV(code.Code(s))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseCSV(out); err != nil || string(back) != s {
			t.Fatalf("%s read back as %q, %v", out, back, err)
		}
		record, err := csv.NewReader(bytes.NewReader(out)).Read()
		if err != nil || len(record) != 1 || record[0] != s {
			t.Fatalf("encoding/csv reads %s as %q, %v", out, record, err)
		}
		var peer bytes.Buffer
		w := csv.NewWriter(&peer)
		w.Write([]string{s})
		w.Flush()
		if back, err := ParseCSV(bytes.TrimSuffix(peer.Bytes(), []byte("\n"))); err != nil || string(back) != s {
			t.Fatalf("encoding/csv writes %s, read as %q, %v", peer.Bytes(), back, err)
		}
		out, err = CSVIzkm(code.Code(s))
		if err != nil || string(out) != `"`+strings.ReplaceAll(s, `'`, `''`)+`"` {
			t.Fatalf("CSVIzkm(%q) = %s, %v", s, out, err)
		}
		if back, err := ParseCSVIzkm(out); err != nil || string(back) != s {
			t.Fatalf("%s read back as %q, %v", out, back, err)
		}
	})
}

// The judge is encoding/csv: what we read as one field it reads alike. Empty records it skips.
func FuzzParseCSV(f *testing.F) {
	for _, s := range []string{"", "a", `""`, `"a""b"`, `a,b`, `"a","b"`, `a"b`, `"a`, `"a"b"`, "a\r", "\"a\nb\"", "\xe8", `"a'b"`, "S\x1d93"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseCSV(b)
		if err != nil {
			return
		}
		record, stdErr := csv.NewReader(bytes.NewReader(b)).Read()
		if len(b) > 0 && (stdErr != nil || len(record) != 1 || record[0] != string(got)) {
			t.Fatalf("%q read as %q, encoding/csv reads %q, %v", b, got, record, stdErr)
		}
		stable(t, got, CSV, ParseCSV)
	})
}

func FuzzParseCSVIzkm(f *testing.F) {
	for _, s := range []string{"", "a", `""`, `"`, `"a"b"`, `"a''b"`, `"a'b"`, `"'"`, `"'''"`, `"a","b"`, "\"\xe8\"", "\"S\x1d93\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseCSVIzkm(b)
		if err != nil {
			return
		}
		if out, err := CSVIzkm(got); err != nil || !bytes.Equal(out, b) { // there is one way to write a code
			t.Fatalf("%q read as %q, written as %q, %v", b, got, out, err)
		}
		stable(t, got, CSVIzkm, ParseCSVIzkm)
	})
}

// stable writes c and reads it back.
func stable(t *testing.T, c code.Code, write func(code.Code) ([]byte, error), read func([]byte) (code.Code, error)) {
	t.Helper()
	out, err := write(c)
	if err != nil {
		t.Fatalf("%q: %v", c, err)
	}
	if back, err := read(out); err != nil || back != c {
		t.Fatalf("%q written as %q, read as %q, %v", c, out, back, err)
	}
}
