package text

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/scanner/frame"
	"linemark/drivers/scanner/reading"
	"linemark/drivers/scanner/scantest"
)

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// scan is a drivers.Scan that is easy to write down; raw is left out where it is the frame.
type scan struct {
	code, aim string
	noRead    bool
	bad       string
	grade     string
	place     string
}

func one(code string) []scan  { return []scan{{code: code}} }
func fault(why string) []scan { return []scan{{bad: why}} }

// show writes readings so that their bytes can be seen.
func show(all ...drivers.Scan) (text string) {
	for _, s := range all {
		text += fmt.Sprintf("[raw %q code %q aim %q no-read %v bad %q]", s.Raw, s.Code, s.AIM, s.NoRead, s.Bad)
	}
	return text
}

func TestScans(t *testing.T) {
	optional := rules{}
	camera := rules{Codes: frame.Codes{Separator: "\n\r", NoRead: "error"}, template: mustParse(t, "{code}@{grade}({place})")}
	counted := rules{Codes: frame.Codes{Separator: "|"}, prefix: "\x02", beats: regexp.MustCompile("HB [0-9]+( ok)?")}
	counted.beats.Longest()
	for name, c := range map[string]struct {
		rules rules
		frame string
		want  []scan
	}{
		"a code":                    {optional, nasty, one(nasty)},
		"AIM":                       {optional, "]d2" + nasty, []scan{{code: nasty, aim: "]d2"}}},
		"AIM and GS":                {optional, "]d2\x1d" + nasty, []scan{{code: nasty, aim: "]d2"}}},
		"GS alone":                  {optional, "\x1d" + nasty, one(nasty)},
		"wrong symbol is kept":      {optional, "]d1" + nasty, []scan{{code: nasty, aim: "]d1"}}},
		"AIM and nothing":           {optional, "]d2", []scan{{aim: "]d2", bad: "no code"}}},
		"spaces and trailing GS":    {optional, " 01 \x1d ", one(" 01 \x1d ")},
		"bytes beyond ASCII":        {optional, "01\xe8\x80\xff", one("01\xe8\x80\xff")},
		"AIM required":              {rules{Codes: frame.Codes{Form: reading.Form{AIM: reading.Require}}}, "]d2" + nasty, []scan{{code: nasty, aim: "]d2"}}},
		"AIM required and missing":  {rules{Codes: frame.Codes{Form: reading.Form{AIM: reading.Require}}}, nasty, fault("AIM identifier is missing")},
		"no-read":                   {rules{Codes: frame.Codes{NoRead: "NOREAD"}}, "NOREAD", []scan{{noRead: true}}},
		"no-read not by heart":      {optional, "NOREAD", one("NOREAD")},
		"no-read is the whole":      {rules{Codes: frame.Codes{NoRead: "NOREAD"}}, "NOREAD1", one("NOREAD1")},
		"heartbeat":                 {rules{heartbeat: "ALIVE"}, "ALIVE", nil},
		"heartbeat is the whole":    {rules{heartbeat: "ALIVE"}, "ALIVE ", one("ALIVE ")},
		"prefix":                    {rules{prefix: "\x02"}, "\x02]d201", []scan{{code: "01", aim: "]d2"}}},
		"prefix once":               {rules{prefix: "1"}, "1101", one("101")},
		"prefix missing":            {rules{prefix: "\x02"}, "01", fault("prefix")},
		"prefix alone":              {rules{prefix: "\x02"}, "\x02", fault("no code")},
		"prefix and no-read":        {rules{Codes: frame.Codes{NoRead: "NR"}, prefix: "\x02"}, "\x02NR", []scan{{noRead: true}}},
		"no-read without prefix":    {rules{Codes: frame.Codes{NoRead: "NR"}, prefix: "\x02"}, "NR", []scan{{noRead: true}}},
		"prefix and heartbeat":      {rules{prefix: "\x02", heartbeat: "HB"}, "\x02HB", nil},
		"several":                   {rules{Codes: frame.Codes{Separator: "|", NoRead: "NR"}}, "]d201|NR|\x1d02|", []scan{{code: "01", aim: "]d2"}, {noRead: true}, {code: "02"}}},
		"separators alone":          {rules{Codes: frame.Codes{Separator: "|"}}, "||", fault("no code")},
		"stand-in":                  {rules{Codes: frame.Codes{Form: reading.Form{GS: "{GS}"}}}, "{GS}01{GS}21{GS}", one("01\x1d21\x1d")},
		"FNC1 mark":                 {rules{Codes: frame.Codes{Form: reading.Form{FNC1: "\xe8"}}}, "]d2\xe801\x1d21", []scan{{code: "01\x1d21", aim: "]d2"}}},
		"several, spaced":           {rules{Codes: frame.Codes{Separator: "\n\r"}}, "01\r\n02\n\n03", []scan{{code: "01"}, {code: "02"}, {code: "03"}}},
		"graded and placed":         {camera, "]d2" + nasty + "@A(10,20)", []scan{{code: nasty, aim: "]d2", grade: "A", place: "10,20"}}},
		"several, graded":           {camera, "01@A(1,2)\n\rerror\n\r02@3.4()", []scan{{code: "01", grade: "A", place: "1,2"}, {noRead: true}, {code: "02", grade: "3.4"}}},
		"graded no-read":            {camera, "error@F(0,0)", []scan{{noRead: true, grade: "F", place: "0,0"}}},
		"grade missing":             {camera, "01(1,2)", fault("does not fit the template")},
		"one of several misfits":    {camera, "01@A(1,2)\n02", []scan{{code: "01", grade: "A", place: "1,2"}, {bad: "does not fit"}}},
		"grade of no code":          {camera, "@A(1,2)", []scan{{bad: "no code", grade: "A", place: "1,2"}}},
		"heartbeat, counted":        {counted, "HB 17", nil},
		"heartbeat, longest":        {counted, "HB 17 ok", nil},
		"heartbeat, prefixed":       {counted, "\x02HB 17", nil},
		"heartbeat is all of it":    {counted, "\x02HB 17!", one("HB 17!")},
		"heartbeat and code":        {counted, "\x02HB 1|01|HB 2", one("01")},
		"heartbeat of anything":     {rules{Codes: frame.Codes{Separator: "|"}, beats: regexp.MustCompile("HB.*")}, "HB 1|01", one("01")},
		"heartbeat, begun":          {counted, "\x021HB 17", one("1HB 17")},
		"separator is not stand-in": {rules{Codes: frame.Codes{Separator: ";#", Form: reading.Form{GS: "|"}}}, "01|21;#02", []scan{{code: "01\x1d21"}, {code: "02"}}},
	} {
		got := c.rules.scans([]byte(c.frame))
		if len(got) != len(c.want) {
			t.Errorf("%s: %s, want %d readings", name, show(got...), len(c.want))
			continue
		}
		for i, w := range c.want {
			g := got[i]
			if g.Grade != w.grade || g.Place != w.place || string(g.Raw) != c.frame || string(g.Code) != w.code || g.AIM != w.aim || g.NoRead != w.noRead ||
				(g.Bad == "") != (w.bad == "") || !strings.Contains(g.Bad, w.bad) || (g.Code == nil) != (w.code == "") {
				t.Errorf("%s: reading %d is %s, want %+v", name, i, show(g), w)
			}
		}
	}
}

// A frame that is too long is no no-read and no heartbeat, whatever it begins with.
func TestScansOfALongFrame(t *testing.T) {
	d := newDevice(rules{Codes: frame.Codes{NoRead: "NR"}, heartbeat: "NR", cut: frame.NewCutter("\r", "", 2)})
	got, err := d.Take(time.Unix(1, 0), []byte("NRx"))
	if err != nil || len(got) != 1 || got[0].Bad == "" || got[0].Code != nil || got[0].NoRead || string(got[0].Raw) != "NR" {
		t.Error(show(got...))
	}
}

// P8: whatever bytes a code has, and whatever a device may put around it, it comes out as it is.
func TestP8CodesAreOpaque(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rules{Codes: frame.Codes{Form: reading.Form{GS: "{GS}", FNC1: "\xe8"}}, prefix: "\x02"}
		code := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "code")
		if code[0] == gs || code[0] == ']' || code[0] == 0xe8 || bytes.Contains(code, []byte(r.Form.GS)) {
			return
		}
		start := "\x02" + rapid.SampledFrom([]string{"", "]d2"}).Draw(t, "aim") +
			rapid.SampledFrom([]string{"", "\x1d", "\xe8", "{GS}"}).Draw(t, "mark")
		sent := code
		if rapid.Bool().Draw(t, "stand-ins") {
			sent = bytes.ReplaceAll(code, []byte{gs}, []byte(r.Form.GS))
		}
		got := r.scans(append([]byte(start), sent...))
		if len(got) != 1 || !bytes.Equal(got[0].Code, code) || got[0].Bad != "" {
			t.Fatalf("%q came out as %s", code, show(got...))
		}
	})
}

func FuzzScans(f *testing.F) {
	f.Add([]byte("]d2\x1d"+nasty), "|", "{GS}", "\xe8", "\x02", "require")
	f.Add([]byte("]"), "", "", "", "", "optional")
	f.Fuzz(func(t *testing.T, text []byte, separator, standIn, fnc1, prefix, aim string) {
		if len(text) == 0 {
			return
		}
		before := bytes.Clone(text)
		got := rules{Codes: frame.Codes{Form: reading.Form{AIM: aim, GS: standIn, FNC1: fnc1}, Separator: separator}, prefix: prefix}.scans(text)
		if len(got) == 0 {
			t.Error("a frame vanished, and there is no heartbeat")
		}
		scantest.Words(t, got)
		for _, s := range got {
			if !bytes.Equal(s.Raw, before) {
				t.Errorf("raw is %q, the frame %q", s.Raw, before)
			}
		}
	})
}

var _ drivers.Scanner = (*Scanner)(nil)
