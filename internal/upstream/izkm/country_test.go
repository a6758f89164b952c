package izkm

import (
	"slices"
	"strings"
	"testing"
)

func TestCountries(t *testing.T) {
	all := strings.Fields(countries)
	if len(all) != 249 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("%d countries, sorted %t", len(all), slices.IsSorted(all))
	}
	for _, c := range all {
		if !isCountry(c) || len(c) != 2 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("%q is not found, or is no code", c)
		}
	}
	for _, no := range []string{"", " ", "  ", "U", "uz", "UZB", "860", "XX", "SU", "AD ", " U", "Z "} {
		if isCountry(no) {
			t.Errorf("%q is a country", no)
		}
	}
}
