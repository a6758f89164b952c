package config

import (
	"os"
	"testing"
	"time"
)

// A picture of a whole box, a bench with labels printed before, and pallets of pallets by hand.
func TestPackModes(t *testing.T) {
	text, err := os.ReadFile("testdata/pack-modes.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse("pack-modes.toml", text, testLookup)
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Lines[0].Stations
	if got := s[2]; got.PackMode != PackFrame || !got.Strict() || got.SignalFor != time.Second {
		t.Errorf("%+v", got)
	}
	if got := s[3]; got.PackMode != PackHand || got.Strict() || got.Partial != Yes || got.Refused != "plc.bad" || got.SignalFor != 500*time.Millisecond || got.UndoCode != "UNDO" || got.Printer != "" {
		t.Errorf("%+v", got)
	}
	if got := s[5]; got.Of != "pallet" || got.Scanner != "gun-3" {
		t.Errorf("%+v", got)
	}
}
