package config

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	known := []string{"low_water", "name", "of", "scanner", "stop_after"}
	for name, want := range map[string]string{
		"lowwater": "low_water", "LOW_WATER": "low_water", "low_watre": "low_water", "nmae": "name", "fo": "of",
		"stop-after": "stop_after", "scaner": "scanner", "": "", "x": "", "qq": "", "completely": "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEditsIsADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[abc]{0,6}`)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := edits(a, b)
		if d != edits(b, a) {
			t.Fatalf("%q to %q is %d, back %d", a, b, d, edits(b, a))
		}
		if (d == 0) != (a == b) || d > max(len(a), len(b)) || d < len(a)-len(b) {
			t.Fatalf("%q to %q is %d", a, b, d)
		}
		at := rapid.IntRange(0, len(a)).Draw(t, "at")
		if longer := a[:at] + "x" + a[at:]; edits(a, longer) != 1 {
			t.Fatalf("%q to %q is %d", a, longer, edits(a, longer))
		}
	})
}
