package zpl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

// ask writes a query and reads answers until one is the last that it waits for.
func (s *session) ask(ctx context.Context, query, doing string, last func(answer) (bool, error)) (answer, error) {
	if err := s.write(ctx, []byte(query), doing); err != nil {
		return answer{}, err
	}
	return s.receive(ctx, doing, talk.Patience(s.printer.silence, len(query)), last)
}

// receive reads answers until one is the last that it waits for.
func (s *session) receive(ctx context.Context, doing string, patience time.Duration, last func(answer) (bool, error)) (answer, error) {
	release := link.Until(ctx, s.conn, time.Now().Add(patience))
	got, err := s.read(last)
	if err := errors.Join(err, release()); err != nil {
		return answer{}, s.broken(doing, err)
	}
	return got, nil
}

func (s *session) read(last func(answer) (bool, error)) (got answer, err error) {
	err = talk.Read(s.conn, s.in.add, s.in.next, func(a answer) (bool, error) {
		if condition, found := strings.CutPrefix(a.text, "ERROR CONDITION: "); a.form == line && found {
			return false, fmt.Errorf("the printer reports: %s", condition)
		}
		got = a
		return last(a)
	})
	return got, err
}

// write hands bytes over.
func (s *session) write(ctx context.Context, b []byte, doing string) error {
	if err := talk.Write(ctx, s.conn, b, s.printer.silence); err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// errSilent is a printer that does not answer, or takes nothing.
var errSilent = errors.New("the printer keeps silent: look for paper, ribbon and an open head, then at its cable and the network")

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if talk.Silent(err) {
		err = fmt.Errorf("%w: %w", errSilent, err)
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}
