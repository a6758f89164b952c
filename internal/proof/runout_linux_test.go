package proof

import (
	"errors"
	"fmt"

	"linemark/internal/ledger"
)

// runOut lets the last products pass and all reports go, stops the agent and judges what is on the disk.
func (r *rig) runOut() []finding {
	r.t.Helper()
	r.hold()
	quiet := 0
	r.until("reporting what is due", func() error {
		s, err := r.status()
		if err != nil {
			return err
		}
		for _, of := range []map[string]int{s.Reports.Utilisation, s.Reports.Aggregation} {
			for state, n := range of {
				if n > 0 && state != string(ledger.Sent) {
					quiet = 0
					return fmt.Errorf("%d reports are %s: %s", n, state, s.Reports.Trouble)
				}
			}
		}
		if quiet++; quiet < 120 { // more than a second: longer than a report waits
			return errors.New("a report may still come")
		}
		return nil
	})
	r.stop()
	if err := r.unplug(); err != nil {
		r.t.Errorf("taking the disk out: %v", err)
	}
	r.disk.Cut()
	r.disk.LetGo()
	r.disk.Restore(r.random)
	return r.judgeCopy()
}
