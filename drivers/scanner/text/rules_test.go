package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
)

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// reading is a drivers.Scan that is easy to write down; raw is left out where it is the frame.
type reading struct {
	code, aim string
	noRead    bool
	bad       string
}

func read(code string) []reading { return []reading{{code: code}} }
func bad(why string) []reading   { return []reading{{bad: why}} }

// show writes readings so that their bytes can be seen.
func show(all ...drivers.Scan) (text string) {
	for _, s := range all {
		text += fmt.Sprintf("[raw %q code %q aim %q no-read %v bad %q]", s.Raw, s.Code, s.AIM, s.NoRead, s.Bad)
	}
	return text
}

func TestScans(t *testing.T) {
	optional := rules{aim: "optional"}
	for name, c := range map[string]struct {
		rules rules
		frame string
		want  []reading
	}{
		"a code":                    {optional, nasty, read(nasty)},
		"AIM":                       {optional, "]d2" + nasty, []reading{{code: nasty, aim: "]d2"}}},
		"AIM and GS":                {optional, "]d2\x1d" + nasty, []reading{{code: nasty, aim: "]d2"}}},
		"GS alone":                  {optional, "\x1d" + nasty, read(nasty)},
		"one GS, not two":           {optional, "\x1d\x1d" + nasty, read("\x1d" + nasty)},
		"wrong symbol is kept":      {optional, "]d1" + nasty, []reading{{code: nasty, aim: "]d1"}}},
		"AIM with a letter":         {optional, "]XA01", []reading{{code: "01", aim: "]XA"}}},
		"half an AIM":               {optional, "]d", bad("begins with ]")},
		"bracket":                   {optional, "]]]01", bad("begins with ]")},
		"AIM and nothing":           {optional, "]d2", []reading{{aim: "]d2", bad: "no code"}}},
		"GS and nothing":            {optional, "\x1d", bad("no code")},
		"spaces and trailing GS":    {optional, " 01 \x1d ", read(" 01 \x1d ")},
		"bytes beyond ASCII":        {optional, "01\xe8\x80\xff", read("01\xe8\x80\xff")},
		"AIM required":              {rules{aim: "require"}, "]d2" + nasty, []reading{{code: nasty, aim: "]d2"}}},
		"AIM required and missing":  {rules{aim: "require"}, nasty, bad("AIM identifier is missing")},
		"AIM required, FNC1 first":  {rules{aim: "require"}, "\x1d]d201", bad("AIM identifier is missing")},
		"no AIM expected":           {rules{aim: "none"}, "]d2" + nasty, read("]d2" + nasty)},
		"no AIM expected, GS":       {rules{aim: "none"}, "\x1d" + nasty, read(nasty)},
		"no-read":                   {rules{aim: "optional", noRead: "NOREAD"}, "NOREAD", []reading{{noRead: true}}},
		"no-read not by heart":      {optional, "NOREAD", read("NOREAD")},
		"no-read is the whole":      {rules{aim: "optional", noRead: "NOREAD"}, "NOREAD1", read("NOREAD1")},
		"heartbeat":                 {rules{aim: "optional", heartbeat: "ALIVE"}, "ALIVE", nil},
		"heartbeat is the whole":    {rules{aim: "optional", heartbeat: "ALIVE"}, "ALIVE ", read("ALIVE ")},
		"prefix":                    {rules{aim: "optional", prefix: "\x02"}, "\x02]d201", []reading{{code: "01", aim: "]d2"}}},
		"prefix once":               {rules{aim: "optional", prefix: "1"}, "1101", read("101")},
		"prefix missing":            {rules{aim: "optional", prefix: "\x02"}, "01", bad("prefix")},
		"prefix alone":              {rules{aim: "optional", prefix: "\x02"}, "\x02", bad("no code")},
		"prefix and no-read":        {rules{aim: "optional", prefix: "\x02", noRead: "NR"}, "\x02NR", []reading{{noRead: true}}},
		"no-read without prefix":    {rules{aim: "optional", prefix: "\x02", noRead: "NR"}, "NR", []reading{{noRead: true}}},
		"prefix and heartbeat":      {rules{aim: "optional", prefix: "\x02", heartbeat: "HB"}, "\x02HB", nil},
		"several":                   {rules{aim: "optional", separator: "|", noRead: "NR"}, "]d201|NR|\x1d02|", []reading{{code: "01", aim: "]d2"}, {noRead: true}, {code: "02"}}},
		"separators alone":          {rules{aim: "optional", separator: "|"}, "||", bad("no code")},
		"stand-in":                  {rules{aim: "optional", gs: "{GS}"}, "{GS}01{GS}21{GS}", read("01\x1d21\x1d")},
		"stand-in, AIM":             {rules{aim: "optional", gs: "|"}, "]d2|01|21", []reading{{code: "01\x1d21", aim: "]d2"}}},
		"FNC1 mark":                 {rules{aim: "optional", fnc1: "\xe8"}, "]d2\xe801\x1d21", []reading{{code: "01\x1d21", aim: "]d2"}}},
		"FNC1 mark, but GS":         {rules{aim: "optional", fnc1: "\xe8"}, "\x1d01", read("01")},
		"FNC1 mark once":            {rules{aim: "optional", fnc1: "\xe8"}, "\xe8\x1d01", read("\x1d01")},
		"FNC1 mark not inside":      {rules{aim: "optional", fnc1: "\xe8"}, "01\xe8", read("01\xe8")},
		"FNC1 and stand-in alike":   {rules{aim: "optional", fnc1: "\xe8", gs: "\xe8"}, "\xe801\xe821", read("01\x1d21")},
		"stand-in only if set":      {optional, "01{GS}21", read("01{GS}21")},
		"FNC1 mark only if set":     {optional, "\xe801", read("\xe801")},
		"separator is not stand-in": {rules{aim: "optional", separator: ";#", gs: "|"}, "01|21;#02", []reading{{code: "01\x1d21"}, {code: "02"}}},
	} {
		got := c.rules.scans([]byte(c.frame), false)
		if len(got) != len(c.want) {
			t.Errorf("%s: %s, want %d readings", name, show(got...), len(c.want))
			continue
		}
		for i, w := range c.want {
			g := got[i]
			if string(g.Raw) != c.frame || string(g.Code) != w.code || g.AIM != w.aim || g.NoRead != w.noRead ||
				(g.Bad == "") != (w.bad == "") || !strings.Contains(g.Bad, w.bad) || (g.Code == nil) != (w.code == "") {
				t.Errorf("%s: reading %d is %s, want %+v", name, i, show(g), w)
			}
		}
	}
}

func TestScansOfALongFrame(t *testing.T) {
	r := rules{aim: "optional", noRead: "NR", heartbeat: "NR", maxLength: 2}
	got := r.scans([]byte("NR"), true)
	if len(got) != 1 || got[0].Bad == "" || got[0].Code != nil || got[0].NoRead {
		t.Error(show(got...))
	}
}

// P8: whatever bytes a code has, and whatever a device may put around it, it comes out as it is.
func TestP8CodesAreOpaque(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rules{aim: "optional", gs: "{GS}", fnc1: "\xe8", prefix: "\x02"}
		code := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "code")
		if code[0] == gs || code[0] == ']' || code[0] == 0xe8 || bytes.Contains(code, []byte(r.gs)) {
			return
		}
		frame := "\x02" + rapid.SampledFrom([]string{"", "]d2"}).Draw(t, "aim") +
			rapid.SampledFrom([]string{"", "\x1d", "\xe8", "{GS}"}).Draw(t, "mark")
		sent := code
		if rapid.Bool().Draw(t, "stand-ins") {
			sent = bytes.ReplaceAll(code, []byte{gs}, []byte(r.gs))
		}
		got := r.scans(append([]byte(frame), sent...), false)
		if len(got) != 1 || !bytes.Equal(got[0].Code, code) || got[0].Bad != "" {
			t.Fatalf("%q came out as %s", code, show(got...))
		}
	})
}

func FuzzScans(f *testing.F) {
	f.Add([]byte("]d2\x1d"+nasty), "|", "{GS}", "\xe8", "\x02", "require")
	f.Add([]byte("]"), "", "", "", "", "optional")
	f.Fuzz(func(t *testing.T, frame []byte, separator, standIn, fnc1, prefix, aim string) {
		if len(frame) == 0 {
			return
		}
		before := bytes.Clone(frame)
		got := rules{aim: aim, separator: separator, gs: standIn, fnc1: fnc1, prefix: prefix}.scans(frame, false)
		if len(got) == 0 {
			t.Error("a frame vanished, and there is no heartbeat")
		}
		for _, s := range got {
			ways := 0
			for _, is := range []bool{s.Code != nil, s.NoRead, s.Bad != ""} {
				if is {
					ways++
				}
			}
			if ways != 1 {
				t.Errorf("%s is not one of code, no-read, bad", show(s))
			}
			if !bytes.Equal(s.Raw, before) {
				t.Errorf("raw is %q, the frame %q", s.Raw, before)
			}
		}
	})
}

var _ drivers.Scanner = (*Scanner)(nil)
