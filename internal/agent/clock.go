package agent

import (
	"errors"
	"fmt"
	"time"
)

// plainlyWrong is how far the clock may be off before no report is dated by it.
const plainlyWrong = 12 * time.Hour

// eraBegins is before everything that this program may have recorded: a clock that says less was never set.
var eraBegins = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// wall is the wall clock alone.
func (n *national) wall() time.Time {
	if n.now == nil {
		return time.Now().Round(0)
	}
	return n.now().Round(0)
}

// skew is how far the national system's clock is ahead of this PC's; false while nothing was heard of it.
// A jump of the wall clock since then shows against the monotonic one.
func (n *national) skew() (time.Duration, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.access.Skew == nil {
		return 0, false
	}
	jumped := n.wall().Sub(n.compared.wall) - time.Since(n.compared.mono)
	return time.Duration(*n.access.Skew)*time.Second - jumped, true
}

// wallClock says why no report can be dated by this PC's clock, or nil. The national system's own clock
// decides, so nothing is dated before its first answer of this run: a PC that was off may have come back with
// any date, and nothing could be sent before that answer anyway. Where it answers and tells no time, a clock
// that has gone back behind the journal is not believed.
func (n *national) wallClock() error {
	at := n.wall()
	skew, known := n.skew()
	n.mu.Lock()
	answered := n.answered
	n.mu.Unlock()
	const wait = "reports that bear a date wait until it is set"
	switch {
	case at.Before(eraBegins):
		return fmt.Errorf("this PC's clock says %s and was never set: %s", at.UTC().Format(time.DateTime), wait)
	case known && skew.Abs() > plainlyWrong:
		return fmt.Errorf("this PC's clock is about %s from the national system's: %s", skew.Abs().Round(time.Hour), wait)
	case !known && !answered:
		return errors.New("this PC's clock was not compared with the national system's yet: reports that bear a date wait for its first answer")
	case !known && at.Add(plainlyWrong).Before(n.newest):
		return fmt.Errorf("this PC's clock says %s, but the journal was written at %s already: %s, or the national system confirms it",
			at.UTC().Format(time.DateTime), n.newest.UTC().Format(time.DateTime), wait)
	}
	return nil
}

// byServer turns a moment of this PC's clock into one that is no later by the national system's clock.
func (n *national) byServer(at time.Time) time.Time {
	if skew, known := n.skew(); known && skew < 0 {
		return at.Add(skew)
	}
	return at
}
