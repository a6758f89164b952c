package ngpcl

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linemark/drivers/drivertest"
)

// all returns the answers that the bytes hold.
func all(t *testing.T, in string) (got []string) {
	t.Helper()
	a := newAnswers()
	found, err := drivertest.Gather([]byte(in), len(in), a.Add, a.Next)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s %s %q", f.name, f.code, f.values))
	}
	return got
}

func TestAnswers(t *testing.T) {
	for in, want := range map[string][]string{
		"{~JU0|}":                         {`JU 0 []`},
		"{~JN0|unit.job|}\r\n{~JS1|}":     {`JN 0 ["unit.job"]`, `JS 1 []`},
		"{~FC0|CODE  |01A   |  }":         {`FC 0 ["CODE" "01A"]`},
		"{~FC0|CODE||}":                   {`FC 0 ["CODE" ""]`},
		"{~FC0|CODE|01\x1d2|}":            {"FC 0 [\"CODE\" \"01\\x1d2\"]"},
		"{~FC0|CO{~JU0|}":                 {`JU 0 []`},
		"x}{~JU0}{JU0|}{~J|}{}{~JU0|a}{~": nil,
		"{~NK1|}{~DS|}":                   {`NK 1 []`, `DS  []`},
	} {
		if got := all(t, in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("{~DS0|0|1|0|0|0|2|0|000000000|06|1|}\r\n{~FC0|CODE|01A|}{~NK1|}"))
	f.Add([]byte("{~{~J|}}{|}{~JU0| }"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := newAnswers()
		a.Add(b)
		for range len(b) + 1 {
			found, ok, err := a.Next()
			if !ok || err != nil {
				return
			}
			if len(found.name) != 2 || strings.ContainsAny(strings.Join(found.values, ""), "{}|") {
				t.Errorf("%+v", found)
			}
			if s, err := parseStatus(found.values); err == nil && s.state == "" && s.fault() == nil {
				t.Errorf("no state is a good one: %q", found.values)
			}
		}
		t.Errorf("more answers than bytes in %q", b)
	})
}
