package smartone

import (
	"context"
	"time"
)

// spacing lets heavy calls through one at a time, each no sooner than gap after the end of the one
// before. Counted from its end, not its begin, they cannot come closer at the server, whatever the
// network does to them.
type spacing struct {
	gap  time.Duration
	turn chan time.Time // holds the end of the last call while none is running
}

func newSpacing(gap time.Duration) *spacing {
	s := &spacing{gap: gap, turn: make(chan time.Time, 1)}
	s.turn <- time.Now() // a run that was killed may have called just before
	return s
}

// enter waits for the turn. After it returned nil, leave must be called.
func (s *spacing) enter(ctx context.Context) error {
	var last time.Time
	select {
	case last = <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		s.turn <- last
		return err
	}
	wait := time.NewTimer(s.gap - time.Since(last))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		s.turn <- last
		return ctx.Err()
	}
}

func (s *spacing) leave() { s.turn <- time.Now() }
