package reading

import (
	"bytes"
	"strings"
	"testing"
)

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

func TestTake(t *testing.T) {
	optional := Form{AIM: Optional}
	code := func(c string) Reading { return Reading{Code: []byte(c)} }
	marked := func(aim, c string) Reading { return Reading{Code: []byte(c), AIM: aim} }
	bad := func(why string) Reading { return Reading{Bad: why} }
	for name, c := range map[string]struct {
		form  Form
		piece string
		want  Reading
	}{
		"a code":                   {optional, nasty, code(nasty)},
		"no settings":              {Form{}, "]d2\x1d" + nasty, marked("]d2", nasty)},
		"AIM":                      {optional, "]d2" + nasty, marked("]d2", nasty)},
		"AIM and GS":               {optional, "]d2\x1d" + nasty, marked("]d2", nasty)},
		"GS alone":                 {optional, "\x1d" + nasty, code(nasty)},
		"one GS, not two":          {optional, "\x1d\x1d" + nasty, code("\x1d" + nasty)},
		"wrong symbol is kept":     {optional, "]d1" + nasty, marked("]d1", nasty)},
		"AIM that is not listed":   {optional, "]XA01", marked("]XA", "01")},
		"one AIM, not two":         {optional, "]d2]d201", marked("]d2", "]d201")},
		"half an AIM":              {optional, "]d", bad("begins with ]")},
		"bracket":                  {optional, "]", bad("begins with ]")},
		"AIM with a bracket":       {optional, "]]]01", bad("begins with ]")},
		"AIM with a sign":          {optional, "]d.01", bad("begins with ]")},
		"AIM and nothing":          {optional, "]d2", Reading{AIM: "]d2", Bad: "no code"}},
		"AIM, GS and nothing":      {optional, "]d2\x1d", Reading{AIM: "]d2", Bad: "no code"}},
		"GS and nothing":           {optional, "\x1d", bad("no code")},
		"nothing":                  {optional, "", bad("no code")},
		"spaces and trailing GS":   {optional, " 01 \x1d ", code(" 01 \x1d ")},
		"bytes beyond ASCII":       {optional, "01\xe8\x80\xff", code("01\xe8\x80\xff")},
		"AIM required":             {Form{AIM: Require}, "]d2" + nasty, marked("]d2", nasty)},
		"AIM required and missing": {Form{AIM: Require}, nasty, bad("AIM identifier is missing")},
		"AIM required, FNC1 first": {Form{AIM: Require}, "\x1d]d201", bad("AIM identifier is missing")},
		"AIM required, half":       {Form{AIM: Require}, "]d", bad("begins with ]")},
		"no AIM expected":          {Form{AIM: None}, "]d2" + nasty, code("]d2" + nasty)},
		"no AIM expected, GS":      {Form{AIM: None}, "\x1d" + nasty, code(nasty)},
		"stand-in":                 {Form{GS: "{GS}"}, "{GS}01{GS}21{GS}", code("01\x1d21\x1d")},
		"one stand-in, not two":    {Form{GS: "{GS}"}, "{GS}{GS}01", code("\x1d01")},
		"stand-in and GS":          {Form{GS: "{GS}"}, "\x1d01{GS}21\x1d93", code("01\x1d21\x1d93")},
		"part of a stand-in":       {Form{GS: "{GS}"}, "01{GS{GS}G", code("01{GS\x1dG")},
		"stand-in, AIM":            {Form{GS: "|"}, "]d2|01|21", marked("]d2", "01\x1d21")},
		"FNC1 mark":                {Form{FNC1: "\xe8"}, "]d2\xe801\x1d21", marked("]d2", "01\x1d21")},
		"FNC1 mark, but GS":        {Form{FNC1: "\xe8"}, "\x1d01", code("01")},
		"FNC1 mark once":           {Form{FNC1: "\xe8"}, "\xe8\xe801", code("\xe801")},
		"FNC1 mark, then no GS":    {Form{FNC1: "\xe8"}, "\xe8\x1d01", code("\x1d01")},
		"FNC1 mark not inside":     {Form{FNC1: "\xe8"}, "01\xe8", code("01\xe8")},
		"FNC1 mark before AIM":     {Form{FNC1: "\xe8"}, "\xe8]d201", code("]d201")},
		"FNC1 and stand-in alike":  {Form{FNC1: "\xe8", GS: "\xe8"}, "\xe801\xe821", code("01\x1d21")},
		"GS1-128 concatenation":    {Form{GS: "]C1"}, "]C101A]C193B", marked("]C1", "01A\x1d93B")},
		"concatenation, no AIM":    {Form{AIM: None, GS: "]C1"}, "]C101A]C193B", code("01A\x1d93B")},
		"spreadsheet":              {Form{GS: "_x001D_"}, "_x001D_01_x001D_21", code("01\x1d21")},
		"spreadsheet, literal":     {Form{GS: "_x001D_"}, "01_x005F_x001D_21_x001D_93", code("01_x001D_21\x1d93")},
		"spreadsheet, first":       {Form{GS: "_x001D_"}, "_x005F_x001D_01", code("_x001D_01")},
		"spreadsheet, twice":       {Form{GS: "_x001D_"}, "01_x005F_x005F_x005F_x001D_", code("01_x005F_x001D_")},
		"spreadsheet, others stay": {Form{GS: "_x001D_"}, "01_x001d__x0041__x001D", code("01_x001d__x0041__x001D")},
		"literal needs a setting":  {Form{GS: "|"}, "01_x005F_x001D_", code("01_x005F_x001D_")},
	} {
		piece := []byte(c.piece)
		got := c.form.Take(piece)
		if !bytes.Equal(got.Code, c.want.Code) || (got.Code == nil) != (c.want.Code == nil) || got.AIM != c.want.AIM ||
			(got.Bad == "") != (c.want.Bad == "") || !strings.Contains(got.Bad, c.want.Bad) {
			t.Errorf("%s: code %q aim %q bad %q, want %q %q %q", name, got.Code, got.AIM, got.Bad, c.want.Code, c.want.AIM, c.want.Bad)
		}
		clear(piece)
		if !bytes.Equal(got.Code, c.want.Code) {
			t.Errorf("%s: the code is part of the piece", name)
		}
	}
}

func FuzzTake(f *testing.F) {
	for _, piece := range []string{"", "]", "]d2", "]d2\x1d" + nasty, "\x1d\x1d01", "]C101A]C193B", "01{GS}21", "01_x005F_x001D_21_x001D_93"} {
		f.Add([]byte(piece), Optional, "", "")
		f.Add([]byte(piece), None, "_x001D_", "\xe8")
		f.Add([]byte(piece), Require, "]C1", "]C1")
	}
	f.Fuzz(func(t *testing.T, piece []byte, aim, standIn, fnc1 string) {
		before := bytes.Clone(piece)
		if got := (Form{AIM: aim, GS: standIn, FNC1: fnc1}).Take(piece); (len(got.Code) == 0) == (got.Bad == "") {
			t.Errorf("code %q and bad %q", got.Code, got.Bad)
		}
		if !bytes.Equal(piece, before) {
			t.Errorf("%q was changed to %q", before, piece)
		}
		got := Form{AIM: None}.Take(piece)
		if want := bytes.TrimPrefix(piece, []byte{gs}); !bytes.Equal(got.Code, want) || got.AIM != "" {
			t.Errorf("without settings %q gives %q and %q", piece, got.Code, got.AIM)
		}
	})
}

func TestTakeAllocatesTheCodeAlone(t *testing.T) {
	piece := []byte("]d2{GS}" + strings.ReplaceAll(nasty, "\x1d", "{GS}"))
	f := Form{AIM: Require, GS: "{GS}", FNC1: "\xe8"}
	if n := testing.AllocsPerRun(100, func() { f.Take(piece) }); n != 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTake(b *testing.B) {
	code := "0104780012345677217\"<&'_1>=,;%/A\x1d91EE11\x1d92dGVzdCBvZiBhIGNvZGUgdGhhdCBpcyBhcyBsb25nIGFzIG9uZQ=="
	for _, standIn := range []string{"", "{GS}", "_x001D_"} {
		piece := []byte("]d2\x1d" + code)
		if standIn != "" {
			piece = []byte("]d2" + standIn + strings.ReplaceAll(code, "\x1d", standIn))
		}
		b.Run("gs="+standIn, func(b *testing.B) {
			f := Form{GS: standIn}
			b.ReportAllocs()
			for b.Loop() {
				if string(f.Take(piece).Code) != code {
					b.Fatal("another code")
				}
			}
		})
	}
}
