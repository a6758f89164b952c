package frame

import (
	"testing"
	"time"

	"linemark/drivers"
)

// of returns a frame's scans; a word is a code and, behind an @, its place, or nothing for a no-read.
func of(words ...string) (all []drivers.Scan) {
	for _, w := range words {
		s := drivers.Scan{NoRead: true}
		if w != "" {
			s = drivers.Scan{Code: []byte(w[:1]), Place: w[1:]}
		}
		all = append(all, s)
	}
	return Together(all)
}

func TestRepeats(t *testing.T) {
	begun := time.Unix(1, 0)
	r := Repeats{Window: time.Second}
	for i, c := range []struct {
		scans []drivers.Scan
		at    time.Duration
		want  string
	}{
		{of("A"), 0, `"A"`},
		{of("A"), 999 * time.Millisecond, ""},
		{of("A"), 1000 * time.Millisecond, `"A"`}, // the window began with what was given on
		{of("A", "B"), 1001 * time.Millisecond, `"B"`},
		{of("A", "B"), 1002 * time.Millisecond, ""},
		{of("B", "A"), 1003 * time.Millisecond, ""},
		{of("A"), 1004 * time.Millisecond, ""},
		{of("A", "C"), 2001 * time.Millisecond, `"A"+ "C"`}, // A had its window to itself
		{of(""), 2005 * time.Millisecond, "no-read"},
		{of(""), 2006 * time.Millisecond, "no-read"},
		{of("A"), 2007 * time.Millisecond, `"A"`}, // another product
		{nil, 2008 * time.Millisecond, ""},
		{of("A"), 2009 * time.Millisecond, ""},
		{of("B"), 2010 * time.Millisecond, `"B"`},
		{of("A1", "A1", "A2"), 2011 * time.Millisecond, `"A"+ "A"`}, // two packs with one code
		{of("A3", ""), 2012 * time.Millisecond, "no-read"},
	} {
		if got := show(r.Fresh(c.scans, begun.Add(c.at))); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
	var none Repeats
	for range 2 {
		if got := show(none.Fresh(of("A", "A"), begun)); got != `"A"+ "A"` {
			t.Errorf("the zero value gives %s", got)
		}
	}
}
