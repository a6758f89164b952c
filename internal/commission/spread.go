package commission

import (
	"fmt"
	"slices"
	"time"
)

// Spread is how long something took, many times.
type Spread []time.Duration

// Min, Median, P99 and Max are 0 where nothing was measured.
func (s Spread) at(of func(n int) int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(s))[of(len(s))]
}

// Min is the shortest.
func (s Spread) Min() time.Duration { return s.at(func(int) int { return 0 }) }

// Median is the middle one.
func (s Spread) Median() time.Duration { return s.at(func(n int) int { return n / 2 }) }

// P99 is the 99th percentile: the longest, among fewer than a hundred.
func (s Spread) P99() time.Duration { return s.at(func(n int) int { return n * 99 / 100 }) }

// Max is the longest.
func (s Spread) Max() time.Duration { return s.at(func(n int) int { return n - 1 }) }

func (s Spread) String() string {
	if len(s) == 0 {
		return "not measured"
	}
	return fmt.Sprintf("min %s, median %s, p99 %s, max %s ms, of %d", ms(s.Min()), ms(s.Median()), ms(s.P99()), ms(s.Max()), len(s))
}

// ms writes milliseconds with one decimal.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f", milliseconds(d)) }
