package mangle

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

const (
	water = code.Code("0104780012345677215EkPq(s\"aB&91\x1d93a1B2")
	pack  = code.Code("04780101164394TF&csaNNW1kK0tL")
)

// fits is what a person's code must be: whole, or the identification code alone.
func fits(group string) func(code.Code) bool {
	p, err := code.Table{}.Profile(group, code.Unit)
	if err != nil {
		panic(err)
	}
	return func(c code.Code) bool {
		parts, err := p.Parse(c)
		return err == nil && !parts.GSLost && len(parts.Warnings) == 0
	}
}

func TestExplain(t *testing.T) {
	s := string(water)
	for name, c := range map[string]struct {
		group, mangled string
		what           []string
		was            code.Code // empty: cannot be told
	}{
		"nothing":              {"water", s, nil, ""},
		"terminal":             {"water", strings.ReplaceAll(s, "\x1d", "^]"), []string{`"^]" after byte 31`}, water},
		"spreadsheet":          {"water", strings.ReplaceAll(s, "\x1d", "_x001D_"), []string{`"_x001D_" after byte 31`}, water},
		"FNC1 codeword":        {"water", strings.ReplaceAll(s, "\x1d", "\xe8"), []string{"byte E8 after byte 31"}, water},
		"blank for GS":         {"water", strings.ReplaceAll(s, "\x1d", " "), []string{"a blank after byte 31"}, water},
		"copied":               {"water", " " + s + "\r\n", []string{"behind the code"}, water},
		"byte order mark":      {"water", "\ufeff" + s, []string{"before the code"}, water},
		"CSV field":            {"water", `"` + strings.ReplaceAll(s, `"`, `""`) + `"`, []string{"field of a CSV file"}, water},
		"quotes":               {"tobacco", "“" + string(pack) + "”", []string{"in quotes"}, pack},
		"text mark":            {"water", "'" + s, []string{"apostrophe"}, water},
		"identifier":           {"water", "]d2" + s, []string{"AIM identifier"}, water},
		"identifier and FNC1":  {"water", "]d2\x1d" + s, []string{"AIM identifier", "FNC1"}, water},
		"all of a terminal":    {"water", "]d2^]" + strings.ReplaceAll(s, "\x1d", "^]"), []string{"AIM identifier", "FNC1", `"^]" after`}, water},
		"brackets":             {"water", `(01)04780012345677(21)5EkPq(s"aB&91(93)a1B2`, []string{"brackets"}, water},
		"JSON":                 {"water", `0104780012345677215EkPq(s\"aB&91\u001d93a1B2`, []string{"JSON"}, water},
		"JSON with quotes":     {"water", `"0104780012345677215EkPq(s\"aB\u002691\u001d93a1B2"`, []string{"in quotes", "JSON"}, water},
		"URL":                  {"water", url.QueryEscape(s), []string{"percent"}, water},
		"XML":                  {"tobacco", html.EscapeString(string(pack)), []string{"entities"}, pack},
		"layout":               {"tobacco", "04780101164394ЕА?сыфТТЦ1лЛ0еД", []string{"Russian keyboard layout"}, pack},
		"lookalikes":           {"tobacco", "04780101164394ТF&сsаNNW1kК0tL", []string{"look like Latin"}, pack},
		"leading zero":         {"water", s[1:], []string{"zero at the beginning"}, water},
		"base64":               {"water", base64.StdEncoding.EncodeToString([]byte(s)), []string{"base64"}, water},
		"hex":                  {"water", strings.ToUpper(hex.EncodeToString([]byte(s))), []string{"hexadecimal form of 38 bytes"}, water},
		"two":                  {"water", s + s, []string{"two codes"}, ""},
		"é UTF-8":              {"water", strings.ReplaceAll(s, "\x1d", "è"), []string{`"è" after byte 31`}, water},
		"exponent":             {"tobacco", "4,78010116E+28", []string{"exponent"}, ""},
		"replacement":          {"water", strings.ReplaceAll(s, "\x1d", "\ufffd"), []string{"U+FFFD"}, ""},
		"too short":            {"water", s[:20], nil, ""},
		"of another structure": {"alcohol", s, nil, ""},
	} {
		was, found, ok := Explain(code.Code(c.mangled), fits(c.group))
		if ok != (c.was != "") || ok && was != c.was || len(found) != len(c.what) {
			t.Errorf("%s: %v %s %+v", name, ok, code.Visible(was), found)
			continue
		}
		for i, f := range found {
			if !strings.Contains(f.What, c.what[i]) || f.Who == "" || f.Do == "" {
				t.Errorf("%s: finding %d is %+v", name, i, f)
			}
		}
	}
}

// Every stand-in is found in codes of every character that a serial number may hold.
func TestStandIns(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.SampledFrom(standIns).Draw(r, "stand-in")
		serial := rapid.StringOfN(rapid.SampledFrom([]rune(code.Set82)), 13, 13, -1).Draw(r, "serial")
		c := code.Code("010478001234567721" + serial + "\x1d93dGVz")
		if strings.Contains(string(c), s.text) {
			r.Skip()
		}
		was, found, ok := Explain(code.Code(strings.ReplaceAll(string(c), "\x1d", s.text)), fits("water"))
		if !ok || was != c || len(found) != 1 {
			r.Fatalf("%q: %v %q %+v", s.text, ok, was, found)
		}
	})
}

func FuzzExplain(f *testing.F) {
	for _, s := range []string{string(water), "]d2^]" + string(water), `"a""b"`, "(01)0478", "1E+5", "&amp;", "%", `\u00`, "йцу", "\xe8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			t.Skip()
		}
		good := fits("water")
		was, found, ok := Explain(code.Code(s), good)
		if ok && (!good(was) || len(found) == 0) {
			t.Errorf("%q explained as %q by %+v", s, was, found)
		}
	})
}

// However many mishaps seem possible, the work on one text has a bound.
func TestExplainIsBounded(t *testing.T) {
	long := string(water)
	for _, s := range standIns {
		long += s.text
	}
	for _, text := range []string{long, strings.Repeat(long, 3), long + strings.Repeat("01", 2000), strings.Repeat("(01)", 80)} {
		asked := 0
		_, _, _ = Explain(code.Code(text), func(code.Code) bool { asked++; return false })
		if asked > tries+2*longest+2 {
			t.Errorf("%d bytes: asked %d times", len(text), asked)
		}
	}
}
