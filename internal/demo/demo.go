// Package demo runs a whole plant and the agent on one machine, and judges the agent by what
// the plant's parts logged on their own.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/metrics"
	"linemark/internal/page"
	"linemark/internal/sim"
	"linemark/internal/sim/check"
)

//go:embed demo.toml
var demoConfig []byte

// Options of Run.
type Options struct {
	For    time.Duration
	Rate   float64 // products a second; 0: as fast as it goes
	Seed   uint64
	Dir    string // where ledger and logs lie; empty: a folder of the user's cache
	Faults sim.Faults
	// Shipping sends the pallets on their way at the end, with the papers that travel with them.
	Shipping bool
	System   string // the national system: IZKM (empty too) or SmartOne
	// View is told how things stand, several times a second; nil: nobody looks.
	View func(agent.Status, Phase)
	Say  func(format string, args ...any) // what a person should know
}

// Phase is how far the demonstration has come.
type Phase struct {
	Name    string // producing, reporting
	Left    time.Duration
	Elapsed time.Duration
}

// Result is what came of it. The field names are those of the JSON output.
type Result struct {
	Received                int      `json:"received"`
	InStock                 int      `json:"in_stock"`
	Claimed                 int      `json:"claimed"`
	Printed                 int      `json:"printed"`
	Verified                int      `json:"verified"`
	Rejected                int      `json:"rejected"`
	Doubtful                int      `json:"doubtful"`
	Dropped                 int      `json:"dropped"`
	Boxes                   int      `json:"boxes"`
	Pallets                 int      `json:"pallets"`
	UtilisationSent         int      `json:"utilisation_sent"`
	AggregationSent         int      `json:"aggregation_sent"`
	ReportsRejected         int      `json:"reports_rejected"`
	PrintedTwice            int      `json:"printed_twice"`
	ReportedWithoutEvidence int      `json:"reported_without_evidence"`
	UnknownToServer         int      `json:"unknown_to_server"`
	Balanced                bool     `json:"balanced"`
	CodesPerSecond          float64  `json:"codes_per_second"` // verified while producing
	Findings                []string `json:"findings"`         // everything that the check found, in words

	Shipment *Shipment `json:"shipment,omitempty"` // nil: none was asked for
}

// Good says whether the plant's logs and the ledger agree.
func (r Result) Good() bool {
	return r.Balanced && r.PrintedTwice == 0 && r.ReportedWithoutEvidence == 0 && r.UnknownToServer == 0 && len(r.Findings) == 0
}

// settle is how long the last reports may take at the end.
const settle = 2 * time.Minute

// Run produces for the given time, lets all reports go, and checks. A cancelled ctx ends the
// production early; the rest is still done.
func Run(ctx context.Context, o Options) (Result, error) {
	dir, done, err := folder(o)
	if err != nil {
		return Result{}, err
	}
	logs, err := os.OpenFile(filepath.Join(dir, "agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return Result{}, fmt.Errorf("opening the agent's log: %w", err)
	}
	defer logs.Close()
	cfg, err := configIn(dir, o.System, o.Shipping)
	if err != nil {
		return Result{}, err
	}
	var outside *papers
	if o.Shipping {
		if outside, err = newPapers(cfg, o.Seed); err != nil {
			return Result{}, err
		}
		defer func() { _ = outside.Close() }()
	}
	plant, err := sim.New(cfg, sim.Options{Dir: plantDir(dir), Seed: o.Seed, Rate: o.Rate, Faults: o.Faults, Orders: 200 * time.Millisecond, Reports: 200 * time.Millisecond})
	if err != nil {
		return Result{}, err
	}
	defer plant.Close()
	// The agent outlives the production: it still reports what was made.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	a, err := agent.New(work, cfg, agent.Options{Log: slog.New(slog.NewTextHandler(logs, nil)), Look: 100 * time.Millisecond,
		Page:    func(a *agent.Agent) http.Handler { return page.Of(a, slog.New(slog.NewTextHandler(logs, nil))) },
		Metrics: func(a *agent.Agent) http.Handler { return metrics.Handler(a, metrics.Options{}) }})
	if err != nil {
		return Result{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(work) }()
	speed := produce(ctx, o, plant, a, palletPrefix(cfg))
	report(work, o, a)
	var shipment *Shipment
	var amiss []string
	if o.Shipping {
		shipment = &Shipment{}
		*shipment, amiss = outside.ship(work, o, a, plant, palletPrefix(cfg))
	}
	stop()
	if err := errors.Join(<-ended, plant.Close()); err != nil {
		return Result{}, errors.Join(err, a.Close())
	}
	r, err := judge(context.WithoutCancel(ctx), dir, a.Ledger())
	r.CodesPerSecond = speed
	r.Shipment, r.Findings = shipment, append(r.Findings, amiss...)
	return r, errors.Join(err, a.Close(), done())
}

// produce lets products pass and returns how many a second were verified.
func produce(ctx context.Context, o Options, plant *sim.Plant, a *agent.Agent, prefix string) float64 {
	shift, end := context.WithCancel(ctx)
	defer end()
	began := time.Now()
	go func() {
		defer end()
		wait := o.For
		for sleep(shift, wait) && o.Shipping && time.Since(began) < o.For+forPallet {
			if all, err := packed(ctx, a.Ledger(), prefix); err != nil || len(all) > 0 {
				return
			}
			wait = 200 * time.Millisecond
		}
	}()
	before := verified(a)
	over := make(chan struct{})
	go func() {
		defer close(over)
		plant.Run(shift)
	}()
	look(a, o, over, func() Phase {
		return Phase{Name: "producing", Elapsed: time.Since(began), Left: max(0, o.For-time.Since(began))}
	})
	return float64(verified(a)-before) / time.Since(began).Seconds()
}

// forPallet is how much longer products pass where a shipment has no pallet yet.
const forPallet = time.Minute

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func verified(a *agent.Agent) int {
	balances, err := a.Ledger().Balance(context.Background())
	if err != nil {
		return 0
	}
	n := 0
	for _, b := range balances {
		n += b.States[ledger.Verified]
	}
	return n
}

// report waits for the last box to be labelled, lets everything go that is due, and waits until
// nothing is left.
func report(ctx context.Context, o Options, a *agent.Agent) {
	began := time.Now()
	over := make(chan struct{})
	go func() {
		defer close(over)
		steady(began, func() bool { return labelled(ctx, a.Ledger()) })
		a.Flush(true)
		steady(began, func() bool { return a.Settled(ctx) })
	}()
	look(a, o, over, func() Phase { return Phase{Name: "reporting", Elapsed: time.Since(began)} })
}

// steady waits until something has held for half a second.
func steady(began time.Time, holds func() bool) {
	for times := 0; times < 5 && time.Since(began) < settle; {
		time.Sleep(100 * time.Millisecond)
		if times++; !holds() {
			times = 0
		}
	}
}

func labelled(ctx context.Context, l *ledger.Ledger) bool {
	all, err := l.Containers(ctx)
	return err == nil && !slices.ContainsFunc(all, func(c ledger.ContainerCount) bool { return c.State == ledger.ContainerFull })
}

func look(a *agent.Agent, o Options, over <-chan struct{}, phase func() Phase) {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			return
		case <-ticker.C:
			if o.View == nil {
				continue
			}
			if s, err := a.Status(context.Background()); err == nil {
				o.View(s, phase())
			}
		}
	}
}

func judge(ctx context.Context, dir string, l *ledger.Ledger) (Result, error) {
	var r Result
	balances, err := l.Recount(ctx)
	if err != nil {
		return r, err
	}
	for _, b := range balances {
		r.Received += b.Received
		r.InStock += b.States[ledger.InStock]
		r.Claimed += b.States[ledger.Claimed]
		r.Printed += b.States[ledger.Printed]
		r.Verified += b.States[ledger.Verified]
		r.Rejected += b.States[ledger.Rejected]
		r.Doubtful += b.States[ledger.Doubtful]
		r.Dropped += b.States[ledger.Dropped]
	}
	containers, err := l.Containers(ctx)
	if err != nil {
		return r, err
	}
	for _, c := range containers {
		switch {
		case c.State != ledger.ContainerClosed:
		case c.OfContainers:
			r.Pallets += c.N
		default:
			r.Boxes += c.N
		}
	}
	reports, err := l.ReportCounts(ctx)
	if err != nil {
		return r, err
	}
	for _, c := range reports {
		switch {
		case c.State == ledger.Denied:
			r.ReportsRejected += c.N
		case c.State != ledger.Sent:
		case c.Kind == ledger.Utilisation:
			r.UtilisationSent += c.N
		default:
			r.AggregationSent += c.N
		}
	}
	v, err := check.Judge(ctx, plantDir(dir), l)
	r.PrintedTwice, r.ReportedWithoutEvidence, r.UnknownToServer, r.Balanced = v.PrintedTwice, v.ReportedWithoutEvidence, v.UnknownToServer, v.Balanced
	r.Findings = append([]string{}, v.Findings...)
	return r, err
}

func plantDir(dir string) string { return filepath.Join(dir, "plant") }

func configIn(dir, system string, shipping bool) (*config.Config, error) {
	if err := os.MkdirAll(filepath.Join(dir, "labels"), 0o750); err != nil {
		return nil, fmt.Errorf("creating the demonstration's folder: %w", err)
	}
	labels := config.Labels()
	for _, name := range []string{"unit.zpl", "box.zpl"} {
		f, err := labels.Open(name)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close(), os.WriteFile(filepath.Join(dir, "labels", name), text, 0o640)); err != nil {
			return nil, fmt.Errorf("writing the demonstration's labels: %w", err)
		}
	}
	text := demoConfig
	if system == SmartOne {
		if err := signingKey(dir); err != nil {
			return nil, err
		}
		text = onSmartOne(text)
	}
	if shipping {
		text = slices.Concat(text, shippingConfig)
		if err := os.WriteFile(filepath.Join(dir, "labels", "shipment.zpl"), shipmentLabel, 0o640); err != nil {
			return nil, fmt.Errorf("writing the demonstration's labels: %w", err)
		}
	}
	text, err := addressed(text, dir)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "linemark.toml")
	if err := os.WriteFile(file, text, 0o640); err != nil {
		return nil, fmt.Errorf("writing the demonstration's configuration: %w", err)
	}
	return config.Load(file)
}

// addressed gives every address of the demonstration a free port of its own, and the ledger its folder.
func addressed(text []byte, dir string) ([]byte, error) {
	text = bytes.ReplaceAll(text, []byte(`"DATA"`), []byte(strconv.Quote(filepath.ToSlash(dir))))
	for nobody := []byte("127.0.0.1:0"); bytes.Contains(text, nobody); {
		l, err := freePort()
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() // all at the end, so that no port is given twice
		text = bytes.Replace(text, nobody, []byte(l.Addr().String()), 1)
	}
	return text, nil
}

// freePort opens a port below those that the system gives to outgoing connections: one of
// these could take the port between its choice and its use.
func freePort() (net.Listener, error) {
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(21_000+rand.IntN(9_000)))); err == nil {
			return l, nil
		}
	}
	return nil, err
}
