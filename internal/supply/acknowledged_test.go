package supply_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// mishap is one thing that can befall a call. at says when the agent is killed: 0 never.
type mishap struct {
	name  string
	fault izkmtest.Fault
	at    moment
}

type moment int

const (
	beforeCall moment = iota + 1 // the intent may be on disk, nothing has left
	inFlight                     // the request has left, its answer finds nobody
	afterCall                    // the answer has come, nothing of it is on disk
)

// mishaps: what a lost answer, a broken one and a killed agent look like.
var mishaps = []mishap{
	{name: "reset before the work", fault: izkmtest.Fault{Kind: izkmtest.Reset}},
	{name: "reset after the work", fault: izkmtest.Fault{Kind: izkmtest.Reset, After: true}},
	{name: "half an answer", fault: izkmtest.Fault{Kind: izkmtest.Half}},
	{name: "500 after the work", fault: izkmtest.Fault{Kind: izkmtest.Status, Status: 500, After: true}},
	{name: "a gateway's page after the work", fault: izkmtest.Fault{Kind: izkmtest.HTML, After: true}},
	{name: "silence after the work", fault: izkmtest.Fault{After: true, Delay: time.Minute}},
	{name: "access denied", fault: izkmtest.Fault{Kind: izkmtest.Status, Status: 401}},
	{name: "killed before the call", at: beforeCall},
	{name: "killed while the answer is on its way", at: inFlight},
	{name: "killed with the answer in memory", at: afterCall},
}

// strike lets the mishap befall the n-th request of a call, once. A call that stands behind, with its
// number, loses its answer before that.
func (p *plant) strike(m mishap, call string, n int, before ...any) {
	p.faults(func(arrived string, _ int) izkmtest.Fault {
		switch {
		case len(before) > 0 && arrived == before[0] && p.count(arrived) == before[1]:
			return izkmtest.Fault{Kind: izkmtest.Reset, After: true}
		case arrived != call || p.count(call) != n:
			return izkmtest.Fault{}
		case m.at == inFlight:
			p.die()
		}
		return m.fault
	})
	made, died := map[string]int{}, false
	p.system.around = func(called string, after bool) {
		if called == call && !after {
			made[called]++
		}
		if !died && called == call && made[called] == n && (after && m.at == afterCall || !after && m.at == beforeCall) {
			died = true
			p.die()
		}
	}
}

// TestP4Acknowledged strikes every call of an order's life with every mishap. Whatever happens,
// each issued block ends in the ledger exactly once, no block is acknowledged that the ledger
// lacks (plant.watch holds that at every request), and a lost block is read again before
// anything new is asked for.
func TestP4Acknowledged(t *testing.T) {
	targets := []struct {
		call string
		n    int
	}{
		{"POST orders", 1}, {"GET codes/blocks", 1}, {"GET codes", 1}, {"GET codes", 2}, {"GET codes", 3},
		{"GET codes/blocks", 2}, {"POST buffer/close", 1},
	}
	for _, target := range targets {
		t.Run(target.call, func(t *testing.T) {
			for _, m := range mishaps {
				t.Run(m.name, func(t *testing.T) {
					inBubble(t, func(p *plant) {
						p.strike(m, target.call, target.n)
						p.start()
						p.until("a full stock", p.full)
						p.whole(1)
						issued := m.fault.After || m.fault.Kind == izkmtest.Half || m.fault.Kind == izkmtest.Cut || m.at == inFlight || m.at == afterCall
						if lost := target.call == "GET codes" && issued; lost != (p.count("GET codes/retry") > 0) {
							t.Errorf("read again %d times: %s", p.count("GET codes/retry"), p.calls())
						}
					})
				})
			}
		})
	}
}

// TestP4LostTwice loses a block, and then the answer that would bring it back.
func TestP4LostTwice(t *testing.T) {
	for _, m := range mishaps {
		for _, call := range []string{"GET codes/blocks", "GET codes/retry"} {
			t.Run(call+": "+m.name, func(t *testing.T) {
				inBubble(t, func(p *plant) {
					n := map[string]int{"GET codes/blocks": 2, "GET codes/retry": 1}[call]
					p.strike(m, call, n, "GET codes", 2)
					p.start()
					p.until("a full stock", p.full)
					p.whole(1)
				})
			})
		}
	}
}

// TestP4Storm lets everything go wrong at once, with a kill before or after one call in ten. The list of
// orders is spared the kills: a lost order is looked for during five minutes of one life.
func TestP4Storm(t *testing.T) {
	for seed := range uint64(3) {
		inBubble(t, func(p *plant) {
			storm := izkmtest.Storm(seed, 0.15, 0.2, 0.1)
			random := rand.New(rand.NewPCG(seed, 4))
			counts := map[string]int{}
			p.faults(func(call string, _ int) izkmtest.Fault {
				p.mu.Lock()
				defer p.mu.Unlock()
				counts[call]++
				return storm(http.MethodGet, call, counts[call])
			})
			p.system.around = func(call string, _ bool) {
				if call != "GET orders" && random.IntN(20) == 0 {
					p.die()
				}
			}
			p.start()
			for range 3 {
				p.until("a full stock", p.full)
				lot, err := p.ledger.Load().Lot(p.t.Context(), "3", p.product.ID, "B1")
				p.must(err)
				_, err = p.ledger.Load().Claim(p.t.Context(), "3/mark", lot, p.stock())
				p.must(err)
			}
			p.until("a full stock", p.full)
			p.faults(nil)
			p.system.around = func(string, bool) {}
			p.whole(4)
		})
	}
}

// whole checks an end at which everything is received and closed.
func (p *plant) whole(orders int) {
	p.t.Helper()
	p.sameCodes()
	p.noBreach()
	h := p.server.History()
	if len(h.Orders) != orders {
		p.t.Errorf("%d orders on the server, want %d", len(h.Orders), orders)
	}
	if len(h.Blocks) != 3*orders {
		p.t.Errorf("%d blocks on the server, want %d", len(h.Blocks), 3*orders)
	}
	for _, b := range h.Blocks {
		if !b.Closed {
			p.t.Errorf("block %s is not closed", b.ID)
		}
	}
	closed := 0
	for _, o := range p.orders() {
		if o.State == ledger.Shut {
			closed++
		}
	}
	if closed != orders {
		p.t.Errorf("%d orders are closed in the ledger, want %d: %+v", closed, orders, p.orders())
	}
}
