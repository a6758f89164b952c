package supply_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm/izkmtest"
)

func TestStockIsFilled(t *testing.T) {
	tests := []struct {
		name               string
		low, order, block  int
		orders, codes, now int
	}{
		{name: "in equal blocks", low: 20, order: 30, block: 10, orders: 1, codes: 3, now: 30},
		{name: "with a short last block", low: 20, order: 25, block: 10, orders: 1, codes: 3, now: 25},
		{name: "in one block", low: 1, order: 5, block: 100, orders: 1, codes: 1, now: 5},
		{name: "by several orders", low: 50, order: 30, block: 30, orders: 2, codes: 2, now: 60},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				p.product.LowWater, p.product.OrderQuantity, p.product.BlockQuantity = test.low, test.order, test.block
				p.start()
				p.until("a full stock", p.full)
				p.sameCodes()
				p.noBreach()
				if p.stock() != test.now || p.count("POST orders") != test.orders || p.count("GET codes") != test.codes || p.count("POST buffer/close") != test.orders {
					t.Errorf("stock %d, want %d after %d orders in %d blocks; the calls: %s", p.stock(), test.now, test.orders, test.codes, p.calls())
				}
				if s := p.keeper.Status(); s.Stock != test.now || s.Trouble != "" || !strings.HasPrefix(s.Doing, "nothing") {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

// TestLowWater holds the order's moment: at the low water nothing is ordered, one code below it is.
func TestLowWater(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.start()
		p.until("a full stock", p.full)
		p.use(10)
		time.Sleep(time.Minute)
		if n := p.count("POST orders"); n != 1 {
			t.Errorf("%d orders at the low water of %d", n, p.stock())
		}
		p.use(1)
		p.until("the next order's codes", func() bool { return p.stock() == 49 })
		p.until("its end", p.full)
		if n := p.count("POST orders"); n != 2 {
			t.Errorf("%d orders, want 2", n)
		}
	})
}

// TestPendingOrderCounts: codes that are still being made are on their way; no second order is placed for them.
func TestPendingOrderCounts(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET orders" && p.count(call) < 10 {
				return answer(`{"omsId":%q,"orderInfos":[{"orderId":%q,"orderStatus":"PENDING","buffers":[{"gtin":%q,"bufferStatus":"PENDING","totalCodes":30}]}]}`,
					omsID, p.server.History().Orders[0].ID, bottle.GTIN)
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("a full stock", p.full)
		p.whole(1)
		if n := p.count("GET orders"); n != 10 {
			t.Errorf("the list was asked for %d times, want 10", n)
		}
	})
}

// TestLostOrderIsFound: the server has the order, so none is placed again (and none was taken twice).
func TestLostOrderIsFound(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.strike(mishaps[1], "POST orders", 1)
		p.start()
		p.until("a full stock", p.full)
		p.whole(1)
		if p.count("POST orders") != 1 || len(p.log.with("taken up")) != 1 {
			t.Errorf("ordered %d times; the log %q", p.count("POST orders"), p.log.all)
		}
	})
}

// TestLostOrderIsPlacedAgain: only after five minutes of lists that do answer, without it.
func TestLostOrderIsPlacedAgain(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "POST orders" && p.count(call) == 1 || call == "GET orders" && p.count(call) <= 10 {
				return izkmtest.Fault{Kind: izkmtest.Reset}
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("a full stock", p.full)
		p.whole(1)
		posts, lists := p.moments("POST orders"), p.moments("GET orders")
		if len(posts) != 2 {
			t.Fatalf("ordered at %v", posts)
		}
		if silent := lists[10].Sub(posts[0]); silent < time.Minute {
			t.Fatalf("the lists did not answer for %s only: this test shows nothing", silent)
		}
		if waited := posts[1].Sub(lists[10]); waited < 5*time.Minute || waited > 5*time.Minute+2*look {
			t.Errorf("placed again %s after the first list that answered, want 5m", waited)
		}
		if o := p.orders()[0]; o.State != ledger.Refused || !strings.Contains(o.Reason, "never arrived") {
			t.Errorf("the lost order stands as %+v", o)
		}
		if len(p.log.with("WARN an order whose answer was lost is not on the server")) != 1 {
			t.Errorf("the log does not say it: %q", p.log.all)
		}
	})
}

// TestForeignOrdersAreLeft: an order of another size or product in the list is not the lost one.
func TestForeignOrdersAreLeft(t *testing.T) {
	inBubble(t, func(p *plant) {
		other := p.product
		other.GTIN = "04780012345684"
		for _, foreign := range []supply.Product{other, p.product} {
			if _, err := p.system.Place(p.t.Context(), foreign, 31); err != nil {
				t.Fatal(err)
			}
		}
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "POST orders" && p.count(call) == 1 {
				return izkmtest.Fault{Kind: izkmtest.Reset}
			}
			return izkmtest.Fault{}
		})
		p.mu.Lock()
		p.arrivals = nil
		p.mu.Unlock()
		p.start()
		p.until("a full stock", p.full)
		if n := p.count("POST orders"); n != 2 {
			t.Errorf("ordered %d times, want 2: %s", n, p.calls())
		}
		for _, b := range p.server.History().Blocks {
			if b.OrderID != p.orders()[1].ServerID {
				t.Errorf("a block was taken of the foreign order %s", b.OrderID)
			}
		}
	})
}

func TestOrderIsRefused(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "POST orders" && p.count(call) < 4 {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"no contract","errorCode":700}],"success":false}`}
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("trouble", func() bool { return strings.Contains(p.keeper.Status().Trouble, "no contract") })
		p.until("a full stock", p.full)
		p.whole(1)
		if p.keeper.Status().Trouble != "" {
			t.Errorf("the trouble is still shown: %+v", p.keeper.Status())
		}
		if lines := p.log.with("WARN supply has trouble"); len(lines) != 1 {
			t.Errorf("the refusal is logged %d times, want once: %q", len(lines), lines)
		}
		for _, o := range p.orders()[:3] {
			if o.State != ledger.Refused || !strings.Contains(o.Reason, "no contract") {
				t.Errorf("a refused order stands as %+v", o)
			}
		}
		if n := p.count("GET orders"); n > 2 {
			t.Errorf("a clear no was looked for in the list %d times", n)
		}
	})
}

// TestOrderEndsWithoutCodes: rejected, expired and closed orders are ended with the server's reason, and
// the codes are ordered anew.
func TestOrderEndsWithoutCodes(t *testing.T) {
	tests := []struct {
		status string
		want   ledger.OrderState
	}{
		{"REJECTED", ledger.Refused}, {"EXPIRED", ledger.Expired}, {"CLOSED", ledger.Shut},
	}
	for _, test := range tests {
		t.Run(test.status, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				p.faults(func(call string, _ int) izkmtest.Fault {
					if orders := p.server.History().Orders; call == "GET orders" && len(orders) == 1 {
						return answer(`{"omsId":%q,"orderInfos":[{"orderId":%q,"orderStatus":"READY","createdTimestamp":946684800000,"buffers":[
							{"gtin":%q,"bufferStatus":%q,"rejectionReason":"no money","totalCodes":30,"leftInBuffer":0,"totalPassed":0}]}]}`,
							omsID, orders[0].ID, bottle.GTIN, test.status)
					}
					return izkmtest.Fault{}
				})
				p.start()
				p.until("trouble", func() bool { return strings.Contains(p.keeper.Status().Trouble, "no money") })
				p.until("a full stock", p.full)
				p.noBreach()
				if o := p.orders()[0]; o.State != test.want || o.Reason != "no money" || o.Stored != 0 {
					t.Errorf("the order stands as %+v, want %s", o, test.want)
				}
				if p.stock() != 30 || len(p.log.with("ended without its codes")) != 1 {
					t.Errorf("stock %d; the log %q", p.stock(), p.log.all)
				}
			})
		})
	}
}

// TestOrdersPause: an order costs money, so one that ended without its codes is followed by the next only
// after a pause that grows to an hour; codes that came in end it.
func TestOrdersPause(t *testing.T) {
	inBubble(t, func(p *plant) {
		var reject atomic.Bool
		reject.Store(true)
		p.faults(func(call string, _ int) izkmtest.Fault {
			if !reject.Load() || call != "GET orders" {
				return izkmtest.Fault{}
			}
			all := p.server.History().Orders
			return answer(`{"omsId":%q,"orderInfos":[{"orderId":%q,"orderStatus":"READY","buffers":[{"gtin":%q,"bufferStatus":"REJECTED","totalCodes":30}]}]}`,
				omsID, all[len(all)-1].ID, bottle.GTIN)
		})
		pauses := func(from int, want ...time.Duration) {
			p.t.Helper()
			p.until("the orders", func() bool { return p.count("POST orders") >= from+len(want)+1 })
			posts := p.moments("POST orders")[from:]
			for i, w := range want {
				if pause := posts[i+1].Sub(posts[i]); pause < w || pause > w+2*look {
					t.Errorf("order %d came %s after the one before, want %s", i+2, pause, w)
				}
			}
		}
		p.start()
		pauses(0, time.Minute, 5*time.Minute, 15*time.Minute)
		time.Sleep(time.Minute)
		if !strings.HasPrefix(p.keeper.Status().Doing, "a while") {
			t.Errorf("the status says %+v", p.keeper.Status())
		}
		reject.Store(false)
		p.until("a full stock", p.full)
		p.use(30)
		p.until("a full stock again", p.full)
		reject.Store(true)
		p.use(30)
		good := p.count("POST orders")
		pauses(good, time.Minute)
	})
}

// TestOrderNotListed: an order that the server gave an id to and does not list is waited for, and shown.
func TestOrderNotListed(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET orders" {
				return answer(`{"omsId":%q,"orderInfos":[]}`, omsID)
			}
			return izkmtest.Fault{}
		})
		p.start()
		time.Sleep(30 * time.Minute)
		if s := p.keeper.Status(); !strings.Contains(s.Trouble, "not in the server's list") || p.count("POST orders") != 1 {
			t.Errorf("ordered %d times, the status says %+v", p.count("POST orders"), s)
		}
		p.faults(nil)
		p.until("a full stock", p.full)
		p.whole(1)
	})
}

// TestRetryAfterIsKept: the server's wish is kept to the second, however short the own pause would be.
func TestRetryAfterIsKept(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for _, target := range []string{"POST orders", "GET orders", "GET codes", "POST buffer/close"} {
			t.Run(fmt.Sprint(status, " ", target), func(t *testing.T) {
				inBubble(t, func(p *plant) {
					p.strike(mishap{fault: izkmtest.Fault{Kind: izkmtest.Status, Status: status, RetryAfter: 200 * time.Second}}, target, 1)
					p.start()
					p.until("a full stock", p.full)
					p.mu.Lock()
					defer p.mu.Unlock()
					for i, a := range p.arrivals {
						if a.call == target {
							if pause := p.arrivals[i+1].at.Sub(a.at); pause < 200*time.Second || pause > 200*time.Second+look {
								t.Errorf("%s came %s later, want 200s", p.arrivals[i+1].call, pause)
							}
							break
						}
					}
				})
			})
		}
	}
}

// TestCloseIsRefused: a fully taken order closes by itself; nothing hangs on it.
func TestCloseIsRefused(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.strike(mishap{fault: izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}}, "POST buffer/close", 1)
		p.start()
		p.until("a full stock", p.full)
		p.sameCodes()
		if o := p.orders()[0]; o.State != ledger.Shut || p.count("POST buffer/close") != 1 || len(p.log.with("would not close")) != 1 {
			t.Errorf("order %+v, closed %d times, the log %q", o, p.count("POST buffer/close"), p.log.all)
		}
	})
}

// TestP9_Outage: an outage stands in the status as long as it lasts and leaves no line in this log (who owns
// the access writes one); the pauses between two tries grow to a minute.
func TestP9_Outage(t *testing.T) {
	inBubble(t, func(p *plant) {
		began := time.Now()
		p.faults(func(_ string, n int) izkmtest.Fault {
			if time.Since(began) > time.Hour {
				return izkmtest.Fault{}
			}
			return []izkmtest.Fault{{Kind: izkmtest.Reset}, {Kind: izkmtest.HTML}, {Kind: izkmtest.Status, Status: 502}, {Kind: izkmtest.Status, Status: 401}}[n%4]
		})
		p.start()
		for range 6 {
			time.Sleep(9 * time.Minute)
			if p.keeper.Status().Trouble == "" {
				t.Error("the outage is not in the status")
			}
		}
		if n := len(p.moments("GET orders")); n < 55 || n > 130 {
			t.Errorf("the list was asked for %d times in an hour of outage, want one in half a minute to a minute", n)
		}
		p.until("a full stock", p.full)
		if lines := p.log.with("trouble"); len(lines) != 0 || p.keeper.Status().Trouble != "" {
			t.Errorf("status %+v; the log %q", p.keeper.Status(), lines)
		}
	})
}

func TestUnknownGroup(t *testing.T) {
	k := supply.Keeper{Product: supply.Product{Product: ledger.Product{Name: "soap", Group: "soap", Type: code.Unit}}, Log: slog.New(slog.DiscardHandler)}
	var unknown *code.UnknownProfileError
	if err := k.Run(context.Background()); !errors.As(err, &unknown) {
		t.Errorf("Run returned %v", err)
	}
}

// answer is status 200 with a body of the test's own.
func answer(format string, args ...any) izkmtest.Fault {
	return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusOK, Body: fmt.Sprintf(format, args...)}
}

// use takes codes out of stock, as a line does.
func (p *plant) use(n int) {
	p.t.Helper()
	lot, err := p.ledger.Load().Lot(context.Background(), "3", p.product.ID, "B1")
	p.must(err)
	claims, err := p.ledger.Load().Claim(context.Background(), "3/mark", lot, n)
	p.must(err)
	if len(claims) != n {
		p.t.Fatalf("%d codes claimed, want %d", len(claims), n)
	}
}

// moments says when each of these calls has arrived.
func (p *plant) moments(call string) []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	var at []time.Time
	for _, a := range p.arrivals {
		if a.call == call {
			at = append(at, a.at)
		}
	}
	return at
}
