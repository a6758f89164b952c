package frame

import (
	"slices"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// Repeats knows the codes of the last frame and leaves out what the device says again. The zero
// value leaves nothing out.
type Repeats struct {
	Window time.Duration

	last []given
}

// Window reads the setting duplicate_window of a device.
func Window(k *option.Keys) time.Duration { return k.Duration("duplicate_window", 0, 0) }

// given is a code that was given on, and when. A code that stays before the scanner is
// given again each time the window has passed.
type given struct {
	code, place string
	at          time.Time
}

// Fresh returns the readings of one frame without those whose code was in the frame before
// it, less than the window ago, and without those that the frame itself says twice of one
// place. Frames without a code end the memory: what was read before them is another product.
func (r *Repeats) Fresh(scans []drivers.Scan, now time.Time) []drivers.Scan {
	if r.Window <= 0 || len(scans) == 0 {
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
		if i := slices.IndexFunc(r.last, same); i >= 0 && now.Sub(r.last[i].at) < r.Window {
			this = append(this, given{code, s.Place, r.last[i].at})
			return true
		}
		this = append(this, given{code, s.Place, now})
		return false
	})
	r.last = this
	return Together(kept)
}
