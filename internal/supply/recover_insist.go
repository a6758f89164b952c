package supply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"linemark/internal/retry"
)

// mostTries is how often a recovery asks for one thing. A person waits for it: after some ten
// seconds it is better to say so than to wait on.
const mostTries = 5

// insist asks until there is an answer, with growing pauses and not for ever. A clear no is an
// answer, and so is a token that has no access.
func insist[T any](ctx context.Context, log *slog.Logger, what string, ask func() (T, error)) (T, error) {
	var pause retry.Backoff
	for n := 1; ; n++ {
		v, err := ask()
		var denied interface{ Unauthorized() bool }
		switch {
		case err == nil:
			return v, nil
		case ctx.Err() != nil:
			return v, ctx.Err()
		case retry.Refused(err), errors.As(err, &denied) && denied.Unauthorized():
			return v, fmt.Errorf("asking for %s: %w", what, err)
		case n == mostTries:
			return v, fmt.Errorf("asking for %s, %d times: %w", what, n, err)
		}
		wait := pause.Next(err)
		log.Warn("the national system does not answer as it should: it is asked again", "for", what, "in", wait.Round(time.Millisecond), "error", err)
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(wait):
		}
	}
}
