package text

import (
	"slices"
	"time"

	"linemark/drivers"
)

// repeats knows the codes of the last frame and leaves out what the device says again.
type repeats struct {
	window time.Duration // 0: nothing is left out
	last   []given
}

// given is a code that was given on, and when. A code that stays before the scanner is
// given again each time the window has passed.
type given struct {
	code, place string
	at          time.Time
}

// fresh returns the readings of one frame without those whose code was in the frame before
// it, less than the window ago, and without those that the frame itself says twice of one
// place. Frames without a code end the memory: what was read before them is another product.
func (r *repeats) fresh(scans []drivers.Scan, now time.Time) []drivers.Scan {
	if r.window == 0 {
		return scans
	}
	var this []given
	kept := slices.DeleteFunc(scans, func(s drivers.Scan) bool {
		if s.Code == nil {
			return false
		}
		code := string(s.Code)
		same := func(g given) bool { return g.code == code }
		if slices.ContainsFunc(this, func(g given) bool { return same(g) && g.place == s.Place }) {
			return true
		}
		if i := slices.IndexFunc(r.last, same); i >= 0 && now.Sub(r.last[i].at) < r.window {
			this = append(this, given{code, s.Place, r.last[i].at})
			return true
		}
		this = append(this, given{code, s.Place, now})
		return false
	})
	r.last = this
	return kept
}
