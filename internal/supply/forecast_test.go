package supply_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/retry"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestForecast: the stock covers the configured hours at the measured speed, by one order of what is missing.
func TestForecast(t *testing.T) {
	inBubble(t, func(p *plant) {
		var speed atomic.Int64
		p.product.Cover = 8 * time.Hour
		p.speed = func() float64 { return float64(speed.Load()) }
		p.start()
		p.until("a full stock", p.full)
		if p.stock() != 30 {
			t.Errorf("%d codes in stock without a speed, want one order", p.stock())
		}
		speed.Store(25) // an hour: 200 are needed
		p.until("a full stock", func() bool { return p.stock() >= 200 && len(p.openOrders()) == 0 })
		all := p.orders()
		if len(all) != 2 || all[1].Quantity != 170 {
			t.Errorf("the orders are %+v", all)
		}
		p.noBreach()
	})
}

// TestTooManyOpenOrders: the system takes 100; the hundred-and-first is not sent, and people are told.
func TestTooManyOpenOrders(t *testing.T) {
	inBubble(t, func(p *plant) {
		l := p.ledger.Load()
		other := must(l.Product(t.Context(), ledger.Product{Name: "other", GTIN: "14780012345674", Group: "water", Type: "GROUP"}))
		var ids []ledger.OrderID
		for i := range 100 {
			id := must(l.PlaceOrder(t.Context(), other, 5))
			p.must(l.SetOrder(t.Context(), id, fmt.Sprint("o", i), ledger.Active, ""))
			ids = append(ids, id)
		}
		p.start()
		p.until("the alarm", func() bool { return len(p.log.with("100 orders are open")) == 1 })
		if n := p.count("POST orders"); n != 0 || !strings.HasPrefix(p.keeper.Status().Doing, "fewer open orders") {
			t.Errorf("%d orders were sent; it does %+v", n, p.keeper.Status())
		}
		p.must(l.SetOrder(t.Context(), ids[0], "", ledger.Shut, ""))
		p.until("an order", func() bool { return p.count("POST orders") == 1 })
	})
}

// TestNothingLeft: an order that certainly was not sent leaves nothing to look for, and a closed gate
// keeps it from being tried.
func TestNothingLeft(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.system.ready = &retry.ClosedError{Since: time.Now(), Cause: "away"}
		p.start()
		time.Sleep(10 * time.Minute)
		if n := p.count("POST orders"); n != 0 || len(p.orders()) != 0 {
			t.Errorf("%d orders were sent, %+v written down", n, p.orders())
		}
	})
	inBubble(t, func(p *plant) {
		tries := 0
		p.system.place = func() error {
			if tries++; tries < 4 {
				return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			}
			return nil
		}
		p.start()
		p.until("a full stock", p.full)
		if all := p.orders(); len(all) != 1 || tries != 4 {
			t.Errorf("after %d tries the orders are %+v", tries, all)
		}
		p.whole(1)
	})
}

// TestSelfClosingIsTold: the last block of an order was lost, and nothing brings it back: people are told a day
// before the order closes by itself.
func TestSelfClosingIsTold(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			switch {
			case call == "GET codes" && p.count(call) == 3: // of three
				return izkmtest.Fault{Kind: izkmtest.Reset, After: true}
			case (call == "GET codes/retry" || call == "GET codes/blocks") && p.count("GET codes") >= 3:
				return izkmtest.Fault{Kind: izkmtest.Status, Status: 500}
			}
			return izkmtest.Fault{}
		})
		p.start()
		time.Sleep(23 * time.Hour)
		if told := p.log.with("closes by itself"); len(told) != 0 {
			t.Errorf("told too early: %q", told)
		}
		time.Sleep(3 * time.Hour)
		if told := p.log.with("closes by itself in 2"); len(told) == 0 || len(told) > 4 {
			t.Errorf("told %d times: %q", len(told), told)
		}
		time.Sleep(26 * time.Hour)
		if told := p.log.with("may have closed by itself"); len(told) == 0 {
			t.Error("nothing is said after two days")
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestDeniedAfterTheWork: a gateway denies the access when the work was done: no order is placed twice, no
// block is asked for without a look at those that were issued.
func TestDeniedAfterTheWork(t *testing.T) {
	for _, call := range []string{"POST orders", "GET codes"} {
		t.Run(call, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				struck := false
				p.faults(func(called string, _ int) izkmtest.Fault {
					if called == call && !struck {
						struck = true
						return izkmtest.Fault{Kind: izkmtest.Status, Status: 403, After: true}
					}
					return izkmtest.Fault{}
				})
				p.start()
				p.until("a full stock", p.full)
				p.whole(1)
			})
		})
	}
}

// TestOrderGoneFromTheList: an order that the server does not list any more holds up supply for an hour.
func TestOrderGoneFromTheList(t *testing.T) {
	inBubble(t, func(p *plant) {
		l := p.ledger.Load()
		id := must(l.PlaceOrder(p.t.Context(), p.product.ID, 30))
		p.must(l.SetOrder(p.t.Context(), id, "0cdf2109-10d3-11e6-8b6f-0050569977a1", ledger.Pending, ""))
		p.start()
		time.Sleep(50 * time.Minute)
		if n := p.count("POST orders"); n != 0 {
			t.Errorf("%d orders in the first hour", n)
		}
		p.until("a full stock", func() bool { return p.stock() == 30 })
		if told := p.log.with("is not in the server's list any more"); len(told) == 0 {
			t.Error("nobody was told")
		}
	})
}
