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
	// The time for writing grows with the bytes: a slow serial port carries about a thousand in a second.
	release := link.Until(ctx, s.conn, time.Now().Add(s.printer.silence+time.Duration(len(b))*2*time.Millisecond))
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

func (s *session) exchange(b []byte, tags []string) (string, error) {
	if _, err := s.conn.Write(b); err != nil {
		return "", err
	}
	piece := make([]byte, 512)
	for {
		a, ok, err := s.in.next()
		if err != nil {
			return "", err
		}
		if ok {
			switch {
			case a.word == printed:
				s.told++
			case slices.Contains(tags, a.tag):
				return a.result, nil
			case a.result == "FAIL":
				// The answer to an earlier command, twice or late: it says that something was not done.
				return "", &refusal{a.tag, a.result}
			}
			continue
		}
		n, err := s.conn.Read(piece)
		s.in.add(piece[:n])
		if n == 0 && err != nil {
			return "", err
		}
	}
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
	fields := s.printer.label.fields
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	c, tags := command{"SPLGQC", names[0]}, []string(nil)
	if len(fields) > 1 {
		// The manual shows the answer for several fields under the name for one.
		c, tags = command{"SPLGMQ", strings.Join(names, separator)}, []string{"SPLGQC"}
	}
	result, err := s.ask(ctx, c, tags...)
	if err != nil {
		return 0, err
	}
	n := 0
	if len(fields) > 1 {
		n, err = parseCounts(result, fields)
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
	if errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		if strange := s.in.strange(); strange != nil {
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

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
