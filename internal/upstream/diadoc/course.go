package diadoc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// defaultWithin is how long a protocol is asked for in all.
const defaultWithin = 24 * time.Hour

// Waits after a failure that names no time: doubled with each one in a row.
const (
	firstBackoff = 5 * time.Second
	lastBackoff  = 15 * time.Minute
)

// patience divides the time that a protocol has been in the making: users report hours of
// "Retry-After: 3", and an ask every three seconds for a day is 28,800 of them. Waiting at
// least a twentieth of the time gone makes it some 200, and a protocol at most that much late.
const patience = 20

// repeats are the waits before a conflict (409), or an answer that cannot be used, is asked again:
// 30 minutes in all. Then it is final.
var repeats = [...]time.Duration{time.Minute, 4 * time.Minute, 10 * time.Minute, 15 * time.Minute}

// Course is how far the asking for one document's protocol has come. Its fields are plain values
// to be kept on disk between asks; the zero Course is one at its beginning. It asks nobody and
// has no clock: [Course.Next] decides, whoever keeps it asks.
type Course struct {
	Began  time.Time     // when it was first asked for; zero: the first failure begins it
	Within time.Duration // how long to ask in all; 0: 24 h

	Asked     int // asks so far that brought no protocol
	Failures  int // of them, in a row up to now, without a usable word from the server
	Conflicts int // 409 since the protocol was last said to be in the making
	Unusable  int // answers since then that were no protocol
}

// Step is what to do after an ask that brought no protocol.
type Step struct {
	Wait   time.Duration // ask again after this; 0 with GiveUp
	GiveUp bool          // never ask again
	Why    string        // one line: why one has to wait, or why it ends
}

// Next takes the error of an ask that ended at now. It returns the course to be kept, and what to do:
//
//   - not ready: after the time the server named, later where it has been so for long;
//   - refused for good: give up;
//   - 409 and an answer that is no protocol: again after 1, 4, 10 and 15 minutes, then give up;
//   - access refused (401): every 30 minutes, for a person can put that right;
//   - everything else: with growing waits of 5 s to 15 min, and never before the server's Retry-After.
//
// No ask comes later than Within after Began: where the server asks for a longer wait than is left,
// it ends at once. A cancelled ask (context.Canceled) changes nothing. A clock that was set back behind
// Began begins the time anew, so that it ends at all.
func (c Course) Next(now time.Time, err error) (Course, Step) {
	switch {
	case err == nil:
		return c, Step{GiveUp: true, Why: "the protocol is there"}
	case errors.Is(err, context.Canceled):
		return c, Step{Wait: shortest, Why: err.Error()}
	}
	now = now.UTC() // without the monotonic clock, which ends with the process as the course does not
	if c.Began.IsZero() || now.Before(c.Began) {
		c.Began = now
	}
	c.Asked = max(c.Asked, 0) + 1
	wait, least, giveUp := c.judge(now, err)
	switch {
	case giveUp && max(c.Conflicts, c.Unusable) > len(repeats):
		return c, Step{GiveUp: true, Why: fmt.Sprintf("the same %d times over half an hour: %v", len(repeats)+1, err)}
	case giveUp:
		return c, Step{GiveUp: true, Why: err.Error()}
	}
	within := c.Within
	if within <= 0 {
		within = defaultWithin
	}
	left := within - now.Sub(c.Began)
	if left <= 0 || least > left {
		return c, Step{GiveUp: true, Why: fmt.Sprintf("asked %d times without success, and the %s for it are over; the last time: %v", c.Asked, within, err)}
	}
	return c, Step{Wait: min(max(wait, least, shortest), left), Why: err.Error()}
}

// judge counts err and returns how long to wait, and what of it is the server's own demand.
func (c *Course) judge(now time.Time, err error) (wait, least time.Duration, giveUp bool) {
	var (
		notReady  *NotReadyError
		refusal   *Refusal
		temporary *TemporaryError
		unusable  *UnusableError
	)
	switch {
	case errors.As(err, &notReady):
		c.Failures, c.Conflicts, c.Unusable = 0, 0, 0
		return min(now.Sub(c.Began)/patience, longest), notReady.After, false
	case errors.As(err, &refusal) && refusal.Final:
		return 0, 0, true
	case errors.As(err, &refusal) && refusal.WholeBox:
		c.Failures = 0
		return longest, refusal.After, false
	case errors.As(err, &refusal):
		c.Failures = 0
		wait, giveUp = again(&c.Conflicts)
		return wait, refusal.After, giveUp
	case errors.As(err, &unusable):
		c.Failures = 0
		wait, giveUp = again(&c.Unusable)
		return wait, 0, giveUp || unusable.Final
	case errors.As(err, &temporary):
		least = temporary.After
	}
	c.Failures = max(c.Failures, 0) + 1
	return backoff(c.Failures), least, false
}

// again counts one more and returns the wait before the next.
func again(count *int) (wait time.Duration, giveUp bool) {
	*count = max(*count, 0) + 1
	if *count > len(repeats) {
		return 0, true
	}
	return repeats[*count-1], false
}

func backoff(failures int) time.Duration {
	wait := firstBackoff
	for range min(failures, 16) - 1 {
		wait = min(2*wait, lastBackoff)
	}
	return wait
}
