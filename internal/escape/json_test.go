package escape

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"linemark/internal/code"
	"pgregory.net/rapid"
)

const alphabet = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!"%&'()*+,-./:;<=>?_` + "\x1d"

// marks is a string of what a code may hold: GS1 set 82 and GS.
func marks() *rapid.Generator[string] { return rapid.StringOf(rapid.SampledFrom([]rune(alphabet))) }

func gs(s string) string { return strings.ReplaceAll(s, "␝", string(code.GS)) }

// Beside the vectors: what RFC 8259 adds.
func TestJSONString(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"no HTML escapes", "<>&'/", `"<>&'/"`},
		{"controls", "\x00\b\t\n\f\r\x1f\x7f", `"\u0000\u0008\u0009\u000a\u000c\u000d\u001f` + "\x7f" + `"`},
		{"beyond ASCII", "ёà\u2028😀\uFFFD", "\"ёà\u2028😀\uFFFD\""},
		{"empty", "", `""`},
	} {
		in := code.Code(tc.in)
		got, err := JSONString(in)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %s, %v; want %s", tc.name, got, err, tc.want)
		}
		if back, err := ParseJSONString([]byte(tc.want)); err != nil || back != in {
			t.Errorf("%s: read back %q, %v", tc.name, back, err)
		}
	}
}

func TestJSONStringRefusesInvalidUTF8(t *testing.T) {
	for in, want := range map[code.Code]UTF8Error{
		"\xe8":           {0xe8, 0},
		"01046\xe893":    {0xe8, 5},
		"ё\xd0":          {0xd0, 2},
		"\xed\xa0\x80":   {0xed, 0}, // a surrogate
		"\xc0\x80":       {0xc0, 0}, // an overlong NUL
		"\uFFFD\xef\xbf": {0xef, 3},
	} {
		out, err := JSONString(in)
		var bad *UTF8Error
		if !errors.As(err, &bad) || *bad != want || out != nil {
			t.Errorf("JSONString(%q) = %q, %v", in, out, err)
		}
	}
	if got := (&UTF8Error{0xe8, 5}).Error(); got != "invalid UTF-8: byte 5 is 0xE8" {
		t.Error(got)
	}
}

func TestParseJSONString(t *testing.T) {
	for in, want := range map[string]code.Code{
		`"TF\u0026csa\u001DN"`: "TF&csa\x1dN",
		`"\"\\\/\b\f\n\r\t"`:   "\"\\/\b\f\n\r\t",
		`"\uD83D\ude00"`:       "😀",
		`"\u0000"`:             "\x00",
		`"\uFFFD"`:             "\uFFFD",
	} {
		if got, err := ParseJSONString([]byte(in)); err != nil || got != want {
			t.Errorf("ParseJSONString(%s) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]SyntaxError{
		``:                 {"JSON string", 0, "not a quoted string"},
		`"`:                {"JSON string", 0, "not a quoted string"},
		`null`:             {"JSON string", 0, "not a quoted string"},
		` "a"`:             {"JSON string", 0, "not a quoted string"},
		`"a" `:             {"JSON string", 3, "text after the closing quote"},
		`"a"b"`:            {"JSON string", 3, "text after the closing quote"},
		`"ab`:              {"JSON string", 3, "closing quote missing"},
		`"a\"`:             {"JSON string", 4, "closing quote missing"},
		`"a\`:              {"JSON string", 2, "escape cut off"},
		"\"a\x1d\"":        {"JSON string", 2, "control byte 0x1D not escaped"},
		`"\x1d"`:           {"JSON string", 1, "escape unknown to JSON"},
		`"\u001"`:          {"JSON string", 1, `\u without four hex digits`},
		`"\u+01d"`:         {"JSON string", 1, `\u without four hex digits`},
		`"\u00_1"`:         {"JSON string", 1, `\u without four hex digits`},
		`"\ud83d"`:         {"JSON string", 1, "half a surrogate pair"},
		`"\ude00\ud83d"`:   {"JSON string", 1, "half a surrogate pair"},
		`"a\ud83d\u0041b"`: {"JSON string", 2, "half a surrogate pair"},
	} {
		got, err := ParseJSONString([]byte(in))
		var bad *SyntaxError
		if !errors.As(err, &bad) || *bad != want || got != "" {
			t.Errorf("ParseJSONString(%s) = %q, %v; want %v", in, got, err, &want)
		}
	}
	var bad *UTF8Error
	if _, err := ParseJSONString([]byte("\"a\xe8\"")); !errors.As(err, &bad) || *bad != (UTF8Error{0xe8, 2}) {
		t.Errorf("invalid UTF-8: %v", err)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(marks(), rapid.String()).Draw(t, "code")
		out, err := JSONString(code.Code(s))
		if err != nil {
			t.Fatal(err)
		}
		var std string
		if err := json.Unmarshal(out, &std); err != nil || std != s {
			t.Fatalf("encoding/json reads %s as %q, %v", out, std, err)
		}
		if back, err := ParseJSONString(out); err != nil || string(back) != s {
			t.Fatalf("%s read back as %q, %v", out, back, err)
		}
	})
}

// The judge is encoding/json: what we read it reads alike, and what it reads without
// replacing anything we read too.
func FuzzParseJSONString(f *testing.F) {
	for _, s := range []string{`""`, `"a\"b\\"`, `"\u001d93"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0041"`, "\"\x1d\"", "\"\xe8\"", `"\`, `"a"b"`,
		`"\/\b\f\n\r\t"`, `"\u00`, "\"\uFFFD\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseJSONString(b)
		var std string
		stdErr := json.Unmarshal(b, &std)
		if err != nil {
			quoted := len(b) > 1 && b[0] == '"' && b[len(b)-1] == '"'
			if stdErr == nil && quoted && !strings.ContainsRune(std, utf8.RuneError) {
				t.Fatalf("%q refused: %v", b, err)
			}
			return
		}
		if stdErr != nil || std != string(got) {
			t.Fatalf("%q read as %q, encoding/json reads %q, %v", b, got, std, stdErr)
		}
		out, err := JSONString(got)
		if err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if back, err := ParseJSONString(out); err != nil || back != got {
			t.Fatalf("%q written as %s, read as %q, %v", got, out, back, err)
		}
	})
}
