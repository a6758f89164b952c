package izkmtest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// states returns the status of every order, the oldest first, with those of its buffers.
func (x *site) states() []string {
	x.t.Helper()
	var list []string
	for _, info := range x.ok("GET", "orders", "").OrderInfos {
		text := info.Status
		for _, b := range info.Buffers {
			text += " " + b.Status
		}
		list = append([]string{text}, list...)
	}
	return list
}

func (x *site) inState(want ...string) {
	x.t.Helper()
	if got := x.states(); !reflect.DeepEqual(got, want) {
		x.t.Errorf("%q, want %q", got, want)
	}
	var known []string
	for _, o := range x.srv.History().Orders {
		text := o.Status
		for _, u := range o.Suborders {
			text += " " + u.Status
		}
		known = append(known, text)
	}
	if !reflect.DeepEqual(known, want) {
		x.t.Errorf("history says %q, want %q", known, want)
	}
}

func gtin(i int) string { return fmt.Sprintf("0478010116%04d", i) }

func TestCourse(t *testing.T) {
	clk := newClock()
	var log bytes.Buffer
	ways := map[string]Course{
		gtin(1): {},
		gtin(2): {After: 10 * time.Second},
		gtin(3): {After: 20 * time.Second, Rejection: "200: К участнику не подключена товарная группа"},
		gtin(4): {Expires: 30 * time.Second},
		gtin(5): {Created: 6 * time.Second, After: 8 * time.Second},
		gtin(6): {Rejection: "no contract"},
		gtin(7): {After: time.Hour, Expires: 9 * time.Second},
		gtin(8): {Rejection: "too late for that", Expires: 30 * time.Second},
	}
	var asked []Order
	x := newSite(t, "water", Options{Now: clk.now, Log: &log, OrderDelay: 4 * time.Second, Course: func(o Order, u Suborder) Course {
		asked = append(asked, o)
		return ways[u.GTIN]
	}})
	row := func(i int) fields { return productRow(gtin(i), "UNIT", 3) }
	expect := func(want time.Duration, rows ...fields) string {
		t.Helper()
		a := x.ok("POST", "orders", text(t, fields{"products": rows, "releaseMethodType": "PRODUCTION"}))
		if a.Expected != want.Milliseconds() {
			t.Errorf("expected in %d ms, want %v", a.Expected, want)
		}
		return a.OrderID
	}
	many := expect(20*time.Second, row(1), row(2), row(3), row(4))
	expect(8*time.Second, row(5))
	expect(20*time.Second, row(6), row(3))
	expect(time.Hour, row(7), row(8))
	expect(4*time.Second, row(4))
	x.inState("CREATED PENDING PENDING PENDING PENDING", "CREATED PENDING", "CREATED PENDING PENDING", "CREATED PENDING PENDING", "CREATED PENDING")
	clk.pass(4 * time.Second)
	x.inState("READY ACTIVE PENDING PENDING ACTIVE", "CREATED PENDING", "READY REJECTED PENDING", "READY PENDING REJECTED", "READY ACTIVE")
	clk.pass(2 * time.Second)
	x.inState("READY ACTIVE PENDING PENDING ACTIVE", "PENDING PENDING", "READY REJECTED PENDING", "READY PENDING REJECTED", "READY ACTIVE")
	clk.pass(3 * time.Second)
	x.inState("READY ACTIVE PENDING PENDING ACTIVE", "READY ACTIVE", "READY REJECTED PENDING", "EXPIRED EXPIRED REJECTED", "READY ACTIVE")
	took := x.ok("GET", "codes", "", "orderId", many, "gtin", gtin(4), "quantity", "2")
	x.take(many, gtin(1), 3, 3)
	clk.pass(11 * time.Second)
	x.inState("READY EXHAUSTED ACTIVE REJECTED ACTIVE", "READY ACTIVE", "REJECTED REJECTED REJECTED", "EXPIRED EXPIRED REJECTED", "READY ACTIVE")
	clk.pass(10 * time.Second)
	x.inState("READY EXHAUSTED ACTIVE REJECTED EXPIRED", "READY ACTIVE", "REJECTED REJECTED REJECTED", "EXPIRED EXPIRED REJECTED", "EXPIRED EXPIRED")

	infos := x.ok("GET", "orders", "").OrderInfos
	if got, want := infos[2].Decline, "no contract; "+ways[gtin(3)].Rejection; got != want || infos[2].Buffers[0].Rejection != "no contract" {
		t.Errorf("declined for %q, want %q", got, want)
	}
	if first := infos[4]; first.Decline != "" || first.Buffers[2].Rejection != ways[gtin(3)].Rejection || first.Buffers[0].Rejection != "" ||
		first.Buffers[2].Left != 3 || first.Buffers[3].Passed != 2 {
		t.Errorf("%+v", first)
	}
	h := x.srv.History()
	if o := h.Orders[2]; o.DeclineReason != infos[2].Decline || o.Suborders[0].RejectionReason != "no contract" || h.Orders[0].DeclineReason != "" {
		t.Errorf("%+v", o)
	}
	for status, n := range map[string]int{"CREATED": 0, "PENDING": 0, "READY": 2, "REJECTED": 1, "CLOSED": 0, "EXPIRED": 2} {
		if got := x.ok("GET", "orders", "", "status", status).OrderInfos; len(got) != n {
			t.Errorf("%d orders are %s, want %d", len(got), status, n)
		}
	}
	if o := asked[0]; o.ID != many || o.Group != "water" || o.Status != "CREATED" || len(o.Suborders) != 4 || o.Suborders[1] !=
		(Suborder{GTIN: gtin(2), Type: "UNIT", Status: "PENDING", Total: 3}) {
		t.Errorf("asked with %+v", o)
	}

	// Nobody can foresee an expiry, and what was issued before it can be read again.
	q := []string{"orderId", many, "gtin", gtin(4)}
	status, a := x.do(x.request("GET", "codes", "", append(q, "quantity", "1", "lastBlockId", took.BlockID)...))
	if status != 400 || !strings.Contains(a.raw, "EXPIRED") {
		t.Errorf("%d %s", status, a.raw)
	}
	if a := x.ok("GET", "codes/retry", "", q...); !reflect.DeepEqual(a.Codes, took.Codes) {
		t.Error(a.raw)
	}
	if b := x.srv.History().Breaches; len(b) > 0 {
		t.Errorf("breaches %q", b)
	}
	x.refused(x.request("GET", "codes", "", "orderId", many, "gtin", gtin(3), "quantity", "1"), 400, codeState, "is REJECTED")

	// Closing changes only what has not ended.
	x.ok("POST", "buffer/close", "", "orderId", infos[2].OrderID)
	x.ok("POST", "buffer/close", "", q...)
	x.ok("POST", "buffer/close", "", "orderId", many)
	x.inState("CLOSED CLOSED CLOSED REJECTED EXPIRED", "READY ACTIVE", "REJECTED REJECTED REJECTED", "EXPIRED EXPIRED REJECTED", "EXPIRED EXPIRED")
	again := New(Options{Now: clk.now})
	if err := again.Restore(&log); err != nil || !reflect.DeepEqual(again.History(), x.srv.History()) {
		t.Errorf("restored as %+v, %v", again.History(), err)
	}
}

func TestEndedOrdersAreNotActive(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now, Course: func(o Order, u Suborder) Course {
		return map[string]Course{gtin(1): {Rejection: "no"}, gtin(2): {Expires: time.Second}}[u.GTIN]
	}})
	for range 60 {
		x.order(productRow(gtin(1), "UNIT", 1))
	}
	for range 50 {
		x.order(productRow(gtin(2), "UNIT", 1))
	}
	for range 50 {
		x.order(productRow(gtin(3), "UNIT", 1))
	}
	body := text(t, fields{"products": []fields{productRow(gtin(3), "UNIT", 1)}, "releaseMethodType": "PRODUCTION"})
	x.refused(x.request("POST", "orders", body), 400, codeLimit, "100 active orders, at most 100")
	clk.pass(time.Second)
	x.ok("POST", "orders", body)
}

func TestSuborderClosesByItself(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now})
	id := x.order(productRow(gtin(1), "UNIT", 3), productRow(gtin(2), "UNIT", 2), productRow(gtin(3), "UNIT", 2))
	lost := x.take(id, gtin(1), 3, 2)[2:] // the first block is acknowledged by taking the second
	x.take(id, gtin(2), 2, 2)
	x.take(id, gtin(3), 2, 1)
	x.ok("POST", "buffer/close", "", "orderId", id, "gtin", gtin(2))
	x.ok("GET", "codes/retry", "", "orderId", id, "gtin", gtin(1))
	clk.pass(47 * time.Hour)
	x.inState("READY EXHAUSTED CLOSED EXHAUSTED")
	x.ok("POST", "buffer/close", "", "orderId", id, "gtin", gtin(3))
	x.ok("GET", "codes/retry", "", "orderId", id, "gtin", gtin(1))
	if l := x.srv.History().Lapsed(); len(l) > 0 {
		t.Errorf("lapsed too early: %+v", l)
	}
	clk.pass(time.Hour + time.Second)
	x.inState("CLOSED CLOSED CLOSED CLOSED")
	x.refused(x.request("GET", "codes/retry", "", "orderId", id, "gtin", gtin(1)), 400, codeState, "is CLOSED")
	x.ok("POST", "buffer/close", "", "orderId", id) // too late: it does no harm and no good
	h := x.srv.History()
	lapsed := h.Lapsed()
	if len(lapsed) != 1 || lapsed[0].Full != lost[0] || h.Blocks[0].Lapsed || !h.Blocks[1].Lapsed || h.Blocks[1].Closed {
		t.Errorf("%+v of blocks %+v", lapsed, h.Blocks)
	}
}
