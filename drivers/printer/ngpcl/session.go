package ngpcl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/job"
	"linemark/drivers/printer/talk"
)

// farewell is how long taking the last code out of the printer may take when the session ends.
const farewell = 500 * time.Millisecond

// session is the time between two faults. By network every command has a connection of its
// own, as printers are known to close it after an answer; a serial port stays open.
type session struct {
	printer *Printer
	life    context.Context // ended by Close
	end     context.CancelFunc
	port    link.Conn // nil by network
	portIn  *answers

	closing sync.Once

	mu    sync.Mutex  // held during a call
	err   error       // the fault that ended the session
	holds []job.Value // what the fields hold that are marked once
	codes bool        // the fields may hold a code
}

// prepare brings the printer to a known state: its job selected, no code in its fields.
func (s *session) prepare(ctx context.Context) error {
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	if st.state == stopped {
		return errors.New("the printer is stopped: start it at its panel")
	}
	selected, err := s.job(ctx)
	if err != nil {
		return err
	}
	if selected != s.printer.job {
		if _, err := s.good(ctx, "JS", "{~JS0|"+s.printer.job+"|0|}", "the job "+s.printer.job+" is not in the printer"); err != nil {
			return err
		}
		if selected, err = s.job(ctx); err != nil {
			return err
		}
		if selected != s.printer.job {
			return fmt.Errorf("the printer was told to select the job %s and has %q", s.printer.job, selected)
		}
	}
	return s.update(ctx, filled(s.printer.layout.Once(), s.printer.idle))
}

// Send puts one label's values into the printer's fields and reads every field back, since
// printers acknowledge fields that they do not have. From then on every product is marked with
// them, so there is no room for a second label: two in one call are refused. A label that
// cannot be marked leaves the session as it was.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return s.err
	case len(labels) == 0:
		return nil
	case len(labels) > 1:
		return fmt.Errorf("%d labels at once: the printer holds one", len(labels))
	}
	values, err := s.printer.layout.Values(labels[0])
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.codes = true
	return s.update(ctx, values)
}

// Printed looks whether the printer is well, still has its job and still holds what was
// sent. It never knows of a mark, and returns 0. A printer stopped by a person loses nothing
// and is waited for.
func (s *session) Printed(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if _, err := s.status(ctx); err != nil {
		return 0, err
	}
	selected, err := s.job(ctx)
	if err != nil {
		return 0, err
	}
	if selected != s.printer.job {
		s.codes = false // its fields are not for us to write to
		return 0, s.fail(fmt.Errorf("the printer's job is %q, not %s: somebody has selected another", selected, s.printer.job))
	}
	return 0, s.compare(ctx, s.holds)
}

// Close interrupts a call under way and ends the session. What the fields hold the printer goes
// on marking: so they get the idle text, if the printer still listens.
func (s *session) Close() error {
	var err error
	s.closing.Do(func() {
		s.end()
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = s.fail(os.ErrClosed) // stays the first fault if there was one
		if s.codes {
			s.leave()
		}
		if s.port != nil {
			err = s.port.Close()
		}
	})
	return err
}

// leave tries once to take the last code out of the printer. Whether it worked is not told.
func (s *session) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	conn := s.port
	if conn == nil {
		fresh, err := s.printer.dial(ctx, s.printer.address)
		if err != nil {
			return
		}
		defer fresh.Close()
		conn = fresh
	}
	until, _ := ctx.Deadline()
	release := link.Until(ctx, conn, until)
	_, _ = exchange(conn, newAnswers(), "JU", updating(filled(s.printer.layout.Once(), s.printer.idle)), func(answer) bool { return true })
	_ = release() // nobody is left to tell
}

// updating is the command that sets fields.
func updating(values []job.Value) string {
	var command strings.Builder
	command.WriteString("{~JU0||0|")
	for _, v := range values {
		command.WriteString(v.Field + "|" + v.Text + "|")
	}
	return command.String() + "}"
}

// update sets fields and reads them back.
func (s *session) update(ctx context.Context, values []job.Value) error {
	if _, err := s.good(ctx, "JU", updating(values), "the update was refused"); err != nil {
		return err
	}
	if err := s.compare(ctx, values); err != nil {
		return err
	}
	once := s.printer.layout.Once()
	s.holds = slices.DeleteFunc(values, func(v job.Value) bool { return !slices.Contains(once, v.Field) })
	return nil
}

// compare reads fields back.
func (s *session) compare(ctx context.Context, values []job.Value) error {
	for _, v := range values {
		a, err := s.ask(ctx, "FC", "{~FR|"+v.Field+"|}", func(a answer) bool {
			return a.code != "0" || len(a.values) > 0 && a.values[0] == v.Field
		})
		switch {
		case err != nil:
			return err
		case a.code != "0":
			return s.fail(fmt.Errorf("the printer's job has no field %s", v.Field))
		case len(a.values) != 2 || a.values[1] != v.Text:
			return s.fail(fmt.Errorf("the printer's field %s holds %q instead of %q", v.Field, a.values[1:], v.Text))
		}
	}
	return nil
}

// job asks which job is selected.
func (s *session) job(ctx context.Context) (string, error) {
	a, err := s.good(ctx, "JN", "{~JR|}", "it does not tell its job")
	if err != nil {
		return "", err
	}
	if len(a.values) == 0 {
		return "", s.fail(errors.New("the printer has no job selected"))
	}
	return a.values[0], nil
}

// status asks for the printer's state. A fault ends the session.
func (s *session) status(ctx context.Context) (status, error) {
	a, err := s.good(ctx, "DS", "{~DR|}", "it does not tell its state")
	if err != nil {
		return status{}, err
	}
	st, err := parseStatus(a.values)
	if err == nil {
		err = st.fault()
	}
	if err != nil {
		return status{}, s.fail(err)
	}
	return st, nil
}

// good asks, and takes any answer that is not good for the end of the session.
func (s *session) good(ctx context.Context, name, command, bad string) (answer, error) {
	a, err := s.ask(ctx, name, command, func(answer) bool { return true })
	if err == nil && a.code != "0" {
		err = s.fail(fmt.Errorf("the printer answers %s%s: %s", a.name, a.code, bad))
	}
	return a, err
}

// ask gives the printer a command and returns the answer of that name that is fit. Any
// error ends the session.
func (s *session) ask(ctx context.Context, name, command string, fit func(answer) bool) (answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	doing := "asking " + strings.Trim(command[:min(len(command), 5)], "{~|}")
	conn, in := s.port, s.portIn
	if conn == nil {
		fresh, err := s.printer.dial(ctx, s.printer.address)
		if err != nil {
			return answer{}, s.fail(s.ended(err))
		}
		defer fresh.Close()
		conn, in = fresh, newAnswers()
	}
	release := link.Until(ctx, conn, time.Now().Add(talk.Patience(s.printer.silence, len(command))))
	a, err := exchange(conn, in, name, command, fit)
	if err := errors.Join(err, release()); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
			if err = in.Strange(); err == nil {
				err = errors.New("the printer keeps silent: look whether it is on and NGPCL is its selected protocol")
			}
		}
		return answer{}, s.fail(fmt.Errorf("%s: %w", doing, s.ended(err)))
	}
	return a, nil
}

// ended turns an interruption by Close into what it is.
func (s *session) ended(err error) error {
	if s.life.Err() != nil {
		return os.ErrClosed
	}
	return err
}

func exchange(conn link.Conn, in *answers, name, command string, fit func(answer) bool) (found answer, err error) {
	if _, err := conn.Write([]byte(command)); err != nil {
		return answer{}, err
	}
	err = talk.Read(conn, in.Add, in.Next, func(a answer) (bool, error) {
		switch {
		case a.name == "NK":
			return false, fmt.Errorf("the printer refused (NK%s)", a.code)
		case a.name == name && fit(a):
			found = a
			return true, nil
		case a.code != "0":
			return false, fmt.Errorf("the printer answered %s%s, too late or unasked", a.name, a.code)
		}
		return false, nil // an answer to something else, late or twice
	})
	return found, err
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}
