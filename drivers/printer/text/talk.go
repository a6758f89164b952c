package text

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// want looks for the answer that a query waits for among all that comes.
type want func(answer []byte) (found bool)

func fits(p *pattern) want {
	return func(answer []byte) bool { _, ok := p.match(answer); return ok }
}

// exchange sends a frame and waits for its answer, if it has one.
func (s *session) exchange(ctx context.Context, x exchange, doing string) error {
	if err := s.heard(doing); err != nil {
		return err
	}
	if err := s.write(ctx, x.send, doing); err != nil {
		return err
	}
	if x.answer == nil {
		return nil
	}
	return s.await(ctx, doing, fits(x.answer))
}

// heard takes what has come before a question is asked: none of it can answer it.
func (s *session) heard(doing string) error {
	_, err := s.sift(nil)
	if err != nil {
		return s.fail(fmt.Errorf("%s: %w", doing, err))
	}
	return nil
}

// status asks the printer's state, if it has a query for it.
func (s *session) status(ctx context.Context) error {
	p := s.printer
	if p.statusQuery == nil {
		return nil
	}
	const doing = "asking the printer's state"
	if err := s.heard(doing); err != nil {
		return err
	}
	if err := s.write(ctx, p.statusQuery, doing); err != nil {
		return err
	}
	return s.await(ctx, doing, func(answer []byte) bool { return s.isReady(answer) })
}

func (s *session) isReady(answer []byte) bool {
	for _, r := range s.printer.ready {
		if _, ok := r.match(answer); ok {
			return true
		}
	}
	return false
}

// ask sends the query for what is printed and returns the number that comes.
func (s *session) ask(ctx context.Context) (n uint64, err error) {
	const doing = "asking what is printed"
	if err := s.heard(doing); err != nil {
		return 0, err
	}
	if err := s.write(ctx, s.printer.printedQuery, doing); err != nil {
		return 0, err
	}
	var wrong error
	err = s.await(ctx, doing, func(answer []byte) (ok bool) {
		if n, ok = s.printer.printed.match(answer); ok && s.open {
			wrong = s.tally.heard(n)
		}
		return ok
	})
	if err == nil && wrong != nil {
		err = s.fail(wrong)
	}
	return n, err
}

// await reads until the answer that is wanted has come.
func (s *session) await(ctx context.Context, doing string, w want) error {
	release := link.Until(ctx, s.conn, time.Now().Add(s.printer.silence))
	err := s.read(w)
	if err := errors.Join(err, release()); err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// listen takes what the printer says by itself in that time.
func (s *session) listen(ctx context.Context, d time.Duration) error {
	release := link.Until(ctx, s.conn, time.Now().Add(d))
	err := s.read(nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	if err := errors.Join(err, release()); err != nil {
		return s.broken("listening to the printer", err)
	}
	return nil
}

// read takes answers until the wanted one; without one, until the time is over.
func (s *session) read(w want) error {
	piece := make([]byte, 512)
	for {
		if found, err := s.sift(w); found || err != nil {
			return err
		}
		n, err := s.conn.Read(piece)
		s.in.add(piece[:n])
		if n == 0 && err != nil {
			return err
		}
	}
}

// sift takes whole answers up to the wanted one.
func (s *session) sift(w want) (found bool, err error) {
	for {
		answer, ok, err := s.in.next()
		if err != nil || !ok {
			return false, err
		}
		if w != nil && w(answer) {
			return true, nil
		}
		if err := s.unasked(answer); err != nil {
			return false, err
		}
	}
}

// unasked takes an answer that is not the wanted one: a message, a fault, or nothing that
// may come now.
func (s *session) unasked(answer []byte) error {
	p := s.printer
	is := func(x *pattern) bool {
		if x == nil {
			return false
		}
		_, ok := x.match(answer)
		return ok
	}
	for _, f := range p.faults {
		if is(f.answer) {
			return fmt.Errorf("the printer reports: %s (%s)", f.text, quote(answer))
		}
	}
	if is(p.refused) {
		return &drivers.Refusal{Device: p.name, What: "refused: " + quote(answer)}
	}
	if p.printed != nil {
		if n, ok := p.printed.match(answer); ok {
			if !s.open {
				return nil
			}
			return s.tally.heard(n)
		}
	}
	if s.isReady(answer) {
		return nil
	}
	if is(p.accepted) {
		return fmt.Errorf("the printer accepted (%s) what was not sent", quote(answer))
	}
	for _, x := range p.ignore {
		if is(x) {
			return nil
		}
	}
	return fmt.Errorf("the printer sent %s, which no setting explains: look at the address, the baud rate and answer_end", quote(answer))
}
