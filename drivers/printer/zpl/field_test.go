package zpl

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

func TestContent(t *testing.T) {
	for name, c := range map[string]struct {
		rule fieldRule
		code string
		want string
	}{
		"GS1":               {fieldRule{'#', true}, nasty, `#10104601234567893215"<&'_1>=,;%/#193dGVz`},
		"another character": {fieldRule{'$', true}, nasty, `$10104601234567893215"<&'_1>=,;%/$193dGVz`},
		"no GS1":            {fieldRule{'#', false}, "04601234567893ABCDEF1", "04601234567893ABCDEF1"},
		"GS at the end":     {fieldRule{'#', true}, "01\x1d", "#101#1"},
	} {
		if err := c.rule.check([]byte(c.code)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := string(c.rule.content([]byte(c.code))); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// decode is what a printer does with the data of a ^BX field: g1 is FNC1, a lone g is a fault.
func decode(t *rapid.T, g byte, data []byte) []byte {
	var out []byte
	for i := 0; i < len(data); i++ {
		if data[i] != g {
			out = append(out, data[i])
			continue
		}
		i++
		if i == len(data) || data[i] != '1' {
			t.Fatalf("an escape without 1 in %q", data)
		}
		out = append(out, gs)
	}
	return out
}

// bytesOfFields are those that a field may carry, most of them, and a few that it may not: of bytes drawn at
// random, hardly a code would pass the check.
var bytesOfFields = append([]byte("\x00\x80\xff\x1d\x1d\x1d\x1d"), []byte(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~")...)

// Every code that check passes comes back byte by byte, whatever its characters.
func TestP8ContentKeepsEveryByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := fieldRule{rapid.SampledFrom([]byte("#$@[\\]{|}`")).Draw(t, "g"), rapid.Bool().Draw(t, "gs1")}
		code := rapid.SliceOfN(rapid.SampledFrom(bytesOfFields), 0, 60).Draw(t, "code")
		if rule.check(code) != nil {
			return
		}
		checkRoundTrip(t, rule, code)
	})
}

// All 82 characters of GS1 codes are carried.
func TestP8ContentCarriesGS1Characters(t *testing.T) {
	const characters = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\x1d"
	rapid.Check(t, func(t *rapid.T) {
		rule := fieldRule{'#', rapid.Bool().Draw(t, "gs1")}
		code := append([]byte("01"), rapid.SliceOfN(rapid.SampledFrom([]byte(characters)), 0, 60).Draw(t, "code")...)
		if err := rule.check(code); err != nil {
			t.Fatalf("check(%q) = %v", code, err)
		}
		checkRoundTrip(t, rule, code)
	})
}

func checkRoundTrip(t *rapid.T, rule fieldRule, code []byte) {
	want := code
	if rule.gs1 {
		want = append([]byte{gs}, code...)
	}
	data := rule.content(code)
	if got := decode(t, rule.escape, data); !bytes.Equal(got, want) {
		t.Fatalf("%q became %q and reads back %q", code, data, got)
	}
	if bytes.ContainsAny(data, "^~\x1d\r\n") {
		t.Fatalf("%q became %q, which holds a byte that ZPL acts on", code, data)
	}
}

func TestCheckNamesTheByte(t *testing.T) {
	for code, want := range map[string]string{
		"":                                       "empty",
		"\x1d01":                                 "begins with GS",
		"01^21":                                  "byte 3 of the code is 5E (^)",
		"0121~":                                  "byte 5 of the code is 7E (~)",
		"01#21":                                  "byte 3 of the code is 23 (#)",
		"01\r\n":                                 "byte 3 of the code is the control character 0D",
		"01\x7f":                                 "control character 7F",
		"01\xe8":                                 "byte 3 of the code is E8",
		"01\x1e2":                                "control character 1E",
		strings.Repeat("1", maxField-1):          "3073 bytes",
		"1" + strings.Repeat("\x1d", maxField/2): "3075 bytes",
		"1" + strings.Repeat("\x1d1", maxField/3-1): "",
		strings.Repeat("1", maxField-2):             "",
	} {
		err := fieldRule{'#', true}.check([]byte(code))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("check(%.20q) = %v, want %q", code, err, want)
		}
	}
}

func TestCheckEscape(t *testing.T) {
	for _, good := range strings.Split("# $ @ [ \\ ] { | } `", " ") {
		if problem := checkEscape(good); problem != "" {
			t.Errorf("%s: %s", good, problem)
		}
	}
	for _, bad := range []string{"", "##", "_", "1", "a", ",", "^", "~", " ", "\x1d", "é"} {
		if checkEscape(bad) == "" {
			t.Errorf("%q was accepted", bad)
		}
	}
}
