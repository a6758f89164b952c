package zpl

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

// session is one connection to an idle printer. Its first fault ends it.
type session struct {
	printer *Printer
	conn    link.Conn
	in      answers
	err     error // the fault that ended the session

	base  uint64 // odometer at the beginning
	last  uint64 // odometer when it was last read
	sent  int
	asked bool // a question of Send is not answered yet
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// prepare brings the printer to a known state.
func (s *session) prepare(ctx context.Context) error {
	// ~JA cancels what earlier connections left behind. It comes first, since it would cancel
	// ^JZN too, and without that a label under the head during a fault is printed again,
	// with the same code.
	if err := s.write(ctx, []byte("~JA^XA^JZN^XZ"), "preparing the printer"); err != nil {
		return err
	}
	if s.printer.store != "" {
		// Whether ^HW is answered while a label is under the head is not settled.
		if err := s.rest(ctx, 0); err != nil {
			return err
		}
		if err := s.store(ctx); err != nil {
			return err
		}
	}
	return s.rest(ctx, s.printer.settle)
}

// rest waits until the printer has been idle for a time and its odometer stood still: the label
// of an earlier job that was under the head is counted when it is out, which takes a while.
func (s *session) rest(ctx context.Context, wait time.Duration) error {
	start := time.Now()
	var since time.Time // the printer has been idle with this count
	for round := 1; ; round++ {
		st, err := s.status(ctx)
		if err != nil {
			return err
		}
		if err := errors.Join(st.fault(), st.pause()); err != nil {
			return err
		}
		n, err := s.count(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		if since.IsZero() || !st.idle() || n != s.base {
			since = now
		}
		s.base, s.last = n, n
		if st.idle() && now.Sub(since) >= wait {
			return nil
		}
		if round > 2 && now.Sub(start) > wait+s.printer.silence {
			if st.idle() {
				return errors.New("the printer is idle and its odometer does not stand still")
			}
			return fmt.Errorf("the printer still holds %d formats and %d labels after its jobs were cancelled", st.formats, st.remaining)
		}
		if err := talk.Pause(ctx, s.printer.poll); err != nil {
			return err
		}
	}
}

// Send renders all labels before it writes the first byte, so a label that cannot be
// printed leaves the session as it was. What was written is never written again.
//
// On a slow line it puts a question between the labels, where half of what the printer still
// lacks is ahead of it: Printed finds the answer while the other half is under way, and the
// line never stands still for an answer. The answer waits in the connection's buffer.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	if len(labels) == 0 {
		return nil
	}
	ahead := s.sent - int(s.last-s.base)
	place := max(0, (ahead+len(labels))/2-ahead)
	asks := !s.asked && ahead+place > 0
	var zpl []byte
	for i, l := range labels {
		if asks && i == place {
			zpl = append(zpl, s.printer.question()...)
		}
		var err error
		if zpl, err = s.printer.render(zpl, l); err != nil {
			return fmt.Errorf("label %d of %d: %w", i+1, len(labels), err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.sent += len(labels)
	s.asked = s.asked || asks
	return s.write(ctx, zpl, "sending labels")
}

// Printed asks the printer's state, its odometer and its state again in one breath. How often is
// the caller's business: Traits.Poll. A printer with its head open or its media out answers no ~HS
// but may still tell its odometer, and the label that was under the head is then not whole: so a
// count is believed only between two states without a fault, for one may come at any moment. A
// pause loses nothing and is waited out.
//
// The answer to a question of Send will do if it brings news, and if it is new itself: if it had
// to be waited for, labels that were sent behind the question are still on their way.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.asked {
		before, begun := s.last, time.Now()
		n, err := s.answered(ctx)
		if err != nil || s.last > before && time.Since(begun) > lull {
			return n, err
		}
	}
	if err := s.write(ctx, s.printer.question(), asking); err != nil {
		return 0, err
	}
	return s.answered(ctx)
}

// lull is what reading an answer takes that is there already.
const lull = time.Millisecond

// Close ends the connection; what the printer holds it may still print.
func (s *session) Close() error { return s.conn.Close() }
