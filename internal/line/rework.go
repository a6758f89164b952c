package line

import (
	"time"

	"linemark/internal/ledger"
)

// Rework lets products come back that were taken off, if their code is right now and on no other
// product for all that is known. Where they are put onto the belt decides what its scan does: behind
// the check station it verifies them itself; in front of it, the check station does.
type Rework struct {
	handheld
	again bool
}

// NewRework returns a rework station. again says that the products pass the check station again.
func NewRework(c HandheldConfig, again bool) *Rework {
	return &Rework{newHandheld(c, "stays out"), again}
}

// Step implements Station.
func (r *Rework) Step(now time.Time, ev Event) []Effect {
	switch ev := ev.(type) {
	case Scans:
		codes := r.read(ev.Scans)
		if len(codes) == 0 {
			return r.settle(now, nil, nil)
		}
		return []Effect{ReworkCodes{Codes: codes}}
	case Verdicts:
		why := make([]string, len(ev.Verdicts))
		for i, v := range ev.Verdicts {
			if why[i] = against(v); why[i] != "" {
				continue
			}
			if r.again {
				r.count("ready", 1)
			} else {
				r.count("verified", 1)
			}
		}
		return r.settle(now, why, ev.Err)
	}
	return r.step(now, ev)
}

// against says why a product stays out; empty if it may come back.
func against(v ledger.Verdict) string {
	switch {
	case v.Outcome == ledger.Good:
		return ""
	case v.Outcome == ledger.Duplicate:
		return "a product with this code is verified already"
	case v.Note != "":
		return v.Outcome.String() + ": " + v.Note
	}
	return v.Outcome.String()
}
