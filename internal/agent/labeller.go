package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/internal/config"
	"linemark/internal/shipping"
)

// labeller owns the printer of shipments' labels: one session after another, one label at a time.
type labeller struct {
	device
	driver drivers.Printer
	jobs   chan labelJob // taken only while a session is open
}

type labelJob struct {
	label  drivers.Label
	intent func() error
	done   chan<- labelled // has room for the one answer
}

type labelled struct {
	confirmed bool
	err       error
}

func (a *Agent) newLabeller(d config.Device, driver drivers.Printer) *labeller {
	if _, broken := driver.(unusable); !broken && !driver.Traits().Pictures {
		driver = a.unusable(d.Name, fmt.Errorf("the label of %s has no place for a QR code: write {picture:MM} into it", d.Name))
	}
	return &labeller{device: a.device("printer", d), driver: driver, jobs: make(chan labelJob)}
}

// CheckLabel implements shipping.Printer.
func (l *labeller) CheckLabel(s shipping.Label) error {
	if check := l.driver.Traits().CheckLabel; check != nil {
		return check(shippingLabel(s))
	}
	return nil
}

// Print implements shipping.Printer.
func (l *labeller) Print(ctx context.Context, s shipping.Label, intent func() error) (bool, error) {
	done := make(chan labelled, 1)
	select {
	case l.jobs <- labelJob{shippingLabel(s), intent, done}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	r := <-done
	return r.confirmed, r.err
}

func shippingLabel(s shipping.Label) drivers.Label {
	p := drivers.Picture(s.Picture)
	return drivers.Label{Fields: s.Fields, Picture: &p}
}

func (l *labeller) run(ctx context.Context) {
	l.keep(ctx, func(ctx context.Context, _ int) error {
		session, err := l.driver.Open(ctx)
		if err != nil {
			return err
		}
		l.up()
		err = l.serve(ctx, session)
		_ = session.Close() // the session's own error is the one to tell
		return err
	})
}

func (l *labeller) serve(ctx context.Context, s drivers.PrintSession) error {
	sent := 0
	idle := time.NewTicker(idlePoll)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case j := <-l.jobs:
			if err := j.intent(); err != nil {
				j.done <- labelled{err: err}
				continue
			}
			err := s.Send(ctx, []drivers.Label{j.label})
			var refused *drivers.Refusal
			if errors.As(err, &refused) { // the session goes on
				j.done <- labelled{err: err}
				continue
			}
			confirmed := false
			if sent++; err == nil && l.driver.Traits().Confirms != drivers.ConfirmsNothing {
				confirmed, err = true, l.confirmed(ctx, s, sent)
			}
			j.done <- labelled{confirmed && err == nil, err}
			if err != nil {
				return err
			}
		case <-idle.C:
			if _, err := s.Printed(ctx); err != nil {
				return err
			}
		}
	}
}

// confirmed waits until the printer has printed all that it was sent, for as long as that takes: it may want paper.
func (l *labeller) confirmed(ctx context.Context, s drivers.PrintSession, sent int) error {
	poll := time.NewTicker(max(l.driver.Traits().Poll, time.Millisecond))
	defer poll.Stop()
	for {
		if n, err := s.Printed(ctx); err != nil || n >= sent {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
}
