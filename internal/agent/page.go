package agent

import (
	"context"
	"fmt"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// page is the agent as the page and its API see it.
type page struct{ *Agent }

// Status implements web.Plant.
func (p page) Status(ctx context.Context) (any, error) { return p.Agent.Status(ctx) }

// Recount implements web.Plant.
func (p page) Recount(ctx context.Context) ([]ledger.Balance, error) { return p.ledger.Recount(ctx) }

// Trace implements web.Plant.
func (p page) Trace(ctx context.Context, c code.Code) (ledger.Life, error) {
	return p.ledger.Trace(ctx, c)
}

// Devices implements web.Plant.
func (p page) Devices() web.Devices { return p.Agent }

// Ready implements web.Plant: every device of every line is there and the ledger takes writes.
func (p page) Ready() error {
	if err := p.ledger.Fault(); err != nil {
		return err
	}
	for _, d := range p.deviceStatus() {
		if !d.Up && d.Name != p.cfg.Shipping.Printer { // no line waits for that one
			return fmt.Errorf("%s %s is down: %s", d.Kind, d.Name, d.Error)
		}
	}
	return nil
}
