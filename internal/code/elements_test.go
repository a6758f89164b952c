package code

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseElements(t *testing.T) {
	const nasty = `5"<&'_1>=,;%/`
	for _, tc := range []struct {
		name, code string
		elements   []Element // read before the error, if there is one
		err        string
	}{
		{"nasty", "0104601234567893" + "21" + nasty + "␝93dGVz", []Element{{"01", "04601234567893"}, {"21", nasty}, {"93", "dGVz"}}, ""},
		{"K1", "04780101164394TF&csaNNW1kK0tL", nil, `byte 0: "0478", expected an AI of the GS1 table`},
		{"K2", "01230000211093s)pTKjQAAAAHwvf", nil, `AI 01: byte 14: 's' (0x73), expected a digit`},
		{"K3", "012385933457648721zLo/hON␝8005123456␝93dGVz", nil, "AI 01: byte 15: ends in '7', expected check digit 1"},
		{"K3, right digit", "012385933457648121zLo/hON␝8005123456␝93dGVz",
			[]Element{{"01", "23859334576481"}, {"21", "zLo/hON"}, {"8005", "123456"}, {"93", "dGVz"}}, ""},
		{"K4", "010487021676000721qKkdi+S␝93U3g5", []Element{{"01", "04870216760007"}, {"21", "qKkdi+S"}, {"93", "U3g5"}}, ""},
		{"K5, GS lost", "010487021676000721qKkdi+S93U3g5", []Element{{"01", "04870216760007"}, {"21", "qKkdi+S93U3g5"}}, ""},
		{"K6", "0101234567890123217OD3k4Xy-TaBc␝93QwER", nil, "AI 01: byte 15: ends in '3', expected check digit 8"},
		{"K6, right digit", "0101234567890128217OD3k4Xy-TaBc␝93QwER", []Element{{"01", "01234567890128"}, {"21", "7OD3k4Xy-TaBc"}, {"93", "QwER"}}, ""},
		{"K7, GS lost", "010487021676000721ab93cdefghijk93QwER", []Element{{"01", "04870216760007"}, {"21", "ab93cdefghijk93QwER"}}, ""},
		{"K8", "010432345678817621AF9-&eDmMbl?6CkOyAEB␝91UZF0␝92TDRFasF7Lf27Qv4/muaq3qoqmZ5x3WAKhKoLmzlyNi4=",
			[]Element{{"01", "04323456788176"}, {"21", "AF9-&eDmMbl?6CkOyAEB"}, {"91", "UZF0"}, {"92", "TDRFasF7Lf27Qv4/muaq3qoqmZ5x3WAKhKoLmzlyNi4="}}, ""},
		{"K8, GS lost", "010432345678817621AF9-&eDmMbl?6CkOyAEB91UZF0", []Element{{"01", "04323456788176"}}, "AI 21: byte 38: 26 characters, expected X..20"},
		{"K9", "010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=",
			[]Element{{"01", "04607143560598"}, {"21", "FGXEAGA5A1GAH"}, {"91", "EE06"}, {"92", "VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="}}, ""},
		{"K10", "010487021676000721qKkdi+S", []Element{{"01", "04870216760007"}, {"21", "qKkdi+S"}}, ""},
		{"K11", "00030779729200000015", []Element{{"00", "030779729200000015"}}, ""},
		{"K12", "012385933457648121zLo/hON_8005123456_93dGVz", []Element{{"01", "23859334576481"}}, "AI 21: byte 38: 25 characters, expected X..20"},
		{"K13", `0104650117240408211dmfcZNcM"4`, []Element{{"01", "04650117240408"}, {"21", `1dmfcZNcM"4`}}, ""},

		{"empty", "", nil, "byte 0: nothing, expected an AI"},
		{"GS first", "␝0104601234567893", nil, `byte 0: "{GS}010", expected an AI of the GS1 table`},
		{"half an AI", "0104601234567893" + "310", []Element{{"01", "04601234567893"}}, `byte 16: "310", expected an AI of the GS1 table`},
		{"unknown behind", "0104601234567893" + "04x", []Element{{"01", "04601234567893"}}, `byte 16: "04x", expected an AI of the GS1 table`},
		{"GS at the end", "0104601234567893" + "21a␝", []Element{{"01", "04601234567893"}, {"21", "a"}}, "AI 21: byte 19: GS behind the last element, expected none"},
		{"GS at the end of a predefined", "0104601234567893␝", []Element{{"01", "04601234567893"}}, "AI 01: byte 16: GS behind the last element, expected none"},
		{"two GS", "0104601234567893" + "21a␝␝93b", []Element{{"01", "04601234567893"}, {"21", "a"}}, `byte 20: "{GS}93b", expected an AI of the GS1 table`},
		{"GS behind a predefined", "0104601234567893␝21a", []Element{{"01", "04601234567893"}, {"21", "a"}}, ""},
		{"GS inside a predefined", "010460123456␝789321a", nil, "AI 01: byte 12: 10 characters, expected N14, check digit"},
		{"no value", "0104601234567893" + "21␝93b", []Element{{"01", "04601234567893"}}, "AI 21: byte 18: 0 characters, expected X..20"},
		{"no GS behind 8005", "8005123456" + "93b", nil, "AI 8005: byte 10: 9 characters, expected N6"},
		{"measures and dates", "31030012501726020015260228" + "3922100␝10L/1", []Element{{"3103", "001250"}, {"17", "260200"}, {"15", "260228"}, {"3922", "100"}, {"10", "L/1"}}, ""},
		{"bad date", "0104601234567893" + "17261301", []Element{{"01", "04601234567893"}}, "AI 17: byte 20: month 13, expected 01 to 12"},
		{"invalid UTF-8", "21a\xe8", nil, "AI 21: byte 3: 0xE8, expected a character of GS1 set 82"},
		{"range is named by the identifier", "99a b", nil, "AI 99: byte 3: 0x20, expected a character of GS1 set 82"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			elements, err := ParseElements(gs(tc.code))
			if !slices.Equal(elements, tc.elements) {
				t.Errorf("elements %q, want %q", elements, tc.elements)
			}
			if got := message(err); got != tc.err {
				t.Errorf("error %s\n want %s", got, tc.err)
			}
			var element *ElementError
			if err != nil && !errors.As(err, &element) {
				t.Errorf("error is a %T", err)
			}
		})
	}
}

func TestJoinElements(t *testing.T) {
	for _, tc := range []struct {
		elements  []Element
		want, err string
	}{
		{[]Element{{"01", "04601234567893"}, {"21", "a"}, {"93", "b"}}, "0104601234567893" + "21a␝93b", ""},
		{[]Element{{"21", "a"}, {"01", "04601234567893"}}, "21a␝0104601234567893", ""},
		{[]Element{{"8005", "123456"}, {"93", "b"}}, "8005123456␝93b", ""},
		{[]Element{{"422", "860"}, {"410", "4000001000005"}, {"20", "01"}, {"90", "x"}}, "422860␝410400000100000520" + "01" + "90x", ""},
		{nil, "", "byte 0: no elements, expected at least one"},
		{[]Element{{"01", "04601234567893"}, {"21", "a\x1d93b"}}, "", "AI 21: byte 1: 0x1D, expected a character of GS1 set 82"},
		{[]Element{{"", "a"}}, "", "byte 0: expected an AI of the GS1 table"},
		{[]Element{{"04", "a"}}, "", "AI 04: byte 0: expected an AI of the GS1 table"},
		{[]Element{{"019", "a"}}, "", "AI 019: byte 0: expected an AI of the GS1 table"},
		{[]Element{{"01", "04601234567894"}}, "", "AI 01: byte 13: ends in '4', expected check digit 3"},
	} {
		got, err := JoinElements(tc.elements)
		if got != gs(tc.want) || message(err) != tc.err {
			t.Errorf("%q\n got %s, %v\nwant %s, %s", tc.elements, Visible(got), err, tc.want, tc.err)
		}
	}
}

func TestParseBracketed(t *testing.T) {
	for _, tc := range []struct {
		text     string
		elements []Element
		err      string
	}{
		{"(01)04601234567893(21)5abc(93)dGVz", []Element{{"01", "04601234567893"}, {"21", "5abc"}, {"93", "dGVz"}}, ""},
		{"(3103)001250(8005)123456", []Element{{"3103", "001250"}, {"8005", "123456"}}, ""},
		{"(21)a(b)c(1)(d(", []Element{{"21", "a(b)c(1)(d("}}, ""},
		{"(21)a(04)b(310)c(9999)", []Element{{"21", "a(04)b(310)c(9999)"}}, ""}, // none of them in the table
		{"(21)a(10)b", []Element{{"21", "a"}, {"10", "b"}}, ""},                 // or the serial a(10)b: the form does not tell
		{"", nil, `byte 0: "", expected an AI of the GS1 table in brackets`},
		{"0104601234567893", nil, `byte 0: "010460", expected an AI of the GS1 table in brackets`},
		{"(04)1", nil, `byte 0: "(04)1", expected an AI of the GS1 table in brackets`},
		{"(01", nil, `byte 0: "(01", expected an AI of the GS1 table in brackets`},
		{"(01)0460123456789", nil, "AI 01: byte 17: 13 characters, expected N14, check digit"},
		{"(01)04601234567893 (21)a", nil, "AI 01: byte 18: 15 characters, expected N14, check digit"},
		{"(01)04601234567893(21)", []Element{{"01", "04601234567893"}}, "AI 21: byte 22: 0 characters, expected X..20"},
		{"(01)04601234567893(21)a\x1d(93)b", []Element{{"01", "04601234567893"}}, "AI 21: byte 23: 0x1D, expected a character of GS1 set 82"},
	} {
		elements, err := ParseBracketed(tc.text)
		if !slices.Equal(elements, tc.elements) || message(err) != tc.err {
			t.Errorf("%s\n got %q, %v\nwant %q, %s", tc.text, elements, err, tc.elements, tc.err)
		}
	}
}

const decimal = "0123456789"

// piece draws what a part may hold, its rules kept.
func piece(t *rapid.T, p part) string {
	alphabet := map[byte]string{
		'N': decimal, 'X': alphabet82, 'Y': decimal + "ABCDEFGHIJKLMNOPQRSTUVWXYZ#-/",
		'Z': decimal + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_",
	}[p.set]
	n := rapid.IntRange(p.min, p.max).Draw(t, "length")
	draw := func(from string, n int) string { return chars(from, n).Draw(t, "piece") }
	number := func(format string, from, to int) string {
		return fmt.Sprintf(format, rapid.IntRange(from, to).Draw(t, "number"))
	}
	day := func(layout string) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 36524).Draw(t, "day")).Format(layout)
	}
	var names []string
	for _, r := range p.rules {
		names = append(names, r.name)
	}
	switch rules := strings.Join(names, ", "); rules {
	case "":
		return draw(alphabet, n)
	case "check digit":
		body := draw(decimal, n-1)
		return body + string(rune(must(CheckDigit(body))))
	case "company prefix first":
		n = max(n, 4)
		return draw(decimal, 4) + draw(alphabet, n-4)
	case "company prefix first, two check characters", "company prefix first, two check characters, not only digits":
		n = max(n, 8)
		body := draw(decimal, 4) + "x" + draw(alphabet, n-7)
		return body + checkPair(body)
	case "date YYMMDD":
		return day("060102")
	case "date YYMMDD or YYMM00":
		date := day("060102")
		return rapid.SampledFrom([]string{date, date[:4] + "00"}).Draw(t, "date")
	case "date YYYYMMDD":
		return day("20060102")
	case "time HHMM":
		return number("%02d", 0, 23) + number("%02d", 0, 59)
	case "hour":
		return number("%02d", 0, 23)
	case "minute", "second":
		return number("%02d", 0, 59)
	case "percent-encoded":
		return strings.ReplaceAll(draw(alphabet, n), "%", "*")
	case "capital letters":
		return draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ", n)
	case "not zero":
		return draw(decimal, n-1) + draw("123456789", 1)
	case "no leading zero":
		return draw("123456789", 1) + draw(decimal, n-1)
	case "importer index":
		return draw(decimal+"ABCxyz-_", 1)
	case "0", "-":
		return rules
	case "0 or 1", "0 or 1 or 9", "0 or 1 or 2 or 9":
		return rapid.SampledFrom(strings.Split(rules, " or ")).Draw(t, "one")
	case "latitude":
		return number("%010d", 0, 1_800_000_000)
	case "longitude":
		return number("%010d", 0, 3_600_000_000)
	case "piece and total":
		total := rapid.IntRange(1, 99).Draw(t, "total")
		return number("%02d", 1, total) + fmt.Sprintf("%02d", total)
	case "place/number of children":
		total := rapid.IntRange(1, 9).Draw(t, "total")
		return number("%d", 1, total) + fmt.Sprintf("/%d", total)
	case "IBAN":
		return rapid.SampledFrom([]string{"FR7630006000011234567890189", "DE91100000000123456789", "CH5604835012345678009"}).Draw(t, "IBAN")
	default:
		t.Fatalf("no generator for %q", rules)
		return ""
	}
}

// anyElement draws a right element of the whole table.
func anyElement(t *rapid.T) Element {
	a := rapid.SampledFrom(slices.Collect(AIs())).Draw(t, "row")
	e := Element{AI: rapid.SampledFrom(expand(a)).Draw(t, "AI")}
	for _, p := range a.parts {
		if p.optional && rapid.Bool().Draw(t, "leave out") {
			break
		}
		e.Value += piece(t, p)
	}
	return e
}

func TestElementsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		elements := rapid.SliceOfN(rapid.Custom(anyElement), 1, 8).Draw(t, "elements")
		c, err := JoinElements(elements)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseElements(c)
		if err != nil || !slices.Equal(back, elements) {
			t.Fatalf("%s: %q, %v", Visible(c), back, err)
		}

		text, code, brackets := "", "", false
		for i, e := range elements {
			text += "(" + e.AI + ")" + e.Value
			brackets = brackets || strings.Contains(e.Value, "(")
			if code += e.AI + e.Value; i < len(elements)-1 {
				code += string(GS)
			}
		}
		if back, err = ParseElements(Code(code)); err != nil || !slices.Equal(back, elements) {
			t.Fatalf("with every separator %s: %q, %v", Visible(Code(code)), back, err)
		}
		if back, err = ParseBracketed(text); !brackets && (err != nil || !slices.Equal(back, elements)) {
			t.Fatalf("%s: %q, %v", text, back, err)
		}
	})
}

// Every row of the table takes a right value and refuses one that is too short or too long.
func TestEveryAI(t *testing.T) {
	for a := range AIs() {
		t.Run(a.First, rapid.MakeCheck(func(t *rapid.T) {
			value := ""
			for _, p := range a.parts {
				value += piece(t, p)
			}
			if err := a.Check(value); err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"", value + strings.Repeat("1", 91), " " + value[1:], value[:len(value)-1] + "\x1d"} {
				if a.Check(bad) == nil {
					t.Fatalf("%q passes", bad)
				}
			}
		}))
	}
}

func FuzzParseElements(f *testing.F) {
	for _, seed := range []string{
		"0104601234567893" + `215"<&'_1>=,;%/` + "␝93dGVz",
		"010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=",
		"012385933457648121zLo/hON␝8005123456␝93dGVz",
		"00030779729200000015", "04780101164394TF&csaNNW1kK0tL", "", "␝", "0104601234567893␝21a", "21a␝", "21a␝␝21b",
		"3103001250" + "17260200" + "7007260101260131␝4309" + "02790858483609429844␝8008260101125959", "80131987654Ad4X4bL5ttr2310c2K␝8007DE91100000000123456789",
	} {
		f.Add(string(gs(seed)))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if elements, err := ParseBracketed(s); err == nil {
			if _, err := JoinElements(elements); err != nil {
				t.Errorf("read from brackets, not joined: %v", err)
			}
		}
		elements, err := ParseElements(Code(s))
		if err != nil {
			var element *ElementError
			if !errors.As(err, &element) || element.Pos < 0 || element.Pos > len(s) || element.Problem == "" {
				t.Fatalf("%q: %T %v", s, err, err)
			}
			return
		}
		joined, err := JoinElements(elements)
		if err != nil {
			t.Fatalf("%q is read and not joined: %v", s, err)
		}
		// The separators that JoinElements leaves out are those behind predefined lengths.
		rest := s
		for _, e := range elements {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, e.AI+e.Value); !ok {
				t.Fatalf("%q: %q is not what stands there", s, e)
			}
			rest = strings.TrimPrefix(rest, string(GS))
		}
		if rest != "" || strings.ReplaceAll(string(joined), string(GS), "") != strings.ReplaceAll(s, string(GS), "") || len(joined) > len(s) {
			t.Fatalf("%q becomes %q", s, joined)
		}
		if back, err := ParseElements(joined); err != nil || !slices.Equal(back, elements) {
			t.Fatalf("%q: %q, %v", joined, back, err)
		}
	})
}

func BenchmarkParseElements(b *testing.B) {
	c := gs("010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseElements(c); err != nil {
			b.Fatal(err)
		}
	}
}
