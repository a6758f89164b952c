package stack

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

func utf16le(s string) string {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func values(n *Node) []string {
	all := n.Values
	for _, child := range n.Nodes {
		all = append(all, values(child)...)
	}
	return all
}

func TestReadsInventories(t *testing.T) {
	const cyr = "<o><n>АТ-Ё</n></o>"
	win, oem, koi := encode(t, charmap.Windows1251, cyr), encode(t, charmap.CodePage866, cyr), encode(t, charmap.KOI8R, cyr)
	for name, c := range map[string]struct {
		raw  string
		want []string
	}{
		"elements":          {"<a><b> 1 </b><b>\n2\t</b></a>", []string{"1", "2"}},
		"attributes":        {`<a x="1" y=" 2 "><b z='3'>4</b></a>`, []string{"1", "2", "3", "4"}},
		"namespaces":        {`<a:a xmlns:a="u"><a:b a:c="1"/></a:a>`, []string{"u", "1"}},
		"comment between":   {"<a>12<!-- x -->34</a>", []string{"1234"}},
		"CDATA":             {"<a><![CDATA[1&2]]></a>", []string{"1&2"}},
		"known entities":    {"<a>&lt;&amp;&#x41;</a>", []string{"<&A"}},
		"mark of UTF-8":     {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>Ж</a>", []string{"Ж"}},
		"UTF-16":            {utf16le(`<?xml version="1.0" encoding="utf-16"?>` + cyr), []string{"АТ-Ё"}},
		"windows-1251":      {`<?xml version="1.0" encoding="Windows-1251"?>` + win, []string{"АТ-Ё"}},
		"cp866":             {`<?xml version="1.0" encoding="cp866"?>` + oem, []string{"АТ-Ё"}},
		"koi8-r":            {`<?xml version="1.0" encoding="KOI8-R"?>` + koi, []string{"АТ-Ё"}},
		"two at the top":    {"<a>1</a><b>2</b>", []string{"1", "2"}},
		"as deep as it may": {strings.Repeat("<a>", 64) + "1" + strings.Repeat("</a>", 64), []string{"1"}},
	} {
		n, err := ReadInventory([]byte(c.raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := values(n); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

func TestRefusesInventories(t *testing.T) {
	laughs := `<!DOCTYPE a [<!ENTITY b "` + strings.Repeat("ha", 10) + `"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>`
	for name, c := range map[string][2]string{
		"empty":               {"", "no element"},
		"text":                {"no such document", "no element"},
		"billion laughs":      {laughs, "document type"},
		"outside entity":      {`<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, "document type"},
		"own entity":          {"<a>&c;</a>", "entity"},
		"half":                {"<a><b>", "unexpected EOF"},
		"crossed":             {"<a><b></a></b>", "closed"},
		"too deep":            {strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65), "within more than 64"},
		"too many":            {"<a>" + strings.Repeat("<b/>", 200_001) + "</a>", "elements and attributes"},
		"too many attributes": {"<a" + strings.Repeat(" b=''", 200_001) + "/>", "elements and attributes"},
		"too long":            {"<a>" + strings.Repeat(" ", 4<<20) + "</a>", "more than 4194304"},
		"GS":                  {"<a>1\x1d2</a>", "illegal character"},
		"GS as an entity":     {"<a>1&#29;2</a>", "illegal character"},
		"GS in an attribute":  {"<a b='1\x1d2'/>", "illegal character"},
		"not UTF-8":           {"<a>\xcf\xf0</a>", "invalid UTF-8"},
		"no such byte":        {"<?xml version='1.0' encoding='windows-1251'?><a>\x98</a>", "0x98 does not exist"},
		"half of UTF-16":      {"\xff\xfe<\x00a", "half a character"},
		"broken UTF-16":       {utf16le("<a>") + "\x00\xd8" + utf16le("</a>")[2:], "do not exist"},
		"strange encoding":    {"<?xml version='1.0' encoding='ebcdic'?><a/>", "ebcdic"},
	} {
		n, err := ReadInventory([]byte(c[0]))
		if err == nil || !strings.Contains(err.Error(), c[1]) || n != nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v", name, err, n)
		}
	}
}

func TestIsInventory(t *testing.T) {
	for name, want := range map[string]bool{
		"Inventory.xml": true, "inventory.XML": true, "a/b/Inventory.xml": true, `a\Inventory.xml`: true,
		"Inventory.xml.zip": false, "MyInventory.xml": false, "": false,
	} {
		if IsInventory(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func FuzzReadInventory(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0" encoding="windows-1251"?><a b="1">` + "\xc0" + `<c>2</c></a>`))
	f.Add([]byte(utf16le("<a>Ж</a>")))
	f.Add([]byte("\xef\xbb\xbf<a><![CDATA[x]]>&#29;&amp;</a>"))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := ReadInventory(raw)
		if (n == nil) == (err == nil) {
			t.Fatalf("%v with %v", n, err)
		}
		var walk func(*Node, int)
		walk = func(n *Node, depth int) {
			if depth > inventoryDepth {
				t.Fatal("too deep")
			}
			for _, v := range n.Values {
				if v == "" || !utf8.ValidString(v) || strings.ContainsRune(v, 0x1d) {
					t.Fatalf("value %q", v)
				}
			}
			for _, child := range n.Nodes {
				walk(child, depth+1)
			}
		}
		if n != nil {
			walk(n, 0)
		}
	})
}
