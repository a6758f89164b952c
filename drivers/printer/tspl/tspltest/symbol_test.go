package tspltest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"linemark/drivers/link/linktest/answertest"
	"pgregory.net/rapid"
)

func TestSymbols(t *testing.T) {
	const head = `DMATRIX 20,20,300,300,c126,x4,`
	for _, c := range []struct {
		name, line string
		quote      Quote
		want       string
	}{
		{"the manual's form", head + `"~10104601234567893215<&'_1>=,;%/~193dGVz"`, QuoteNone, `"0104601234567893215<&'_1>=,;%/\x1d93dGVz" true`},
		{"no FNC1", head + `"a_1b"`, QuoteNone, `"a_1b" false`},
		{"no escape character", `DMATRIX 20,20,300,300,"~101"`, QuoteNone, `"~101" false`},
		{"another escape character", `DMATRIX 20,20,300,300,c35,"#101#1~2"`, QuoteNone, `"01\x1d~2" true`},
		{"rows and columns", `DMATRIX 20,20,300,300,c126,x4,r90,a1,10,20,"~1a"`, QuoteNone, `"a" true`},
		{"control shift", head + `"a~]b~_c~Ad"`, QuoteNone, `"a\x1db\x1fc\x01d" false`},
		{"literal", head + `"a~~b"`, QuoteNone, `"a~b" false`},
		{"codeword", head + `"a~d034b"`, QuoteNone, `"a!b" false`},
		{"character", head + `"a~d034b~d029c"`, QuoteDecimal, `"a\"b\x1dc" false`},
		{"backslash", head + `"a\["]b"`, QuoteBackslash, `"a\"b" false`},
		{"backslash unknown", head + `"a\["]b"`, QuoteNone, ``},
		{"quote", head + `"a"b"`, QuoteBackslash, ``},
		{"no end", head + `"ab`, QuoteNone, ``},
		{"empty", head + `""`, QuoteNone, ``},
		{"only FNC1", head + `"~1"`, QuoteNone, ``},
		{"NUL", head + `"a~@"`, QuoteNone, ``},
		{"decimal 256", head + `"a~d256"`, QuoteNone, ``},
		{"escape at the end", head + `"a~"`, QuoteNone, ``},
		{"no size", `DMATRIX 20,20,c126,"a"`, QuoteNone, ``},
		{"no number", `DMATRIX 20,20,300,3x0,"a"`, QuoteNone, ``},
		{"2 KB", head + `"` + strings.Repeat("a", 2049) + `"`, QuoteNone, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, Options{Trigger: true, Quote: c.quote})
			h := connect(t, p)
			h.Send("CLS\r\n" + c.line + "\r\nPRINT 1,1\r\n")
			h.status()
			var got []string
			for _, s := range p.Received()[0].Symbols {
				got = append(got, fmt.Sprintf("%q %v", s.Data, s.GS1))
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
}

// Every string of bytes but NUL has a spelling that comes out as it was.
func TestAnyDataRoundTrips(t *testing.T) {
	p := start(t, Options{Trigger: true, Quote: QuoteDecimal})
	h := connect(t, p)
	rapid.Check(t, func(r *rapid.T) {
		data := rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 100).Draw(r, "data")
		gs1 := rapid.Bool().Draw(r, "gs1")
		var content strings.Builder
		if gs1 {
			content.WriteString("~1")
		}
		for i, c := range data {
			switch {
			case c == '~' || c == '"' || c < ' ':
				if c == gs && i > 0 {
					content.WriteString([]string{"~1", "~]", "~d029"}[rapid.IntRange(0, 2).Draw(r, "spelling")])
					continue
				}
				fmt.Fprintf(&content, "~d%03d", c)
			default:
				content.WriteByte(c)
			}
		}
		h.Send("CLS\r\nDMATRIX 1,1,9,9,c126,\"" + content.String() + "\"\r\nPRINT 1\r\n")
		h.status()
		all := p.Received()
		got := all[len(all)-1].Symbols
		if len(got) != 1 || !bytes.Equal(got[0].Data, data) || got[0].GS1 != gs1 {
			r.Fatalf("got %+v of %q, GS1 %v", got, data, gs1)
		}
	})
}

// Bytes from outside never break the printer, and it does not matter how they are cut.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		tspl("a") + "\x1b!?" + tspl("b"), "\x1b\x1b!\x1b!?CLS\rCLS\nPRINT 1", "DMATRIX ,,,,\"\r\nDMATRIX 1,1,1,1,c126,\"~d~1~\"\n",
		"SET REPRINT OFF\r\nOUT NET \"X=\";STR$(LABEL)\r\nOUT COM \"\";\r\nPRINT 0,9\r\nPRINT 99999,9\r\n\x00\r\n",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		if step < 1 || step > len(in) {
			step = 1
		}
		run := func(step int) ([]Label, int, bool, []string) {
			p := New(Options{Trigger: true, Now: func() time.Time { return time.Time{} }})
			defer p.Close()
			w := answertest.NewWriter(nil)
			s := newStream(p, w)
			for b := in; len(b) > 0; b = b[min(step, len(b)):] {
				s.feed(b[:min(step, len(b))])
			}
			s.end()
			return p.Received(), p.Waiting(), p.reprint, w.Waiting()
		}
		labels, waiting, reprint, out := run(len(in) + 1)
		labels2, waiting2, reprint2, out2 := run(step)
		if !reflect.DeepEqual(labels, labels2) || waiting != waiting2 || reprint != reprint2 || !reflect.DeepEqual(out, out2) {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
	})
}
