package retry_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/retry"
	"linemark/internal/upstream/izkm"
)

var away = &izkm.Error{Kind: izkm.Interrupted, Op: "GET /ping", Err: errors.New("reset")}

// TestGateRate: however many callers there are, the calls of any second are not more than the rate.
func TestGateRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.Gate{Rate: 10}
		var mu sync.Mutex
		var calls []time.Time
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					if err := g.Enter(t.Context(), false); err != nil {
						t.Error(err)
					}
					mu.Lock()
					calls = append(calls, time.Now())
					mu.Unlock()
					g.Leave(nil)
				}
			})
		}
		start := time.Now()
		wg.Wait()
		for i := range calls {
			if i >= 10 && calls[i].Sub(calls[i-10]) < time.Second {
				t.Errorf("calls %d to %d came within %s", i-10, i, calls[i].Sub(calls[i-10]))
			}
		}
		if took := time.Since(start); len(calls) != 80 || took > 8*time.Second {
			t.Errorf("%d calls took %s", len(calls), took)
		}
	})
}

// TestGateCloses: after outages in a row nothing but probes goes through, until one is answered.
func TestGateCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.Gate{Trip: 3}
		refused := &izkm.Error{Kind: izkm.Refused, Status: 400}
		for _, err := range []error{away, away, refused, away, away} { // a clear no is an answer
			if e := g.Enter(t.Context(), false); e != nil {
				t.Fatal(e)
			}
			g.Leave(err)
		}
		if since, _ := g.Closed(); !since.IsZero() {
			t.Fatal("closed after two in a row")
		}
		g.Leave(away)
		at := time.Now()
		time.Sleep(59 * time.Second)
		err := g.Enter(t.Context(), false)
		var closed *retry.ClosedError
		if !errors.As(err, &closed) || !closed.Since.Equal(at) || closed.Cause != away.Error() || !retry.Outage(err) || !retry.Unsent(err) || retry.Refused(err) {
			t.Errorf("a call gets %v", err)
		}
		if err := g.Enter(t.Context(), true); err != nil {
			t.Errorf("a probe gets %v", err)
		}
		time.Sleep(time.Second)
		if first, second := g.Enter(t.Context(), false), g.Enter(t.Context(), false); first != nil || second == nil {
			t.Errorf("after a minute one call is tried: %v, %v", first, second)
		}
		g.Leave(away)
		if since, cause := g.Closed(); !since.Equal(at) || cause == "" {
			t.Errorf("closed since %s by %q", since, cause)
		}
		g.Leave(nil)
		if err := g.Enter(t.Context(), false); err != nil {
			t.Errorf("after an answered probe: %v", err)
		}
	})
}

// TestGateRetryAfter: nobody asks before the time that the system named, also who was waiting already.
func TestGateRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.Gate{Rate: 1}
		start := time.Now()
		_ = g.Enter(t.Context(), false)
		entered := make(chan time.Duration)
		go func() {
			_ = g.Enter(context.Background(), true)
			entered <- time.Since(start)
		}()
		synctest.Wait()
		g.Leave(waits(time.Minute))
		if at := <-entered; at < time.Minute {
			t.Errorf("the next call came after %s", at)
		}
		ctx, cancel := context.WithCancel(t.Context())
		g.Leave(waits(time.Hour))
		time.AfterFunc(time.Second, cancel)
		if err := g.Enter(ctx, false); !errors.Is(err, context.Canceled) {
			t.Errorf("an interrupted wait says %v", err)
		}
	})
}
