// Package metrics turns what the agent knows of itself into metrics for Prometheus.
package metrics

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"linemark/internal/agent"
)

// Source is what is measured: an agent, or who stands in for one.
type Source interface {
	Status(ctx context.Context) (agent.Status, error)
	Delays() []agent.Delay
}

// Options of Handler.
type Options struct {
	Version string       // of the program
	Log     *slog.Logger // nil: slog.Default()
}

// fresh is how long a status is good for: the ledger is asked no more often, however many ask.
const fresh = time.Second

// patience is how long the agent may take to tell its status.
const patience = 5 * time.Second

// Handler answers with all metrics in Prometheus' text format: the agent's own, those of the Go runtime and those of
// the process.
func Handler(s Source, o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	all := prometheus.NewRegistry()
	all.MustRegister(newCollector(s, o), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := textOf(all)
		if err != nil {
			o.Log.Warn("the metrics could not be made", "error", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(text) // the reader has gone: nobody is left to tell
	})
}

// textOf writes what is gathered.
func textOf(g prometheus.Gatherer) ([]byte, error) {
	found, err := g.Gather()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, f := range found {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// collector implements prometheus.Collector.
type collector struct {
	*families
	source  Source
	version string
	log     *slog.Logger

	mu   sync.Mutex
	at   time.Time // of last; zero: there is none
	last agent.Status
}

func newCollector(s Source, o Options) *collector {
	return &collector{families: newFamilies(), source: s, version: o.Version, log: o.Log}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.all {
		to <- d
	}
}

// status asks the agent, at most once a second. What it could not tell is missing.
func (c *collector) status() agent.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() && time.Since(c.at) < fresh {
		return c.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := c.source.Status(ctx)
	if err != nil {
		c.log.Warn("the metrics lack what the ledger does not tell", "error", err)
	}
	c.last, c.at = s, time.Now()
	return s
}
