package zpl

import (
	"context"
	"fmt"
)

const asking = "asking the printer's state and its odometer"

// question asks for the state and then for the odometer: a count that comes before the state
// is not the answer.
func (p *Printer) question() []byte { return []byte("~HS" + p.getvar()) }

// answered reads the answer to a question.
func (s *session) answered(ctx context.Context) (int, error) {
	s.asked = false
	var frames []string
	whole := false
	got, err := s.receive(ctx, asking, s.printer.silence, func(a answer) (counted bool, err error) {
		switch {
		case a.form == frame && !whole:
			frames, whole, err = gather(frames, a.text)
		case a.form == value:
			return whole, nil
		}
		return false, err
	})
	if err != nil {
		return 0, err
	}
	st, err := parseStatus(frames)
	if err == nil {
		err = st.fault()
	}
	if err != nil {
		return 0, s.fail(err)
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
	var frames []string
	_, err := s.ask(ctx, "~HS", doing, func(a answer) (whole bool, err error) {
		if a.form == frame {
			frames, whole, err = gather(frames, a.text)
		}
		return whole, err
	})
	if err != nil {
		return status{}, err
	}
	st, err := parseStatus(frames)
	if err != nil {
		return status{}, s.fail(fmt.Errorf("%s: %w", doing, err))
	}
	return st, nil
}
