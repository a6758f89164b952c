package agent

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

var oneKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

const oneTable = `[smartone]
url         = "http://localhost"
login       = "plant"
password    = "pa55w0rd"
signing_key = "signing-key.pem"
group       = "water"
department  = "D1"
timeout     = "10s"
`

// TestSmartOneLine: a whole line on SmartOne: its stock comes from the batches' codes for its own packages, and
// what it packs goes out as documents, inside before outside, with whole codes; nothing else is told.
func TestSmartOneLine(t *testing.T) {
	onSmartOne(t, smartonetest.Options{Work: 9 * time.Second}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 300, 30))
		x.srv.SetBatch(8, batch(t, 2, 300, 30))
		x.start()
		x.pass(12)
		x.until("two documents", func() bool {
			return x.reports() == "sent" || x.reports() == "sent sent" && len(x.srv.History().Documents) == 2
		})
		x.clean()
		rows := map[string]int{}
		for _, d := range x.srv.History().Documents {
			if d.Department != "ext:D1" || d.Line != "ext:3" || d.Batch != 0 || d.Emission != 1 || d.Date != time.Now().Format(time.DateOnly) {
				t.Errorf("a document is %+v", d)
			}
			for _, p := range d.Packed {
				row := d.Products[p.Row]
				rows[fmt.Sprint(row.Product, " ", row.Unit, " in ", row.Pack)]++
				if whole := strings.Contains(p.Code, string(code.GS)); !whole || row.Unit == "ext:BOTTLE" && !strings.Contains(p.Parent, string(code.GS)) {
					t.Errorf("a code is reported as %q in %q", p.Code, p.Parent)
				}
			}
		}
		if got, want := fmt.Sprint(rows), "map[ext:WATER ext:BOTTLE in ext:PACK:12 ext:WATER ext:PACK in ext:CASE:2]"; got != want {
			t.Errorf("packed %s, want %s", got, want)
		}
		for _, r := range must(x.agent.Ledger().Reports(x.t.Context())) {
			if body := must(x.agent.Ledger().ReportBody(x.t.Context(), r.ID)); !bytes.Contains(body, []byte(`{"request_id":"`+r.UUID+`"`)) {
				t.Errorf("report %s has the body %s", r.UUID, body)
			}
		}
		// However the containers come, what is inside stands before what holds it: else it is no document.
		var all []ledger.AggregationUnit
		for _, r := range must(x.agent.Ledger().Reports(x.t.Context())) {
			all = append(all, must(x.agent.Ledger().ReportUnits(x.t.Context(), r))...)
		}
		slices.SortFunc(all, func(a, b ledger.AggregationUnit) int { return len(a.Children) - len(b.Children) }) // the pallet holds two
		if _, err := x.agent.system.Aggregation(ledger.Report{UUID: "u", Line: "3", CreatedAt: time.Now()}, all); err != nil || len(all) != 3 {
			t.Errorf("%d containers from the outside in: %v", len(all), err)
		}
		st := x.status()
		if !st.National.OK || st.Reports.Trouble != "" || st.Products[0].Trouble != "" || st.National.Skew == nil {
			t.Errorf("the status is %+v, %+v, %+v", st.National, st.Reports, st.Products)
		}
	})
}

// TestSmartOneStormKilled: an agent that is ended again and again, while answers are lost before the work and
// after it: each box is in one document, and each code is one that was issued.
func TestSmartOneStormKilled(t *testing.T) {
	onSmartOne(t, smartonetest.Options{Work: 3 * time.Second}, func(x *one) {
		const units = 1200
		x.srv.SetBatch(7, batch(t, 1, 4000, 400))
		x.srv.SetBatch(8, batch(t, 2, 4000, 400))
		x.cfg.Products[0].LowWater, x.cfg.Products[0].OrderQuantity, x.cfg.Products[0].BlockQuantity = 1500, 3000, 500
		x.cfg.Products[1].LowWater, x.cfg.Products[1].OrderQuantity, x.cfg.Products[1].BlockQuantity = 150, 300, 100
		x.cfg.Report.Aggregation.MaxCodes = 42 // two boxes
		r := mathrand.New(mathrand.NewPCG(5, 1))
		var mu sync.Mutex
		x.srv.SetFault(func(string, int) smartonetest.Fault {
			mu.Lock()
			defer mu.Unlock()
			kinds := []smartonetest.FaultKind{smartonetest.Reset, smartonetest.Cut, smartonetest.Garbage, smartonetest.HTML, smartonetest.Half}
			if r.Float64() < 0.25 {
				return smartonetest.Fault{Kind: kinds[r.IntN(len(kinds))], After: r.IntN(2) == 0}
			}
			return smartonetest.Fault{}
		})
		x.build()
		made, boxes, kills := 0, 0, 0
		for made < units {
			end := x.works()
			mu.Lock()
			more, pause := 1+r.IntN(5), time.Duration(r.IntN(20_000))*time.Millisecond
			mu.Unlock()
			for range more {
				u, b := x.produce(min(40, units-made))
				made, boxes = made+u, boxes+b
			}
			time.Sleep(pause)
			end()
			x.try(x.agent.Close())
			x.build()
			kills++
		}
		x.srv.SetFault(nil)
		end := x.works()
		x.over()
		end()
		x.clean()
		h := x.srv.History()
		parents := map[string]string{}
		for _, d := range h.Documents {
			for _, p := range d.Packed {
				if before, known := parents[p.Parent]; known && before != d.RequestID {
					t.Errorf("box %q is in the documents %s and %s", p.Parent, before, d.RequestID)
				}
				parents[p.Parent] = d.RequestID
			}
		}
		frozen := map[string]bool{}
		for _, r := range must(x.agent.Ledger().Reports(x.t.Context())) {
			frozen[r.UUID] = true
			if r.State != ledger.Sent {
				t.Errorf("report %s is %s: %s", r.UUID, r.State, r.Reason)
			}
		}
		bodies := map[string]string{}
		again := 0
		for _, d := range h.Deliveries {
			if d.Path != "/make_aggregation/" {
				continue
			}
			id := must(smartone.RequestID(d.Body))
			if first, known := bodies[id]; known && first != string(d.Body) {
				t.Errorf("request %s came with other bytes", id)
			} else if known {
				again++
			}
			bodies[id] = string(d.Body)
		}
		if len(h.Documents) != len(frozen) || len(bodies) != len(frozen) || len(parents) != boxes {
			t.Errorf("%d documents of %d requests and %d reports, with %d boxes of %d", len(h.Documents), len(bodies), len(frozen), len(parents), boxes)
		}
		if again < 5 || boxes < 10 || kills < 6 {
			t.Errorf("%d repeats, %d boxes, %d kills: this shows little", again, boxes, kills)
		}
		x.issuedOnce(append(batch(t, 1, 4000, 400).Codes, batch(t, 2, 4000, 400).Codes...))
		t.Logf("%d units, %d boxes, %d documents, %d repeats, %d kills", made, boxes, len(h.Documents), again, kills)
	})
}

// TestSmartOneQueueStops: behind a refused document none goes until a person has spoken on it.
func TestSmartOneQueueStops(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 600, 60))
		x.srv.SetBatch(8, batch(t, 2, 600, 60))
		x.refuse(true)
		x.start()
		x.pass(6)
		x.until("a refusal", func() bool { return x.reports() == "rejected" })
		x.refuse(false)
		x.pass(6)
		x.until("the next report", func() bool { return x.reports() == "rejected frozen" })
		time.Sleep(10 * time.Minute)
		st := x.status()
		if want := "reports wait for a person's word on report 1, which they must not overtake: linemark reports show 1; then retry, resolve or hand it over"; st.Reports.Trouble != want {
			t.Errorf("the status says %q, want %q", st.Reports.Trouble, want)
		}
		if n := len(x.srv.History().Documents); n != 0 || x.reports() != "rejected frozen" {
			t.Errorf("%d documents, the reports are %s", n, x.reports())
		}
		x.try(x.agent.Office().Resolve(x.t.Context(), 1, ledger.Sent, "it is in the cabinet"))
		x.until("the report behind it", func() bool { return strings.HasPrefix(x.reports(), "sent sent") })
		if st := x.status(); st.Reports.Trouble != "" {
			t.Errorf("the status says %q", st.Reports.Trouble)
		}
		x.clean()
	})
}

// TestSmartOneHeldBack: a new report that says what another has said lately waits until it cannot be taken for
// its repeat, also where the agent was ended meanwhile, and the status says so.
func TestSmartOneHeldBack(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			onSmartOne(t, smartonetest.Options{}, func(x *one) {
				x.srv.SetBatch(7, batch(t, 1, 600, 60))
				refused := time.Time{}
				var mu sync.Mutex
				x.srv.SetFault(func(path string, n int) smartonetest.Fault {
					mu.Lock()
					defer mu.Unlock()
					if path != "/make_aggregation/" || n > 1 {
						return smartonetest.Fault{}
					}
					refused = time.Now()
					return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"error","code":141,"message":"Department not found"}`}
				})
				x.start()
				x.pass(6)
				x.until("a refusal", func() bool { return x.reports() == "rejected" })
				if restart {
					x.stop()
					x.start()
				}
				x.try(x.agent.Office().Retry(x.t.Context(), 1)) // another report of the same box
				x.until("another report", func() bool { return x.reports() == "split frozen" })
				x.until("word of it", func() bool { return strings.Contains(x.status().Reports.Trouble, "says the same as report") })
				if restart {
					x.stop()
					x.start()
				}
				x.until("the second", func() bool { return x.reports() == "split sent" })
				h := x.srv.History()
				if len(h.Documents) != 1 {
					t.Fatalf("%d documents", len(h.Documents))
				}
				if after := h.Documents[0].At.Sub(refused); after < smartone.Window || after > 2*smartone.Window {
					t.Errorf("it went %s after the first", after)
				}
				if trouble := x.status().Reports.Trouble; trouble != "" {
					t.Errorf("the status says %q", trouble)
				}
				x.clean()
			})
		})
	}
}

// TestSmartOneFaultsInRows: whether the good rows of such a document were taken only a person can see: it is
// not sent again by itself, and nothing goes behind it.
func TestSmartOneFaultsInRows(t *testing.T) {
	onSmartOne(t, smartonetest.Options{Unknown: func(string) bool { return true }}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 600, 60))
		x.start()
		x.pass(6)
		x.until("a refusal", func() bool { return x.reports() == "unclear" })
		asked := x.srv.History().Requests["/make_aggregation/"]
		time.Sleep(10 * time.Minute)
		if n := x.srv.History().Requests["/make_aggregation/"]; n != asked || asked != 1 {
			t.Errorf("it was sent %d times", n)
		}
		if err := x.agent.Office().Resolve(x.t.Context(), 1, ledger.Denied, "nothing of it is there"); err != nil {
			t.Fatal(err)
		}
	})
}

// TestSmartOneSupply: orders are slices of the batches one behind the other, none promises more than there
// is, and at the end one line says what to do.
func TestSmartOneSupply(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 70, 7))
		x.srv.SetBatch(8, batch(t, 2, 50, 5))
		x.cfg.Products[0].LowWater = 10_000
		x.cfg.Products[1].Batches = nil
		x.start()
		const end = `all codes of batches 7, 8 are used up: make another batch in SmartOne, and name it in product.batches of "water-05"`
		x.until("the end", func() bool { return x.status().Products[0].Trouble == end })
		st := x.status()
		if st.Products[0].Received != 120 || st.Products[1].Received != 0 || st.Products[1].Doing != "codes import: no batches are named" {
			t.Errorf("the products are %+v", st.Products)
		}
		var got []string
		for _, o := range must(x.agent.Ledger().Orders(x.t.Context())) {
			got = append(got, fmt.Sprintf("%s %d %s", o.ServerID, o.Quantity, o.State))
		}
		if !slices.Equal(got, []string{"7:0 70 closed", "8:0 50 closed"}) {
			t.Errorf("orders %q", got)
		}
		x.stop()
		x.cfg.Products[0].Batches = append(x.cfg.Products[0].Batches, 9)
		x.srv.SetBatch(9, batch(t, 3, 30, 3))
		x.start()
		x.until("the next batch", func() bool { return x.status().Products[0].Received == 150 })
		x.issuedOnce(slices.Concat(batch(t, 1, 70, 7).Codes, batch(t, 2, 50, 5).Codes, batch(t, 3, 30, 3).Codes))
		x.clean()
	})
}

// TestSmartOneOtherOrder: where the system gives a batch's codes in another order after a restart, a code that
// is stored already is never used twice: its block is kept apart.
func TestSmartOneOtherOrder(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		b := batch(t, 1, 100, 10)
		x.srv.SetBatch(7, b)
		x.cfg.Products[0].LowWater, x.cfg.Products[0].OrderQuantity, x.cfg.Products[0].BlockQuantity = 40, 40, 40
		x.cfg.Products[0].Batches, x.cfg.Products[1].Batches = []int{7}, nil
		x.start()
		x.until("stock", func() bool { return x.status().Products[0].Received == 40 })
		x.stop()
		slices.Reverse(b.Codes)
		x.srv.SetBatch(7, b)
		x.cfg.Products[0].LowWater = 80
		x.start()
		x.until("a block apart", func() bool { return strings.Contains(x.status().Products[0].Trouble, "quarantine") })
		if n := x.status().Products[0].Received; n != 40 {
			t.Errorf("%d codes are received", n)
		}
	})
}

// TestSmartOneRefusedBatch: a batch that the system gives no codes of ends its order and says why.
func TestSmartOneRefusedBatch(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		b := batch(t, 1, 100, 10)
		b.NotReady = true
		x.srv.SetBatch(7, b)
		x.start()
		x.until("word of it", func() bool {
			return strings.Contains(x.status().Products[0].Trouble, "batch 7: get_batch_codes: refused, code 102 (codes are not generated yet)")
		})
		if st := x.status(); !st.National.OK || len(must(x.agent.Ledger().Orders(x.t.Context()))) != 0 {
			t.Errorf("the system is %+v", st.National)
		}
		b.NotReady = false
		x.srv.SetBatch(7, b)
		x.until("stock", func() bool { return x.status().Products[0].Received == 100 })
		x.clean()
	})
}

// TestSmartOneAccess: who is not let in asks rarely, for the account's sake; a signature that is not taken is
// an outage, and the report waits for it.
func TestSmartOneAccess(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetFault(func(path string, _ int) smartonetest.Fault {
			return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"error","code":113,"message":"Access denied"}`}
		})
		x.start()
		time.Sleep(20 * time.Minute)
		if st := x.status().National; st.OK || !strings.Contains(st.Error, "access denied") {
			t.Errorf("the system is %+v", st)
		}
		if n := x.srv.History().Requests["/login_api/"]; n < 3 || n > 14 {
			t.Errorf("it was asked for a token %d times in 20 minutes", n)
		}
	})
}

// TestSmartOneRecovery: after the loss of a ledger all codes of the batches come in as doubtful; called again
// nothing more comes, and the next batch is taken as usual.
func TestSmartOneRecovery(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 2500, 250))
		x.srv.SetBatch(8, batch(t, 2, 100, 10))
		x.cfg.Products[0].Batches, x.cfg.Products[1].Batches = []int{7}, []int{7}
		o := Options{Log: slog.New(x.log), DialContext: func(context.Context, string, string) (net.Conn, error) { return x.reach("izkm") }}
		all, err := Recover(x.t.Context(), x.cfg, o)
		if err != nil || len(all) != 2 || all[0].Order != "7:0" || all[0].Codes != 2500 || all[0].Blocks != 3 || all[1].Codes != 250 || !all[0].TakenUp() {
			t.Fatalf("%+v, %v", all, err)
		}
		if again, err := Recover(x.t.Context(), x.cfg, o); err != nil || len(again) != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
		x.cfg.Products[0].Batches = []int{7, 8}
		x.start()
		x.until("the next batch", func() bool { return x.status().Products[0].Received == 2600 })
		if st := x.status().Products[0]; st.States[ledger.Doubtful.String()] != 2500 {
			t.Errorf("the product is %+v", st)
		}
		x.issuedOnce(append(batch(t, 1, 2500, 250).Codes, batch(t, 2, 100, 10).Codes...))
		x.clean()
	})
}

// TestSmartOneNoDropouts: what nobody can be told of is not withdrawn here.
func TestSmartOneNoDropouts(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.build()
		_, err := x.agent.Office().Drop(x.t.Context(), ledger.Drop{Reason: "DEFECT"}, []code.Code{"0104780012345677215aaaaaaaaaaaa"})
		if err == nil || !strings.Contains(err.Error(), "SmartOne takes no dropout reports") {
			t.Errorf("says %v", err)
		}
	})
}

// TestSmartOneByBatch: without a department a document goes by the line's batch, which is SmartOne's number.
func TestSmartOneByBatch(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 600, 60))
		x.cfg.SmartOne.Department, x.cfg.Lines[0].Batch = "", "7"
		x.start()
		x.pass(6)
		x.until("a document", func() bool { return x.reports() == "sent" })
		if d := x.srv.History().Documents[0]; d.Batch != 7 || d.Department != "" || d.Line != "" {
			t.Errorf("the document is %+v", d)
		}
		x.clean()
		_, err := x.agent.system.Aggregation(ledger.Report{UUID: "u", Line: "3", Batch: "B1", CreatedAt: time.Now()}, nil)
		if want := `batch "B1" of line 3 is no number of a SmartOne batch: start the line's batch under such a number, or give [smartone] department`; err == nil || err.Error() != want {
			t.Errorf("says %v", err)
		}
	})
}

// TestSmartOneSizes: so many of the longest codes as one report may hold stay under what one request may have.
func TestSmartOneSizes(t *testing.T) {
	for _, p := range (code.Table{}).Profiles() {
		longest := code.Code("")
		for _, c := range code.Samples(p, "04780012345677") {
			if quoted := must(json.Marshal(string(c))); len(quoted) > len(must(json.Marshal(string(longest)))) {
				longest = code.Code(c)
			}
		}
		d := smartone.Document{RequestID: strings.Repeat("x", 36), Department: smartone.ID{Ext: strings.Repeat("d", smartone.MaxID)}, Line: smartone.ID{Ext: "3"}, Today: time.Now()}
		row := smartone.Row{Product: smartone.ID{Ext: "A"}, Unit: smartone.ID{Ext: "U"}, Pack: smartone.ID{Ext: "P"}}
		for i := range 4000 {
			n := code.Code(fmt.Sprintf("%04d", i))
			row.Codes = append(row.Codes, smartone.Item{Code: longest[:len(longest)-4] + n, Parent: longest})
		}
		d.Rows = []smartone.Row{row}
		if _, err := smartone.EncodeAggregation(d); err != nil {
			t.Errorf("%s %s: %v", p.Group, p.Type, err)
		}
	}
}

// TestSlices: ids of orders and blocks, and none of another system's.
func TestSlices(t *testing.T) {
	for id, want := range map[string]slice{"123:9000": {123, 9000, 9000}, "123:9000:1000": {123, 9000, 10_000}, "3000000000:1000": {3_000_000_000, 1000, 1000}} {
		if s, ok := sliceOf(id); !ok || s != want {
			t.Errorf("%s is %+v, %v", id, s, ok)
		} else if back := map[bool]string{true: s.order(), false: s.block()}[s.from == s.to]; back != id {
			t.Errorf("%s goes back as %s", id, back)
		}
	}
	for _, id := range []string{"", "123", "0:1", "-1:2", "1:-2", "1:2:3:4", "a:b", "4a65df83-08cd-4240-8446-69e8daedd162"} {
		if s, ok := sliceOf(id); ok {
			t.Errorf("%q is %+v", id, s)
		}
	}
}

var _ supply.Limited = (*smartOne)(nil)
