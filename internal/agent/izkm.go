package agent

import (
	"context"
	"errors"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
)

// izkmSystem is IZKM as supply and report need it.
type izkmSystem struct {
	*national
	papers
	client *izkm.Client
}

func (n *izkmSystem) past() supply.Past { return past{n} }

// clearNo says whether an error is a refusal in the words of the document: the system is there.
func clearNo(err error) bool {
	var e *izkm.Error
	return errors.As(err, &e) && e.Kind == izkm.Refused && len(e.Codes) > 0
}

// Place implements supply.Orders.
func (n *izkmSystem) Place(ctx context.Context, p supply.Product, quantity int) (string, error) {
	var ack izkm.OrderAck
	err := n.ask(ctx, "place", func() (err error) {
		ack, err = n.client.For(p.Group).CreateOrder(ctx, izkm.Order{
			Groups: n.cfg.Table,
			Products: []izkm.OrderProduct{{
				GTIN: p.GTIN, Quantity: quantity, SerialNumberType: izkm.SerialOperator, TemplateID: p.TemplateID, CISType: p.Type,
			}},
			ReleaseMethod: p.ReleaseMethod,
			ContactPerson: n.cfg.IZKM.ContactPerson,
			Factory:       n.factory(p.Group),
		})
		return err
	})
	return ack.OrderID, err
}

// factory is the block that tobacco orders need.
func (n *izkmSystem) factory(group string) *izkm.Factory {
	f := n.cfg.IZKM.Factory
	if rules, ok := n.cfg.Table.Rules(group); !ok || !rules.Order.Factory {
		return nil
	}
	return &izkm.Factory{ID: f.ID, Name: f.Name, Address: f.Address, Country: f.Country, ProductionLineID: f.ProductionLineID,
		ProductCode: f.ProductCode, ProductDescription: f.ProductDescription}
}

var orderStates = map[string]ledger.OrderState{
	"CREATED": ledger.Pending, "PENDING": ledger.Pending, "READY": ledger.Active, "ACTIVE": ledger.Active, "EXHAUSTED": ledger.Exhausted,
	"CLOSED": ledger.Shut, "REJECTED": ledger.Refused, "EXPIRED": ledger.Expired,
}

// List implements supply.Orders.
func (n *izkmSystem) List(ctx context.Context, p supply.Product, since time.Time) ([]supply.ServerOrder, error) {
	var listed []izkm.OrderState
	since = n.byServer(since)
	err := n.ask(ctx, "orders", func() (err error) {
		listed, err = n.client.For(p.Group).Orders(ctx, izkm.OrdersQuery{From: since})
		return err
	})
	if err != nil {
		return nil, err
	}
	var orders []supply.ServerOrder
	for _, o := range listed {
		buffer, ok := o.Buffer(p.GTIN)
		if !ok {
			continue
		}
		state, reason := stateOf(o, buffer)
		orders = append(orders, supply.ServerOrder{ID: o.ID, GTIN: p.GTIN, Quantity: buffer.Total, State: state, Reason: reason})
	}
	return orders, nil
}

// Close implements supply.Orders.
func (n *izkmSystem) Close(ctx context.Context, p supply.Product, orderID, lastBlock string) error {
	return n.ask(ctx, "close", func() error { return n.client.For(p.Group).CloseBuffer(ctx, orderID, p.GTIN, lastBlock) })
}

// Take implements supply.Blocks.
func (n *izkmSystem) Take(ctx context.Context, p supply.Product, orderID string, quantity int, last string) (supply.Block, error) {
	var b izkm.Block
	err := n.ask(ctx, "codes", func() (err error) {
		b, err = n.client.For(p.Group).Codes(ctx, orderID, p.GTIN, quantity, last)
		return err
	})
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}

// Issued implements supply.Blocks.
func (n *izkmSystem) Issued(ctx context.Context, p supply.Product, orderID string) ([]supply.IssuedBlock, error) {
	var listed []izkm.BlockState
	err := n.ask(ctx, "blocks", func() (err error) {
		listed, err = n.client.For(p.Group).Blocks(ctx, orderID, p.GTIN)
		return err
	})
	if err != nil {
		return nil, err
	}
	blocks := make([]supply.IssuedBlock, len(listed))
	for i, b := range listed {
		blocks[i] = supply.IssuedBlock{ID: b.ID, Quantity: b.Quantity}
	}
	return blocks, nil
}

// Again implements supply.Blocks.
func (n *izkmSystem) Again(ctx context.Context, p supply.Product, orderID, blockID string) (supply.Block, error) {
	var b izkm.Block
	err := n.ask(ctx, "retry", func() (err error) {
		b, err = n.client.For(p.Group).Retry(ctx, orderID, p.GTIN, blockID)
		return err
	})
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}

// Send implements report.System.
func (n *izkmSystem) Send(ctx context.Context, r ledger.Report, body []byte) (string, error) {
	c := n.client.For(r.Group)
	send := c.SendUtilisation
	switch r.Kind {
	case ledger.Aggregation:
		send = c.SendAggregation
	case ledger.Dropout:
		send = c.SendDropout
	}
	var id string
	err := n.ask(ctx, "send "+string(r.Kind), func() (err error) {
		id, err = send(ctx, body)
		return err
	})
	return id, err
}

// State implements report.System.
func (n *izkmSystem) State(ctx context.Context, r ledger.Report) (report.State, string, error) {
	var s izkm.ReportState
	err := n.ask(ctx, "report", func() (err error) {
		s, err = n.client.For(r.Group).ReportState(ctx, r.ServerID)
		return err
	})
	if err != nil {
		return report.Working, "", err
	}
	switch s.Status {
	case izkm.ReportSent:
		return report.Sent, s.Reason, nil
	case izkm.ReportRejected:
		return report.Rejected, s.Reason, nil
	}
	return report.Working, s.Reason, nil
}
