package office

import "context"

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

// StartLine lets a line go on.
func (o Office) StartLine(ctx context.Context, line string) error {
	if o.Start == nil {
		return ErrNoAgent
	}
	return o.Start(ctx, line)
}
