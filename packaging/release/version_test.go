package main

import (
	"testing"
	"time"
)

// Each version in the forms of those that order versions, from the oldest to the newest.
func TestVersion(t *testing.T) {
	for _, c := range []struct{ name, linux, msi string }{
		{"v0.0.0-111-g7eb986d", "0.0.0+111.g7eb986d", "0.0.611"},
		{"v1.2.3-rc.1", "1.2.3~rc.1", "1.2.3001"},
		{"v1.2.3-rc12", "1.2.3~rc.12", "1.2.3012"},
		{"v1.2.3", "1.2.3", "1.2.3500"},
		{"1.2.3", "1.2.3", "1.2.3500"},
		{"v1.2.3-5-g0123abc", "1.2.3+5.g0123abc", "1.2.3505"},
		{"v1.2.3-5-g0123abc-dirty", "1.2.3+5.g0123abc+dirty", "1.2.3505"},
		{"v1.2.3-2000-g0123abc", "1.2.3+2000.g0123abc", "1.2.3999"},
		{"v1.2.4-rc.1", "1.2.4~rc.1", "1.2.4001"},
		{"v255.255.64", "255.255.64", "255.255.64500"},
	} {
		v, err := parseVersion(c.name)
		if err != nil || v.linux != c.linux || v.msi != c.msi {
			t.Errorf("%s: %+v, %v", c.name, v, err)
		}
	}
	for _, name := range []string{"", "7eb986d", "v1.2", "v1.2.3.4", "v1.2.3-", "v1.2.65", "v256.0.0", "v1.2.3 x", "v1.2.3-rc.500"} {
		if v, err := parseVersion(name); err == nil {
			t.Errorf("%q is %+v", name, v)
		}
	}
}

func TestCommitDate(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	if at, err := commitDate(t.Context()); err != nil || !at.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("%v, %v", at, err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if _, err := commitDate(t.Context()); err == nil {
		t.Error("yesterday is a date")
	}
}
