package text

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(t testing.TB, text string) template {
	t.Helper()
	parsed, err := parseTemplate(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return parsed
}

func TestParseTemplateRefuses(t *testing.T) {
	for text, c := range map[string][2]string{
		"":                          {"no {code}", "{code}@{grade}"},
		"{grade}@":                  {"no {code}", "{code}@{grade}"},
		"{code}":                    {},
		"{code}({place})":           {`"(" beside {code} consists of characters that a code may hold`, `such as "@"`},
		"{code}, {grade}":           {},
		"{code}{grade}":             {"nothing stands between {code} and {grade}", "mark"},
		"{code}@{grade}{place}":     {"nothing stands between {grade} and {place}", "mark"},
		"{code}@{code}":             {"{code} stands there twice", "{skip}"},
		"{code}@{grade}/{grade}":    {"{grade} stands there twice", "{skip}"},
		"{code}@{skip}/{skip}":      {},
		"{code}@{grad}":             {"unknown field {grad}", "did you mean {grade}?"},
		"{code}@{x}":                {"unknown field {x}", "{code} {grade} {place} {skip}"},
		"{code}@{grade":             {"the { at character 8 has no }", "{{"},
		"{code@{grade}":             {"the { at character 1 has no }", "{{"},
		"{code}@}":                  {"a } without its { at character 8", "}}"},
		"{code}#":                   {},
		"{code};":                   {"beside {code}", "such as"},
		"01{code}":                  {"codes themselves begin with digits", "another"},
		"A1{code}":                  {},
		"{grade}:{code}":            {"beside {code}", "such as"},
		"{grade} {code}":            {},
		"{code}\x1d@{grade}":        {"holds GS", "such as"},
		"{{{code}}}@{grade}":        {},
		"<{grade}({place})@{code}]": {},
	} {
		_, err := parseTemplate(text)
		bad, _ := errors.AsType[*templateError](err)
		if (bad == nil) != (c[0] == "") || bad != nil && (!strings.Contains(bad.problem, c[0]) || !strings.Contains(bad.hint, c[1])) {
			t.Errorf("%q: %v, want %q", text, err, c)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		template, piece, code, grade, place string
		misfit                              bool
	}{
		{template: "{code}@{grade}({place})", piece: nasty + "@A(1,2)", code: nasty, grade: "A", place: "1,2"},
		{template: "{code}@{grade}({place})", piece: "01(@)@@A(1,2)", code: "01(@)@", grade: "A", place: "1,2"},
		{template: "{code}@{grade}({place})", piece: "01@A(1,2", misfit: true},
		{template: "{code}@{grade}({place})", piece: "01@A1,2)", misfit: true},
		{template: "{code}@{grade}({place})", piece: "01(1,2)", misfit: true},
		{template: "{code}@{grade}({place})", piece: "", misfit: true},
		{template: "{code}@{grade}", piece: "01@", code: "01"},
		{template: "{code}AA@{grade}", piece: "0AAAA@B", code: "0AA", grade: "B"},
		{template: "{code}@AA{grade}", piece: "01@AAA", code: "01", grade: "A"},
		{template: "{grade}/{skip} {place}|{code}", piece: "A/x 1,2|01|", code: "01|", grade: "A", place: "1,2"},
		{template: "{grade}/{skip} {place}|{code}", piece: "A 1,2|01", misfit: true},
		{template: "<{code}>#", piece: "<<01>>#", code: "<01>"},
		{template: "<{code}>#", piece: "01>#", misfit: true},
		{template: "{place}|{code} {grade}!", piece: "1,2|01 A!", code: "01", grade: "A", place: "1,2"},
		{template: "{{{code}}}", piece: "{01}", code: "01"},
		{template: "{code}\u00e8{grade}", piece: "01\xe8A", code: "01", grade: "A"},
	} {
		parsed := mustParse(t, c.template)
		code, grade, place, ok := parsed.split([]byte(c.piece))
		if string(code) != c.code || grade != c.grade || place != c.place || ok == c.misfit {
			t.Errorf("%s of %q: %q %q %q %v", c.template, c.piece, code, grade, place, ok)
		}
	}
}

// render puts a piece together as a device does that is set to the template.
func (t template) render(code, grade, place string) string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.literal + map[string]string{"code": code, "grade": grade, "place": place, "skip": "x"}[p.field])
	}
	return b.String()
}

// P8: every template that is accepted gives back every code byte for byte.
func TestP8EveryAcceptedTemplate(t *testing.T) {
	literal := rapid.StringOfN(rapid.RuneFrom([]rune("@|#A1( ")), 0, 3, -1)
	code := rapid.StringOfN(rapid.RuneFrom([]rune("@|#A1( \x1d")), 0, 8, -1)
	value := rapid.StringMatching("[B-D2-9,.]*")
	rapid.Check(t, func(t *rapid.T) {
		var text string
		for _, field := range rapid.Permutation([]string{"{code}", "{grade}", "{place}", "{skip}"}).Draw(t, "order") {
			text += literal.Draw(t, "literal")
			if field == "{code}" || rapid.Bool().Draw(t, "sent") {
				text += field
			}
		}
		text += literal.Draw(t, "end")
		parsed, err := parseTemplate(text)
		if err != nil {
			return
		}
		c, g, p := code.Draw(t, "code"), value.Draw(t, "grade"), value.Draw(t, "place")
		piece := parsed.render(c, g, p)
		gotCode, gotGrade, gotPlace, ok := parsed.split([]byte(piece))
		if !strings.Contains(text, "{grade}") {
			g = ""
		}
		if !strings.Contains(text, "{place}") {
			p = ""
		}
		if !ok || string(gotCode) != c || gotGrade != g || gotPlace != p {
			t.Fatalf("%s of %q: %q %q %q %v", text, piece, gotCode, gotGrade, gotPlace, ok)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"{code}@{grade}({place})", "{code}", "{{{code}}}@", "{grade} {place}|{code}", "{code}{", "}", "01{code}"} {
		f.Add(text, nasty+"@A(1,2)")
	}
	f.Fuzz(func(t *testing.T, text, piece string) {
		parsed, err := parseTemplate(text)
		if bad, ok := errors.AsType[*templateError](err); err != nil && (!ok || bad.problem == "" || bad.hint == "") {
			t.Errorf("%q: %#v", text, err)
		}
		if err != nil {
			return
		}
		code, grade, place, ok := parsed.split([]byte(piece))
		if !ok && (code != nil || grade != "" || place != "") || len(code)+len(grade)+len(place) > len(piece) {
			t.Errorf("%q of %q: %q %q %q %v", text, piece, code, grade, place, ok)
		}
		for _, p := range parsed.parts {
			if (p.literal == "") == (p.field == "") {
				t.Errorf("%q: part %+v", text, p)
			}
		}
	})
}
