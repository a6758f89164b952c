package retry

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Gate stands before a system that many callers share: it keeps their calls to a rate, waits as
// long as the system asks to be left alone, and after several outages in a row it closes, so that
// callers are answered at once and the system is not stormed when it comes back. A closed gate
// lets probes through; the first success opens it. The zero Gate has no limits and never closes.
type Gate struct {
	Rate int // calls a second at most; 0: no limit
	Trip int // outages in a row that close it; 0: it never closes

	mu      sync.Mutex
	next    time.Time // the next call's turn
	quiet   time.Time // the system asked to be left alone until then
	outages int
	closed  time.Time // since when; zero: open
	tried   time.Time // when a call went through the closed gate
	cause   string
}

// ClosedError is the answer of a closed gate: the call was not made and had no effect.
type ClosedError struct {
	Since time.Time
	Cause string // the outage that closed it
}

func (e *ClosedError) Error() string {
	return fmt.Sprintf("not asked: the system has not answered since %s: %s", e.Since.Format(time.TimeOnly), e.Cause)
}

// Lost makes it an outage, which is logged once by the owner of the access: see Outage.
func (e *ClosedError) Lost() bool { return true }

// Unsent says that nothing left: see Unsent.
func (e *ClosedError) Unsent() bool { return true }

// Enter waits for the caller's turn. A probe goes through a closed gate; every other call gets a
// *ClosedError.
func (g *Gate) Enter(ctx context.Context, probe bool) error {
	for {
		wait, err := g.turn(probe)
		if err != nil {
			return err
		}
		if wait <= 0 {
			return interrupted(ctx)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return interrupted(ctx)
		case <-t.C:
		}
		g.mu.Lock()
		quiet := time.Until(g.quiet) > 0
		g.mu.Unlock()
		if !quiet {
			return nil
		}
	}
}

// interrupted is the end of a wait at the gate: the call was not made.
func interrupted(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &heldError{err}
	}
	return nil
}

type heldError struct{ error }

func (e *heldError) Unwrap() error { return e.error }
func (e *heldError) Unsent() bool  { return true }

// cool is how often one call is let through a closed gate, should nobody send probes.
const cool = time.Minute

// turn books the next call and returns how long it is away.
func (g *Gate) turn(probe bool) (time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if !g.closed.IsZero() && !probe {
		if now.Sub(g.tried) < cool {
			return 0, &ClosedError{Since: g.closed, Cause: g.cause}
		}
		g.tried = now
	}
	at := now
	if g.next.After(at) {
		at = g.next
	}
	if g.quiet.After(at) {
		at = g.quiet
	}
	if g.Rate > 0 {
		g.next = at.Add(time.Second / time.Duration(g.Rate))
	}
	return at.Sub(now), nil
}

// Leave hears how the call went.
func (g *Gate) Leave(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := waited(err); wait > 0 {
		g.quiet = time.Now().Add(wait)
	}
	if !Outage(err) {
		g.outages, g.closed, g.cause = 0, time.Time{}, ""
		return
	}
	if g.outages++; g.Trip > 0 && g.outages >= g.Trip && g.closed.IsZero() {
		g.closed, g.cause = time.Now(), err.Error()
		g.tried = g.closed
	}
}

// Closed returns since when the gate is closed, and why; the zero time while it is open.
func (g *Gate) Closed() (since time.Time, cause string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed, g.cause
}
