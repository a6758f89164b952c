package page

import (
	"context"
	"slices"
	"sync"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
)

// kept is what several live parts, or several renderings of one, are made of.
type kept struct {
	outboxKept
	statusKept
	charts chartsKept
}

// outboxKept remembers the outbox: its rows stand behind the reports' bytes, and who looks at it each half second must
// not have them read each time.
type outboxKept struct {
	mu      sync.Mutex
	of      *ledger.Ledger
	at      time.Time
	counts  []ledger.ReportCount
	reports []ledger.Report
}

// keepOutbox is how long it is kept while no count changes.
const keepOutbox = 5 * time.Second

func (k *outboxKept) outbox(ctx context.Context, l *ledger.Ledger) ([]ledger.Report, error) {
	counts, err := l.ReportCounts(ctx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == l && slices.Equal(counts, k.counts) && time.Since(k.at) < keepOutbox {
		return k.reports, nil
	}
	reports, err := outbox(ctx, l)
	if err == nil {
		k.of, k.at, k.counts, k.reports = l, time.Now(), counts, reports
	}
	return reports, err
}

// statusKept remembers the status for those who render it in another language, or for another view, right behind.
type statusKept struct {
	statusMu sync.Mutex
	agent    *agent.Agent
	statusAt time.Time
	is       agent.Status
}

// keepStatus is how old a status may be: together with renderEvery and lookEvery less than a second.
const keepStatus = 50 * time.Millisecond

// status is how everything stands.
func (v *visit) status(ctx context.Context) (agent.Status, error) {
	k := &v.kept.statusKept
	k.statusMu.Lock()
	defer k.statusMu.Unlock()
	if k.agent == v.agent && time.Since(k.statusAt) < keepStatus {
		return k.is, nil
	}
	s, err := v.agent.Status(ctx)
	if err == nil {
		k.agent, k.statusAt, k.is = v.agent, time.Now(), s
	}
	return s, err
}

// renew forgets it: a person has just changed something.
func (k *statusKept) renew() {
	k.statusMu.Lock()
	defer k.statusMu.Unlock()
	k.statusAt = time.Time{}
}

// chartsKept remembers the charts of a shift, which change by the minute.
type chartsKept struct {
	mu  sync.Mutex
	all map[string]chartsOf
}

type chartsOf struct {
	at time.Time
	of *agent.Agent
	shiftView
}

// keepCharts is how old a chart may be.
const keepCharts = 10 * time.Second

func (k *chartsKept) get(key string, of *agent.Agent) (shiftView, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	one, ok := k.all[key]
	return one.shiftView, ok && one.of == of && time.Since(one.at) < keepCharts
}

func (k *chartsKept) put(key string, of *agent.Agent, s shiftView) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) > mostFrames {
		k.all = map[string]chartsOf{}
	}
	k.all[key] = chartsOf{time.Now(), of, s}
}
