package sppl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

// printed is the word that the printer says after every print. No command has this name.
const printed = "MK"

// refusal is the printer's FAIL.
type refusal struct{ command, result string }

func (r *refusal) Error() string {
	return fmt.Sprintf("the printer refused %s: %s", r.command, r.result)
}

// ask gives the printer a command and returns the result of its answer; tags are what an
// answer may be called instead of the command. One command is under way at a time. A
// refusal is returned and leaves the session as it is; any other error ends it.
func (s *session) ask(ctx context.Context, c command, tags ...string) (string, error) {
	tags = append(tags, c.name)
	b := c.bytes()
	release := link.Until(ctx, s.conn, time.Now().Add(talk.Patience(s.printer.silence, len(b))))
	result, err := s.exchange(b, tags)
	if err := errors.Join(err, release()); err != nil {
		return "", s.broken("asking "+c.name, err)
	}
	if result == "FAIL" || strings.HasSuffix(result, "not found") {
		return "", &refusal{c.name, result}
	}
	return result, nil
}

// order gives a command whose only good answer is OK; any other ends the session.
func (s *session) order(ctx context.Context, c command) error {
	result, err := s.ask(ctx, c)
	if err == nil && result != "OK" {
		err = fmt.Errorf("the printer answered %s with %q", c.name, result)
	}
	if err != nil {
		return s.fail(err)
	}
	return nil
}

func (s *session) exchange(b []byte, tags []string) (result string, err error) {
	if _, err := s.conn.Write(b); err != nil {
		return "", err
	}
	err = talk.Read(s.conn, s.in.Add, s.in.Next, func(a answer) (bool, error) {
		if a.word == "" && slices.Contains(tags, a.tag) {
			result = a.result
			return true, nil
		}
		return false, s.unasked(a)
	})
	return result, err
}

// unasked takes what answers no command under way.
func (s *session) unasked(a answer) error {
	switch {
	case a.word == printed:
		s.told++
	case a.result == "FAIL":
		// The answer to an earlier command, twice or late: it says that something was not done.
		return &refusal{a.tag, a.result}
	}
	return nil
}

// listen takes what the printer says by itself in that time.
func (s *session) listen(ctx context.Context, d time.Duration) error {
	release := link.Until(ctx, s.conn, time.Now().Add(d))
	err := talk.Read(s.conn, s.in.Add, s.in.Next, func(a answer) (bool, error) { return false, s.unasked(a) })
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	if err := errors.Join(err, release()); err != nil {
		return s.broken("listening to the printer", err)
	}
	return nil
}

// status asks for the printer's mode. An unknown one ends the session.
func (s *session) status(ctx context.Context) (status, error) {
	result, err := s.ask(ctx, command{name: "SPPSTA"})
	if err != nil {
		return status{}, s.fail(err)
	}
	st, err := parseStatus(result)
	if err != nil {
		return status{}, s.fail(err)
	}
	return st, nil
}

// rows asks how many labels are in the queues. A refusal leaves the session as it is.
func (s *session) rows(ctx context.Context) (int, error) {
	names := s.printer.layout.Fields()
	c, tags := command{"SPLGQC", names[0]}, []string(nil)
	if len(names) > 1 {
		// The manual shows the answer for several fields under the name for one.
		c, tags = command{"SPLGMQ", strings.Join(names, separator)}, []string{"SPLGQC"}
	}
	result, err := s.ask(ctx, c, tags...)
	if err != nil {
		return 0, err
	}
	n := 0
	if len(names) > 1 {
		n, err = parseCounts(result, names)
	} else {
		n, err = parseCount(result)
	}
	if err != nil {
		return 0, s.fail(err)
	}
	return n, nil
}

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if talk.Silent(err) {
		if strange := s.in.Strange(); strange != nil {
			err = strange
		} else {
			err = fmt.Errorf("the printer keeps silent: look whether it is on and whether another program holds it: %w", err)
		}
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}
