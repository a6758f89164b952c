package stack

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

func encode(t *testing.T, table *charmap.Charmap, s string) string {
	t.Helper()
	out, err := table.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// repeated is the extra field of Info-ZIP for a name.
func repeated(name string, sum uint32) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{0x75, 0x70}, uint16(5+len(name)))
	return append(binary.LittleEndian.AppendUint32(append(b, 1), sum), name...)
}

func TestNamesOfEveryAlphabet(t *testing.T) {
	const want = "QR_АТ-Ёжик_03052023133944.txt"
	oem, win := encode(t, charmap.CodePage866, want), encode(t, charmap.Windows1251, want)
	sum := crc32.ChecksumIEEE([]byte("QR_.txt"))
	for name, c := range map[string]struct {
		raw
		names Charset
		want  string
	}{
		"UTF-8, marked":       {raw{name: want, flags: 1 << 11}, "", want},
		"UTF-8, not marked":   {raw{name: want}, "", want},
		"CP866":               {raw{name: oem}, "", want},
		"CP866 by name":       {raw{name: oem}, CP866, want},
		"Windows-1251":        {raw{name: win}, Windows1251, want},
		"marked, but is not":  {raw{name: oem, flags: 1 << 11}, "", want},
		"no such byte":        {raw{name: "\x98\xc0"}, Windows1251, "%98А"},
		"Uzbek and Chinese":   {raw{name: "QR_Oʻzbekiston-Ғ-出_1.png", flags: 1 << 11}, "", "QR_Oʻzbekiston-Ғ-出_1.png"},
		"repeated":            {raw{name: "QR_.txt", extra: repeated(want, sum)}, "", want},
		"repeated of another": {raw{name: "QR_.txt", extra: repeated(want, sum+1)}, "", "QR_.txt"},
		"repeated, cut":       {raw{name: "QR_.txt", extra: repeated(want, sum)[:20]}, "", "QR_.txt"},
		"ASCII with tilde":    {raw{name: "a~b"}, Windows1251, "a~b"},
	} {
		c.raw.data = []byte("x")
		got := read(t, build(nil, c.raw), Limits{Names: c.names})
		if len(got) != 1 || got[0].Err != nil || got[0].Name != c.want || got[0].RawName != c.raw.name {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSafeNames(t *testing.T) {
	for _, c := range [][2]string{
		{"QR_AT-1683121162935_03052023133944.zip", "QR_AT-1683121162935_03052023133944.zip"},
		{"QR_АТ Ёж/5_1.zip", "QR_АТ_Ёж_5_1.zip"},
		{`..\..\x`, "_.._.._x"},
		{"../../etc/passwd", "_.._.._etc_passwd"},
		{"/etc/passwd", "_etc_passwd"},
		{"C:x", "C_x"},
		{"", "_"}, {".", "_"}, {"..", "_"}, {".htaccess", "_.htaccess"},
		{"a. . ", "a._._"}, {"a...", "a"},
		{"con", "_con"}, {"NUL.zip", "_NUL.zip"}, {"com1.tar.gz", "_com1.tar.gz"}, {"COM¹.x", "COM_.x"}, {"CONSOLE.x", "CONSOLE.x"},
		{"LPT9", "_LPT9"}, {"COM", "COM"},
		{"a\x00b\x1dc\nd", "a_b_c_d"}, {"a\xffb", "a_b"}, {"exe\u202egnp.x", "exe_gnp.x"}, {"a／b", "a_b"},
		{"<>:\"|?*", "_______"},
	} {
		var s SafeNames
		if got := s.Make(c[0]); got != c[1] {
			t.Errorf("%q becomes %q, not %q", c[0], got, c[1])
		}
	}
	var s SafeNames
	for _, c := range [][2]string{{"a/b.zip", "a_b.zip"}, {"a:b.zip", "a_b~2.zip"}, {"A_B.zip", "A_B~3.zip"}, {"a_b~2.zip", "a_b~2~2.zip"}, {"Ж", "Ж"}, {"ж", "ж~2"}} {
		if got := s.Make(c[0]); got != c[1] {
			t.Errorf("after the others %q becomes %q, not %q", c[0], got, c[1])
		}
	}
	long := strings.Repeat("Щ", 300)
	one, two := s.Make(long+"1.zip"), s.Make(long+"2.zip")
	if one == two || len(one) > 220 || !strings.HasSuffix(one, ".zip") || !utf8.ValidString(one) {
		t.Errorf("long names become %q and %q", one, two)
	}
}

func TestSafeNamesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s SafeNames
		seen := map[string]bool{}
		for _, name := range rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[./\\:aA~ -]{0,5}`)), 1, 30).Draw(t, "names") {
			got := s.Make(name)
			bad := got == "" || got[0] == '.' || strings.HasSuffix(got, ".") || strings.HasSuffix(got, " ") || len(got) > 255 ||
				!utf8.ValidString(got) || strings.ContainsAny(got, "/\\:*?\"<>|\x00")
			if bad || seen[strings.ToLower(got)] {
				t.Fatalf("%q becomes %q", name, got)
			}
			seen[strings.ToLower(got)] = true
		}
	})
}

func TestFormats(t *testing.T) {
	bmp := append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), make([]byte, 20)...)
	for want, all := range map[Format][]string{
		PNG:  {"\x89PNG\r\n\x1a\n..."},
		JPEG: {"\xff\xd8\xff\xe0"},
		GIF:  {"GIF89a", "GIF87a"},
		BMP:  {string(bmp)},
		PDF:  {"%PDF-1.7"},
		SVG: {"<svg/>", "<svg:svg xmlns:svg='x'>", "\xef\xbb\xbf <?xml version='1.0' encoding='windows-1251'?><!-- \xcf -->" +
			"<!DOCTYPE svg PUBLIC \"a\" \"b\"><svg width='1'>", "<?xml version=\"1.0\"?><svg>\xff"},
		Unknown: {"", "\x89PN", "GIF8", "BMW is a car, not a picture", "<html><svg/></html>", "<Inventory/>", "text", "<", "PK", "RIFFxxxxWEBP", "<?xml"},
	} {
		for _, b := range all {
			if got := FormatOf([]byte(b)); got != want {
				t.Errorf("%q is %s, not %s", b, got, want)
			}
		}
	}
}
