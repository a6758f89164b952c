package line

import (
	"time"

	"linemark/internal/ledger"
)

// Drop withdraws the code of each product that a person shows it: samples, defects, goods that are
// destroyed. What it has accepted is withdrawn on disk.
type Drop struct{ handheld }

// NewDrop returns a drop station.
func NewDrop(c HandheldConfig) *Drop { return &Drop{newHandheld(c, "not dropped")} }

// Step implements Station.
func (d *Drop) Step(now time.Time, ev Event) []Effect {
	switch ev := ev.(type) {
	case Scans:
		codes := d.read(ev.Scans)
		if len(codes) == 0 {
			return d.settle(now, nil, nil)
		}
		return []Effect{DropCodes{Codes: codes}}
	case DroppedCodes:
		why := make([]string, len(ev.Outcomes))
		for i, o := range ev.Outcomes {
			if why[i] = o.Why; o.Why != "" {
				continue
			}
			d.count("dropped", 1)
			if d.count("codes", o.Codes); o.Was == ledger.Verified && o.Codes == 1 {
				d.count("were_verified", 1)
			}
		}
		return d.settle(now, why, ev.Err)
	}
	return d.step(now, ev)
}
