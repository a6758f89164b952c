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

// hoursLeft returns how many hours a stock lasts at the speed of the last minutes; nil while
// nothing was used.
func (v *speeds) hoursLeft(p ledger.ProductID, stock int) *float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := v.samples[p]
	if len(all) < 2 {
		return nil
	}
	first, last := all[0], all[len(all)-1]
	if last.used <= first.used {
		return nil
	}
	hours := float64(stock) * last.at.Sub(first.at).Hours() / float64(last.used-first.used)
	return &hours
}
