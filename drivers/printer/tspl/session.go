package tspl

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
	err     error  // the fault that ended the session
	open    string // what the answer to the present question for the count begins with; empty: none is under way
	counted uint64 // that answer
	known   bool   // it has come

	base uint64 // count at the beginning
	last uint64 // count when it was last read
	sent int
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// prepare waits until the printer prints nothing and its count stands still.
func (s *session) prepare(ctx context.Context) error {
	// What an earlier connection left of a line ends in the first CLS, which so makes no
	// command of it; the second is a command for sure.
	commands := s.printer.label.picture.filler() + "CLS\r\nCLS\r\n"
	if s.printer.cancel != "" {
		commands = "\x1b!" + s.printer.cancel + commands
	}
	if !s.printer.reprint {
		commands += "SET REPRINT OFF\r\n"
	}
	if err := s.write(ctx, []byte(commands), "preparing the printer"); err != nil {
		return err
	}
	start := time.Now()
	var since time.Time // the printer has been idle with this count
	idle := false
	for round := 1; ; round++ {
		st, err := s.status(ctx)
		if err != nil {
			return err
		}
		if st.has(paused) {
			return errors.New("the printer is paused")
		}
		n, known, err := s.count(ctx, st)
		if err != nil {
			return err
		}
		now := time.Now()
		quiet := known && !st.has(printing)
		switch {
		case quiet && idle && n == s.base && now.Sub(since) >= s.printer.settle:
			s.last = n
			return nil
		case !quiet || !idle || n != s.base:
			idle, since = quiet, now
		}
		if s.base = n; round > 2 && now.Sub(start) > s.printer.settle+s.printer.silence {
			if st.has(printing) {
				return errors.New("the printer still prints what it held before: wait until it is done, or switch it off and on; or set cancel")
			}
			return errors.New("the printer is idle and its count does not stand still")
		}
		if err := talk.Pause(ctx, s.printer.poll); err != nil {
			return err
		}
	}
}

// Send renders all labels before it writes the first byte, so a label that cannot be
// printed leaves the session as it was. What was written is never written again.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	var tspl []byte
	for i, l := range labels {
		var err error
		if tspl, err = s.printer.label.render(tspl, l); err != nil {
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
	return s.write(ctx, tspl, "sending labels")
}

// Printed asks the printer's status, then its count, and where that has risen its status again.
// The label that was under the head when a fault came is not whole, and the fault may have come
// right after the first status: so a count is believed only between two statuses without a fault.
// A pause loses nothing and is waited out.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	st, err := s.status(ctx)
	if err != nil {
		return 0, err
	}
	if st.has(paused) {
		return int(s.last - s.base), nil
	}
	now, known, err := s.count(ctx, st)
	switch {
	case err != nil:
		return 0, err
	case !known || now == s.last:
		return int(s.last - s.base), nil
	case now < s.last:
		return 0, s.fail(fmt.Errorf("the printer's count went back from %d to %d", s.last, now))
	case now-s.base > uint64(s.sent):
		return 0, s.fail(fmt.Errorf("the printer counts %d labels since the start, %d were sent", now-s.base, s.sent))
	}
	// A status that came together with the count is older than the question for the next.
	if err := s.in.each(s.take); err != nil {
		return 0, s.broken("asking the printer's status", err)
	}
	if st, err = s.status(ctx); err != nil {
		return 0, err
	}
	if now-s.base == uint64(s.sent) && st.has(printing) {
		// All that was sent is counted, yet the printer prints: something else may have been counted.
		// Asked again, either it is idle or the count goes above what was sent.
		return int(s.last - s.base), nil
	}
	s.last = now
	return int(now - s.base), nil
}

// Close ends the connection; what the printer holds it may still print.
func (s *session) Close() error { return s.conn.Close() }

// status asks for the printer's status, which is answered at once, whatever it does. A fault
// ends the session.
func (s *session) status(ctx context.Context) (status, error) {
	const doing = "asking the printer's status"
	if err := s.write(ctx, []byte("\x1b!?"), doing); err != nil {
		return 0, err
	}
	var got status
	err := s.read(ctx, s.printer.silence, func(a answer) bool {
		got = a.bits
		return a.status
	})
	if err != nil {
		return 0, s.broken(doing, err)
	}
	return got, nil
}

// count asks for the printer's count. Commands are taken in their order, and where a model
// keeps them waiting behind the labels it prints, the answer comes late: known is false then,
// and the question stays open for the next call.
func (s *session) count(ctx context.Context, st status) (n uint64, known bool, err error) {
	const doing = "asking the printer's count"
	if s.open == "" {
		open := fmt.Sprintf("LM%d=", s.printer.asked.Add(1))
		if err := s.write(ctx, fmt.Appendf(nil, "OUT %s \"%s\";STR$(LABEL)\r\n", s.printer.out, open), doing); err != nil {
			return 0, false, err
		}
		s.open = open
	}
	wait := s.printer.silence
	if st.has(printing) {
		wait = s.printer.poll
	}
	if !s.known { // it may have come before a status
		err = s.read(ctx, wait, func(answer) bool { return s.known })
	}
	if st.has(printing) && talk.Silent(err) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, s.broken(doing, err)
	}
	s.open, s.known = "", false
	return s.counted, true, nil
}

// read reads answers until one is the last that it waits for. The answer to the question for
// the count is kept, whenever it comes. A fault in any status, also one that was asked for
// before, is an error.
func (s *session) read(ctx context.Context, wait time.Duration, last func(answer) bool) (err error) {
	release := link.Until(ctx, s.conn, time.Now().Add(wait))
	defer func() { err = errors.Join(err, release()) }()
	return talk.Read(s.conn, s.in.add, s.in.next, func(a answer) (bool, error) {
		if err := s.take(a); err != nil {
			return false, err
		}
		return last(a), nil
	})
}

// take notes what one answer tells.
func (s *session) take(a answer) error {
	if a.status {
		return a.bits.fault()
	}
	if s.open == "" {
		return nil
	}
	n, mine, err := parseCount(a.line, s.open)
	if mine && err == nil {
		s.counted, s.known = n, true
	}
	return err
}

// write hands bytes over.
func (s *session) write(ctx context.Context, b []byte, doing string) error {
	if err := talk.Write(ctx, s.conn, b, s.printer.silence); err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if talk.Silent(err) {
		err = fmt.Errorf("the printer keeps silent: look whether it is on, speaks TSPL2 and answers on this connection: %w", err)
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}
