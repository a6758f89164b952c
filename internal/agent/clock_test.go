package agent

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWallClock: which clocks date a report, and which must be set first.
func TestWallClock(t *testing.T) {
	const unheard = 1000 * time.Hour // nothing was heard of the national system
	for _, test := range []struct {
		name     string
		skew     time.Duration // as heard from the national system
		jump     time.Duration // of the wall clock since then
		newest   time.Duration // the journal's newest entry, against now
		answered bool          // without its time
		why      string
	}{
		{name: "right"},
		{name: "a minute off", skew: time.Minute},
		{name: "summer time taken for winter time", skew: time.Hour},
		{name: "days behind", skew: 72 * time.Hour, why: "72h"},
		{name: "days ahead", skew: -72 * time.Hour, why: "72h"},
		{name: "set forward by hours", jump: 5 * time.Hour},
		{name: "jumped forward by days, not asked since", jump: 50 * time.Hour, why: "50h"},
		{name: "jumped back by days, not asked since", jump: -50 * time.Hour, why: "50h"},
		{name: "put right after days behind", skew: 72 * time.Hour, jump: 72 * time.Hour},
		{name: "not set at boot", skew: unheard, jump: -40 * 365 * 24 * time.Hour, why: "never set"},
		{name: "not heard yet", skew: unheard, why: "first answer"},
		{name: "ahead by days at boot, not heard yet", skew: unheard, jump: 50 * time.Hour, why: "first answer"},
		{name: "no time in its answers", skew: unheard, answered: true},
		{name: "no time in its answers, behind the journal", skew: unheard, answered: true, newest: 48 * time.Hour, why: "journal"},
		{name: "asked, the journal was written ahead", newest: 48 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				jump := time.Duration(0)
				n := &national{log: slog.New(slog.DiscardHandler), now: func() time.Time { return time.Now().Round(0).AddDate(20, 0, 0).Add(jump) }}
				n.newest = n.wall().Add(test.newest)
				if n.answered = test.answered; test.skew != unheard {
					n.clock(test.skew)
				}
				jump = test.jump
				time.Sleep(time.Hour) // what passes by both clocks is no jump
				if err := n.wallClock(); (err == nil) != (test.why == "") || err != nil && !strings.Contains(err.Error(), test.why) {
					t.Errorf("says %v, want %q", err, test.why)
				}
			})
		})
	}
}
