package agent

import (
	"context"
	"sync"
	"time"

	"linemark/internal/ledger"
)

// speeds measures how fast each product's codes are used, for the hours that the stock lasts.
type speeds struct {
	mu      sync.Mutex
	samples map[ledger.ProductID][]sample
}

type sample struct {
	at   time.Time
	used int // codes ever taken out of stock
}

// speedWindow is how far back the speed is measured, speedEvery how often.
const (
	speedWindow = 5 * time.Minute
	speedEvery  = 2 * time.Second
)

// measure samples the use of codes until ctx ends.
func (a *Agent) measure(ctx context.Context) {
	ticker := time.NewTicker(speedEvery)
	defer ticker.Stop()
	for {
		if balances, err := a.ledger.Balance(ctx); err == nil {
			now := time.Now()
			for _, b := range balances {
				a.speeds.add(b.ID, now, b.Received-b.States[ledger.InStock])
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (v *speeds) add(p ledger.ProductID, now time.Time, used int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.samples == nil {
		v.samples = map[ledger.ProductID][]sample{}
	}
	all := append(v.samples[p], sample{now, used})
	for len(all) > 2 && now.Sub(all[0].at) > speedWindow {
		all = all[1:]
	}
	v.samples[p] = all
}

// perHour returns how many codes of a product are used in an hour at the speed of the last
// minutes; 0 while nothing was used.
func (v *speeds) perHour(p ledger.ProductID) float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := v.samples[p]
	if len(all) < 2 {
		return 0
	}
	first, last := all[0], all[len(all)-1]
	if last.used <= first.used || !last.at.After(first.at) {
		return 0
	}
	return float64(last.used-first.used) / last.at.Sub(first.at).Hours()
}

// hoursLeft returns how many hours a stock lasts at that speed; nil while nothing was used.
func (v *speeds) hoursLeft(p ledger.ProductID, stock int) *float64 {
	speed := v.perHour(p)
	if speed == 0 {
		return nil
	}
	hours := float64(stock) / speed
	return &hours
}
