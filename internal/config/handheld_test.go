package config

import (
	"os"
	"slices"
	"testing"
	"time"

	"linemark/internal/upstream/izkm"
)

// A rework place on a line, and a desk of its own with a rework and a drop place.
func TestHandhelds(t *testing.T) {
	text, err := os.ReadFile("testdata/handheld.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse("handheld.toml", text, testLookup)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Lines[0].Stations[2]; !got.ReenterBefore() || got.Refused != "plc.bad" || got.Accepted != "plc.good" || got.SignalFor != 500*time.Millisecond {
		t.Errorf("%+v", got)
	}
	if a, b := cfg.Lines[0], cfg.Lines[1]; a.LimitOfCounts(true) != 30 || a.LimitOfCounts(false) != 30 || b.LimitOfCounts(true) != 20 || b.LimitOfCounts(false) != 0 {
		t.Errorf("limits %d and %d", a.CountLimit, b.CountLimit)
	}
	if got := cfg.Lines[1].Stations[0]; got.Reason != "QA_SAMPLES" || got.WithChild != Yes || got.Every != 10*time.Minute || got.SignalFor != time.Second {
		t.Errorf("%+v", got)
	}
	if got := cfg.Lines[1].Stations[1]; got.ReenterBefore() || got.Product != "unit" {
		t.Errorf("%+v", got)
	}
}

func TestDropReasonsAreTheDictionary(t *testing.T) {
	var want []string
	for _, r := range izkm.DropoutReasons() {
		want = append(want, r.Name)
	}
	if !slices.Equal(dropReasons, want) {
		t.Errorf("%v, the dictionary has %v", dropReasons, want)
	}
}
