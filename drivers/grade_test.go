package drivers

import "testing"

func TestParseGrade(t *testing.T) {
	for text, want := range map[string]float64{"A": 4, "b": 3, "C": 2, "D": 1, "F": 0, " A ": 4, "3.4": 3.4, "4": 4, "0": 0, "0.0": 0, "3.4/10/660": 3.4, "B/16/660/45": 3} {
		if got, ok := ParseGrade(text); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "E", "G", "AB", "4.1", "-1", "NaN", "Inf", "/", "x/3"} {
		if got, ok := ParseGrade(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
