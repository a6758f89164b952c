package agent

import (
	"context"
	"errors"
	"fmt"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/shipping"
	"linemark/internal/upstream/izkm"
)

// batch brings a line's batch in order at the start: the configuration's, if it names one that was
// never run, else the one that was running; and tells the line whether it may mark.
func (a *Agent) batch(ctx context.Context, l config.Line) error {
	if l.HasBatch() && a.ledger.Copy() == nil {
		if err := a.configured(ctx, l); err != nil {
			return err
		}
	}
	return a.batchChanged(ctx, l.Name)
}

// configured starts the batch that the configuration describes, unless it was run before.
func (a *Agent) configured(ctx context.Context, l config.Line) error {
	want := ledger.Batch{Line: l.Name, Name: l.Batch, ProductionDate: l.ProductionDate, ExpirationDate: l.ExpirationDate, Series: l.Series}
	had, err := a.ledger.BatchOf(ctx, l.Name, l.Batch)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		last, err := a.ledger.LastBatch(ctx, l.Name)
		if err == nil && last.Running() {
			_, err = a.ledger.EndBatch(ctx, l.Name)
		}
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		return a.ledger.StartBatch(ctx, want)
	case err != nil:
		return err
	}
	want.StartedAt, want.EndedAt = had.StartedAt, had.EndedAt
	if want != had {
		return fmt.Errorf("line %s: batch %q was started with production date %q, expiration date %q, series %q, and the configuration says otherwise: give the new one another name (batch = ...)",
			l.Name, had.Name, had.ProductionDate, had.ExpirationDate, had.Series)
	}
	return nil
}

// batchChanged tells a line its batch, and why it may not mark without one.
func (a *Agent) batchChanged(ctx context.Context, name string) error {
	b, err := a.ledger.LastBatch(ctx, name)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	why := office.Pause(a.cfg, name, b)
	for _, l := range a.lines {
		if l.Name() == name {
			return l.SetBatch(ctx, b, why)
		}
	}
	return nil
}

// Office is what a person decides, with this agent's lines following.
func (a *Agent) Office() office.Office {
	o := Office(a.cfg, a.ledger)
	o.Changed = a.batchChanged
	o.Ask, o.PrintAgain = a.ask, a.printAgain
	o.Hold, o.Start = a.HoldLine, a.StartLine
	o.Shipping = func(bool) (shipping.Desk, error) { return a.Shipping() }
	return o
}

// Office is what a person decides while no agent runs on the ledger.
func Office(cfg *config.Config, l *ledger.Ledger) office.Office {
	o := office.Office{Config: cfg, Ledger: l, Papers: Papers(cfg, l), Shipping: shippingOf(cfg, l)}
	for _, r := range izkm.DropoutReasons() {
		o.Reasons = append(o.Reasons, r.Name)
	}
	return o
}
