package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/retry"
	"linemark/internal/supply"
)

// system is a national system as this agent needs it: where codes come from, where reports go, and what
// a recovery asks.
type system interface {
	supply.Orders
	supply.Blocks
	report.System
	// watched is the access that all its calls go through.
	watched() *national
	// past is the same system as a recovery needs it.
	past() supply.Past
}

// newSystem makes the access to the national system of the configuration. It connects to nothing.
func newSystem(cfg *config.Config, l *ledger.Ledger, o Options) (system, error) {
	table, _ := cfg.National()
	var s system
	var err error
	if cfg.OnSmartOne() {
		s, err = newSmartOne(cfg, l, o)
	} else {
		s, err = newIZKM(cfg, l, o)
	}
	if err != nil {
		return nil, fmt.Errorf("[%s]: %w", table, err)
	}
	return s, nil
}

// national watches over the access to a national system. It remembers how the last call went, so
// that an outage is logged once and seen in the status.
type national struct {
	log      *slog.Logger
	gate     retry.Gate
	alarm    func(place, text string)
	reach    func(ctx context.Context) error // asks the system whether it is there
	isAnswer func(err error) bool            // an error that is the system's own word; nil: none is
	now      func() time.Time                // the wall clock; nil: time.Now
	compared struct{ mono, wall time.Time }  // when the clocks were compared last
	newest   time.Time                       // of the journal when this run began; zero: it was empty
	ends     time.Time                       // of this PC's own certificate; zero: it has none

	mu     sync.Mutex
	access Access
	skewed bool // the clock's difference was told
	// answered says that the system has answered in this run, with its time or without.
	answered bool
	away     map[string]time.Time // what it did not answer when last asked, by the method's name, and when that was
}

func (n *national) watched() *national { return n }

// Access tells how the national system answers.
type Access struct {
	OK    bool      `json:"ok"`
	Since time.Time `json:"since"`
	Error string    `json:"error,omitempty"` // of the last call
	// Closed is since when nothing but probes is sent, because nothing was answered; null: calls go out.
	Closed *time.Time `json:"closed,omitempty"`
	// Skew is the system's clock minus this PC's, in whole seconds; null while nothing was answered.
	Skew *int `json:"clock_skew_s,omitempty"`
	// Certificate is when this PC's own certificate ends, where it has one.
	Certificate *time.Time `json:"certificate_ends,omitempty"`
}

// tripAfter outages in a row close the gate: then only the watch asks, until it is answered.
const tripAfter = 5

// ask makes one call in its turn and records how it went. A call that the closed gate holds back
// is not made.
func (n *national) ask(ctx context.Context, method string, call func() error) error {
	if err := n.gate.Enter(ctx, method == probe); err != nil {
		return err
	}
	began := time.Now()
	err := call()
	if !errors.Is(err, context.Canceled) {
		n.gate.Leave(err)
	}
	return n.heard(method, began, err)
}

// probe is the method that asks also while the gate is closed.
const probe = "ping"

// maxSkew is how far this PC's clock may be from the system's before people are told: it checks the
// dates of production.
const maxSkew = time.Minute

// clock hears how far the system's clock is ahead of this PC's.
func (n *national) clock(skew time.Duration) {
	seconds := int(skew.Round(time.Second) / time.Second)
	off := skew.Abs() > maxSkew
	n.mu.Lock()
	n.access.Skew = &seconds
	n.compared.mono, n.compared.wall = time.Now(), n.wall()
	told := n.skewed
	n.skewed = off
	n.mu.Unlock()
	if off && !told && n.alarm != nil {
		n.alarm("national system", fmt.Sprintf("its clock is %d s from this PC's: set the PC's clock, for the dates of production are checked", seconds))
	}
}

// heard records the outcome of a call. A clear refusal is an answer: the system is there. One
// method may fail while the others work: the outage lasts until that one works again, or is not
// asked for any more. A failure of a call that began before the system was heard well again is
// of the outage before.
func (n *national) heard(method string, began time.Time, err error) error {
	answered := err == nil || n.isAnswer != nil && n.isAnswer(err)
	if errors.Is(err, context.Canceled) {
		return err
	}
	n.mu.Lock()
	n.answered = n.answered || answered
	if !answered && n.access.OK && began.Before(n.access.Since) {
		n.mu.Unlock()
		return err
	}
	if n.away == nil {
		n.away = map[string]time.Time{}
	}
	maps.DeleteFunc(n.away, func(_ string, at time.Time) bool { return time.Since(at) > forgetAfter })
	if delete(n.away, method); !answered {
		n.away[method] = time.Now()
		n.access.Error = err.Error()
	}
	ok := len(n.away) == 0
	changed := n.access.Since.IsZero() || n.access.OK != ok
	if changed {
		n.access.OK, n.access.Since = ok, time.Now()
	}
	if ok {
		n.access.Error = ""
	}
	n.mu.Unlock()
	switch {
	case changed && ok:
		n.log.Info("the national system answers")
	case changed:
		n.log.Warn("the national system does not answer as it should; the line goes on from stock", "error", err)
	}
	return err
}

// forgetAfter is longer than the longest pause of any call that is tried again, with the time
// that it may take: what has not failed for so long is not being asked for.
const forgetAfter = 3 * time.Minute

func (n *national) pause() time.Duration {
	if n.Access().OK {
		return pingEvery
	}
	return pingAway
}

func (n *national) Access() Access {
	closed, _ := n.gate.Closed()
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.access
	if !closed.IsZero() {
		a.Closed = &closed
	}
	if !n.ends.IsZero() {
		a.Certificate = &n.ends
	}
	return a
}

// pingEvery is how often the national system is asked whether it is there, so that an outage is
// seen before the next order or report needs it.
const pingEvery = 30 * time.Second

// pingAway is how often it is asked while it is away, so that its return is seen soon.
const pingAway = 3 * time.Second

func (n *national) watch(ctx context.Context) error {
	for {
		n.ask(ctx, probe, func() error { return n.reach(ctx) }) //nolint:errcheck // it is kept and logged
		// Others may find the system away meanwhile: then the pause is a short one.
		for asked := time.Now(); time.Since(asked) < n.pause(); {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(min(pingAway, n.pause()-time.Since(asked))):
			}
		}
	}
}

// Ready implements supply.Orders: nothing is ordered or taken while the system does not answer.
func (n *national) Ready() error {
	if since, cause := n.gate.Closed(); !since.IsZero() {
		return &retry.ClosedError{Since: since, Cause: cause}
	}
	return nil
}
