package zpltest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	vector = "^XA^FO20,20^BXN,4,200,,,,#^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^PQ1^XZ"
	code   = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"
)

// symbols returns what the printer makes of a format.
func symbols(t testing.TB, text string) []Symbol {
	t.Helper()
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.send(text)
	h.sync()
	got := p.Received()
	if len(got) != 1 {
		t.Fatalf("%d labels received of %q, want 1", len(got), text)
	}
	if string(got[0].ZPL) != text && !strings.Contains(text, "~") {
		t.Errorf("the format is kept as %q, want %q", got[0].ZPL, text)
	}
	return got[0].Symbols
}

func TestSymbols(t *testing.T) {
	dm := func(data string, gs1 bool) string { return fmt.Sprintf("datamatrix %q %v", data, gs1) }
	c128 := func(data string, gs1 bool) string { return fmt.Sprintf("code128 %q %v", data, gs1) }
	for _, c := range []struct{ name, fields, want string }{
		{"vector", vector[3 : len(vector)-3], dm(code, true)},
		{"separator by ^FH", `^BXN,4,200,,,,#^FH\^FD#101\1D93^FS`, dm("01\x1d93", true)},
		{"raw separator", "^BXN,4,200,,,,#^FD#101\x1d93^FS", dm("01\x1d93", true)},
		{"raw leading GS is no FNC1", "^BXN,4,200,,,,#^FD\x1d0193^FS", dm("\x1d0193", false)},
		{"leading GS by control shift is no FNC1", "^BXN,4,200,,,,#^FD#]01^FS", dm("\x1d01", false)},
		{"no g, no FNC1", "^BXN,4,200^FD_101_193^FS", dm("_101_193", false)},
		{"g of the underscore mangles", "^BXN,4,200,,,,_^FD_101'_1>^FS", dm("01'\x1d>", true)},
		{"g with an aspect", "^BXN,4,200,,,,#,2^FD#101^FS", dm("01", true)},
		{"control shift", "^BXN,4,200,,,,#^FDa#@b#_c#Gd^FS", dm("a\x00b\x1fc\x07d", false)},
		{"decimal", "^BXN,4,200,,,,#^FDa#d029b#d255#d999#d1^FS", dm("a\x1db\xff#d999#d1", false)},
		{"literal g", "^BXN,4,200,,,,#^FDa##1b^FS", dm("a#1b", false)},
		{"g at the end", "^BXN,4,200,,,,#^FDab#^FS", dm("ab#", false)},
		{"g before another letter", "^BXN,4,200,,,,#^FDa#zb^FS", dm("a#zb", false)},
		{"FNC2, FNC3, code page", "^BXN,4,200,,,,#^FD#2214001001#3#5009ab^FS", dm("ab", false)},
		{"^FH before g", `^BXN,4,200,,,,#^FH\^FD\23101^FS`, dm("01", true)},
		{"^FH default mark", `^BXN,4,200,,,,#^FH^FDa_5E_7eb^FS`, dm("a^~b", false)},
		{"^FH not hex", `^BXN,4,200,,,,#^FH\^FDa\5Gb\5^FS`, dm(`a\5Gb\5`, false)},
		{"^FH ends with its field", `^FH\^FDx^FS^BXN,4,200,,,,#^FDa\41^FS`, dm(`a\41`, false)},
		{"line ends", "\r\n^BXN,4,200,,,,#\r\n^FD#1ab\r\ncd^FS\r\n", dm("abcd", true)},
		{"lower case", "^bxN,4,200,,,,#^fd#1ab^fs", dm("ab", true)},
		{"truncated", "^BXN,4,200,,,,#^FD" + strings.Repeat("a", 3073) + "^FS", dm(strings.Repeat("a", 3072), false)},
		{"unknown ~ swallows", "^BXN,4,200,,,,~^FDab~1cd^FS", dm("ab", false)},
		{"two fields", "^BXN,4,200,,,,#^FD#1a^FS^FDtext^FS^BCN,50^FDb^FS", dm("a", true) + " " + c128("b", false)},
		{"another bar code", "^BQN,2,5^FDQA,x^FS^BY3^BXN,4,200,,,,#^FD#1a^FS", dm("a", true)},
		{"no SGD line in a format", "^FDt^FS! U1 x^BXN,4,200,,,,#^FD#1a^FS", dm("a", true)},
		{"no ^FS", "^BXN,4,200,,,,#^FD#1a^FS^BXN,4,200,,,,#^FD#1b", dm("a", true)},
		{"no quality", "^BXN,4,,,,,#^FD#1a^FS", `datamatrix-ecc000 "#1a" false`},
		{"GS1-128", "^BCN,100,Y,N,N^FD>;>8010460123456789321>8>6abc^FS", c128("010460123456789321\x1dabc", true)},
		{"pairs", "^BCN,100,Y,N,N^FD>;382436^FS", c128("382436", false)},
		{"letter in a pair is ignored", "^BCN,100,Y,N,N^FD>;38D2436^FS", c128("382436", false)},
		{"letter after a digit spoils the pair", "^BCN,100,Y,N,N^FD>;382D4361^FS", c128("384361", false)},
		{"unpaired digit before a shift is ignored", "^BCN,100,Y,N,N^FD>;121>534^FS", c128("1234", false)},
		{"set A", "^BCN,100,Y,N,N^FD>935473637171824^FS", c128("CODE128", false)},
		{"set A control", "^BCN,100,Y,N,N^FD>93364^FS", c128("A\x00", false)},
		{"special characters", "^BCN,100^FDa>0b><c>=d>1>^FS", c128("a>b^c~d\x7f>", false)},
		{"mode D", "^BCN,100,,,,D^FD(00) 123 >8(10)AB^FS", c128("00123\x1d10AB", true)},
		{"mode D with its own FNC1", "^BCN,100,,,,D^FD>;>80012^FS", c128("0012", true)},
		{"mode A", "^BCN,100,,,,A^FD>80112ab>8x^FS", c128("0112ab\x1dx", true)},
		{"mode U", "^BCN,100,,,,U^FD0012345123451234512^FS", c128("0012345123451234512", true)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range symbols(t, "^XA"+c.fields+"^XZ") {
				got = append(got, fmt.Sprintf("%s %q %v", s.Kind, s.Data, s.GS1))
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
}

// Every string of bytes has a spelling that comes out as it was.
func TestAnyDataRoundTrips(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	rapid.Check(t, func(r *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(r, "data")
		gs1 := rapid.Bool().Draw(r, "gs1")
		var field strings.Builder
		if gs1 {
			field.WriteString("#1")
		}
		for i, c := range data {
			switch {
			case c == '#':
				field.WriteString("##")
			case c == gs && i > 0:
				field.WriteString([]string{"#1", "#]", `\1D`, "#d029", "\x1d"}[rapid.IntRange(0, 4).Draw(r, "spelling")])
			case c < ' ' || c == '^' || c == '~' || c == '\\':
				fmt.Fprintf(&field, `\%02X`, c)
			default:
				field.WriteByte(c)
			}
		}
		h.send(`^XA^BXN,4,200,,,,#^FH\^FD` + field.String() + "^FS^XZ")
		h.sync()
		all := p.Received()
		got := all[len(all)-1].Symbols
		if len(got) != 1 || !bytes.Equal(got[0].Data, data) || got[0].GS1 != gs1 {
			r.Fatalf("got %+v of %q, GS1 %v", got, data, gs1)
		}
	})
}
