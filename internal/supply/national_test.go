package supply_test

import (
	"context"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
)

// national is IZKM as a Keeper needs it. around is called before and after every call: a test
// that "kills" the agent there cancels its context.
type national struct {
	client *izkm.Client
	around func(call string, after bool)
	ready  error
	place  func() error // before an order is sent; nil: nothing
}

func (n *national) Ready() error { return n.ready }

func (n *national) begin(call string) func() {
	n.around(call, false)
	return func() { n.around(call, true) }
}

func (n *national) Place(ctx context.Context, p supply.Product, quantity int) (string, error) {
	defer n.begin("POST orders")()
	if n.place != nil {
		if err := n.place(); err != nil {
			return "", err
		}
	}
	ack, err := n.client.CreateOrder(ctx, izkm.Order{ReleaseMethod: p.ReleaseMethod, Products: []izkm.OrderProduct{{
		GTIN: p.GTIN, Quantity: quantity, SerialNumberType: izkm.SerialOperator, TemplateID: p.TemplateID, CISType: p.Type,
	}}})
	return ack.OrderID, err
}

func (n *national) List(ctx context.Context, p supply.Product, since time.Time) ([]supply.ServerOrder, error) {
	defer n.begin("GET orders")()
	states := map[string]ledger.OrderState{
		izkm.StatusPending: ledger.Pending, izkm.StatusActive: ledger.Active, izkm.StatusExhausted: ledger.Exhausted,
		izkm.StatusClosed: ledger.Shut, izkm.StatusRejected: ledger.Refused, izkm.StatusExpired: ledger.Expired,
	}
	listed, err := n.client.Orders(ctx, izkm.OrdersQuery{From: since})
	var orders []supply.ServerOrder
	for _, o := range listed {
		if b, ok := o.Buffer(p.GTIN); ok {
			orders = append(orders, supply.ServerOrder{ID: o.ID, GTIN: b.GTIN, Quantity: b.Total, State: states[b.Status], Reason: b.Reason})
		}
	}
	return orders, err
}

func (n *national) Close(ctx context.Context, p supply.Product, orderID, lastBlock string) error {
	defer n.begin("POST buffer/close")()
	return n.client.CloseBuffer(ctx, orderID, p.GTIN, lastBlock)
}

func (n *national) Take(ctx context.Context, p supply.Product, orderID string, quantity int, last string) (supply.Block, error) {
	defer n.begin("GET codes")()
	b, err := n.client.Codes(ctx, orderID, p.GTIN, quantity, last)
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}

func (n *national) Issued(ctx context.Context, p supply.Product, orderID string) ([]supply.IssuedBlock, error) {
	defer n.begin("GET codes/blocks")()
	listed, err := n.client.Blocks(ctx, orderID, p.GTIN)
	blocks := make([]supply.IssuedBlock, len(listed))
	for i, b := range listed {
		blocks[i] = supply.IssuedBlock{ID: b.ID, Quantity: b.Quantity}
	}
	return blocks, err
}

func (n *national) Again(ctx context.Context, p supply.Product, orderID, blockID string) (supply.Block, error) {
	defer n.begin("GET codes/retry")()
	b, err := n.client.Retry(ctx, orderID, p.GTIN, blockID)
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}
