package agent

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
)

// national is IZKM as supply and report need it. It also remembers how the last call went, so
// that an outage is logged once and seen in the status.
type national struct {
	client *izkm.Client
	cfg    *config.Config
	log    *slog.Logger

	mu     sync.Mutex
	access Access
	away   map[string]time.Time // what it did not answer when last asked, by the method's name, and when that was
}

// Access tells how the national system answers.
type Access struct {
	OK    bool      `json:"ok"`
	Since time.Time `json:"since"`
	Error string    `json:"error,omitempty"` // of the last call
}

// heard records the outcome of a call. A clear refusal is an answer: the system is there. One
// method may fail while the others work: the outage lasts until that one works again, or is not
// asked for any more. A failure of a call that began before the system was heard well again is
// of the outage before.
func (n *national) heard(method string, began time.Time, err error) error {
	var e *izkm.Error
	answered := err == nil || errors.As(err, &e) && e.Kind == izkm.Refused && len(e.Codes) > 0 // in the words of the document
	if errors.Is(err, context.Canceled) {
		return err
	}
	n.mu.Lock()
	if !answered && n.access.OK && began.Before(n.access.Since) {
		n.mu.Unlock()
		return err
	}
	if n.away == nil {
		n.away = map[string]time.Time{}
	}
	maps.DeleteFunc(n.away, func(_ string, at time.Time) bool { return time.Since(at) > forgetAfter })
	if delete(n.away, method); !answered {
		n.away[method] = time.Now()
		n.access.Error = err.Error()
	}
	ok := len(n.away) == 0
	changed := n.access.Since.IsZero() || n.access.OK != ok
	if changed {
		n.access.OK, n.access.Since = ok, time.Now()
	}
	if ok {
		n.access.Error = ""
	}
	n.mu.Unlock()
	switch {
	case changed && ok:
		n.log.Info("the national system answers")
	case changed:
		n.log.Warn("the national system does not answer as it should; the line goes on from stock", "error", err)
	}
	return err
}

// forgetAfter is longer than the longest pause of any call that is tried again, with the time
// that it may take: what has not failed for so long is not being asked for.
const forgetAfter = 3 * time.Minute

func (n *national) pause() time.Duration {
	if n.Access().OK {
		return pingEvery
	}
	return pingAway
}

func (n *national) Access() Access {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.access
}

// pingEvery is how often the national system is asked whether it is there, so that an outage is
// seen before the next order or report needs it.
const pingEvery = 30 * time.Second

// pingAway is how often it is asked while it is away, so that its return is seen soon.
const pingAway = 3 * time.Second

func (n *national) watch(ctx context.Context) error {
	for {
		n.heard("ping", time.Now(), n.client.Ping(ctx)) //nolint:errcheck // heard has kept and logged it
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(n.pause()):
		}
	}
}

// Place implements supply.Orders.
func (n *national) Place(ctx context.Context, p supply.Product, quantity int) (string, error) {
	began := time.Now()
	ack, err := n.client.For(p.Group).CreateOrder(ctx, izkm.Order{
		Groups: n.cfg.Table,
		Products: []izkm.OrderProduct{{
			GTIN: p.GTIN, Quantity: quantity, SerialNumberType: izkm.SerialOperator, TemplateID: p.TemplateID, CISType: p.Type,
		}},
		ReleaseMethod: p.ReleaseMethod,
		ContactPerson: n.cfg.IZKM.ContactPerson,
		Factory:       n.factory(p.Group),
	})
	return ack.OrderID, n.heard("place", began, err)
}

// factory is the block that tobacco orders need.
func (n *national) factory(group string) *izkm.Factory {
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
func (n *national) List(ctx context.Context, p supply.Product, since time.Time) ([]supply.ServerOrder, error) {
	began := time.Now()
	listed, err := n.client.For(p.Group).Orders(ctx, izkm.OrdersQuery{From: since})
	if n.heard("orders", began, err) != nil {
		return nil, err
	}
	var orders []supply.ServerOrder
	for _, o := range listed {
		buffer, ok := o.Buffer(p.GTIN)
		if !ok {
			continue
		}
		state, known := orderStates[buffer.Status]
		if !known {
			state = ledger.Pending // a status nobody knows is waited for, never taken for an end
		}
		if ended, ok := orderStates[o.Status]; ok && (ended == ledger.Refused || ended == ledger.Expired || ended == ledger.Shut) {
			state = ended
		}
		reason := buffer.Reason
		if reason == "" {
			reason = o.Reason
		}
		orders = append(orders, supply.ServerOrder{ID: o.ID, GTIN: p.GTIN, Quantity: buffer.Total, State: state, Reason: reason})
	}
	return orders, nil
}

// Close implements supply.Orders.
func (n *national) Close(ctx context.Context, p supply.Product, orderID, lastBlock string) error {
	return n.heard("close", time.Now(), n.client.For(p.Group).CloseBuffer(ctx, orderID, p.GTIN, lastBlock))
}

// Take implements supply.Blocks.
func (n *national) Take(ctx context.Context, p supply.Product, orderID string, quantity int, last string) (supply.Block, error) {
	began := time.Now()
	b, err := n.client.For(p.Group).Codes(ctx, orderID, p.GTIN, quantity, last)
	return supply.Block{ID: b.ID, Codes: b.Codes}, n.heard("codes", began, err)
}

// Issued implements supply.Blocks.
func (n *national) Issued(ctx context.Context, p supply.Product, orderID string) ([]supply.IssuedBlock, error) {
	began := time.Now()
	listed, err := n.client.For(p.Group).Blocks(ctx, orderID, p.GTIN)
	if n.heard("blocks", began, err) != nil {
		return nil, err
	}
	blocks := make([]supply.IssuedBlock, len(listed))
	for i, b := range listed {
		blocks[i] = supply.IssuedBlock{ID: b.ID, Quantity: b.Quantity}
	}
	return blocks, nil
}

// Again implements supply.Blocks.
func (n *national) Again(ctx context.Context, p supply.Product, orderID, blockID string) (supply.Block, error) {
	began := time.Now()
	b, err := n.client.For(p.Group).Retry(ctx, orderID, p.GTIN, blockID)
	return supply.Block{ID: b.ID, Codes: b.Codes}, n.heard("retry", began, err)
}

// Utilisation implements report.System.
func (n *national) Utilisation(r ledger.Report, codes []code.Code) ([]byte, error) {
	u := izkm.Utilisation{Group: r.Group, Groups: n.cfg.Table, Codes: codes, UsageType: r.Usage, ProductionLineID: r.Line, ProductionOrderID: r.Batch, SourceReportID: r.UUID}
	for _, l := range n.cfg.Lines {
		if l.Name == r.Line {
			u.SeriesNumber = l.Series
			u.ProductionDate, _ = time.Parse(time.RFC3339, l.ProductionDate) // config has checked both; empty: not sent
			u.ExpirationDate, _ = time.Parse(time.RFC3339, l.ExpirationDate)
		}
	}
	return izkm.EncodeUtilisation(u)
}

// Aggregation implements report.System.
func (n *national) Aggregation(r ledger.Report, units []ledger.AggregationUnit) ([]byte, error) {
	a := izkm.Aggregation{Group: r.Group, Groups: n.cfg.Table, ParticipantID: n.cfg.IZKM.ParticipantID, ProductionLineID: r.Line, ProductionOrderID: r.Batch, Date: r.CreatedAt}
	for _, u := range units {
		a.Units = append(a.Units, izkm.AggregationUnit{SerialNumber: u.Serial, Children: u.Children, Capacity: u.Capacity})
	}
	return izkm.EncodeAggregation(a)
}

// Send implements report.System.
func (n *national) Send(ctx context.Context, r ledger.Report, body []byte) (string, error) {
	began := time.Now()
	c := n.client.For(r.Group)
	if r.Kind == ledger.Aggregation {
		id, err := c.SendAggregation(ctx, body)
		return id, n.heard("send "+string(r.Kind), began, err)
	}
	id, err := c.SendUtilisation(ctx, body)
	return id, n.heard("send "+string(r.Kind), began, err)
}

// State implements report.System.
func (n *national) State(ctx context.Context, r ledger.Report) (report.State, string, error) {
	began := time.Now()
	s, err := n.client.For(r.Group).ReportState(ctx, r.ServerID)
	if n.heard("report", began, err) != nil {
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

// NeedsUtilisation implements report.System.
func (n *national) NeedsUtilisation(group string) bool {
	rules, ok := n.cfg.Table.Rules(group)
	return !ok || rules.ManualUtilisation
}
