// Package delay counts how long things take, in steps. What counts is busy with products: it allocates nothing
// and waits for nobody.
package delay

import (
	"sync/atomic"
	"time"
)

// Histogram counts delays by their length. Its methods may be called from any goroutine, and on nil, which counts
// nothing.
type Histogram struct {
	steps []time.Duration
	n     []atomic.Uint64 // one more than steps: those above the last
	sum   atomic.Int64
}

// New returns a histogram with the upper bounds of its steps, which rise.
func New(steps []time.Duration) *Histogram {
	return &Histogram{steps: steps, n: make([]atomic.Uint64, len(steps)+1)}
}

// Add counts one delay. A negative one, of a clock that was set, counts as none at all took.
func (h *Histogram) Add(d time.Duration) {
	if h == nil {
		return
	}
	d = max(d, 0)
	at := 0
	for at < len(h.steps) && d > h.steps[at] {
		at++
	}
	h.n[at].Add(1)
	h.sum.Add(int64(d))
}

// Counts are what a histogram has counted.
type Counts struct {
	Steps []time.Duration // the upper bounds
	UpTo  []uint64        // how many were as long as each bound, or shorter
	All   uint64
	Sum   time.Duration
}

// Counts returns what was counted so far.
func (h *Histogram) Counts() Counts {
	if h == nil {
		return Counts{}
	}
	c := Counts{Steps: h.steps, UpTo: make([]uint64, len(h.steps)), Sum: time.Duration(h.sum.Load())}
	for i := range h.n {
		c.All += h.n[i].Load()
		if i < len(c.UpTo) {
			c.UpTo[i] = c.All
		}
	}
	return c
}
