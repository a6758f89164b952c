package zpl

import (
	"context"
	"fmt"
)

const asking = "asking the printer's state and its odometer"

// question asks for the state, for the odometer and for the state again: a count that comes
// before the first state is not the answer, and one with a fault behind it is not believed.
func (p *Printer) question() []byte { return []byte("~HS" + p.getvar() + "~HS") }

// answered reads the answer to a question.
func (s *session) answered(ctx context.Context) (int, error) {
	s.asked = false
	var before []string
	more := 0 // frames between the first state and the count
	got, err := s.receive(ctx, asking, s.printer.silence, func(a answer) (counted bool, err error) {
		switch {
		case a.form == value:
			return len(before) == frames, nil
		case a.form == frame && len(before) == frames:
			more++
		case a.form == frame:
			before, _, err = gather(before, a.text)
		}
		return false, err
	})
	if err != nil {
		return 0, err
	}
	st, err := s.parsed(before, asking)
	if err == nil {
		err = s.faultless(st)
	}
	if err != nil {
		return 0, err
	}
	if st, err = s.after(ctx, more >= frames); err != nil {
		return 0, err
	}
	now, err := s.odometer(got.text)
	switch {
	case err != nil:
		return 0, err
	case now < s.last:
		return 0, s.fail(fmt.Errorf("the printer's odometer went back from %d to %d", s.last, now))
	case now-s.base > uint64(s.sent):
		return 0, s.fail(fmt.Errorf("the printer counts %d labels since the start, %d were sent", now-s.base, s.sent))
	}
	if now > s.last && now-s.base == uint64(s.sent) && !st.idle() {
		// All that was sent is counted, yet the printer holds labels: something else was counted.
		// Asked again, either the label has come out meanwhile or the count goes above what was sent.
		return int(s.last - s.base), nil
	}
	s.last = now
	return int(now - s.base), nil
}

// after reads the state that follows the count. A printer that works ~HS off ahead of its other
// commands, or answers twice, has told it before the count: it is asked once more then.
func (s *session) after(ctx context.Context, told bool) (status, error) {
	if told {
		if err := s.write(ctx, []byte("~HS"), asking); err != nil {
			return status{}, err
		}
	}
	st, err := s.state(ctx, asking)
	if err != nil {
		return status{}, err
	}
	return st, s.faultless(st)
}

// faultless ends the session where a state has a fault.
func (s *session) faultless(st status) error {
	if err := st.fault(); err != nil {
		return s.fail(err)
	}
	return nil
}

// getvar asks for the odometer.
func (p *Printer) getvar() string { return fmt.Sprintf("! U1 getvar %q\r\n", p.odometer) }

// count reads the odometer.
func (s *session) count(ctx context.Context) (uint64, error) {
	got, err := s.ask(ctx, s.printer.getvar(), "asking the odometer", func(a answer) (bool, error) {
		return a.form == value, nil
	})
	if err != nil {
		return 0, err
	}
	return s.odometer(got.text)
}

func (s *session) odometer(text string) (uint64, error) {
	n, err := parseOdometer(text)
	if err != nil {
		return 0, s.fail(fmt.Errorf("asking the odometer %s: %w", s.printer.odometer, err))
	}
	return n, nil
}

// status asks for the printer's state.
func (s *session) status(ctx context.Context) (status, error) {
	const doing = "asking the printer's state"
	if err := s.write(ctx, []byte("~HS"), doing); err != nil {
		return status{}, err
	}
	return s.state(ctx, doing)
}

// state reads the answer to ~HS.
func (s *session) state(ctx context.Context, doing string) (status, error) {
	var parts []string
	_, err := s.receive(ctx, doing, s.printer.silence, func(a answer) (whole bool, err error) {
		if a.form == frame {
			parts, whole, err = gather(parts, a.text)
		}
		return whole, err
	})
	if err != nil {
		return status{}, err
	}
	return s.parsed(parts, doing)
}

func (s *session) parsed(parts []string, doing string) (status, error) {
	st, err := parseStatus(parts)
	if err != nil {
		return status{}, s.fail(fmt.Errorf("%s: %w", doing, err))
	}
	return st, nil
}
