package supply

import (
	"testing"
	"time"

	"linemark/internal/ledger"
)

// TestSinceOfAWrongClock: an order is looked for by a moment that is before it, also if the clock was days
// ahead when it was placed and is not any more.
func TestSinceOfAWrongClock(t *testing.T) {
	now := time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC)
	k := &Keeper{Now: func() time.Time { return now }}
	for _, placed := range []time.Time{now.Add(-time.Hour), now.AddDate(0, 0, 10), now.AddDate(-56, 0, 0)} {
		if since := k.since(ledger.Order{PlacedAt: placed}); since.After(now.Add(-time.Hour)) || since.After(placed) {
			t.Errorf("an order of %s is looked for since %s", placed, since)
		}
	}
}
