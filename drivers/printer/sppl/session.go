package sppl

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

const (
	// lag is how long what the printer says and what its queue has lost may differ: a row
	// is taken and the word said within one print.
	lag = 10 * time.Second
	// maxApart is by how many they may differ meanwhile: one label under the head, and one just out.
	maxApart = 2
)

// session is one connection to a printer whose queues were empty. Its first fault ends it.
type session struct {
	printer *Printer
	conn    link.Conn
	in      *answers
	err     error // the fault that ended the session

	sent  int       // rows handed over
	told  int       // prints that the printer has told of
	known int       // labels that are known to be printed
	apart time.Time // since when told and the queue differ; zero: they do not

	// The printer stops when its queue has run empty. Where that may have happened before
	// rows were added, the driver starts it again; dry is how many rows were out then. A
	// printer that stops later was stopped by a person.
	mayStart bool
	dry      int
}

// prepare brings the printer to a known state: stopped, its queues empty, telling of its prints,
// and silent about those of earlier sessions.
func (s *session) prepare(ctx context.Context) error {
	if err := s.halt(ctx); err != nil {
		return err
	}
	commands := []command{}
	if s.printer.template != "" {
		commands = append(commands, command{"SPLLTF", s.printer.template})
	}
	for _, f := range s.printer.layout.Fields() { // after loading, which fills them with samples
		commands = append(commands, command{"SPLCQD", f})
	}
	for _, c := range append(commands, command{"SPCSPM", "1>" + printed}) {
		if err := s.order(ctx, c); err != nil {
			return err
		}
	}
	// The printer may stand before it has told of its last print. That word would otherwise be
	// taken for one of the first label, whose row is gone while it is under the head.
	if err := s.listen(ctx, s.printer.settle); err != nil {
		return err
	}
	n, err := s.rows(ctx)
	if err != nil {
		return err
	}
	if n != 0 {
		return fmt.Errorf("the printer's queue holds %d rows after it was emptied", n)
	}
	s.told = 0 // prints of earlier sessions
	return nil
}

// halt stops the printer and waits until it stands.
func (s *session) halt(ctx context.Context) error {
	stopping := false
	for until := time.Now().Add(s.printer.silence); ; {
		st, err := s.status(ctx)
		if err != nil {
			return err
		}
		if err := st.fault(); err != nil {
			return err
		}
		switch {
		case st.blocked:
			return errors.New("the printer's operator is in a menu: go back to the main screen")
		case st.mode == waiting:
			return nil
		case time.Now().After(until):
			return errors.New("the printer was told to stop and goes on")
		case !stopping:
			stopping = true
			if err := s.order(ctx, command{name: "SPPSTP"}); err != nil {
				return err
			}
			continue
		}
		if err := talk.Pause(ctx, s.printer.poll); err != nil {
			return err
		}
	}
}

// Send renders all labels before it writes the first byte, so a label that cannot be
// printed leaves the session as it was. What was written is never written again. While
// the operator is in a menu, the printer takes nothing: Send waits until it does.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	commands := make([]command, len(labels))
	for i, l := range labels {
		var err error
		if commands[i], err = s.printer.rows(l); err != nil {
			return fmt.Errorf("label %d of %d: %w", i+1, len(labels), err)
		}
	}
	if len(labels) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, _, err := s.measured(ctx); err != nil {
		return err
	}
	first := s.sent == 0
	s.sent += len(labels)
	for _, c := range commands {
		if err := s.order(ctx, c); err != nil {
			return err
		}
	}
	st, left, err := s.measured(ctx)
	switch {
	case err != nil:
		return err
	case left > s.sent-s.known, first && left != s.sent:
		return s.fail(fmt.Errorf("the printer's queue holds %d rows, %d were handed over and %d are printed", left, s.sent, s.known))
	case left <= len(labels):
		s.mayStart, s.dry = true, s.sent-left
	}
	return s.start(ctx, st, left)
}

// start starts the printer where it waits for no other reason than that it had no rows.
func (s *session) start(ctx context.Context, st status, left int) error {
	if st.mode != waiting || st.blocked || left == 0 || !s.mayStart {
		return nil
	}
	result, err := s.ask(ctx, command{name: "SPPSAP"})
	if _, refused := errors.AsType[*refusal](err); refused && s.err == nil {
		// A person may have started it, or gone into a menu, since its state was asked.
		now, stErr := s.status(ctx)
		if stErr == nil && (now.blocked || now.mode == running) {
			return nil
		}
	}
	if err == nil && result != "OK" {
		err = fmt.Errorf("the printer answered SPPSAP with %q", result)
	}
	if err != nil {
		return s.fail(err)
	}
	s.mayStart = false
	return nil
}

// Printed asks for the printer's state and the rows left, and hears meanwhile what it told
// of its prints. A label counts as printed when the printer has told of it and its row is
// gone. A printer stopped by a person, or with a person in its menu, is waited for.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	st, left, ok, err := s.measure(ctx)
	if err != nil {
		return 0, err
	}
	if !ok {
		return s.known, nil
	}
	if err := s.reconcile(left); err != nil {
		return 0, s.fail(err)
	}
	if s.known > s.dry {
		s.mayStart = false
	}
	if err := s.start(ctx, st, left); err != nil {
		return 0, err
	}
	return s.known, nil
}

// reconcile holds what the printer told against what its queue has lost.
func (s *session) reconcile(left int) error {
	gone := s.sent - left
	n := min(s.told, gone)
	switch {
	case gone < s.known:
		return fmt.Errorf("the printer's queue holds %d rows, only %d can be left", left, s.sent-s.known)
	case s.told > s.sent:
		return fmt.Errorf("the printer tells of %d prints, %d labels were sent", s.told, s.sent)
	case s.told == gone:
		s.apart = time.Time{}
	case s.apart.IsZero():
		s.apart = time.Now()
	}
	late := !s.apart.IsZero() && time.Since(s.apart) > lag
	switch {
	case gone-s.told > maxApart, gone > s.told && late:
		return fmt.Errorf("the printer's queue has lost %d rows, but it tells of %d prints only", gone, s.told)
	case s.told-gone > maxApart, s.told > gone && late:
		return fmt.Errorf("the printer tells of %d prints, but its queue has lost %d rows only", s.told, gone)
	}
	s.known = max(s.known, n)
	return nil
}

// measure asks for the printer's state and how many labels are left in its queues. It is
// not ok while the operator is in a menu, where the printer refuses to tell.
func (s *session) measure(ctx context.Context) (st status, left int, ok bool, err error) {
	if st, err = s.healthy(ctx); err != nil || st.blocked {
		return st, 0, false, err
	}
	left, err = s.rows(ctx)
	if err == nil {
		return st, left, true, nil
	}
	if _, refused := errors.AsType[*refusal](err); refused && s.err == nil {
		if st, again := s.healthy(ctx); again != nil || st.blocked {
			return st, 0, false, again
		}
	}
	return st, 0, false, s.fail(err)
}

// measured is measure, waiting while the operator is in a menu.
func (s *session) measured(ctx context.Context) (status, int, error) {
	for {
		st, left, ok, err := s.measure(ctx)
		if ok || err != nil {
			return st, left, err
		}
		if err := talk.Pause(ctx, s.printer.poll); err != nil {
			return st, 0, s.fail(err)
		}
	}
}

// healthy asks for the printer's state. A fault ends the session.
func (s *session) healthy(ctx context.Context) (status, error) {
	st, err := s.status(ctx)
	if err != nil {
		return st, err
	}
	if err := st.fault(); err != nil {
		return st, s.fail(err)
	}
	return st, nil
}

// Close ends the connection; the rows that the printer holds it may still print.
func (s *session) Close() error { return s.conn.Close() }
