// Package shift runs the whole agent with a whole plant in virtual time, a shift for each seed. The seed
// decides the plant, its speed, the faults of products, devices and the national system, what the operator
// does, and when the agent is stopped or killed. Every shift ends with the reports drained and the plant's
// own logs held against the ledger.
package shift

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"linemark/internal/agent"
	"linemark/internal/sim"
)

// Result is what came of a shift.
type Result struct {
	Seed                                  uint64
	Length                                time.Duration // with the drain
	Lines, Made, Verified, Rejected       int
	Doubtful, Boxes, Pallets, Reports     int
	Starts, Kills, Stops, Repeats, Orders int
	Findings                              []string // what is wrong, in words
	History                               string   // a digest of the plant's own logs
}

// site is one shift under way.
type site struct {
	plan  Plan
	root  string // of everything
	dir   string // of the agent's present life
	plant *sim.Plant
	wires *wires
	log   slog.Handler
	began time.Time

	agent  *agent.Agent // nil: it does not live
	cancel context.CancelFunc
	ended  chan error

	clock   atomic.Int64 // how far the PC's wall clock is ahead, in nanoseconds
	ahead   int          // codes that may be in printers' buffers at a time
	due     []due        // what is still to happen
	batches int
	storms  int
	result  *Result
}

// due is one thing to be done at a time.
type due struct {
	at   time.Time
	name string
	do   func() error
}

// calm is how long every line may take to run again by itself once nothing is wrong any more, and observed
// how long it is looked at. The longest wait of the agent's own is for an order whose answer was lost: five
// minutes.
const (
	calm     = 12 * time.Minute
	observed = 40 * time.Second
)

// Run lives through the shift of a plan. It must be called in a bubble of testing/synctest. dir is an
// empty folder; log takes what the agent says. An error is one of the simulation itself.
func Run(plan Plan, dir string, log slog.Handler) (Result, error) {
	r := Result{Seed: plan.Seed, Lines: len(plan.Lines)}
	s := &site{plan: plan, root: dir, dir: filepath.Join(dir, "life-0"), wires: newWires(), log: log, began: time.Now(), result: &r}
	err := errors.Join(s.run(), s.stop())
	r.Length = time.Since(s.began)
	return r, err
}

func (s *site) run() error {
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return err
	}
	cfg, err := load(s.dir, s.plan.Config)
	if err != nil {
		return fmt.Errorf("the plan's configuration: %w", err)
	}
	for _, l := range cfg.Lines {
		for _, station := range l.Stations {
			if station.Printer != "" {
				s.ahead += max(station.Ahead, 1)
			}
		}
	}
	logs := filepath.Join(s.root, "plant")
	s.plant, err = sim.New(cfg, sim.Options{Dir: logs, Seed: s.plan.Seed, Rate: s.plan.Rate, Faults: s.plan.Faults, Orders: s.plan.Orders, Reports: s.plan.Reports,
		Restart: s.plan.Restart, Listen: s.wires.listen})
	if err != nil {
		return err
	}
	defer s.plant.Close()
	work, over := context.WithCancel(context.Background())
	gone := make(chan struct{})
	defer func() { over(); <-gone }()
	if err := s.start(); err != nil {
		close(gone)
		return err
	}
	s.result.Starts++
	go func() { defer close(gone); s.plant.Run(work) }()
	if err := s.happen(); err != nil {
		return err
	}
	over()
	<-gone
	if err := s.drain(); err != nil {
		return err
	}
	if err := s.judge(logs); err != nil {
		return err
	}
	return s.digest(logs)
}

// find notes something that is wrong.
func (s *site) find(format string, args ...any) {
	s.result.Findings = append(s.result.Findings, fmt.Sprintf(format, args...))
}

// digest sums the plant's logs up.
func (s *site) digest(logs string) error {
	files, err := filepath.Glob(filepath.Join(logs, "*.jsonl"))
	if err != nil {
		return err
	}
	h := sha256.New()
	for _, f := range files {
		in, err := os.Open(f)
		if err != nil {
			return err
		}
		_, err = io.Copy(h, in)
		if err := errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	s.result.History = hex.EncodeToString(h.Sum(nil)[:8])
	return nil
}
