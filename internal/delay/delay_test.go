package delay

import (
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var steps = []time.Duration{time.Millisecond, 10 * time.Millisecond, time.Second}

func TestSteps(t *testing.T) {
	h := New(steps)
	for _, d := range []time.Duration{-time.Second, 0, time.Millisecond, time.Millisecond + 1, time.Second, time.Minute} {
		h.Add(d)
	}
	c := h.Counts()
	if !slices.Equal(c.UpTo, []uint64{3, 4, 5}) || c.All != 6 || c.Sum != time.Minute+time.Second+2*time.Millisecond+1 {
		t.Errorf("counted %+v", c)
	}
}

// Every bound has counted just the delays that are no longer than it, whatever they are.
func TestCountsWhatIsNoLonger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, all := New(steps), rapid.SliceOf(rapid.Map(rapid.Int64Range(0, int64(2*time.Second)), func(n int64) time.Duration { return time.Duration(n) })).Draw(t, "delays")
		var sum time.Duration
		for _, d := range all {
			h.Add(d)
			sum += d
		}
		c := h.Counts()
		for i, step := range steps {
			n := uint64(0)
			for _, d := range all {
				if d <= step {
					n++
				}
			}
			if c.UpTo[i] != n {
				t.Fatalf("%d up to %v, want %d of %v", c.UpTo[i], step, n, all)
			}
		}
		if c.All != uint64(len(all)) || c.Sum != sum {
			t.Fatalf("%d in %v, want %d in %v", c.All, c.Sum, len(all), sum)
		}
	})
}

func TestNobodyCounts(t *testing.T) {
	var h *Histogram
	h.Add(time.Second)
	if c := h.Counts(); c.All != 0 || c.UpTo != nil {
		t.Errorf("nobody has counted %+v", c)
	}
}

func TestAtOnce(t *testing.T) {
	h := New(steps)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				h.Add(5 * time.Millisecond)
			}
		})
	}
	all.Wait()
	if c := h.Counts(); c.All != 8000 || c.UpTo[1] != 8000 || c.UpTo[0] != 0 || c.Sum != 40*time.Second {
		t.Errorf("counted %+v", c)
	}
}

// A line has no garbage to spare for this.
func TestAllocatesNothing(t *testing.T) {
	h := New(steps)
	if n := testing.AllocsPerRun(100, func() { h.Add(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
