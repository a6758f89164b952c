package escape

import (
	"encoding/csv"
	"errors"
	"reflect"
	"strings"
	"testing"

	"linemark/internal/code"
)

// The ways of a code out and back, as the vectors see them.
type medium struct {
	write func(code.Code) ([]byte, error)
	read  func([]byte) (code.Code, error)
}

func bare(f func(code.Code) string) func(code.Code) ([]byte, error) {
	return func(c code.Code) ([]byte, error) { return []byte(f(c)), nil }
}

func readURL(b []byte) (code.Code, error) { return ParseURL(string(b)) }

var (
	mURL   = medium{bare(URLCode), readURL}
	mParam = medium{bare(func(c code.Code) string { return URLParam(string(c)) }), readURL}
	mGet   = medium{bare(JSONGet), readURL}
	mBody  = medium{JSONString, ParseJSONString}
	mCSV   = medium{CSV, ParseCSV}
	mIzkm  = medium{CSVIzkm, ParseCSVIzkm}
	mText  = between(`<cis>`, `</cis>`, medium{XML{}.Text, XML{}.Parse})
	mAttr  = between(`<c v="`, `"/>`, medium{XML{}.Attr, XML{}.Parse})
)

// between is m within the element that the vectors show around it.
func between(open, shut string, m medium) medium {
	return medium{
		func(c code.Code) ([]byte, error) {
			b, err := m.write(c)
			return []byte(open + string(b) + shut), err
		},
		func(b []byte) (code.Code, error) {
			return m.read([]byte(strings.TrimSuffix(strings.TrimPrefix(string(b), open), shut)))
		},
	}
}

// The vectors of chapter 2.3: U1, J1, B1 and X1 are its own examples with their defects mended,
// the A are by its rule, all others by the standard that it names.
func TestVectors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		m        medium
		in, want string
	}{
		{"U1", mURL, `0104650117240408211dmfcZNcM"4`, `0104650117240408211dmfcZNcM%224`},
		{"U2", mURL, `010460026601035321t%7*S+4`, `010460026601035321t%257%2AS%2B4`},
		{"U3", mURL, `!"%&'()*+,-./:;<=>?\_`, `%21%22%25%26%27%28%29%2A%2B%2C%2D%2E%2F%3A%3B%3C%3D%3E%3F%5C%5F`},
		{"U4", mURL, `010487021676000721qKkdi+S␝93U3g5`, `010487021676000721qKkdi%2BS%1D93U3g5`},
		{"U5", mURL, `010432345678817621AF9-&eDmMbl?6CkOyAEB`, `010432345678817621AF9%2D%26eDmMbl%3F6CkOyAEB`},
		{"U6", mURL, "#$@[]^`{|}~", `%23%24%40%5B%5D%5E%60%7B%7C%7D~`},
		{"U7", mURL, `a b`, `a%20b`},
		{"P1", mParam, `2011-12-03T10:15:30+01:00`, `2011-12-03T10%3A15%3A30%2B01%3A00`},
		{"P2", mParam, `b024ae09-ef7c-449e-b461-05d8eb116c79`, `b024ae09-ef7c-449e-b461-05d8eb116c79`},
		{"J1", mGet, `010460026601035321t%7*S+4`, `010460026601035321t%257*S%2B4`},
		{"J2", mGet, `"%&+[]\{}|`, `%22%25%26%2B%5B%5D%5C%7B%7D%7C`},
		{"B1", mBody, `0104650117240408211dmfcZNcM"4`, `"0104650117240408211dmfcZNcM\"4"`},
		{"B2", mBody, `010487021676000721qKkdi+S␝93U3g5`, `"010487021676000721qKkdi+S\u001d93U3g5"`},
		{"B3", mBody, `a\b`, `"a\\b"`},
		{"B4", mBody, `04780101164394TF&csaNNW1kK0tL`, `"04780101164394TF&csaNNW1kK0tL"`},
		{"R1", mCSV, `010481097886269421'5LLRY<%"JZTVZ`, `"010481097886269421'5LLRY<%""JZTVZ"`},
		{"A1", mIzkm, `010481097886269421'5LLRY<%"JZTVZ`, `"010481097886269421''5LLRY<%"JZTVZ"`},
		{"R2", mCSV, `0104650117240408211dmfcZNcM"4`, `"0104650117240408211dmfcZNcM""4"`},
		{"A2", mIzkm, `0104650117240408211dmfcZNcM"4`, `"0104650117240408211dmfcZNcM"4"`},
		{"R3", mCSV, `010460165303004621a,b'c"d`, `"010460165303004621a,b'c""d"`},
		{"A3", mIzkm, `010460165303004621a,b'c"d`, `"010460165303004621a,b''c"d"`},
		{"R4", mCSV, `010487021676000721qKkdi+S␝93U3g5`, `"010487021676000721qKkdi+S␝93U3g5"`},
		{"A4", mIzkm, `010460165303004621ab''cde`, `"010460165303004621ab''''cde"`},
		{"X1", mText, `0104650117240408211dmfcZNcM<4`, `<cis>0104650117240408211dmfcZNcM&lt;4</cis>`},
		{"X2", mText, `04780101164394TF&csaN`, `<cis>04780101164394TF&amp;csaN</cis>`},
		{"X3", mText, `010460165303004621a>b'c"d`, `<cis>010460165303004621a&gt;b'c"d</cis>`},
		{"X4", mAttr, `010460165303004621a,b'c"d`, `<c v="010460165303004621a,b'c&quot;d"/>`},
	} {
		in, want := code.Code(gs(tc.in)), gs(tc.want)
		got, err := tc.m.write(in)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", tc.name, got, err, want)
		}
		if back, err := tc.m.read([]byte(want)); err != nil || back != in {
			t.Errorf("%s: read back %q, %v; want %q", tc.name, back, err, in)
		}
		if strings.IndexByte("UPJ", tc.name[0]) >= 0 {
			if back, err := ParseURL(lowerPercent(want)); err != nil || back != in {
				t.Errorf("%s: read back from lower case %q, %v", tc.name, back, err)
			}
		}
	}
}

// What only comes in.
func TestVectorsRead(t *testing.T) {
	for _, tc := range []struct {
		name     string
		m        medium
		in, want string
	}{
		{"an answer's code", mBody, `"010460165303004621\u003drxDV3M\u001d93VXQI"`, "010460165303004621=rxDV3M␝93VXQI"},
		{"B4 out of json.Marshal", mBody, `"04780101164394TF\u0026csaNNW1kK0tL"`, "04780101164394TF&csaNNW1kK0tL"},
		{"unescaped once", mText, `<cis>&amp;lt;</cis>`, "&lt;"},
		{"decoded once", mURL, `%2541`, "%41"},
		// A reader of the wrong dialect finds another code and no error: the dialect is agreed.
		{"A4 by RFC 4180", mCSV, `"010460165303004621ab''''cde"`, "010460165303004621ab''''cde"},
		{"R2 by the dialect", mIzkm, `"0104650117240408211dmfcZNcM""4"`, `0104650117240408211dmfcZNcM""4`},
	} {
		if got, err := tc.m.read([]byte(tc.in)); err != nil || string(got) != gs(tc.want) {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, gs(tc.want))
		}
	}
}

// What must fail, and how.
func TestVectorsRefused(t *testing.T) {
	const x5 = "010487021676000721qKkdi+S\x1d93U3g5"
	noGS := &CharError{"XML", code.GS, 25, "XML 1.0 cannot carry it: write the identification code alone, or agree on a substitution with the receiver"}
	for _, tc := range []struct {
		name string
		m    medium
		code code.Code
		want error
	}{
		{"X5", mText, x5, noGS},
		{"X5 as an attribute", mAttr, x5, noGS},
		{"byte E8 in JSON", mBody, "01046\xe8", &UTF8Error{0xe8, 5}},
		{"byte E8 in CSV", mCSV, "01046\xe8", &UTF8Error{0xe8, 5}},
		{"byte E8 in the dialect", mIzkm, "01046\xe8", &UTF8Error{0xe8, 5}},
		{"byte E8 in XML", mText, "01046\xe8", &UTF8Error{0xe8, 5}},
	} {
		if _, err := tc.m.write(tc.code); !reflect.DeepEqual(err, tc.want) {
			t.Errorf("%s: %v; want %v", tc.name, err, tc.want)
		}
	}
	for _, tc := range []struct {
		name string
		m    medium
		in   string
		want SyntaxError
	}{
		{`the document's %"22`, mURL, `0104650117240408211dmfcZNcM%"224`, SyntaxError{"URL", 27, "percent sign without two hex digits"}},
		{"A2 by RFC 4180", mCSV, `"0104650117240408211dmfcZNcM"4"`, SyntaxError{"CSV", 29, "text after the closing quote, or a quote within the field that is not doubled"}},
		{"R1 by the dialect", mIzkm, `"010481097886269421'5LLRY<%""JZTVZ"`, SyntaxError{"CSV with doubled apostrophes", 19, "an apostrophe that is not doubled"}},
		{"the document's example with its spaces", mIzkm, `"010481097886269421 ' ' 5LLRY<%"JZTVZ"`, SyntaxError{"CSV with doubled apostrophes", 20, "an apostrophe that is not doubled"}},
		{"a GS in XML 1.0", mText, "<cis>S\x1d93</cis>", SyntaxError{"XML", 1, "control byte 0x1D not escaped"}},
		{"a reference to GS", mText, "<cis>S&#x1D;93</cis>", SyntaxError{"XML", 1, "a reference to no character of XML"}},
		{"X1 not escaped", mText, "<cis>M<4</cis>", SyntaxError{"XML", 1, "< not escaped"}},
	} {
		got, err := tc.m.read([]byte(tc.in))
		var bad *SyntaxError
		if !errors.As(err, &bad) || *bad != tc.want || got != "" {
			t.Errorf("%s: %q, %v; want %v", tc.name, got, err, &tc.want)
		}
	}
	if _, err := csv.NewReader(strings.NewReader(`"0104650117240408211dmfcZNcM"4"`)).Read(); err == nil {
		t.Error("encoding/csv takes A2")
	}
}
