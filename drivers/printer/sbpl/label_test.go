package sbpl

import (
	"strings"
	"testing"

	"linemark/drivers"
)

func TestCompileRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(unit, old, new, 1) }
	bx := func(digits string) string { return change("05200404000000001", digits) }
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "does not begin"},
		{"no begin", change("<ESC>A", ""), "does not begin"},
		{"text in front", "x" + unit, "does not begin"},
		{"no end", change("<ESC>Z", ""), "does not end"},
		{"two labels", change("<ESC>Q1", "<ESC>Q1<ESC>Z<ESC>A"), "stands inside"},
		{"own id", change("<ESC>V", "<ESC>ID01<ESC>V"), "ID01"},
		{"two copies", change("Q1", "Q2"), "Q2: one code"},
		{"no quantity", change("<ESC>Q1", ""), "0 <ESC>Q"},
		{"two quantities", change("<ESC>Q1", "<ESC>Q1<ESC>Q1"), "2 <ESC>Q"},
		{"reprint", change("<ESC>Q1", "<ESC>C<ESC>Q1"), "once more"},
		{"STX", "\x02" + unit, "control character 02"},
		{"GS", change("{code}", "\x1d{code}"), "control character 1D"},
		{"prefix", change("{code}", "~1{code}"), "not the whole data"},
		{"suffix", change("{code}", "{code}{serial}"), "not the whole data"},
		{"no DC", change("DC{code}", "XM{code}"), "not the whole data"},
		{"no BX", change("<ESC>BX05200404000000001", ""), "does not follow"},
		{"no code", change("{code}", "1"), "neither {code} nor {sscc}"},
		{"unknown placeholder", change("{code}", "{cod}"), "unknown placeholder {cod}"},
		{"format 00", bx("00200404000000001"), "format 00"},
		{"format 07", bx("07200404000000001"), "format 07"},
		{"format 17", bx("17200404000000001"), "format 17"},
		{"other ECC", bx("05100404000000001"), "ecc is 20"},
		{"ECC 200", bx("052000404000000001"), `is for ecc = "200", and the setting is ecc = "20"`},
		{"short", bx("0520040400000001"), "17 digits"},
		{"letters", bx("0520040400000000x"), "17 digits"},
		{"cell 02", bx("05200204000000001"), "cell size 02"},
		{"cell 13", bx("05200413000000001"), "cell size 13"},
		{"cells", bx("05200404001000001"), "automatic"},
		{"reversed", bx("05200404000000101"), "001"},
	} {
		_, faults := compile(c.text, "20", tilde)
		found := false
		for _, f := range faults {
			found = found || strings.Contains(f.problem, c.want)
			if f.hint == "" {
				t.Errorf("%s: no hint for %s", c.name, f.problem)
			}
		}
		if !found {
			t.Errorf("%s: %v, want %q", c.name, faults, c.want)
		}
	}
}

func TestRender(t *testing.T) {
	text := "<ESC>A\r\n\x1bV0100<ESC>BX052000404000000001<ESC>DC{code}<ESC>XM{{{batch}}} {expiration_date:dd.MM.yy}<ESC>Q000001<ESC>Z"
	l, faults := compile(text, "200", tilde)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	v := drivers.Label{Code: []byte(nasty), Fields: map[string]string{"batch": "A~7", "expiration_date": "2027-03-09"}}
	got, err := l.render(7, v)
	want := "\x02\x1bA\x1bID07\x1bV0100\x1bBX052000404000000001\x1bDC~10104601234567893215\"<&'_1>=,;%/~193dGVz" +
		"\x1bXM{A~7} 09.03.27\x1bQ000001\x1bZ\x03"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v\nwant %q", got, err, want)
	}
	for field, value := range map[string]string{"batch": "a\x05b", "expiration_date": "soon"} {
		old := v.Fields[field]
		v.Fields[field] = value
		if _, err := l.render(0, v); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s %q: %v", field, value, err)
		}
		v.Fields[field] = old
	}
	delete(v.Fields, "batch")
	if _, err := l.render(0, v); err == nil || !strings.Contains(err.Error(), "no value for {batch}") {
		t.Errorf("no batch: %v", err)
	}
	v.Code = nil
	if _, err := l.render(0, v); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("no code: %v", err)
	}
}

// A container's label has no code of its own; its number is plain text.
func TestSSCC(t *testing.T) {
	l, faults := compile(strings.Replace(unit, "{code}", "~1{sscc}", 1), "20", tilde)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got, err := l.render(0, drivers.Label{Fields: map[string]string{"sscc": "00046012345678901234"}})
	if err != nil || !strings.Contains(string(got), "\x1bDC~100046012345678901234\x1b") {
		t.Errorf("%q, %v", got, err)
	}
	if err := l.checkCode([]byte("01")); err == nil {
		t.Error("a label without {code} carries a code")
	}
}
