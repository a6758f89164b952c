package code

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, group, code string
		elements          []Element // behind the identification code
		warnings          []string
	}{
		{"pharma", "pharma", "010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=",
			[]Element{{"91", "EE06"}, {"92", "VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="}}, nil},
		{"second GS lost", "pharma", "010460714356059821FGXEAGA5A1GAH␝91EE0692VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=",
			[]Element{{"91", "EE06"}, {"92", "VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="}}, []string{"GS missing before AI 92"}},
		{"tobacco", "tobacco", "04780101164394TF&csaNNW1kK0tL", []Element{{"", "NW1kK0tL"}}, nil},
		{"nothing after GS", "alcohol", "010487021676000721qKkdi+S␝", nil, []string{"AI 93 missing after 26 bytes"}},
		{"GS at the end", "alcohol", "010487021676000721qKkdi+S␝93U3g5␝", []Element{{"93", "U3g5"}, {"", "\x1d"}},
			[]string{"1 bytes more than expected at the end: {GS}"}},
		{"other AI", "alcohol", "010487021676000721qKkdi+S␝92U3g5", []Element{{"", "92U3g5"}},
			[]string{"AI 93 missing after 26 bytes", "6 bytes more than expected at the end: 92U3g5"}},
		{"short value", "alcohol", "010487021676000721qKkdi+S␝93U3g", []Element{{"93", "U3g"}}, []string{"AI 93 has 3 bytes, expected 4"}},
		{"second field gone", "pharma", "010460714356059821FGXEAGA5A1GAH␝91EE06", []Element{{"91", "EE06"}}, []string{"AI 92 missing after 38 bytes"}},
		{"long first value", "pharma", "010460714356059821FGXEAGA5A1GAH␝91EE0612␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=",
			[]Element{{"91", "EE0612"}, {"92", "VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="}}, []string{"AI 91 has 6 bytes, expected 4"}},
		{"second GS lost, lengths do not fit", "pharma", "010460714356059821FGXEAGA5A1GAH␝91EE0692VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=x",
			[]Element{{"91", "EE0692VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=x"}},
			[]string{"AI 91 has 51 bytes, expected 4", "AI 92 missing after 85 bytes"}},
		{"check digit and sets", "alcohol", "010487021676000821qKk i+S␝93U#g5", []Element{{"93", "U#g5"}}, []string{
			`GTIN "04870216760008" ends in '8', expected check digit 7`,
			"serial number: byte 3 is 0x20, expected a character of GS1 set 82",
			"AI 93: byte 1 is '#' (0x23), expected a character of GS1 set 82",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := must(Table{}.Profile(tc.group, Unit))
			parts, err := p.Parse(gs(tc.code))
			if err != nil {
				t.Fatal(err)
			}
			if got := parts.Elements()[2:]; !slices.Equal(got, tc.elements) {
				t.Errorf("elements %q, want %q", got, tc.elements)
			}
			if !slices.Equal(parts.Warnings, tc.warnings) {
				t.Errorf("warnings %q\nwant %q", parts.Warnings, tc.warnings)
			}
			if parts.Ident+Code(parts.Tail) != gs(tc.code) {
				t.Errorf("%q and %q are not the code", parts.Ident, parts.Tail)
			}
		})
	}
}

func TestCheckServer(t *testing.T) {
	const good = "010487021676000721qKkdi+S␝93U3g5"
	for _, tc := range []struct {
		name, group, gtin, code, hard string
		warnings                      []string
	}{
		{"good", "alcohol", "04870216760007", good, "", nil},
		{"tobacco pack", "tobacco", "04780101164394", "04780101164394TF&csaNNW1kK0tL", "", nil},
		{"other GTIN", "alcohol", "04780101164394", good, "code begins 0104870216760007, expected GTIN 0104780101164394", nil},
		{"tobacco, other GTIN", "tobacco", "04870216760007", "04780101164394TF&csaNNW1kK0tL", "code begins 04780101164394, expected GTIN 04870216760007", nil},
		{"no GTIN at all", "alcohol", "04870216760007", "0104", "code begins 0104, expected GTIN 0104870216760007", nil},
		{"empty", "alcohol", "04870216760007", "", "code begins , expected GTIN 0104870216760007", nil},
		{"GTIN asked for is empty", "alcohol", "", good, "code begins 0104870216760007, expected GTIN 01", nil},
		{"U+FFFD", "alcohol", "04870216760007", "010487021676000721qKkdi+\uFFFD␝93U3g5", "byte 24 is 0xEF, expected a character, not U+FFFD in place of one", nil},
		{"invalid UTF-8", "alcohol", "04870216760007", "010487021676000721qKkdi+S\xe893U3g5", "byte 25 is 0xE8, expected valid UTF-8", nil},
		{"half a U+FFFD", "alcohol", "04870216760007", good + "\xef", "byte 32 is 0xEF, expected valid UTF-8", nil},
		{"line end", "alcohol", "04870216760007", good + "\r\n", "byte 32 is 0x0D, expected no control byte but GS", nil},
		{"DEL", "alcohol", "04870216760007", good + "\x7f", "byte 32 is 0x7F, expected no control byte but GS", nil},
		{"NUL", "alcohol", "04870216760007", "\x00" + good, "byte 0 is 0x00, expected no control byte but GS", nil},
		{"unknown group", "shoes", "04870216760007", good, "code of an unknown group: seen 32 bytes, expected the group and type of the order", nil},
		{"sample with a wrong check digit", "water", "01234567890123", "0101234567890123217OD3k4Xy-TaBc␝93QwER", "",
			[]string{`GTIN "01234567890123" ends in '3', expected check digit 8`}},
		{"GS missing", "alcohol", "04870216760007", "010487021676000721qKkdi+S93U3g5", "", []string{"GS missing before AI 93"}},
		{"check part missing", "alcohol", "04870216760007", "010487021676000721qKkdi+S", "", []string{"25 bytes, expected 32"}},
		{"space in the serial", "alcohol", "04870216760007", "010487021676000721qKkd +S␝93U3g5", "",
			[]string{"serial number: byte 4 is 0x20, expected a character of GS1 set 82"}},
		{"cannot be cut", "alcohol", "04870216760008", "010487021676000821qKkdi+S#3U3g5X", "", []string{
			"alcohol UNIT code: seen 32 bytes without GS, expected 32 with GS, 31 with GS lost, or 25 without the check part",
			`GTIN "04870216760008" ends in '8', expected check digit 7`,
			"byte 25 is '#' (0x23), expected a character of GS1 set 82",
		}},
		{"a letter beyond ASCII", "alcohol", "04870216760007", "010487021676000721qKkdiё␝93U3g5", "",
			[]string{"serial number: byte 5 is 0xD1, expected a character of GS1 set 82"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, _ := Table{}.Profile(tc.group, Unit)
			hard, warnings := CheckServer(p, tc.gtin, gs(tc.code))
			if got := message(hard); got != tc.hard {
				t.Errorf("hard %q\nwant %q", got, tc.hard)
			}
			if !slices.Equal(warnings, tc.warnings) {
				t.Errorf("warnings %q\nwant %q", warnings, tc.warnings)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
