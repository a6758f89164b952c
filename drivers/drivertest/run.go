package drivertest

import (
	"context"
	"errors"
	"slices"
	"time"

	"linemark/drivers"
)

// run is one session, and what was seen of it.
type run struct {
	*bench
	s      drivers.PrintSession
	sent   [][]byte
	claims int
}

// open opens a session. Open prints nothing.
func (b *bench) open() (*run, error) {
	b.Helper()
	before := len(b.e.Printed())
	var s drivers.PrintSession
	err := b.bounded("Open", func(ctx context.Context) (err error) {
		s, err = b.printer.Open(ctx)
		return err
	})
	if now := len(b.e.Printed()); now != before {
		b.Errorf("Open made the printer print %d labels", now-before)
	}
	if err != nil {
		return nil, err
	}
	return &run{bench: b, s: s}, nil
}

// mustOpen opens a session of a healthy printer. A printer may need a moment after a fault.
func (b *bench) mustOpen() *run {
	b.Helper()
	var err error
	for range 10 {
		var r *run
		if r, err = b.open(); err == nil {
			return r
		}
		time.Sleep(time.Second)
	}
	b.Fatalf("Open of a healthy printer: %v", err)
	return nil
}

// print lets one label out, once the printer has it. A printer that has to be watched is asked
// while the label is under its head.
func (r *run) print() bool {
	r.Helper()
	if r.Watched {
		_ = r.printed() // an error ends the session, and shows in the next call
	}
	return r.await(r.e.Print)
}

// printedOf returns how many labels of this session came out.
func (r *run) printedOf() (n int) {
	all := r.e.Printed()
	for _, code := range r.sent {
		if index(all, code) >= 0 {
			n++
		}
	}
	return n
}

// room is how many more labels may be sent.
func (r *run) room() int {
	most := r.traits.MaxAhead
	if most == 0 {
		most = fill
	}
	known := r.claims
	if r.traits.Confirms == drivers.ConfirmsNothing {
		known = r.printedOf() // a scanner would know
	}
	return most - (len(r.sent) - known)
}

// send sends up to n new labels in one call, as many as the printer may hold.
func (r *run) send(n int) error {
	r.Helper()
	var labels []drivers.Label
	for range min(n, r.room()) {
		code := r.fresh()
		r.given, r.sent = append(r.given, code), append(r.sent, code)
		labels = append(labels, label(slices.Clone(code)))
	}
	if len(labels) == 0 {
		return nil
	}
	return r.bounded("Send", func(ctx context.Context) error { return r.s.Send(ctx, labels) })
}

// printed asks and checks the answer: never more than came out, and by identity only what did.
func (r *run) printed() error {
	r.Helper()
	var n int
	err := r.bounded("Printed", func(ctx context.Context) (err error) {
		n, err = r.s.Printed(ctx)
		return err
	})
	if err != nil {
		return err
	}
	out := r.e.Printed()
	switch truth := r.printedOf(); {
	case n > truth:
		r.Errorf("P3: Printed claims %d labels, %d came out", n, truth)
	case n < r.claims:
		r.Errorf("Printed went back from %d to %d", r.claims, n)
	case n > 0 && r.traits.Confirms == drivers.ConfirmsNothing:
		r.Errorf("Printed claims %d labels, and the printer confirms nothing", n)
	}
	if r.traits.Confirms == drivers.ConfirmsIdentity {
		for _, code := range r.sent[:min(n, len(r.sent))] {
			if index(out, code) < 0 {
				r.Errorf("P3: Printed claims the code %q, which did not come out", code)
			}
		}
	}
	r.claims = n
	return nil
}

// poll asks until all is confirmed that came out, or the session ends.
func (r *run) poll() error {
	r.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(r.pace()) {
		if err := r.printed(); err != nil {
			return err
		}
		truth := r.printedOf()
		if r.claims == truth || r.traits.Confirms == drivers.ConfirmsNothing {
			return nil
		}
		if time.Now().After(until) {
			return errUnconfirmed
		}
	}
}

var errUnconfirmed = errors.New("what came out was never confirmed")

func (r *run) pace() time.Duration { return max(r.traits.Poll, time.Millisecond) }

// work is an ordinary stretch of a shift: labels ahead, one after another printed and
// confirmed, the buffer filled up again. It returns the first error.
func (r *run) work() error {
	r.Helper()
	for range 2 {
		if err := r.send(3); err != nil {
			return err
		}
		if err := r.printed(); err != nil {
			return err
		}
		for r.printedOf() < len(r.sent) {
			if !r.print() {
				return errNotReceived
			}
			if err := r.poll(); err != nil {
				return err
			}
		}
	}
	return nil
}

var errNotReceived = errors.New("the printer did not get all labels")

// over checks that a session that has returned an error does nothing more.
func (r *run) over(cause error) {
	r.Helper()
	code := r.fresh()
	r.given = append(r.given, code)
	err := r.bounded("Send", func(ctx context.Context) error { return r.s.Send(ctx, []drivers.Label{label(code)}) })
	if err == nil {
		r.Errorf("Send works after the session ended with: %v", cause)
	}
	err = r.bounded("Printed", func(ctx context.Context) error { _, err := r.s.Printed(ctx); return err })
	if err == nil {
		r.Errorf("Printed works after the session ended with: %v", cause)
	}
	time.Sleep(time.Second) // of a bubble: whatever was sent has come
	if index(r.e.Received(), code) >= 0 {
		r.Errorf("P1: a label was sent after the session had ended with: %v", cause)
	}
}

// recover closes the session, opens another and works: whatever happened before, the printer
// goes on with new codes.
func (r *run) recover() {
	r.Helper()
	_ = r.s.Close() // of a session that may have ended long ago
	next := r.mustOpen()
	if err := next.work(); err != nil {
		r.Errorf("working with a new session: %v", err)
	}
	if err := next.s.Close(); err != nil {
		r.Errorf("Close: %v", err)
	}
}
