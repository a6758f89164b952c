package retry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/retry"
	"linemark/internal/upstream/izkm"
)

// waits is an error whose server asked to be left alone.
type waits time.Duration

func (w waits) Error() string       { return "busy" }
func (w waits) Wait() time.Duration { return time.Duration(w) }

// TestBackoff: each pause lies between half of its step and the whole of it; the steps double up to the
// longest one and stay there, however often it is tried; Reset begins again.
func TestBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "first"))
		most := time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "most"))
		b := retry.Backoff{First: first, Most: most}
		tries := rapid.IntRange(1, 100).Draw(t, "tries")
		for range 2 {
			step := min(first, most)
			for i := range tries {
				if p := b.Next(errors.New("away")); p < step/2 || p > step {
					t.Fatalf("pause %d is %s, want %s to %s", i, p, step/2, step)
				}
				if i < 10 {
					step = min(2*step, most)
				}
			}
			b.Reset()
		}
	})
}

// TestBackoffDefaults: from half a second to a minute.
func TestBackoffDefaults(t *testing.T) {
	var b retry.Backoff
	if p := b.Next(nil); p < 250*time.Millisecond || p > 500*time.Millisecond {
		t.Errorf("the first pause is %s", p)
	}
	for range 20 {
		b.Next(nil)
	}
	if p := b.Next(nil); p < 30*time.Second || p > time.Minute {
		t.Errorf("the longest pause is %s", p)
	}
}

// TestJitter: two who fail together do not come back together.
func TestJitter(t *testing.T) {
	pauses := map[time.Duration]bool{}
	for range 100 {
		b := retry.Backoff{First: time.Minute, Most: time.Minute}
		pauses[b.Next(nil)] = true
	}
	if len(pauses) < 50 {
		t.Errorf("only %d different pauses of 100", len(pauses))
	}
}

// TestRetryAfter: the server's wish is never undercut, also deep inside of an error, and does not shorten
// a longer pause.
func TestRetryAfter(t *testing.T) {
	for _, err := range []error{waits(time.Hour), fmt.Errorf("placing: %w", waits(time.Hour)), errors.Join(errors.New("other"), waits(time.Hour))} {
		var b retry.Backoff
		if p := b.Next(err); p != time.Hour {
			t.Errorf("after %v the pause is %s, want 1h", err, p)
		}
	}
	b := retry.Backoff{First: time.Minute}
	if p := b.Next(waits(time.Second)); p < 30*time.Second {
		t.Errorf("the pause is %s, shorter than its own", p)
	}
}

// TestOutcome: what the client's errors say about what became of a request.
func TestOutcome(t *testing.T) {
	refusedDial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	tests := []struct {
		name                    string
		err                     error
		refused, unsent, outage bool
	}{
		{name: "none"},
		{name: "somebody else's", err: errors.New("disk full")},
		{name: "clear no", err: &izkm.Error{Kind: izkm.Refused, Status: 400}, refused: true},
		{name: "access denied", err: &izkm.Error{Kind: izkm.Unauthorized, Status: 401}, outage: true},
		{name: "our own fault", err: &izkm.Error{Kind: izkm.Invalid}, unsent: true},
		{name: "no connection", err: &izkm.Error{Kind: izkm.Unreachable, Err: refusedDial}, unsent: true, outage: true},
		{name: "connection lost", err: &izkm.Error{Kind: izkm.Interrupted, Err: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}, outage: true},
		{name: "silence", err: &izkm.Error{Kind: izkm.Interrupted, Err: context.DeadlineExceeded}, outage: true},
		{name: "server fault", err: &izkm.Error{Kind: izkm.ServerFault, Status: 500}, outage: true},
		{name: "gateway's page", err: &izkm.Error{Kind: izkm.Unexpected, Status: 200}, outage: true},
		{name: "busy", err: &izkm.Error{Kind: izkm.Busy, Status: 429}, outage: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, err := range []error{test.err, fmt.Errorf("doing: %w", test.err)} {
				if test.err == nil {
					err = nil
				}
				if r, u, o := retry.Refused(err), retry.Unsent(err), retry.Outage(err); r != test.refused || u != test.unsent || o != test.outage {
					t.Errorf("%v: refused %v, unsent %v, outage %v; want %v, %v, %v", err, r, u, o, test.refused, test.unsent, test.outage)
				}
			}
		})
	}
}
