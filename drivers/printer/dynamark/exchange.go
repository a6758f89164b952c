package dynamark

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

// refusal is the laser's ERROR in answer to a command. What the numbers mean is not settled.
type refusal struct{ command, number string }

func (e *refusal) Error() string {
	return fmt.Sprintf("the laser refuses %s: ERROR %s", talk.Clip(e.command), e.number)
}

// ask sends one command and reads lines until it is answered.
func (s *session) ask(ctx context.Context, command string, silence time.Duration) error {
	// What came since the last call belongs to no command.
	if err := s.buffered(); err != nil {
		return err
	}
	s.sending = command
	b := []byte(command + "\r\n")
	release := link.Until(ctx, s.conn, time.Now().Add(talk.Patience(silence, len(b))))
	_, err := s.conn.Write(b)
	if err == nil {
		err = s.read(func(a answer) (bool, error) { return s.match(a, true) })
	}
	if err := errors.Join(err, release()); err != nil {
		return s.broken(talk.Clip(command), err)
	}
	return nil
}

// buffered takes the lines that are here already.
func (s *session) buffered() error {
	for {
		line, ok, err := s.in.next()
		if err != nil || !ok {
			return err
		}
		if _, err := s.match(classify(line), false); err != nil {
			return err
		}
	}
}

// listen takes what the laser says by itself until enough says so, or the time is over.
func (s *session) listen(ctx context.Context, d time.Duration, enough func() bool) error {
	if enough() {
		return nil
	}
	release := link.Until(ctx, s.conn, time.Now().Add(d))
	err := s.read(func(a answer) (bool, error) {
		_, err := s.match(a, false)
		return enough(), err
	})
	if ended := release(); ended != nil {
		return ended
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("listening to the laser: %w", err)
}

// read hands lines to take until it is done.
func (s *session) read(take func(answer) (done bool, err error)) error {
	return talk.Read(s.conn, s.in.add, s.in.next, func(line string) (bool, error) {
		s.heard = time.Now()
		return take(classify(line))
	})
}

// match says whether the line answers the command under way; asked is whether there is one.
func (s *session) match(a answer, asked bool) (done bool, err error) {
	switch {
	case a.line == s.sending:
		return false, errors.New("the laser echoes commands: switch ECHO off on its RS-232 page")
	case a.kind == message:
		return false, s.message(a.number)
	case asked && a.kind == okay:
		s.synced = true
		return true, nil
	case asked && a.kind == failure:
		s.synced = true
		return true, &refusal{s.sending, a.number}
	case !s.synced:
		s.strange = a.line
		return false, nil
	case a.kind == stranger:
		return false, fmt.Errorf("the laser sent %q, which is no line of the Dynamark protocol", talk.Clip(a.line))
	}
	return false, fmt.Errorf("the laser sent the answer %q that nobody asked for", talk.Clip(a.line))
}

// message acts on what the laser tells by itself.
func (s *session) message(number string) error {
	if !s.ready {
		return nil // of what was before this session
	}
	switch number {
	case msgApplied:
		if s.started {
			s.applied = true
		} else {
			s.early = true
		}
	case s.printer.marked:
		switch {
		case s.printed == s.sent:
			return fmt.Errorf("the laser marked once more than the %d labels that were sent: a label is on two products", s.sent)
		case !s.applied:
			return errors.New("the laser marked before it had applied new texts: the label before is on two products")
		}
		s.printed++
	case msgNotReady:
		if s.printer.strict && s.applied && s.printed < s.sent {
			return errors.New("the laser is not ready any more, and a label may be half marked")
		}
	}
	return nil
}

// leave sends a command when the session is over, and waits for any answer to it.
func (s *session) leave(command string, until time.Time) error {
	release := link.Until(context.Background(), s.conn, until)
	_, err := s.conn.Write([]byte(command + "\r\n"))
	if err == nil {
		err = s.read(func(a answer) (bool, error) { return a.kind == okay || a.kind == failure, nil })
	}
	return errors.Join(err, release())
}

// broken names what was being done when an error came, and tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if _, refused := errors.AsType[*refusal](err); refused {
		return err
	}
	if talk.Silent(err) {
		switch strange := s.strange + string(s.in.buf); {
		case s.synced:
			err = fmt.Errorf("the laser keeps silent: %w", err)
		case strange == "":
			err = fmt.Errorf("the laser keeps silent: look whether another client is connected, since it serves only one, and at its port: %w", err)
		default:
			err = fmt.Errorf("the laser sent %q in place of an answer: look at the port number, and at the speed of a serial port: %w", talk.Clip(strange), err)
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
