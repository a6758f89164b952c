package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/shipping"
)

// shipping puts together what sees to the papers of shipments. That they cannot be read holds no line.
func (a *Agent) shipping(o Options) error {
	store, err := shipping.Open(a.cfg.Agent.DataDir, shipping.Options{})
	if err != nil {
		a.alarms.add("shipping", "nothing is done for shipments: "+err.Error())
		return nil
	}
	c := &shipping.Clerk{Desk: desk(a.cfg, a.ledger, store), Within: a.cfg.Ediweb.Deadline, Deadline: a.cfg.Diadoc.Deadline, Log: a.log, Alarm: a.alarms.add}
	c.Now, c.Keep, c.Clock = o.Now, time.Duration(a.cfg.Shipping.Keep)*24*time.Hour, a.national.wallClock
	if a.cfg.Shipping.Inbox != "" {
		c.Inbox = a.cfg.PathOf(a.cfg.Shipping.Inbox)
	}
	if a.labeller != nil {
		c.Printer = a.labeller
	}
	if a.cfg.Ediweb.Configured() {
		if c.Waybills, err = newWaybills(a.cfg.Ediweb, o); err != nil {
			return fmt.Errorf("[ediweb]: %w", err)
		}
	}
	if a.cfg.Diadoc.Configured() {
		if c.Protocols, err = newProtocols(a.cfg, o, a.alarms.add); err != nil {
			return fmt.Errorf("[diadoc]: %w", err)
		}
	}
	a.clerk = c
	return nil
}

func desk(cfg *config.Config, l *ledger.Ledger, store *shipping.Store) shipping.Desk {
	return shipping.Desk{Store: store, Ledger: l, Rules: shipping.Rules{
		Waybills: cfg.Ediweb.Configured(), Documents: cfg.Diadoc.Configured(), Box: cfg.Diadoc.BoxID, Print: cfg.Shipping.Printer != "",
	}}
}

// runShipping works on shipments until ctx ends. A ledger that is a copy has its shipments at the old PC too.
func (a *Agent) runShipping(ctx context.Context, wg *sync.WaitGroup) {
	if a.clerk == nil || a.ledger.Copy() != nil {
		return
	}
	wg.Go(func() { a.part(ctx, "shipping", a.clerk.Run) })
	if a.labeller != nil {
		wg.Go(func() {
			defer a.lastWords(a.labeller.name)
			a.labeller.run(ctx)
		})
	}
}

func (a *Agent) shippingStatus() *shipping.Status {
	if a.clerk == nil {
		return nil
	}
	s := a.clerk.Status()
	if s.Shipments+len(s.Broken) == 0 && a.clerk.Waybills == nil && a.clerk.Protocols == nil {
		return nil
	}
	return &s
}

// Shipping is the desk for shipments of the running agent.
func (a *Agent) Shipping() (shipping.Desk, error) {
	if a.clerk == nil {
		return shipping.Desk{}, errors.New("the shipments cannot be read: see the alarms")
	}
	return a.clerk.Desk, nil
}

// shippingOf is the desk while no agent runs. One that only looks may do so beside another linemark.
func shippingOf(cfg *config.Config, l *ledger.Ledger) func(change bool) (shipping.Desk, error) {
	return func(change bool) (shipping.Desk, error) {
		store, err := shipping.Open(cfg.Agent.DataDir, shipping.Options{ReadOnly: !change})
		if err != nil {
			return shipping.Desk{}, err
		}
		return desk(cfg, l, store), nil
	}
}
