package escape

import (
	"bytes"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"linemark/internal/code"
	"pgregory.net/rapid"
)

func withGS(t interface{ Fatal(...any) }, gs string) XML {
	x, err := NewXML(gs)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestNewXML(t *testing.T) {
	for _, gs := range []string{"", "{GS}", "~", "#", "␝", "[29]", "_x001D_#"} {
		x := withGS(t, gs)
		const c code.Code = "a\x1db\x1d"
		out, err := x.Text(c)
		if gs == "" {
			if err == nil {
				t.Errorf("the zero XML writes %s", out)
			}
			continue
		}
		if want := "a" + gs + "b" + gs; err != nil || string(out) != want {
			t.Errorf("with %q: %s, %v; want %s", gs, out, err, want)
		}
		if back, err := x.Parse(out); err != nil || back != c {
			t.Errorf("with %q: read back %q, %v", gs, back, err)
		}
	}
	for gs, word := range map[string]string{
		"_x001D_": "a serial may hold it", "GS": "a serial may hold it", "%1D": "a serial may hold it", "_": "a serial may hold it",
		"<GS>": "a serial may hold it", "<#>": "needs escaping", "{&}": "needs escaping", `{"}`: "needs escaping", "{>": "needs escaping", "{\t}": "needs escaping",
		"\x1d": "needs escaping", "\u0085#": "needs escaping", "#\uFFFE": "needs escaping", "#\xe8": "invalid UTF-8",
	} {
		if _, err := NewXML(gs); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("NewXML(%q): %v; want %q", gs, err, word)
		}
	}
}

// A code that holds the agreed substitution, whole or together with a GS, would be read as
// another one.
func TestXMLRefusesTheSubstitutionItself(t *testing.T) {
	for _, tc := range []struct {
		gs string
		c  code.Code
		at int // -1: it is written
	}{
		{"{GS}", "ab{GS}", 2},
		{"{GS}", "ab{GS", -1},
		{"##", "#\x1d", 0},
		{"##", "\x1d#", -1},
		{"##", "\x1d\x1d", -1},
		{"##", "a#b", -1},
		{"#a#", "#a\x1d", 0},
		{"#a#", "\x1da#", -1},
		{"a#a", "a\x1d", -1},
		{"a##", "a\x1d", -1},
	} {
		x := withGS(t, tc.gs)
		out, err := x.Text(tc.c)
		var bad *CharError
		if refused := errors.As(err, &bad); refused != (tc.at >= 0) || refused && bad.Pos != tc.at {
			t.Errorf("%q with %q: %s, %v", tc.c, tc.gs, out, err)
		}
		if err != nil {
			continue
		}
		if back, err := x.Parse(out); err != nil || back != tc.c {
			t.Errorf("%q with %q: %s, read back as %q, %v", tc.c, tc.gs, out, back, err)
		}
	}
}

func TestXMLText(t *testing.T) {
	var x XML
	for in, want := range map[code.Code]string{
		"":           "",
		"a]]>b":      "a]]&gt;b",
		"\t\n\r":     "&#x9;&#xA;&#xD;",
		"&amp;":      "&amp;amp;",
		"ё\u0085😀 '": "ё\u0085😀 '",
		"\x7f\uFFFD": "\x7f\uFFFD",
	} {
		if got, err := x.Text(in); err != nil || string(got) != want {
			t.Errorf("Text(%q) = %s, %v; want %s", in, got, err, want)
		}
	}
	for in, want := range map[code.Code]CharError{
		"a\x00":   {"XML", 0, 1, "XML 1.0 cannot carry it"},
		"\x1c":    {"XML", 0x1c, 0, "XML 1.0 cannot carry it"},
		"ё\uFFFE": {"XML", 0xFFFE, 2, "XML 1.0 cannot carry it"},
		"\uFFFF":  {"XML", 0xFFFF, 0, "XML 1.0 cannot carry it"},
	} {
		out, err := x.Text(in)
		var bad *CharError
		if !errors.As(err, &bad) || *bad != want || out != nil {
			t.Errorf("Text(%q) = %q, %v", in, out, err)
		}
	}
}

func TestXMLParse(t *testing.T) {
	var x XML
	for in, want := range map[string]code.Code{
		"&lt;&gt;&amp;&quot;&apos;":     `<>&"'`,
		"&#60;&#x3c;&#x3C;&#0000060;":   "<<<<",
		"&#x1F600;&#1105;":              "😀ё",
		"&#9;&#xA;&#13;":                "\t\n\r",
		"&amp;#60;":                     "&#60;",
		`"'>`:                           `"'>`,
		"&#x0000000000000000000000041;": "A",
	} {
		if got, err := x.Parse([]byte(in)); err != nil || got != want {
			t.Errorf("Parse(%s) = %q, %v; want %q", in, got, err, want)
		}
	}
	const open, unknown = "& not escaped, or a reference without its semicolon", "& not escaped, or an entity unknown to XML"
	for in, want := range map[string]SyntaxError{
		"a<b":                     {"XML", 1, "< not escaped"},
		"a&b":                     {"XML", 1, open},
		"&":                       {"XML", 0, open},
		"a&;":                     {"XML", 1, unknown},
		"&LT;":                    {"XML", 0, unknown},
		"&nbsp;":                  {"XML", 0, unknown},
		"&b&lt;":                  {"XML", 0, unknown},
		"&#;":                     {"XML", 0, noCharacter},
		"&#x;":                    {"XML", 0, noCharacter},
		"&#X41;":                  {"XML", 0, noCharacter},
		"&#3c;":                   {"XML", 0, noCharacter},
		"&#+60;":                  {"XML", 0, noCharacter},
		"&#x1D;":                  {"XML", 0, noCharacter},
		"&#29;":                   {"XML", 0, noCharacter},
		"&#0;":                    {"XML", 0, noCharacter},
		"&#xD800;":                {"XML", 0, noCharacter},
		"&#xFFFE;":                {"XML", 0, noCharacter},
		"&#x110000;":              {"XML", 0, noCharacter},
		"&#99999999999999999999;": {"XML", 0, noCharacter},
		"&#x100000041;":           {"XML", 0, noCharacter}, // 0x41 in 32 bits
		"a\n":                     {"XML", 1, "control byte 0x0A not escaped"},
		"\x1d":                    {"XML", 0, "control byte 0x1D not escaped"},
		"a\uFFFF":                 {"XML", 1, "U+FFFF is no character of XML"},
	} {
		refusedAs(t, "Parse", x.Parse, in, want)
	}
	var bad *UTF8Error
	if _, err := x.Parse([]byte("a\xe8")); !errors.As(err, &bad) || *bad != (UTF8Error{0xe8, 1}) {
		t.Errorf("invalid UTF-8: %v", err)
	}
}

// peerXML is what encoding/xml reads out of the same text and attribute.
func peerXML(text, attr []byte) (inText, inAttr string, err error) {
	var v struct {
		V    string `xml:"v,attr"`
		Text string `xml:",chardata"`
	}
	err = xml.Unmarshal([]byte(`<c v="`+string(attr)+`">`+string(text)+`</c>`), &v)
	return v.Text, v.V, err
}

func legal(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !legalXML(r) }) < 0
}

func TestXMLRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := code.Code(rapid.OneOf(marks(), rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("#a{}<&\"\x1d")))).Draw(t, "code"))
		x := withGS(t, rapid.SampledFrom([]string{"", "{GS}", "#", "##", "#a#", "a#a"}).Draw(t, "substitution"))
		text, err := x.Text(c)
		attr, attrErr := x.Attr(c)
		written := legal(strings.ReplaceAll(string(c), "\x1d", x.gs)) && !(x.gs == "" && strings.Contains(string(c), "\x1d"))
		if back := strings.ReplaceAll(strings.ReplaceAll(string(c), "\x1d", x.gs), x.gs, "\x1d"); x.gs != "" && back != string(c) {
			written = false
		}
		if (err == nil) != written || (attrErr == nil) != written {
			t.Fatalf("%q with %q: %v, %v", c, x.gs, err, attrErr)
		}
		if err != nil {
			return
		}
		for _, out := range [][]byte{text, attr} {
			if back, err := x.Parse(out); err != nil || back != c {
				t.Fatalf("%s read back as %q, %v", out, back, err)
			}
		}
		want := strings.ReplaceAll(string(c), "\x1d", x.gs)
		if inText, inAttr, err := peerXML(text, attr); err != nil || inText != want || inAttr != want {
			t.Fatalf("encoding/xml reads %s and %s as %q and %q, %v", text, attr, inText, inAttr, err)
		}
		var peer bytes.Buffer
		if err := xml.EscapeText(&peer, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if back, err := x.Parse(peer.Bytes()); err != nil || back != c {
			t.Fatalf("encoding/xml writes %s, read as %q, %v", peer.Bytes(), back, err)
		}
	})
}

// The judge is encoding/xml: what we read it reads alike, and the plain text that it takes we
// take too. It reads a reference to half a surrogate pair as U+FFFD, which we refuse.
func FuzzXMLParse(f *testing.F) {
	for _, s := range []string{"", "a&lt;b", "&amp;lt;", "&#60;", "&#x3C;", "&#x1D;", "&", "&;", "a<b", "]]>", "\x1d", "\xe8", "\uFFFE", "{GS}", "{G&#83;}", "&#xD800;", "&#x110000;", "\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var plain XML
		got, err := plain.Parse(b)
		// What would end the medium around the text, or is legal in only one of the two.
		text := bytes.ReplaceAll(b, []byte("]]>"), []byte("]]&gt;"))
		attr := bytes.ReplaceAll(text, []byte(`"`), []byte("&quot;"))
		inText, inAttr, stdErr := peerXML(text, attr)
		if err != nil {
			if stdErr == nil && !bytes.ContainsAny(b, "<\t\r\n") && !strings.ContainsRune(inText, '\uFFFD') {
				t.Fatalf("%q refused: %v", b, err)
			}
			return
		}
		if stdErr != nil || inText != string(got) || inAttr != string(got) {
			t.Fatalf("%q read as %q, encoding/xml reads %q and %q, %v", b, got, inText, inAttr, stdErr)
		}
		stable(t, got, plain.Text, plain.Parse)
		stable(t, got, plain.Attr, plain.Parse)
		x := withGS(t, "##")
		if got, err = x.Parse(b); err != nil {
			t.Fatalf("%q refused only with a substitution: %v", b, err)
		}
		stable(t, got, x.Text, x.Parse)
	})
}
