package zpl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// session is one connection to an idle printer. Its first fault ends it.
type session struct {
	printer *Printer
	conn    link.Conn
	in      answers
	err     error // the fault that ended the session

	base uint64 // odometer at the beginning
	last uint64 // odometer when it was last read
	sent int
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
	until := time.Now().Add(s.printer.silence)
	for {
		st, err := s.status(ctx)
		if err != nil {
			return err
		}
		if err := errors.Join(st.fault(), st.pause()); err != nil {
			return err
		}
		if st.idle() {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("the printer still holds %d formats and %d labels after its jobs were cancelled", st.formats, st.remaining)
		}
		if err := pause(ctx, s.printer.poll); err != nil {
			return err
		}
	}
	return s.baseline(ctx)
}

// baseline reads the odometer until it stands still: the last label of an earlier job may
// still be counted.
func (s *session) baseline(ctx context.Context) error {
	first, err := s.count(ctx)
	if err != nil {
		return err
	}
	for until := time.Now().Add(s.printer.silence); ; {
		if err := pause(ctx, s.printer.poll); err != nil {
			return err
		}
		second, err := s.count(ctx)
		if err != nil {
			return err
		}
		if second == first {
			s.base, s.last = second, second
			return nil
		}
		if time.Now().After(until) {
			return errors.New("the printer is idle and its odometer does not stand still")
		}
		first = second
	}
}

// Send renders all labels before it writes the first byte, so a label that cannot be
// printed leaves the session as it was. What was written is never written again.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	var zpl []byte
	for i, l := range labels {
		var err error
		if zpl, err = s.printer.label.render(zpl, l); err != nil {
			return fmt.Errorf("label %d of %d: %w", i+1, len(labels), err)
		}
	}
	if len(labels) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.sent += len(labels)
	return s.write(ctx, zpl, "sending labels")
}

// Printed asks the printer's state, then its odometer. How often is the caller's business:
// Traits.Poll. A printer with its head open or its media out answers no ~HS but may still tell
// its odometer, and the label that was under the head is then neither whole nor counted: so a
// fault ends the session before a count is believed. A pause loses nothing and is waited out.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	st, err := s.status(ctx)
	if err != nil {
		return 0, err
	}
	if err := st.fault(); err != nil {
		return 0, s.fail(err)
	}
	now, err := s.count(ctx)
	switch {
	case err != nil:
		return 0, err
	case now < s.last:
		return 0, s.fail(fmt.Errorf("the printer's odometer went back from %d to %d", s.last, now))
	case now-s.base > uint64(s.sent):
		return 0, s.fail(fmt.Errorf("the printer counts %d labels since the start, %d were sent", now-s.base, s.sent))
	}
	if now > s.last && now-s.base == uint64(s.sent) && !st.idle() {
		// All that was sent is counted, yet the printer holds labels: something else was counted.
		// Asked again, either the label has come out meanwhile or the count goes above what was sent.
		return int(s.last - s.base), nil
	}
	s.last = now
	return int(now - s.base), nil
}

// Close ends the connection; what the printer holds it may still print.
func (s *session) Close() error { return s.conn.Close() }

// count reads the odometer.
func (s *session) count(ctx context.Context) (uint64, error) {
	const doing = "asking the odometer"
	got, err := s.ask(ctx, fmt.Sprintf("! U1 getvar %q\r\n", s.printer.odometer), doing, func(a answer) (bool, error) {
		return a.form == value, nil
	})
	if err != nil {
		return 0, err
	}
	n, err := parseOdometer(got.text)
	if err != nil {
		return 0, s.fail(fmt.Errorf("%s %s: %w", doing, s.printer.odometer, err))
	}
	return n, nil
}

// status asks for the printer's state.
func (s *session) status(ctx context.Context) (status, error) {
	const doing = "asking the printer's state"
	var frames []string
	_, err := s.ask(ctx, "~HS", doing, func(a answer) (whole bool, err error) {
		if a.form == frame {
			frames, whole, err = gather(frames, a.text)
		}
		return whole, err
	})
	if err != nil {
		return status{}, err
	}
	st, err := parseStatus(frames)
	if err != nil {
		return status{}, s.fail(fmt.Errorf("%s: %w", doing, err))
	}
	return st, nil
}

// ask writes a query and reads answers until one is the last that it waits for.
func (s *session) ask(ctx context.Context, query, doing string, last func(answer) (bool, error)) (answer, error) {
	if err := s.write(ctx, []byte(query), doing); err != nil {
		return answer{}, err
	}
	release := link.Until(ctx, s.conn, time.Now().Add(s.printer.silence))
	got, err := s.read(last)
	if err := errors.Join(err, release()); err != nil {
		return answer{}, s.broken(doing, err)
	}
	return got, nil
}

func (s *session) read(last func(answer) (bool, error)) (answer, error) {
	piece := make([]byte, 512)
	for {
		a, ok, err := s.in.next()
		if err != nil {
			return answer{}, err
		}
		if ok {
			if condition, found := strings.CutPrefix(a.text, "ERROR CONDITION: "); a.form == line && found {
				return answer{}, fmt.Errorf("the printer reports: %s", condition)
			}
			if done, err := last(a); done || err != nil {
				return a, err
			}
			continue
		}
		n, err := s.conn.Read(piece)
		s.in.add(piece[:n])
		if n == 0 && err != nil {
			return answer{}, err
		}
	}
}

// write hands bytes over. The time for it grows with their number: a serial port carries
// about a thousand in a second, and some printers take little more.
func (s *session) write(ctx context.Context, b []byte, doing string) error {
	release := link.Until(ctx, s.conn, time.Now().Add(s.printer.silence+time.Duration(len(b))*2*time.Millisecond))
	_, err := s.conn.Write(b)
	if err := errors.Join(err, release()); err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the printer keeps silent: look for paper, ribbon and an open head: %w", err)
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
