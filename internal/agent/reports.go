package agent

import (
	"context"
	"sync"
	"time"

	"linemark/internal/ledger"
)

// openReports remembers when the oldest open reports were made: in its row that stands behind all its bytes, and
// who looks at the status each second must not have them read each time.
type openReports struct {
	mu sync.Mutex
	of map[ledger.ReportKind]openReport
}

type openReport struct {
	id   int64
	made time.Time
}

// look returns when the oldest open report of each kind was made; a kind without one is not there.
func (o *openReports) look(ctx context.Context, l *ledger.Ledger) (map[string]time.Time, error) {
	oldest, err := l.OldestOpen(ctx)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := map[ledger.ReportKind]openReport{}
	made := map[string]time.Time{}
	for kind, id := range oldest {
		r := o.of[kind]
		if r.id != id {
			found, err := l.ReportByID(ctx, id)
			if err != nil {
				return nil, err
			}
			r = openReport{id, found.CreatedAt}
		}
		now[kind], made[string(kind)] = r, r.made
	}
	o.of = now
	return made, nil
}
