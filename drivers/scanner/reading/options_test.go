package reading

import (
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
)

// options reads a form as a driver does.
func options(aim, standIn, fnc1 string) (Form, error) {
	k := option.Of(drivers.Settings{Dial: link.Dial, Options: map[string]any{"aim": aim, "gs": standIn, "fnc1": fnc1}})
	f := Options(k)
	return f, k.Err()
}

func TestOptionsAccept(t *testing.T) {
	for _, c := range []struct{ in, want Form }{
		{Form{"optional", "", ""}, Form{"optional", "", ""}},
		{Form{"require", "{GS}", "{FNC1}"}, Form{"require", "{GS}", "{FNC1}"}},
		{Form{"none", "]", "]"}, Form{"none", "]", "]"}},
		{Form{"none", "]GS]", ""}, Form{"none", "]GS]", ""}},
		{Form{"optional", "]C1", "]C1"}, Form{"optional", "]C1", "]C1"}},
		{Form{"optional", "\u00e8", "\u00e8"}, Form{"optional", "\xe8", "\xe8"}},
		{Form{"optional", "\u00c3\u00a8", ""}, Form{"optional", "\xc3\xa8", ""}},
		{Form{"optional", "\x1d", "\x1d"}, Form{"optional", "\x1d", "\x1d"}},
		{Form{"optional", "|", "\x1d"}, Form{"optional", "|", "\x1d"}},
		{Form{"optional", "_x001D_", "_x001D_"}, Form{"optional", "_x001D_", "_x001D_"}},
		{Form{"optional", "_x001D_", "^F"}, Form{"optional", "_x001D_", "^F"}},
	} {
		if got, err := options(c.in.AIM, c.in.GS, c.in.FNC1); got != c.want || err != nil {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
	k := option.Of(drivers.Settings{Dial: link.Dial})
	if got := Options(k); got != (Form{AIM: Optional}) || k.Err() != nil {
		t.Errorf("no settings: %q, %v", got, k.Err())
	}
}

func TestOptionsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		aim, gs, fnc1 string
		key, problem  string
		hint          string
	}{
		"in codes":               {"optional", "<GS>", "", "gs", `"<GS>" consists of characters that a code may hold`, `such as "{GS}"`},
		"letters":                {"none", "GS", "", "gs", "a code may hold", `such as "{GS}"`},
		"spreadsheet, lower":     {"optional", "_x001d_", "", "gs", "a code may hold", `spreadsheet file has "_x001D_"`},
		"spreadsheet's FNC1":     {"optional", "|", "_x001D_", "fnc1", "a code may hold", `such as "{GS}"`},
		"FNC1 in codes":          {"optional", "", "FNC1", "fnc1", "a code may hold", `such as "{GS}"`},
		"both, told once":        {"optional", "GS", "GS", "gs", "a code may hold", `such as "{GS}"`},
		"GS in it":               {"optional", "\x1d\x1d", "", "gs", "holds GS", `such as "{GS}"`},
		"FNC1 with GS in it":     {"optional", "", "\u00e8\x1d", "fnc1", "holds GS", `such as "{GS}"`},
		"bracket":                {"optional", "]", "", "gs", "AIM identifier", `aim = "none"`},
		"bracket, AIM required":  {"require", "]", "", "gs", "AIM identifier", `aim = "none"`},
		"more than an AIM":       {"optional", "]C1x", "", "gs", "AIM identifier", `aim = "none"`},
		"brackets":               {"optional", "", "]]", "fnc1", "AIM identifier", `aim = "none"`},
		"FNC1 begins stand-in":   {"optional", "{GS}", "{", "fnc1", "stand-in for GS", "the same mark for both"},
		"stand-in in FNC1":       {"optional", "|", "A|", "fnc1", "stand-in for GS", "the same mark for both"},
		"stand-in begins inside": {"optional", "|}", "A|", "fnc1", "stand-in for GS", "the same mark for both"},
		"aim":                    {"always", "", "", "aim", "unknown", "optional, require, none"},
	} {
		_, err := options(c.aim, c.gs, c.fnc1)
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) != 1 {
			t.Errorf("%s: %v, want one problem", name, err)
			continue
		}
		bad, ok := joined.Unwrap()[0].(*drivers.OptionError)
		if !ok || bad.Key != c.key || !strings.Contains(bad.Problem, c.problem) || !strings.Contains(bad.Hint, c.hint) {
			t.Errorf("%s: %#v, want %s: %s (%s)", name, bad, c.key, c.problem, c.hint)
		}
	}
}

func TestConfusable(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"|", "|", true}, {"{GS}", "}", true}, {"A|", "|}", true}, {"|}", "A|", true},
		{"{GS}", "}{", true}, {"{GS}", "{F1}", false}, {"{GS}", "|", false}, {"&#29;", ";|", false},
		{"", "|", false}, {"", "", false}, {"\xe8", "\xe8", true}, {"A", "A", false}, {"_x001D_", "|_", false},
	} {
		if Confusable(c.a, c.b) != c.want || Confusable(c.b, c.a) != c.want {
			t.Errorf("%q and %q: not %v both ways", c.a, c.b, c.want)
		}
	}
}

func TestSymbology(t *testing.T) {
	for id, want := range map[string]struct {
		name       string
		gs1, known bool
	}{
		"]d2": {"GS1 Data Matrix", true, true}, "]d1": {"Data Matrix without FNC1", false, true},
		"]d5": {"GS1 Data Matrix with ECI", true, true}, "]C1": {"GS1-128", true, true}, "]C0": {"Code 128", false, true},
		"]Q3": {"GS1 QR Code", true, true}, "]Q1": {"QR Code without FNC1", false, true},
		"]e0": {"GS1 DataBar", true, true}, "]J1": {"GS1 DotCode", true, true}, "]E4": {"EAN-8", false, true},
		"]XA": {}, "": {}, "d2": {},
	} {
		if name, gs1, known := Symbology(id); name != want.name || gs1 != want.gs1 || known != want.known {
			t.Errorf("Symbology(%q) = %q, %v, %v", id, name, gs1, known)
		}
	}
	for _, s := range symbologies {
		if identifier([]byte(s.id+"01")) != s.id || s.name == "" || byIdentifier[s.id] != s {
			t.Errorf("%+v is not well formed or listed twice", s)
		}
		if strings.HasPrefix(s.name, "GS1") && !s.gs1 {
			t.Errorf("%+v", s)
		}
	}
	if len(byIdentifier) != len(symbologies) {
		t.Errorf("%d identifiers in %d lines", len(byIdentifier), len(symbologies))
	}
}
