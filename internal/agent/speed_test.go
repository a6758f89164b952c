package agent

import (
	"math"
	"testing"
	"time"
)

func TestHoursLeft(t *testing.T) {
	type use struct {
		after time.Duration // since the first sample
		used  int
	}
	tests := []struct {
		name  string
		uses  []use
		stock int
		hours float64 // negative: not known
	}{
		{"nothing measured", nil, 100, -1},
		{"one sample", []use{{0, 50}}, 100, -1},
		{"nothing used", []use{{0, 50}, {time.Minute, 50}}, 100, -1},
		{"ten a minute", []use{{0, 50}, {time.Minute, 60}}, 1200, 2},
		{"an empty stock", []use{{0, 50}, {time.Minute, 60}}, 0, 0},
		{"over several samples", []use{{0, 0}, {time.Minute, 40}, {2 * time.Minute, 40}}, 1200, 1},
		{"what is long past does not count", []use{{0, 0}, {time.Minute, 10_000}, {4 * time.Minute, 10_010}, {8 * time.Minute, 10_050}}, 600, 1},
		{"a line that stands", []use{{0, 0}, {time.Minute, 10_000}, {4 * time.Minute, 10_000}, {8 * time.Minute, 10_000}}, 600, -1},
		{"samples far apart are still two", []use{{0, 0}, {time.Hour, 600}}, 1200, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var v speeds
			start := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
			for _, u := range test.uses {
				v.add(1, start.Add(u.after), u.used)
				v.add(2, start.Add(u.after), 1000*u.used) // another product's speed is its own
			}
			switch hours := v.hoursLeft(1, test.stock); {
			case hours == nil && test.hours >= 0:
				t.Errorf("not known, want %v", test.hours)
			case hours != nil && math.Abs(*hours-test.hours) > 1e-9:
				t.Errorf("%v hours, want %v", *hours, test.hours)
			}
		})
	}
}

// TestSpeedsForget: a day of samples does not fill the memory.
func TestSpeedsForget(t *testing.T) {
	var v speeds
	start := time.Now()
	for i := range 43_200 {
		v.add(1, start.Add(time.Duration(i)*speedEvery), i)
	}
	if n := len(v.samples[1]); n > int(speedWindow/speedEvery)+2 {
		t.Errorf("%d samples are kept", n)
	}
}
