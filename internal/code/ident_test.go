package code

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Vectors K1 to K13: ␝ stands for GS. No want means refusal.
var identVectors = []struct {
	name, group string
	typ         Type
	code, want  string
	lost        bool
}{
	{"K1", "tobacco", Unit, "04780101164394TF&csaNNW1kK0tL", "04780101164394TF&csaN", false},
	{"K2", "tobacco", Unit, "01230000211093s)pTKjQAAAAHwvf", "01230000211093s)pTKjQ", false},
	{"K3", "tobacco", Group, "012385933457648721zLo/hON␝8005123456␝93dGVz", "012385933457648721zLo/hON", false},
	{"K4", "alcohol", Unit, "010487021676000721qKkdi+S␝93U3g5", "010487021676000721qKkdi+S", false},
	{"K5", "alcohol", Unit, "010487021676000721qKkdi+S93U3g5", "010487021676000721qKkdi+S", true},
	{"K6", "water", Unit, "0101234567890123217OD3k4Xy-TaBc␝93QwER", "0101234567890123217OD3k4Xy-TaBc", false},
	{"K7", "water", Unit, "010487021676000721ab93cdefghijk93QwER", "010487021676000721ab93cdefghijk", true},
	{"K8", "appliances", Unit, "010432345678817621AF9-&eDmMbl?6CkOyAEB␝91UZF0␝92TDRFasF7Lf27Qv4/muaq3qoqmZ5x3WAKhKoLmzlyNi4=", "010432345678817621AF9-&eDmMbl?6CkOyAEB", false},
	{"K9", "pharma", Unit, "010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=", "010460714356059821FGXEAGA5A1GAH", false},
	{"K10", "alcohol", Unit, "010487021676000721qKkdi+S", "010487021676000721qKkdi+S", false},
	{"K12", "tobacco", Group, "012385933457648721zLo/hON_8005123456_93dGVz", "", false},
	{"K13", "unknown", Unit, `0104650117240408211dmfcZNcM"4`, "", false},

	{"pharma, GS lost", "pharma", Unit, "010460714356059821FGXEAGA5A1GAH91EE0692VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=", "010460714356059821FGXEAGA5A1GAH", true},
	{"tobacco group, GS lost", "tobacco", Group, "012385933457648721zLo/hON800512345693dGVz", "012385933457648721zLo/hON", true},
	{"first of two GS lost", "tobacco", Group, "012385933457648721zLo/hON8005123456␝93dGVz", "", false},
	{"GS too early", "water", Unit, "010487021676000721qKkdi+S␝93U3g5", "", false},
	{"a length between", "alcohol", Unit, "010487021676000721qKkdi+S93U3g", "", false},
	{"full length without GS", "water", Unit, "0101234567890123217OD3k4Xy-TaBc_93QwER", "", false},
	{"tobacco with GS", "tobacco", Unit, "04780101164394TF&csaN␝NW1kK0t", "", false},
	{"tobacco, bare", "tobacco", Unit, "04780101164394TF&csaN", "04780101164394TF&csaN", false},
	{"tobacco, length", "tobacco", Unit, "04780101164394TF&csaNNW1kK0t", "", false},
	{"tobacco, letter in GTIN", "tobacco", Unit, "0478010116439ATF&csaNNW1kK0tL", "", false},
	{"letter in GTIN", "alcohol", Unit, "01048702167600A721qKkdi+S␝93U3g5", "", false},
	{"no 21", "alcohol", Unit, "010487021676000722qKkdi+S␝93U3g5", "", false},
	{"AIM prefix left on", "alcohol", Unit, "]d2010487021676000721qKkdi+S␝93U3g5", "", false},
	{"GS in front", "alcohol", Unit, "␝010487021676000721qKkdi+S␝93U3g5", "", false},
	{"trailing space", "alcohol", Unit, "010487021676000721qKkdi+S ", "", false},
	{"SSCC, bad check digit", "water", Unit, "00030779729200000016", "", false},
	{"empty", "water", Unit, "", "", false},
	{"01 alone", "water", Unit, "01", "", false},
}

func gs(s string) Code { return Code(strings.ReplaceAll(s, "␝", string(GS))) }

func TestIdent(t *testing.T) {
	for _, tc := range identVectors {
		t.Run(tc.name, func(t *testing.T) {
			p, _ := Table{}.Profile(tc.group, tc.typ) // of an unknown group: the zero Profile
			ident, lost, err := p.Ident(gs(tc.code))
			if ident != gs(tc.want) || lost != tc.lost || (err == nil) != (tc.want != "") {
				t.Errorf("got %q, lost %v, %v; want %q, lost %v", ident, lost, err, tc.want, tc.lost)
			}
			var format *FormatError
			if err != nil && (!errors.As(err, &format) || format.Seen == "" || format.Want == "") {
				t.Errorf("error without what was seen and expected: %#v", err)
			}
			parts, perr := p.Parse(gs(tc.code))
			if (perr == nil) != (err == nil) || parts.Ident != ident || parts.GSLost != lost {
				t.Errorf("Parse disagrees: %+v, %v", parts, perr)
			}
			if missing := strings.Contains(strings.Join(parts.Warnings, "\n"), "GS missing"); missing != tc.lost {
				t.Errorf("warnings %q, GS lost %v", parts.Warnings, tc.lost)
			}
		})
	}
}

// K11: any group, and an unknown one still refuses.
func TestIdentSSCC(t *testing.T) {
	const sscc = Code("00030779729200000015")
	for _, p := range profiles {
		if ident, lost, err := p.Ident(sscc); ident != sscc || lost || err != nil {
			t.Errorf("%s %s: %q, %v, %v", p.Group, p.Type, ident, lost, err)
		}
		if parts, err := p.Parse(sscc); err == nil {
			t.Errorf("%s %s parsed an SSCC as %+v", p.Group, p.Type, parts)
		}
	}
	if ident, _, err := (Profile{}).Ident(sscc); err == nil {
		t.Errorf("unknown group: %q", ident)
	}
}

func TestIdentMessages(t *testing.T) {
	for _, tc := range []struct{ group, code, want string }{
		{"alcohol", "010487021676000721qKkdi+S93U3g", "alcohol UNIT code: seen 30 bytes without GS, expected 32 with GS, 31 with GS lost, or 25 without the check part"},
		{"water", "010487021676000721qKkdi+S␝93U3g5", "water UNIT code: seen the first GS after 25 bytes, expected it after 31"},
		{"tobacco", "04780101164394TF", "tobacco UNIT code: seen 16 bytes, expected 29, or 21 without the check part"},
		{"tobacco", "04780101164394TF␝", "tobacco UNIT code: seen a GS after 16 bytes, expected none"},
		{"beer", "␝010487021676000721qKkdi+S", "beer UNIT code: seen 26 bytes, beginning {GS}01048702167600072, expected 01, 14 digits and 21 first"},
		{"shoes", "1", "code of an unknown group: seen 1 bytes, expected the group and type of the order or the line's job"},
	} {
		p, _ := Table{}.Profile(tc.group, Unit)
		if _, _, err := p.Ident(gs(tc.code)); err == nil || err.Error() != tc.want {
			t.Errorf("%s %s\n got %v\nwant %s", tc.group, tc.code, err, tc.want)
		}
	}
}

func TestIdentDoesNotAllocate(t *testing.T) {
	for _, tc := range identVectors {
		if tc.want == "" {
			continue
		}
		p, c := must(Table{}.Profile(tc.group, tc.typ)), gs(tc.code)
		if n := testing.AllocsPerRun(100, func() { _, _, _ = p.Ident(c) }); n != 0 {
			t.Errorf("%s: %v allocations", tc.name, n)
		}
	}
	p, c := profiles[0], Code("00030779729200000015")
	if n := testing.AllocsPerRun(100, func() { _, _, _ = p.Ident(c) }); n != 0 {
		t.Errorf("SSCC: %v allocations", n)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const alphabet82 = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!"%&'()*+,-./:;<=>?_`

func chars(from string, n int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune(from)), n, n, n)
}

// A legal code of any profile is found again, whole, with its separators lost, and bare.
func TestLegalCodesRoundTrip(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.Group+" "+string(p.Type), rapid.MakeCheck(func(t *rapid.T) {
			gtin := chars("0123456789", GTINLength-1).Draw(t, "gtin")
			gtin += string(rune(must(CheckDigit(gtin))))
			serial := chars(alphabet82, p.Serial).Draw(t, "serial")
			ident := gtin + serial
			want := []Element{{"", gtin}, {"", serial}}
			if p.AIs {
				ident = "01" + gtin + "21" + serial
				want = []Element{{"01", gtin}, {"21", serial}}
			}
			full, lost := ident, ident
			for _, f := range p.Tail {
				if f.Length == 0 {
					continue
				}
				v := chars(alphabet82, f.Length).Draw(t, "AI "+f.AI)
				want = append(want, Element{f.AI, v})
				lost += f.AI + v
				if p.AIs {
					full += string(GS)
				}
				full += f.AI + v
			}
			check := func(s string, gsLost, warned bool, elements []Element) {
				got, gotLost, err := p.Ident(Code(s))
				if err != nil || string(got) != ident || gotLost != gsLost {
					t.Fatalf("Ident(%q) = %q, %v, %v", s, got, gotLost, err)
				}
				parts, err := p.Parse(Code(s))
				if err != nil || parts.GTIN != gtin || parts.Serial != serial || parts.GSLost != gsLost {
					t.Fatalf("Parse(%q) = %+v, %v", s, parts, err)
				}
				if string(parts.Ident)+parts.Tail != s {
					t.Fatalf("%q and %q are not %q", parts.Ident, parts.Tail, s)
				}
				if len(parts.Elements()) != len(elements) {
					t.Fatalf("elements %q, want %q", parts.Elements(), elements)
				}
				for i := range elements {
					if parts.Elements()[i] != elements[i] {
						t.Fatalf("elements %q, want %q", parts.Elements(), elements)
					}
				}
				if (len(parts.Warnings) > 0) != warned {
					t.Fatalf("warnings of %q: %q", s, parts.Warnings)
				}
			}
			check(full, false, false, want)
			check(lost, p.AIs, p.AIs, want)
			check(ident, false, false, want[:2])
			if hard, warnings := CheckServer(p, gtin, Code(full)); hard != nil || warnings != nil {
				t.Fatalf("CheckServer(%q) = %v, %q", full, hard, warnings)
			}
		}))
	}
}

func FuzzIdent(f *testing.F) {
	for _, tc := range identVectors {
		f.Add(string(gs(tc.code)))
	}
	for _, s := range []string{"00030779729200000015", "01\x1d21", "\x1d", "01048702167600072\xe8", "010487021676000721qKkdi+S\x1d",
		"010460714356059821FGXEAGA5A1GAH\x1d91\x1d92\x1d", "010460714356059821FGXEAGA5A1GAH\x1d9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Code(s)
		_ = Visible(c)
		for _, p := range profiles {
			ident, lost, err := p.Ident(c)
			if !strings.HasPrefix(s, string(ident)) {
				t.Fatalf("%s %s: %q does not begin %q", p.Group, p.Type, ident, s)
			}
			parts, perr := p.Parse(c)
			CheckServer(p, "04870216760007", c)
			if err != nil {
				if ident != "" || lost || perr == nil {
					t.Fatalf("%s %s: refused %q, yet %q, %v, %v", p.Group, p.Type, s, ident, lost, perr)
				}
				continue
			}
			if again, lost, err := p.Ident(ident); again != ident || lost || err != nil {
				t.Fatalf("%s %s: %q is not its own identification code: %q, %v", p.Group, p.Type, ident, again, err)
			}
			if perr == nil && (parts.Ident != ident || string(parts.Ident)+parts.Tail != s) {
				t.Fatalf("%s %s: %q taken apart as %+v", p.Group, p.Type, s, parts)
			}
			if perr != nil && ValidSSCC(c) != nil {
				t.Fatalf("%s %s: %q has an identification code, yet %v", p.Group, p.Type, s, perr)
			}
		}
	})
}

func BenchmarkIdent(b *testing.B) {
	p := must(Table{}.Profile("pharma", Unit))
	c := gs("010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Ident(c); err != nil {
			b.Fatal(err)
		}
	}
}
