package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
)

// Recover brings what the national system still has of the orders of all configured products back
// into the ledger (see supply.Recovery). The agent must not run. What it returns counts also when it ends with
// an error: called again, it goes on.
func Recover(ctx context.Context, cfg *config.Config, o Options) (all []supply.Recovered, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledgerOptions(cfg, o))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if c := l.Copy(); c != nil {
		return nil, c // its takeover does all this
	}
	s, err := newSystem(cfg, l, o)
	if err != nil {
		return nil, err
	}
	return recoverAll(ctx, cfg, l, s.past(), o.Log)
}

func recoverAll(ctx context.Context, cfg *config.Config, l *ledger.Ledger, from supply.Past, log *slog.Logger) (all []supply.Recovered, err error) {
	for _, p := range cfg.Products {
		product := ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: p.GroupOr(cfg), Type: code.Type(p.CISType), Preprinted: p.Preprinted == config.Yes}
		id, err := l.Product(ctx, product)
		if err != nil {
			return all, err
		}
		r := supply.Recovery{Product: supply.Product{ID: id, Product: product}, Groups: cfg.Table, Ledger: l, Past: from, Log: log}
		found, err := r.Run(ctx)
		all = append(all, found...)
		if err != nil {
			return all, fmt.Errorf("product %s: %w", p.Name, err)
		}
	}
	return all, nil
}

// past is IZKM as a recovery needs it. Its calls keep to the configured rate; how often they are
// tried again is the recovery's own affair, so their outages close no gate.
type past struct{ *izkmSystem }

// Placed implements supply.Past.
func (p past) Placed(ctx context.Context, product supply.Product) ([]supply.PastOrder, error) {
	if err := p.gate.Enter(ctx, false); err != nil {
		return nil, err
	}
	listed, err := p.client.For(product.Group).Orders(ctx, izkm.OrdersQuery{})
	if err != nil {
		return nil, err
	}
	var orders []supply.PastOrder
	for _, o := range listed {
		b, ok := o.Buffer(product.GTIN)
		if !ok {
			continue
		}
		state, reason := stateOf(o, b)
		orders = append(orders, supply.PastOrder{Placed: o.Created, Issued: b.Passed,
			ServerOrder: supply.ServerOrder{ID: o.ID, GTIN: b.GTIN, Quantity: b.Total, State: state, Reason: reason}})
	}
	return orders, nil
}

// stateOf is the state of a suborder. One that nobody knows is waited for, never taken for an
// end; the end of the order is the end of its suborders.
func stateOf(o izkm.OrderState, b izkm.BufferState) (ledger.OrderState, string) {
	reason := b.Reason
	if reason == "" {
		reason = o.Reason
	}
	switch s := orderStates[o.Status]; s {
	case ledger.Shut, ledger.Refused, ledger.Expired:
		return s, reason
	}
	if s, ok := orderStates[b.Status]; ok {
		return s, reason
	}
	return ledger.Pending, reason
}

// Given implements supply.Past.
func (p past) Given(ctx context.Context, product supply.Product, orderID string) ([]supply.PastBlock, error) {
	if err := p.gate.Enter(ctx, false); err != nil {
		return nil, err
	}
	listed, err := p.client.For(product.Group).Blocks(ctx, orderID, product.GTIN)
	if err != nil {
		return nil, err
	}
	blocks := make([]supply.PastBlock, len(listed))
	for i, b := range listed {
		blocks[i] = supply.PastBlock{IssuedBlock: supply.IssuedBlock{ID: b.ID, Quantity: b.Quantity}, At: b.At}
	}
	return blocks, nil
}

// Again implements supply.Past.
func (p past) Again(ctx context.Context, product supply.Product, orderID, blockID string) (supply.Block, error) {
	if err := p.gate.Enter(ctx, false); err != nil {
		return supply.Block{}, err
	}
	b, err := p.client.For(product.Group).Retry(ctx, orderID, product.GTIN, blockID)
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}
