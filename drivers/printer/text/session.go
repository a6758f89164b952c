package text

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

// glance is how long Printed listens to a printer that it asks nothing.
const glance = 5 * time.Millisecond

// session is one connection to a printer. Its first fault ends it.
type session struct {
	printer *Printer
	conn    link.Conn
	in      answers
	err     error // the fault that ended the session
	open    bool  // the start is over: what the printer says of prints counts
	tally   tally
	spoken  time.Time // when something was sent last
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// prepare brings the printer to a known state.
func (s *session) prepare(ctx context.Context) error {
	for i, x := range s.printer.starts {
		if err := s.exchange(ctx, x, fmt.Sprintf("frame %d of init", i+1)); err != nil {
			return err
		}
	}
	if err := s.status(ctx); err != nil {
		return err
	}
	base, err := s.baseline(ctx)
	if err != nil {
		return err
	}
	s.tally = tally{last: uint64(s.printer.indexLast)}
	if p := s.printer.printed; p != nil {
		s.tally.number, s.tally.each = p.number, s.printer.printedQuery == nil
	}
	if err := s.tally.begin(base); err != nil {
		return s.fail(err)
	}
	s.open = true
	return nil
}

// baseline returns what the printer said last of what it has printed, once it says nothing
// new for the time settle: a label under the head of an earlier connection may still come out.
func (s *session) baseline(ctx context.Context) (uint64, error) {
	p := s.printer
	switch {
	case p.printed == nil:
		return 0, nil
	case p.printedQuery == nil:
		if err := s.listen(ctx, p.settle); err != nil {
			return 0, err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.index, nil
	}
	first, err := s.ask(ctx)
	for until := time.Now().Add(p.silence + p.settle); err == nil; {
		if err = s.listen(ctx, p.settle); err != nil {
			break
		}
		var second uint64
		if second, err = s.ask(ctx); err != nil || second == first {
			return second, err
		}
		if time.Now().After(until) {
			return 0, s.fail(errors.New("the printer was emptied and goes on printing"))
		}
		first = second
	}
	return 0, err
}

// Send renders all labels before it writes the first byte, so a label that cannot be printed
// leaves the session as it was. What was written is never written again.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	p, after := s.printer, s.tally
	if held := after.sent - after.printed + len(labels); p.printed != nil && held > p.ahead {
		return fmt.Errorf("the printer would hold %d labels, ahead allows %d", held, p.ahead)
	}
	frames := make([][]byte, len(labels))
	for i, l := range labels {
		var err error
		if frames[i], err = p.label.render(l, after.take()); err != nil {
			return fmt.Errorf("label %d of %d: %w", i+1, len(labels), err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, b := range frames {
		doing := fmt.Sprintf("sending label %d of %d", i+1, len(frames))
		// A print without a number that is told before the label is accepted is not this label's.
		late := s.tally.number == "" && p.accepted != nil
		if !late {
			p.given(s.tally.take())
		}
		if err := s.exchange(ctx, exchange{b, p.accepted}, doing); err != nil {
			return err
		}
		if late {
			s.tally.take()
		}
	}
	return nil
}

// given notes an index, so that no later session gives it again too soon.
func (p *Printer) given(index uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.index = index
}

// Printed asks the printer's state, then what it has printed, as far as there are queries,
// and else listens for a moment. A fault ends the session before a count is believed.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	p := s.printer
	asked := p.statusQuery != nil || p.printedQuery != nil
	if p.keepAlive != nil && time.Since(s.spoken) >= p.every {
		asked = asked || p.keepAlive.answer != nil
		if err := s.exchange(ctx, *p.keepAlive, "keep_alive"); err != nil {
			return 0, err
		}
	}
	if err := s.status(ctx); err != nil {
		return 0, err
	}
	if p.printedQuery != nil {
		if _, err := s.ask(ctx); err != nil {
			return 0, err
		}
	}
	if !asked {
		if err := s.listen(ctx, glance); err != nil {
			return 0, err
		}
	}
	return s.tally.printed, nil
}

// Close ends the connection; what the printer holds it may still print.
func (s *session) Close() error { return s.conn.Close() }

// write hands bytes over.
func (s *session) write(ctx context.Context, b []byte, doing string) error {
	s.spoken = time.Now()
	if err := talk.Write(ctx, s.conn, b, s.printer.silence); err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if talk.Silent(err) {
		err = fmt.Errorf("the printer keeps silent for %s: look at its state, the port, the baud rate and answer_end: %w", s.printer.silence, err)
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}
