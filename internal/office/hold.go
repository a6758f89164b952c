package office

import (
	"context"
	"fmt"
	"time"
)

// ErrNoAgent says that only a running agent can do it.
var ErrNoAgent = &InputError{"no agent runs", "start it with linemark run"}

// StopLine stops a line on a person's word.
func (o Office) StopLine(ctx context.Context, line, by, why string) error {
	for _, t := range []struct{ name, value string }{{"name", by}, {"reason", why}} {
		if t.value == "" || !prints(t.value) {
			return &InputError{"a " + t.name + " is needed that begins and ends with no blank", "say why the line is stopped"}
		}
	}
	if o.Hold == nil {
		return ErrNoAgent
	}
	return o.Hold(ctx, line, by, why)
}

// StartLine lets a line go on. seen is since when whoever asks has seen it stopped by a person, in RFC 3339, or empty
// where nobody had; nil: it goes on whatever it was stopped for. What was stopped anew since stays stopped.
func (o Office) StartLine(ctx context.Context, line string, seen *string) error {
	if o.Start == nil {
		return ErrNoAgent
	}
	if seen == nil {
		return o.Start(ctx, line, nil)
	}
	var at time.Time
	if *seen != "" {
		var err error
		if at, err = time.Parse(time.RFC3339Nano, *seen); err != nil {
			return &InputError{fmt.Sprintf("the stop %q is no moment", *seen), "linemark status --json shows it"}
		}
	}
	return o.Start(ctx, line, &at)
}
