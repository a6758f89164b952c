package izkmtest

import (
	"bytes"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWalk(t *testing.T) {
	for _, group := range []string{"tobacco", "alcohol", "beer", "water", "pharma", "appliances"} {
		t.Run(group, func(t *testing.T) {
			x := newSite(t, group, Options{Seed: 7})
			if a := x.ok("GET", "ping", ""); a.Success == nil || !*a.Success || a.OMSID != testOMS {
				t.Fatalf("ping: %s", a.raw)
			}
			rows := []fields{productRow(testGTIN, "UNIT", 25)}
			g, _ := groupOf(group)
			if g.pack != nil {
				rows = append(rows, productRow(boxGTIN, "GROUP", 2))
			}
			id := x.order(rows...)
			codes := x.take(id, testGTIN, 25, 10)
			if len(codes) != 25 {
				t.Fatalf("%d codes", len(codes))
			}
			boxes := []string{"00030779729200000015", "00130779729200000029"}
			toApply := codes
			if g.pack != nil {
				full := x.take(id, boxGTIN, 2, 2)
				boxes, toApply = kis(x, full), append(toApply, full...)
			}
			if g.byHand {
				if a := x.utilise(toApply...); a.ReportStatus != "SENT" {
					t.Fatalf("utilisation: %s", a.raw)
				}
			}
			ki := kis(x, codes)
			a := x.aggregate(unitRow(boxes[0], ki[:10]...), unitRow(boxes[1], ki[10:20]...),
				unitRow("00106141411234567897", boxes...))
			if a.ReportStatus != "SENT" {
				t.Fatalf("aggregation: %s", a.raw)
			}
			x.ok("POST", "buffer/close", "", "orderId", id)

			h := x.srv.History()
			if len(h.Breaches) > 0 {
				t.Errorf("breaches: %q", h.Breaches)
			}
			if h.Orders[0].Status != "CLOSED" || h.Orders[0].Suborders[0].Passed != 25 {
				t.Errorf("order: %+v", h.Orders[0])
			}
			var acknowledged []bool
			for _, b := range h.Blocks[:3] {
				acknowledged = append(acknowledged, b.Acknowledged)
				if !b.Closed || b.OrderID != id || b.GTIN != testGTIN {
					t.Errorf("block: %+v", b)
				}
			}
			if !reflect.DeepEqual(acknowledged, []bool{true, true, false}) {
				t.Errorf("acknowledged: %v", acknowledged)
			}
			for i, c := range h.Codes[:25] {
				if c.Full != codes[i] || c.KI != ki[i] || c.OrderID != id || (c.Utilisation != "") != g.byHand {
					t.Fatalf("code %d: %+v, want %q", i, c, codes[i])
				}
			}
			last := h.Reports[len(h.Reports)-1]
			if last.Kind != Aggregation || len(last.Units) != 3 || !reflect.DeepEqual(last.Units[2].Codes, boxes) {
				t.Errorf("report: %+v", last)
			}
			if n := h.Requests["GET /api/v2/"+group+"/ping"]; n != 1 {
				t.Errorf("%d pings", n)
			}
		})
	}
}

func TestStatusesFollowTheClock(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{OrderDelay: 4 * time.Second, ReportDelay: 3 * time.Second, Now: clk.now})
	id := x.order(productRow(testGTIN, "UNIT", 3))
	check := func(order, buffer string, left int, exhausted bool) {
		t.Helper()
		infos := x.ok("GET", "orders", "").OrderInfos
		b := infos[0].Buffers[0]
		if infos[0].Status != order || b.Status != buffer || b.Left != left || b.Exhausted != exhausted || b.Total != 3 || b.Available != 3 {
			t.Errorf("%+v, want %s %s", infos[0], order, buffer)
		}
	}
	check("CREATED", "PENDING", 0, false)
	clk.pass(2 * time.Second)
	check("PENDING", "PENDING", 0, false)
	clk.pass(2 * time.Second)
	check("READY", "ACTIVE", 3, false)
	codes := x.take(id, testGTIN, 3, 2)
	check("READY", "EXHAUSTED", 0, true)
	a := x.utilise(codes...)
	for _, status := range []string{"DRAFT", "READY_TO_SEND", "PENDING"} {
		if a := x.verdict(a.ReportID); a.ReportStatus != status || a.ErrorReason != "" {
			t.Errorf("%s, want %s", a.raw, status)
		}
		clk.pass(time.Second)
	}
	if a := x.verdict(a.ReportID); a.ReportStatus != "SENT" {
		t.Errorf("due: %s", a.raw)
	}
	clk.pass(48*time.Hour - 3*time.Second - time.Microsecond)
	check("READY", "EXHAUSTED", 0, true)
	clk.pass(2 * time.Microsecond) // the second block is dated a microsecond after the first
	check("CLOSED", "CLOSED", 0, false)
	if b := x.srv.History().Breaches; len(b) > 0 {
		t.Errorf("breaches: %q", b)
	}
}

func TestBlocksCanBeReadAgain(t *testing.T) {
	x := newSite(t, "pharma", Options{Now: newClock().now})
	id := x.order(productRow(testGTIN, "UNIT", 10))
	query := []string{"orderId", strings.ToUpper(id), "gtin", testGTIN}
	if a := x.ok("GET", "codes/blocks", "", query...); a.Blocks == nil || len(a.Blocks) != 0 {
		t.Errorf("blocks before the first: %s", a.raw)
	}
	codes := x.take(id, testGTIN, 10, 6)
	a := x.ok("GET", "codes/blocks", "", query...)
	if len(a.Blocks) != 2 || a.Blocks[0].Quantity != 6 || a.Blocks[1].Quantity != 4 || !a.Blocks[0].BlockDateTime.Before(a.Blocks[1].BlockDateTime) {
		t.Fatalf("blocks: %s", a.raw)
	}
	second := x.ok("GET", "codes/retry", "", append(query, "blockId", a.Blocks[1].BlockID)...)
	if !reflect.DeepEqual(second.Codes, codes[6:]) || second.BlockID != a.Blocks[1].BlockID {
		t.Errorf("second block: %s", second.raw)
	}
	all := x.ok("GET", "codes/retry", "", query...)
	if !reflect.DeepEqual(all.Codes, codes) || all.BlockID != "" {
		t.Errorf("all blocks: %s", all.raw)
	}
	if strings.Contains(all.raw, "=") || !strings.Contains(all.raw, `\u003d`) || !strings.Contains(all.raw, `\u001d9`) {
		t.Errorf("escapes: %.300s", all.raw)
	}
	x.ok("POST", "buffer/close", "{}", append(query, "lastBlockId", "0")...)
	x.ok("POST", "buffer/close", "", query...)
	if a := x.ok("GET", "codes/blocks", "", query...); len(a.Blocks) != 2 {
		t.Errorf("blocks after closing: %s", a.raw)
	}
	if b := x.srv.History().Breaches; len(b) > 0 {
		t.Errorf("breaches: %q", b)
	}
}

func TestOrderList(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now})
	start := clk.now()
	var ids []string
	for range 5 {
		ids = append(ids, x.order(productRow(testGTIN, "UNIT", 1)))
		clk.pass(time.Minute)
	}
	x.as("beer").order(productRow(testGTIN, "UNIT", 1))
	x.ok("POST", "buffer/close", "", "orderId", ids[1], "gtin", testGTIN)
	at := func(minutes int) string { return start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	for _, tc := range []struct {
		query []string
		want  []int // indices of ids, the newest first
	}{
		{nil, []int{4, 3, 2, 1, 0}},
		{[]string{"limit", "2"}, []int{4, 3}},
		{[]string{"limit", "2", "offset", "3"}, []int{0}},
		{[]string{"limit", "2", "offset", "4"}, nil},
		{[]string{"status", "CLOSED"}, []int{1}},
		{[]string{"status", "READY", "limit", "3", "offset", "2"}, []int{0}},
		{[]string{"dateFrom", at(3)}, []int{4, 3}},
		{[]string{"dateFrom", at(1), "dateTo", at(3)}, []int{2, 1}},
		{[]string{"dateFrom", at(1), "dateTo", at(1)}, nil},
		{[]string{"dateTo", start.Add(time.Minute).In(time.FixedZone("", 5*3600)).Format(time.RFC3339)}, []int{0}},
		{[]string{"status", "EXPIRED"}, nil},
	} {
		var got []int
		for _, info := range x.ok("GET", "orders", "", tc.query...).OrderInfos {
			for i, id := range ids {
				if id == info.OrderID {
					got = append(got, i)
				}
			}
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q: %v, want %v", tc.query, got, tc.want)
		}
	}
}

func TestManyLinesAtOnce(t *testing.T) {
	var log bytes.Buffer
	x := newSite(t, "water", Options{Log: &log})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			id := x.order(productRow(testGTIN, "UNIT", 300))
			codes := x.take(id, testGTIN, 300, 70)
			if a := x.utilise(codes...); a.ReportStatus != "SENT" {
				t.Errorf("%.300s", a.raw)
			}
			x.srv.History()
		})
	}
	wg.Wait()
	h := x.srv.History()
	seen := make(map[string]bool)
	for _, c := range h.Codes {
		seen[c.KI] = true
	}
	if len(seen) != 8*300 || len(h.Breaches) > 0 {
		t.Errorf("%d codes, breaches %q", len(seen), h.Breaches)
	}
	again := New(Options{})
	if err := again.Restore(&log); err != nil || !reflect.DeepEqual(again.History(), h) {
		t.Errorf("restored otherwise: %v", err)
	}
}

func TestHistoryIsACopy(t *testing.T) {
	x := newSite(t, "water", Options{})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)
	x.utilise(codes...)
	x.aggregate(unitRow("00030779729200000015", kis(x, codes)...))
	x.do(x.request("GET", "report/info", ""))
	spoil := x.srv.History()
	spoil.Orders[0].Suborders[0].Passed = -1
	spoil.Reports[0].Codes[0] = "spoilt"
	spoil.Reports[1].Units[0].Codes[0] = "spoilt"
	spoil.Reports[1].Units[0].Count = -1
	spoil.Breaches[0] = "spoilt"
	clear(spoil.Requests)
	h := x.srv.History()
	if h.Orders[0].Suborders[0].Passed != 1 || h.Reports[0].Codes[0] != codes[0] || h.Reports[1].Units[0].Count != 1 ||
		h.Reports[1].Units[0].Codes[0] != kis(x, codes)[0] || h.Breaches[0] == "spoilt" || len(h.Requests) == 0 {
		t.Errorf("%+v", h)
	}
}
