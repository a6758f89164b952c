package dynamark

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

const (
	// look is how long an idle session listens for what the laser has to say.
	look = 5 * time.Millisecond
	// alive is how long the laser may say nothing before it is asked something.
	alive = 500 * time.Millisecond
	// settle is how long a spurious answer is waited for after the laser was prepared.
	settle = 50 * time.Millisecond
	// farewell is how long stopping the laser may take when the session ends.
	farewell = 500 * time.Millisecond
)

// session is one connection to a stopped laser. Its first fault ends it.
type session struct {
	printer *Printer
	conn    link.Conn
	over    context.Context // ended by Close
	end     context.CancelFunc

	mu      sync.Mutex // held during a call
	in      lines
	err     error  // the fault that ended the session
	sending string // the last command
	heard   time.Time
	// synced: the laser has answered once. Before that, what an earlier connection left behind
	// may still come in.
	synced  bool
	strange string // what came instead of the first answer
	ready   bool   // the laser is prepared: its messages count

	changing bool // a transaction is open
	armed    bool // the laser may mark
	started  bool // it has answered the last label's MARK START
	early    bool // it told before that of texts applied: it may be a second copy of what belongs to the label before
	applied  bool // it has the texts of the last label
	sent     int
	printed  int
}

func newSession(p *Printer, conn link.Conn) *session {
	s := &session{printer: p, conn: conn}
	s.over, s.end = context.WithCancel(context.Background())
	return s
}

// begin takes the session for one call, which Close interrupts.
func (s *session) begin(ctx context.Context) (_ context.Context, done func()) {
	s.mu.Lock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.over, cancel)
	return ctx, func() {
		stop()
		cancel()
		s.mu.Unlock()
	}
}

// prepare brings the laser to a known state: no transaction, stopped, and telling what it does.
func (s *session) prepare(ctx context.Context) error {
	ctx, done := s.begin(ctx)
	defer done()
	// An abandoned transaction makes every other command fail. Without one this command itself
	// may fail, which is as good; and half a command of an earlier connection is ended by it.
	if err := s.ask(ctx, "ROLLBACKTRANS", s.printer.silence); err != nil {
		if _, refused := errors.AsType[*refusal](err); !refused {
			return s.fail(err)
		}
	}
	s.armed = true
	if err := s.ask(ctx, "MARK STOP", s.printer.silence); err != nil {
		return s.fail(err)
	}
	s.armed = false
	for _, number := range []string{msgReady, msgNotReady, s.printer.marked, msgApplied} {
		err := s.ask(ctx, "SETMSG "+number+" 1", s.printer.silence)
		if _, refused := errors.AsType[*refusal](err); err != nil && !(refused && number == msgNotReady) {
			return s.fail(err)
		}
	}
	if s.printer.project != "" {
		if err := s.ask(ctx, s.printer.loadCommand(), s.printer.load); err != nil {
			return s.fail(err)
		}
	}
	// Answers carry no name: one too many would stand for that of the next command.
	if err := s.listen(ctx, settle, func() bool { return false }); err != nil {
		return s.fail(err)
	}
	s.ready = true
	return nil
}

// Send gives the laser the texts of one label and lets it mark, once it has applied them.
// It takes one label, when the one before is marked: the laser holds no more.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	ctx, done := s.begin(ctx)
	defer done()
	switch {
	case s.err != nil:
		return s.err
	case len(labels) == 0:
		return nil
	case len(labels) > 1 || s.sent > s.printed:
		return fmt.Errorf("%d labels are unmarked and %d more were to be sent, the laser holds one", s.sent-s.printed, len(labels))
	}
	values, err := texts(s.printer.layout, labels[0])
	if err != nil {
		return fmt.Errorf("label 1 of 1: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.change(ctx, values); err != nil {
		return s.fail(err)
	}
	s.sent++
	s.applied, s.started, s.early, s.armed = false, false, false, true
	if err := s.ask(ctx, "MARK START", s.printer.silence); err != nil {
		return s.fail(err)
	}
	s.started = true
	// A trigger that comes before the texts are applied marks the texts before them.
	if err := s.listen(ctx, s.printer.apply, func() bool { return s.applied }); err != nil {
		return s.fail(err)
	}
	switch {
	case !s.applied && s.early:
		return s.fail(fmt.Errorf("the laser told that it has applied new texts (MSG %s) before its OK to MARK START, which may be a copy, and not within %s after it", msgApplied, s.printer.apply))
	case !s.applied:
		return s.fail(fmt.Errorf("the laser did not tell within %s that it has applied new texts (MSG %s)", s.printer.apply, msgApplied))
	}
	return nil
}

// change replaces the project's texts in one transaction.
func (s *session) change(ctx context.Context, texts []string) error {
	s.changing = true
	if err := s.ask(ctx, "BEGINTRANS", s.printer.silence); err != nil {
		return err
	}
	for i, c := range texts {
		if i > 0 {
			if err := talk.Pause(ctx, s.printer.gap); err != nil {
				return err
			}
		}
		if err := s.ask(ctx, c, s.printer.silence); err != nil {
			return err
		}
	}
	if err := s.ask(ctx, "EXECTRANS", s.printer.silence); err != nil {
		return err
	}
	s.changing = false
	return nil
}

// Printed waits a little for the mark that is outstanding and then stops the laser at
// once: it would mark the same texts on the next product too. A laser that says nothing
// for some time is asked something, so that a dead one is noticed.
func (s *session) Printed(ctx context.Context) (int, error) {
	ctx, done := s.begin(ctx)
	defer done()
	if s.err != nil {
		return 0, s.err
	}
	wait := look
	if s.sent > s.printed {
		wait = s.printer.poll
	}
	outstanding := s.sent > s.printed
	if err := s.listen(ctx, wait, func() bool { return outstanding && s.printed == s.sent }); err != nil {
		return 0, s.fail(err)
	}
	if s.armed && s.printed == s.sent {
		if err := s.ask(ctx, "MARK STOP", s.printer.silence); err != nil {
			return 0, s.fail(err)
		}
		s.armed = false
	}
	if time.Since(s.heard) >= alive {
		if err := s.ask(ctx, "SETMSG "+s.printer.marked+" 1", s.printer.silence); err != nil {
			return 0, s.fail(err)
		}
	}
	return s.printed, nil
}

// Close interrupts a call under way, stops the laser and ends the connection.
func (s *session) Close() error {
	s.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.fail(net.ErrClosed) // stays the first fault if there was one
	return s.conn.Close()
}

// fail ends the session and leaves the laser stopped and without a transaction, if it still
// listens. That is not told: the fault is.
func (s *session) fail(err error) error {
	if s.err != nil {
		return s.err
	}
	if s.over.Err() != nil && errors.Is(err, context.Canceled) {
		err = net.ErrClosed
	}
	s.err = err
	until := time.Now().Add(farewell)
	if s.changing && s.leave("ROLLBACKTRANS", until) != nil {
		return err
	}
	if s.armed {
		_ = s.leave("MARK STOP", until) // nobody is left to tell
	}
	return err
}
