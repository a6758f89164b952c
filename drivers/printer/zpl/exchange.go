package zpl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"linemark/drivers/link"
)

// ask writes a query and reads answers until one is the last that it waits for.
func (s *session) ask(ctx context.Context, query, doing string, last func(answer) (bool, error)) (answer, error) {
	if err := s.write(ctx, []byte(query), doing); err != nil {
		return answer{}, err
	}
	return s.receive(ctx, doing, s.patience(len(query)), last)
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

// patience is how long so many bytes may take. A serial port carries about a thousand in a
// second, and some printers take little more.
func (s *session) patience(n int) time.Duration {
	return s.printer.silence + time.Duration(n)*2*time.Millisecond
}

// write hands bytes over.
func (s *session) write(ctx context.Context, b []byte, doing string) error {
	release := link.Until(ctx, s.conn, time.Now().Add(s.patience(len(b))))
	_, err := s.conn.Write(b)
	if err := errors.Join(err, release()); err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// errSilent is a printer that does not answer, or takes nothing.
var errSilent = errors.New("the printer keeps silent: look for paper, ribbon and an open head")

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", errSilent, err)
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
