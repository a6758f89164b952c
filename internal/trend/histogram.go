package trend

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts delays in steps that grow with them, so that each is known to a thirty-second part, or to
// the unit where it is shorter. It has room for 28 minutes; what takes longer counts as that.
type histogram struct {
	n   [19*fine + fine]uint32
	all int
}

const (
	unit = 100 * time.Microsecond
	fine = 32 // steps for each doubling
	most = 1<<24 - 1
)

func (h *histogram) add(d time.Duration) {
	v := uint64(min(max(d/unit, 0), most))
	wide := max(0, bits.Len64(v)-6) // the step is 1<<wide units
	h.n[wide*fine+int(v>>wide)]++
	h.all++
}

// quantile returns the delay that a share q of all do not exceed, as the middle of its step; 0 if there is none.
func (h *histogram) quantile(q float64) time.Duration {
	left := int(math.Ceil(q * float64(h.all)))
	for i, n := range h.n {
		if left -= int(n); left <= 0 && n > 0 {
			wide := max(0, i/fine-1)
			low := time.Duration(i-wide*fine) << wide
			return low*unit + unit<<wide/2
		}
	}
	return 0
}
