package tspl

import (
	"strings"
	"testing"

	"linemark/drivers"
)

func TestCompileRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(unit, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "no CLS"},
		{"no PRINT", change("PRINT 1,1\n", ""), "no PRINT"},
		{"two copies", change("PRINT 1,1", "PRINT 1,2"), "PRINT 1,2: one code"},
		{"two labels", change("PRINT 1,1", "PRINT 2"), "PRINT 2: one code"},
		{"no count", change("PRINT 1,1", "PRINT"), "PRINT: one code"},
		{"two PRINT", unit + "PRINT 1", "there are 2 PRINT"},
		{"after PRINT", unit + "CLS", "CLS stands after PRINT"},
		{"no CLS", change("CLS\n", ""), "no CLS"},
		{"two CLS", change("CLS\n", "CLS\nCLS\n"), "2 CLS"},
		{"code before CLS", "DMATRIX 20,20,300,300,c126,\"{code}\"\nCLS\nPRINT 1", "before CLS"},
		{"no escape character", change("c126,", ""), "does not name c126"},
		{"another escape character", change("c126", "c35"), "does not name c126"},
		{"prefix", change(`"{code}"`, `"~1{code}"`), "not the whole content"},
		{"suffix", change(`"{code}"`, `"{code}1"`), "not the whole content"},
		{"two values", change(`"{code}"`, `"{code}{serial}"`), "not the whole content"},
		{"no DMATRIX", change("DMATRIX 20,20,300,300,c126,x4", "QRCODE 1,1,H"), "not in a DMATRIX"},
		{"missing size", change("20,20,300,300", "20,20"), "not the whole content"},
		{"no code", change("{code}", "1"), "neither {code} nor {sscc}"},
		{"unknown placeholder", change("{code}", "{cod}"), "unknown placeholder {cod}"},
		{"open brace", change("{code}", "{code"), "no }"},
		{"outside a text", change("GAP", "{batch} GAP"), "outside a text"},
		{"OUT", change("GAP 2 mm,0", `OUT NET "X"`), "OUT: its answer"},
		{"program", change("GAP 2 mm,0", `DOWNLOAD "A.BAS"`), "DOWNLOAD"},
		{"reprint", change("GAP 2 mm,0", `SET REPRINT ON`), "REPRINT"},
		{"counter", change("GAP 2 mm,0", `SET COUNTER @1 1`), "a counter"},
		{"control", change("GAP", "\x1b!?GAP"), "control character 1B"},
		{"small letters", change("PRINT", "print"), "print is no command"},
	} {
		_, faults := compile(c.text, rule{gs1: true})
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
	text := "SIZE 60 mm,40 mm\r\n\r\n  CLS\r\nDMATRIX 1,1,9,9,c126,x4,r90,a1,10,10,\"{code}\"\r\n" +
		"TEXT 1,9,\"2\",0,1,1,\"{{{batch}}} {expiration_date:dd.MM.yyyy} {serial}\"\nPRINT 1"
	l, faults := compile(text, rule{gs1: true})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	v := drivers.Label{Code: []byte("01\x1d93"), Fields: map[string]string{"batch": "A~7", "serial": "S", "expiration_date": "2027-03-09"}}
	got, err := l.render([]byte("x"), v)
	want := "xSIZE 60 mm,40 mm\r\nCLS\r\nDMATRIX 1,1,9,9,c126,x4,r90,a1,10,10,\"~101~193\"\r\n" +
		"TEXT 1,9,\"2\",0,1,1,\"{A~7} 09.03.2027 S\"\r\nPRINT 1\r\n"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v\nwant %q", got, err, want)
	}
	for field, value := range map[string]string{"batch": `a"b`, "serial": "a\rb", "expiration_date": "soon"} {
		old := v.Fields[field]
		v.Fields[field] = value
		if _, err := l.render(nil, v); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s %q: %v", field, value, err)
		}
		v.Fields[field] = old
	}
	v.Code, v.Fields["batch"] = []byte(`01"`), "A7"
	for form, c := range map[string]struct{ text, want string }{
		"refuse":                     {text, "quote_form"},
		"backslash":                  {text, ""},
		"decimal":                    {text, "{serial}"},
		"decimal in a DMATRIX":       {strings.Replace(text, "TEXT 1,9,\"2\",0,1,1,", "DMATRIX 1,9,9,9,c126,", 1), ""},
		"decimal without the serial": {strings.Replace(text, " {serial}", "", 1), ""},
	} {
		name, _, _ := strings.Cut(form, " ")
		l, faults := compile(c.text, rule{gs1: true, quote: quotes[name]})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if err := l.checkCode(v.Code); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", form, err, c.want)
		}
		if c.want != "" {
			continue
		}
		v.Fields["serial"] = `"S"`
		want := `"~101` + quotes[name] + `"`
		if strings.Contains(c.text, "{serial}") {
			want = ` 09.03.2027 ` + quotes[name] + "S" + quotes[name] + `"`
		}
		if got, err := l.render(nil, v); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %q, %v, want %q", form, got, err, want)
		}
	}
	v.Code, v.Fields["serial"] = []byte("01\x1d93"), "S"
	delete(v.Fields, "batch")
	if _, err := l.render(nil, v); err == nil || !strings.Contains(err.Error(), "no value for {batch}") {
		t.Errorf("no batch: %v", err)
	}
}

// A container's label has no code of its own; its number goes into a symbol as text.
func TestSSCC(t *testing.T) {
	l, faults := compile(strings.Replace(unit, "{code}", "~1{sscc}", 1), rule{gs1: true})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got, err := l.render(nil, drivers.Label{Fields: map[string]string{"sscc": "00046012345678901234"}})
	if err != nil || !strings.Contains(string(got), `c126,x4,"~100046012345678901234"`) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := l.render(nil, drivers.Label{Fields: map[string]string{"sscc": "0~1"}}); err == nil {
		t.Error("an escape character went through")
	}
	if err := l.checkCode([]byte("01")); err == nil {
		t.Error("a label without {code} carries a code")
	}
}
