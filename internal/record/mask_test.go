package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers/link"
	"linemark/internal/code"
)

const gtin = "04780012345677"

// known is what an agent that marks water and packs of cigarettes says of its codes.
var known = About{Agent: "line-3", Codes: []Codes{
	{GTIN: gtin, AIs: true, Serial: 13, Tail: []Tail{{"93", 4}}},
	{GTIN: "04780099999993", Serial: 7, Tail: []Tail{{"", 8}}},
	{AIs: true, Serial: 7, Tail: []Tail{{"93", 4}}},
	{AIs: true, Serial: 13, Tail: []Tail{{"91", 4}, {"92", 44}}},
	{AIs: true, Serial: 7, Tail: []Tail{{"8005", 6}, {"93", 4}}},
}}

func newKnown() *mask {
	m := newMask()
	m.learn(known)
	return m
}

const crypto = "dGVzdGluZyB0aGUgbWFzayBvZiBjb2RlcyBmdWxseSE9" // 44 characters

// The check part of a code is masked wherever and however it is written; the rest stays.
func TestMasksCodes(t *testing.T) {
	m := newKnown()
	for _, c := range []struct{ name, text, secret, stays string }{
		{"as it is", "01" + gtin + "215abcdefghijkl\x1d93dGVz", "dGVz", "215abcdefghijkl\x1d93"},
		{"as people see it", "unit 01" + gtin + "215abcdefghijkl{GS}93dGVz was not verified", "dGVz", "was not verified"},
		{"in JSON", `01` + gtin + `215abcdefghijkl\u001d93dGVz","`, "dGVz", `","`},
		{"in a URL", "/codes?cis=01" + gtin + "215abcdefghijkl%1D93dGVz&x=1", "dGVz", "/codes?cis="},
		{"ZPL", "^FD#101" + gtin + "215abcdefghijkl#193dGVz^FS^PQ1", "dGVz", "^FS^PQ1"},
		{"ZPL in hexadecimal", "^FD_1D01" + gtin + "215abcdefghijkl_1D93dGVz^FS", "dGVz", "^FS"},
		{"TSPL", "DMATRIX 0,0,1,1,\"~101" + gtin + "215abcdefghijkl~193dGVz\"", "dGVz", "DMATRIX"},
		{"the separator lost", "01" + gtin + "215abcdefghijkl93dGVz\r\n", "dGVz", "\r\n"},
		{"escaped characters before it", "^FD01" + gtin + "21a_5E_5E_5E_5Ebcdefgh_1D93dGVz^FS", "dGVz", "^FD01" + gtin},
		{"escaped characters in it", "01" + gtin + "215abcdefghijkl\x1d93d&amp;z|", "amp;z", "|"},
		{"two fields", "01" + gtin[:13] + "021abcdefghijklm\x1d91EE06\x1d92" + crypto + "\r\n", crypto, "\x1d92"},
		{"price and check part", "0104780000000000" + "21abcdefg\x1d8005112000\x1d93dGVz<", "dGVz", "21abcdefg"},
		{"without identifiers", "<04780099999993abcdefgSECRETxx>", "SECRETxx", "abcdefg"},
		{"a reading that lost a character", "01" + gtin + "215abcdefghijk\x1d93dGVz\r\n", "dGVz", "\r\n"},
		{"a reading whose beginning is wrong", "0l" + gtin + "215abcdefghijkl\x1d93dGVz\r\n", "dGVz", "\r\n"},
		{"of no known product", "0104999999999990" + "215abcdefghijkl\x1d93dGVz\r\n", "dGVz", "\r\n"},
	} {
		got := string(m.text([]byte(c.text)))
		if strings.Contains(got, c.secret) || !strings.Contains(got, c.stays) || len(got) != len(c.text) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	for _, same := range []string{"01" + gtin + "215abcdefghijkl", "between 01" + gtin + "215abcdefghijkl and 01" + gtin + "215abcdefghijkm never read",
		"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x64\x00\x08", "003012345670000000017", "refused: 01" + gtin + "215abcdefghijkl: it is packed", "12 codes; 93 of them"} {
		if got := string(m.text([]byte(same))); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
}

// Every code of every known kind loses its check part in a JSON document, equal ones become equal, and
// nothing else is changed.
func TestMasksEveryCode(t *testing.T) {
	m := newKnown()
	kinds := known.Codes
	rapid.Check(t, func(t *rapid.T) {
		k := kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]
		of := func(n int, what string) string {
			return rapid.StringOfN(rapid.RuneFrom([]rune(code.Set82)), n, n, -1).Draw(t, what)
		}
		ident := k.GTIN
		if ident == "" {
			ident = "04600000000000"
		}
		if k.AIs {
			ident = "01" + ident + "21"
		}
		ident += of(k.Serial, "serial")
		full, secret := ident, ""
		for _, f := range k.Tail {
			if k.AIs {
				full += "\x1d"
			}
			secret = of(f.Length, "check part")
			full += f.AI + secret
		}
		text, err := json.Marshal(map[string]any{"Code": full, "Same": full, "Ident": ident})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(m.json(text), &got); err != nil {
			t.Fatal(err)
		}
		if got["Code"] != got["Same"] || len(got["Code"]) != len(full) || k.GTIN != "" && !strings.HasPrefix(got["Code"], ident) || k.GTIN != "" && got["Ident"] != ident {
			t.Fatalf("%q became %q", full, got)
		}
		if strings.HasSuffix(got["Code"], secret) {
			t.Fatalf("%q is not masked", full)
		}
	})
}

// far is a device that sends what it is told to, in the pieces that it is told.
func far(t *testing.T, r *Recorder, pieces ...string) {
	t.Helper()
	near, other := net.Pipe()
	dial := r.Dialer("cam-1", func(context.Context, string) (link.Conn, error) { return near, nil })
	c, err := dial(t.Context(), "tcp://cam:1")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, p := range pieces {
			_, _ = other.Write([]byte(p))
		}
		other.Close()
	}()
	buf := make([]byte, 4096)
	for err == nil {
		_, err = c.Read(buf)
	}
	c.Close()
}

// P1 in a recording: an export holds no check part and no token, in whatever pieces a code came; the
// ring itself, and an export that is asked for whole codes, has them.
func TestExportMasks(t *testing.T) {
	dir := t.TempDir()
	about := known
	r := New(Options{DataDir: dir, Log: quiet(), About: about})
	full := "01" + gtin + "215abcdefghijkl\x1d93dGVz"
	for cut := range len(full) {
		far(t, r, "]d2"+full[:cut], full[cut:]+"\r\n")
	}
	var one []string
	for _, b := range []byte(strings.Repeat(full+"\r\n", 300)) {
		one = append(one, string(b))
	}
	far(t, r, one...)
	r.Mark(MarkAlarm, "3/check", "unit "+code.Visible(code.Code(full))+" was not verified")
	r.Call(Call{Method: "GET", URL: "http://izkm/codes", Answer: BodyOf([]byte(`{"codes":["` + strings.ReplaceAll(full, "\x1d", `\u001d`) + `","` + strings.ReplaceAll(full, "\x1d", `\u001d`)))})
	r.Call(Call{Method: "GET", URL: "http://izkm/codes", Answer: BodyOf([]byte("<html>" + full))})
	r.PutLater(KindStep, "3/check", time.Now(), raw(`{"n":1,"event":{"Scans":{"Scans":[{"Code":"`+strings.ReplaceAll(full, "\x1d", `\u001d`)+`"}]}}}`))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		name := filepath.Join(t.TempDir(), "cut.lrec")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		n, err := Export(InFolder(dir), f, Cut{WithCodes: whole})
		if err != nil || n.Records == 0 {
			t.Fatal(n, err)
		}
		f.Close()
		streams := map[string]string{}
		var said strings.Builder
		for _, r := range records(t, InFile(name)) {
			if r.Kind == KindIn {
				streams[fmt.Sprint(r.Conn)] += string(r.Data)
				continue
			}
			fmt.Fprintf(&said, "%s\n", r.Data)
		}
		for _, text := range append([]string{said.String()}, values(streams)...) {
			if strings.Contains(text, "dGVz") != whole {
				t.Errorf("with codes %v: %.300q", whole, text)
			}
			if strings.Contains(text, "5abcdefghijkl") == false {
				t.Errorf("the identification code is gone: %.300q", text)
			}
		}
	}
}

func values(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

type raw string

func (r raw) AppendRecord(b []byte) []byte { return append(b, r...) }

// Bytes behind a gap may be the end of a code whose beginning was dropped.
func TestMaskBehindGap(t *testing.T) {
	s := &streams{mask: newKnown(), all: map[streamKey]*stream{}}
	before := Record{Kind: KindIn, Source: "cam", Conn: 1, Data: []byte("hello\r\n")}
	behind := Record{Kind: KindIn, Source: "cam", Conn: 1, Offset: 30, Data: []byte("kl\x1d93dGVz\r\n" + strings.Repeat("x", 300))}
	s.see(before)
	s.see(behind)
	s.settleAll()
	if got := s.cover(before); string(got) != "hello\r\n" {
		t.Errorf("before the gap stands %q", got)
	}
	got := s.cover(behind)
	if bytes.Contains(got, []byte("dGVz")) || !bytes.HasSuffix(got, []byte("xxxxxxxx")) {
		t.Errorf("behind the gap stands %q", got)
	}
}

// FuzzMask: no text makes the mask fail, and none changes its length.
func FuzzMask(f *testing.F) {
	f.Add([]byte("01" + gtin + "215abcdefghijkl\x1d93dGVz"))
	f.Add([]byte(`{"a":"01` + gtin + `215\"\\\u001d93`))
	f.Add([]byte("0104780099999993abcdefgSECRETxx{GS}91{GS}"))
	m := newKnown()
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := m.text(b); len(got) != len(b) {
			t.Errorf("%q became %q", b, got)
		}
		valid := json.Valid(b)
		if got := m.json(b); valid && !json.Valid(got) {
			t.Errorf("%q became %q, which is no JSON", b, got)
		}
	})
}
