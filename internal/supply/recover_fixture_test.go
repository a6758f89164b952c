package supply_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
	"linemark/internal/upstream/izkm/izkmtest"
)

// memory is IZKM as a Recovery needs it. It turns every list around, for the document promises no
// order, and tells before and after each call. A timeless one says when nothing was, and leaves
// the lists of blocks as they are.
type memory struct {
	p        *plant
	around   func(n int, after bool) // n counts the calls from 1
	calls    int
	timeless bool
}

func (m *memory) begin() func() {
	m.calls++
	n := m.calls
	m.around(n, false)
	return func() { m.around(n, true) }
}

func (m *memory) Placed(ctx context.Context, p supply.Product) ([]supply.PastOrder, error) {
	defer m.begin()()
	states := map[string]ledger.OrderState{
		izkm.StatusPending: ledger.Pending, izkm.StatusActive: ledger.Active, izkm.StatusExhausted: ledger.Exhausted,
		izkm.StatusClosed: ledger.Shut, izkm.StatusRejected: ledger.Refused, izkm.StatusExpired: ledger.Expired,
	}
	listed, err := m.p.client.Orders(ctx, izkm.OrdersQuery{})
	var orders []supply.PastOrder
	for _, o := range listed {
		if b, ok := o.Buffer(p.GTIN); ok {
			if m.timeless {
				o.Created = time.Time{}
			}
			orders = append(orders, supply.PastOrder{Placed: o.Created, Issued: b.Passed,
				ServerOrder: supply.ServerOrder{ID: o.ID, GTIN: b.GTIN, Quantity: b.Total, State: states[b.Status], Reason: b.Reason}})
		}
	}
	return orders, err
}

func (m *memory) Given(ctx context.Context, p supply.Product, orderID string) ([]supply.PastBlock, error) {
	defer m.begin()()
	listed, err := m.p.client.Blocks(ctx, orderID, p.GTIN)
	var blocks []supply.PastBlock
	if !m.timeless {
		slices.Reverse(listed)
	}
	for _, b := range listed {
		if m.timeless {
			b.At = time.Time{}
		}
		blocks = append(blocks, supply.PastBlock{IssuedBlock: supply.IssuedBlock{ID: b.ID, Quantity: b.Quantity}, At: b.At})
	}
	return blocks, err
}

func (m *memory) Again(ctx context.Context, p supply.Product, orderID, blockID string) (supply.Block, error) {
	defer m.begin()()
	b, err := m.p.client.Retry(ctx, orderID, p.GTIN, blockID)
	return supply.Block{ID: b.ID, Codes: b.Codes}, err
}

// dieAt lets the agent be killed at the n-th request of a call: before it is carried out, or after.
func (p *plant) dieAt(call string, n int, after bool) {
	p.faults(func(arrived string, _ int) izkmtest.Fault {
		if arrived != call || p.count(call) != n {
			return izkmtest.Fault{}
		}
		p.die()
		return izkmtest.Fault{Kind: izkmtest.Reset, After: after}
	})
}

// lose takes the ledger away and opens another one, as a new PC does. What the server counts as
// received is not in it: the watch is off until the keeper works again.
func (p *plant) lose() {
	p.t.Helper()
	<-p.ended
	p.kill()
	p.must(p.ledger.Load().Close())
	p.dir = p.t.TempDir()
	p.open()
	p.loosen(true)
	p.faults(nil)
}

func (p *plant) loosen(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loose = on
}

// recover runs a recovery to its end; around is told of its calls, and may be nil.
func (p *plant) recover(ctx context.Context, around func(n int, after bool)) ([]supply.Recovered, error) {
	if around == nil {
		around = func(int, bool) {}
	}
	return p.recoverFrom(ctx, &memory{p: p, around: around})
}

func (p *plant) recoverFrom(ctx context.Context, m *memory) ([]supply.Recovered, error) {
	r := supply.Recovery{Product: p.product, Ledger: p.ledger.Load(), Past: m, Log: slog.New(p.log)}
	return r.Run(ctx)
}

// recovered runs a recovery that must succeed.
func (p *plant) recovered() []supply.Recovered {
	p.t.Helper()
	all, err := p.recover(p.t.Context(), nil)
	p.must(err)
	return all
}

// state is all that the ledger says, to see whether a run has changed anything.
func (p *plant) state() string {
	p.t.Helper()
	var b strings.Builder
	for _, o := range p.orders() {
		fmt.Fprintf(&b, "%+v %+v\n", o, p.blocks(o))
	}
	for _, h := range p.held() {
		fmt.Fprintf(&b, "%+v\n", h)
	}
	return b.String()
}

// allDoubtful says that every code that the server has issued is in the ledger, as doubtful, in
// the order of issue, and that nothing is in stock.
func (p *plant) allDoubtful() {
	p.t.Helper()
	p.sameCodes()
	p.account()
	held := p.held()
	for i, c := range p.server.History().Codes {
		if i < len(held) && (string(held[i].Code) != c.Full || held[i].State != ledger.Doubtful) {
			p.t.Fatalf("code %d is %q, %s; the server issued %q", i, held[i].Code, held[i].State, c.Full)
		}
	}
	if p.stock() != 0 {
		p.t.Errorf("%d recovered codes are in stock", p.stock())
	}
}

// lostInMidOrder is a plant that has lost its ledger after two of its order's three blocks.
func lostInMidOrder(t *testing.T, test func(p *plant)) {
	inBubble(t, func(p *plant) {
		p.dieAt("GET codes", 3, false)
		p.start()
		p.lose()
		time.Sleep(time.Hour)
		test(p)
	})
}
