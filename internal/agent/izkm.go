package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/retry"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
)

// national is IZKM as supply and report need it. It also remembers how the last call went, so
// that an outage is logged once and seen in the status.
type national struct {
	papers
	client   *izkm.Client
	log      *slog.Logger
	gate     retry.Gate
	alarm    func(place, text string)
	now      func() time.Time               // the wall clock; nil: time.Now
	compared struct{ mono, wall time.Time } // when the clocks were compared last
	newest   time.Time                      // of the journal when this run began; zero: it was empty
	ends     time.Time                      // of this PC's own certificate; zero: it has none

	mu     sync.Mutex
	access Access
	skewed bool // the clock's difference was told
	// answered says that the system has answered in this run, with its time or without.
	answered bool
	away     map[string]time.Time // what it did not answer when last asked, by the method's name, and when that was
}

// Access tells how the national system answers.
type Access struct {
	OK    bool      `json:"ok"`
	Since time.Time `json:"since"`
	Error string    `json:"error,omitempty"` // of the last call
	// Closed is since when nothing but probes is sent, because nothing was answered; null: calls go out.
	Closed *time.Time `json:"closed,omitempty"`
	// Skew is the system's clock minus this PC's, in whole seconds; null while nothing was answered.
	Skew *int `json:"clock_skew_s,omitempty"`
	// Certificate is when this PC's own certificate ends, where it has one.
	Certificate *time.Time `json:"certificate_ends,omitempty"`
}

// tripAfter outages in a row close the gate: then only the watch asks, until it is answered.
const tripAfter = 5

// ask makes one call in its turn and records how it went. A call that the closed gate holds back
// is not made.
func (n *national) ask(ctx context.Context, method string, call func() error) error {
	if err := n.gate.Enter(ctx, method == probe); err != nil {
		return err
	}
	began := time.Now()
	err := call()
	if !errors.Is(err, context.Canceled) {
		n.gate.Leave(err)
	}
	return n.heard(method, began, err)
}

// probe is the method that asks also while the gate is closed.
const probe = "ping"

// maxSkew is how far this PC's clock may be from the system's before people are told: it checks the
// dates of production.
const maxSkew = time.Minute

// clock hears how far the system's clock is ahead of this PC's.
func (n *national) clock(skew time.Duration) {
	seconds := int(skew.Round(time.Second) / time.Second)
	off := skew.Abs() > maxSkew
	n.mu.Lock()
	n.access.Skew = &seconds
	n.compared.mono, n.compared.wall = time.Now(), n.wall()
	told := n.skewed
	n.skewed = off
	n.mu.Unlock()
	if off && !told && n.alarm != nil {
		n.alarm("national system", fmt.Sprintf("its clock is %d s from this PC's: set the PC's clock, for the dates of production are checked", seconds))
	}
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
	n.answered = n.answered || answered
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
	closed, _ := n.gate.Closed()
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.access
	if !closed.IsZero() {
		a.Closed = &closed
	}
	if !n.ends.IsZero() {
		a.Certificate = &n.ends
	}
	return a
}

// pingEvery is how often the national system is asked whether it is there, so that an outage is
// seen before the next order or report needs it.
const pingEvery = 30 * time.Second

// pingAway is how often it is asked while it is away, so that its return is seen soon.
const pingAway = 3 * time.Second

func (n *national) watch(ctx context.Context) error {
	for {
		n.ask(ctx, probe, func() error { return n.client.Ping(ctx) }) //nolint:errcheck // it is kept and logged
		// Others may find the system away meanwhile: then the pause is a short one.
		for asked := time.Now(); time.Since(asked) < n.pause(); {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(min(pingAway, n.pause()-time.Since(asked))):
			}
		}
	}
}

// Ready implements supply.Orders: nothing is ordered or taken while the system does not answer.
func (n *national) Ready() error {
	if since, cause := n.gate.Closed(); !since.IsZero() {
		return &retry.ClosedError{Since: since, Cause: cause}
	}
	return nil
}

// Place implements supply.Orders.
func (n *national) Place(ctx context.Context, p supply.Product, quantity int) (string, error) {
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
func (n *national) Close(ctx context.Context, p supply.Product, orderID, lastBlock string) error {
	return n.ask(ctx, "close", func() error { return n.client.For(p.Group).CloseBuffer(ctx, orderID, p.GTIN, lastBlock) })
}

// Take implements supply.Blocks.
func (n *national) Take(ctx context.Context, p supply.Product, orderID string, quantity int, last string) (supply.Block, error) {
	var b izkm.Block
	err := n.ask(ctx, "codes", func() (err error) {
		b, err = n.client.For(p.Group).Codes(ctx, orderID, p.GTIN, quantity, last)
		return err
	})
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}

// Issued implements supply.Blocks.
func (n *national) Issued(ctx context.Context, p supply.Product, orderID string) ([]supply.IssuedBlock, error) {
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
func (n *national) Again(ctx context.Context, p supply.Product, orderID, blockID string) (supply.Block, error) {
	var b izkm.Block
	err := n.ask(ctx, "retry", func() (err error) {
		b, err = n.client.For(p.Group).Retry(ctx, orderID, p.GTIN, blockID)
		return err
	})
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}

// Send implements report.System.
func (n *national) Send(ctx context.Context, r ledger.Report, body []byte) (string, error) {
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
func (n *national) State(ctx context.Context, r ledger.Report) (report.State, string, error) {
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
