package code

import (
	"errors"
	"strings"
	"testing"
)

// NewProfile makes of the parts of every standard structure what the table states.
func TestNewProfileIsTheTable(t *testing.T) {
	for _, want := range profiles {
		var tail []Field
		for _, f := range want.Tail {
			if f.Length > 0 {
				tail = append(tail, f)
			}
		}
		if got, err := NewProfile(want.Group, want.Type, want.AIs, want.Serial, tail...); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestNewProfileRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		typ    Type
		ais    bool
		serial int
		tail   []Field
		want   string
	}{
		"type":           {"BOX", true, 7, nil, `type "BOX"`},
		"no serial":      {Unit, true, 0, nil, "0 characters"},
		"long serial":    {Unit, true, 21, nil, "21 characters"},
		"many fields":    {Unit, true, 7, make([]Field, 4), "4 fields"},
		"two without AI": {Unit, false, 7, []Field{{"", 4}, {"", 4}}, "2 fields"},
		"empty field":    {Unit, true, 7, []Field{{"93", 0}}, "0 bytes"},
		"long field":     {Unit, true, 7, []Field{{"93", 91}}, "91 bytes"},
		"short AI":       {Unit, true, 7, []Field{{"9", 4}}, `"9"`},
		"letters":        {Unit, true, 7, []Field{{"9x", 4}}, `"9x"`},
		"AI too much":    {Unit, false, 7, []Field{{"93", 4}}, "without identifiers"},
	} {
		if _, err := NewProfile("g", c.typ, c.ais, c.serial, c.tail...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTableWith(t *testing.T) {
	unit := must(NewProfile("milk", Unit, true, 6, Field{"93", 4}))
	one := Table{}.With(Rules{Group: "milk"}, unit)
	two := one.With(Rules{Group: "milk", Reserve: true}, must(NewProfile("milk", Group, true, 7)))
	if _, ok := (Table{}).Rules("milk"); ok {
		t.Error("the standard table knows milk")
	}
	if p, err := two.Profile("milk", Unit); err != nil || p != unit {
		t.Errorf("the unit is %+v, %v", p, err)
	}
	var unknown *UnknownProfileError
	if _, err := one.Profile("milk", Group); !errors.As(err, &unknown) || err.Error() != `product group milk has no codes of type "GROUP"` {
		t.Errorf("a group pack of one: %v", err)
	}
	if _, err := one.Profile("shoes", Unit); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "beer, milk") {
		t.Errorf("shoes: %v", err)
	}
	if r, ok := two.Rules("milk"); !ok || !r.Reserve {
		t.Errorf("rules: %+v", r)
	}
	if n := len(two.Profiles()); n != len(profiles)+2 {
		t.Errorf("%d structures", n)
	}
	if n := len((Table{}).Profiles()); n != len(profiles) {
		t.Errorf("%d standard structures", n)
	}
}

// A code of a site's own structure is cut and parsed by it.
func TestOwnStructure(t *testing.T) {
	p := must(NewProfile("milk", Unit, true, 6, Field{"91", 4}, Field{"92", 6}, Field{"93", 2}))
	c := gs("0104780012345677" + "21" + "abcdef" + "␝91KEY1␝92signat␝93ab")
	parts, err := p.Parse(c)
	if err != nil || len(parts.Warnings) > 0 || parts.Ident != "010478001234567721abcdef" || len(parts.Elements()) != 5 {
		t.Errorf("%+v, %v", parts, err)
	}
	lost := Code(strings.ReplaceAll(string(c), string(GS), ""))
	if parts, err = p.Parse(lost); err != nil || !parts.GSLost || len(parts.Warnings) != 3 {
		t.Errorf("%+v, %v", parts, err)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		group string
		code  Code
	}{
		{"water", gs("0104780012345677215EkPq(s\"aB&91␝93a1B2")},
		{"tobacco", "04780101164394TF&csaNNW1kK0tL"},
		{"pharma", gs("010460714356059821FGXEAGA5A1GAH␝91EE06␝92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4=")},
	} {
		p := must(Table{}.Profile(c.group, Unit))
		b.Run(c.group, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(c.code); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "of_200ns_limit")
		})
	}
}
