package agent

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/record"
	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

// only leaves the first product alone with its batches and a stock of so many codes.
func (x *one) only(stock int, batches ...int) {
	x.cfg.Products[0].Batches, x.cfg.Products[1].Batches = batches, nil
	p := &x.cfg.Products[0]
	p.LowWater, p.OrderQuantity, p.BlockQuantity = stock, stock, stock
}

func (x *one) received(n int) func() bool {
	return func() bool { return x.status().Products[0].Received == n }
}

// pages counts the requests for a batch's codes, those apart that only ask whether the system is there.
func (x *one) pages(batch int) (n int) {
	for _, d := range x.srv.History().Deliveries {
		if d.Path == "/get_batch_codes/" && bytes.Contains(d.Body, fmt.Appendf(nil, `"batch_id":%d,`, batch)) && !bytes.Contains(d.Body, []byte(`"count":1}`)) {
			n++
		}
	}
	return n
}

// TestSmartOneShortPages: a system that gives fewer codes at a time than are asked for is read to the end, whatever
// it counts.
func TestSmartOneShortPages(t *testing.T) {
	for _, count := range []smartonetest.Count{smartonetest.CountBatch, smartonetest.CountRest} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			onSmartOne(t, smartonetest.Options{Page: 40, Count: count}, func(x *one) {
				x.srv.SetBatch(7, batch(t, 1, 100, 10))
				x.only(100, 7)
				x.start()
				began := time.Now()
				x.until("all codes", x.received(100))
				if took := time.Since(began); took > 2*time.Minute {
					t.Errorf("it took %s", took)
				}
				x.issuedOnce(batch(t, 1, 100, 10).Codes)
				x.clean()
			})
		})
	}
}

// TestSmartOneNoOffset: a system that gives the same codes again and again is not read for ever.
func TestSmartOneNoOffset(t *testing.T) {
	onSmartOne(t, smartonetest.Options{Page: 40, Count: smartonetest.CountBatch, NoOffset: true}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 100, 0))
		x.only(100, 7)
		x.start()
		x.until("word of it", func() bool {
			return strings.Contains(x.status().Products[0].Trouble, "batch 7: the system was asked for what is behind its first 40 codes, and gives the first ones again")
		})
		x.until("what came", x.received(40))
	})
}

// TestSmartOneBatchesPassedOver: a batch that is refused, not made yet or empty keeps no codes of the next one from
// the line, and people are told of it; codes that come later are taken.
func TestSmartOneBatchesPassedOver(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		old := batch(t, 1, 100, 10)
		old.Created = time.Now().AddDate(-2, 0, 0)
		x.srv.SetBatch(7, old)
		late := batch(t, 2, 50, 5)
		late.NotReady = true
		x.srv.SetBatch(8, late)
		x.srv.SetBatch(9, smartonetest.Batch{})
		x.srv.SetBatch(10, batch(t, 3, 100, 10))
		x.only(60, 7, 8, 9, 10)
		x.start()
		x.until("stock", x.received(60))
		if s := x.status(); s.Products[0].Trouble != "" || !slices.ContainsFunc(s.Alarms, func(a Alarm) bool {
			return strings.Contains(a.Text, "batch 7: get_batch_codes: refused, code 176 (batch is expired)") && strings.HasSuffix(a.Text, "; meanwhile codes of batch 10 are taken")
		}) {
			t.Errorf("the product is %+v, the alarms %+v", s.Products[0], s.Alarms)
		}
		late.NotReady = false
		x.srv.SetBatch(8, late)
		x.srv.SetBatch(9, batch(t, 4, 30, 3))
		x.cfg.Products[0].LowWater = 10_000
		x.stop()
		x.start()
		x.until("all but the old one", x.received(180))
		if trouble := x.status().Products[0].Trouble; !strings.Contains(trouble, "batch 7: get_batch_codes: refused, code 176") || !strings.HasSuffix(trouble, "; all codes of the other batches are used up") {
			t.Errorf("the trouble is %q", trouble)
		}
		x.issuedOnce(slices.Concat(batch(t, 2, 50, 5).Codes, batch(t, 3, 100, 10).Codes, batch(t, 4, 30, 3).Codes))
		x.clean()
	})
}

// TestSmartOneUsedUp: what was used up is not read again for each order; codes that are added to a batch are taken
// without a restart.
func TestSmartOneUsedUp(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		first, second := batch(t, 1, 70, 7), batch(t, 2, 600, 60)
		x.srv.SetBatch(7, first)
		x.srv.SetBatch(8, second)
		x.only(50, 7, 8)
		x.cfg.Products[0].LowWater = 10_000
		x.start()
		x.until("both", x.received(670))
		if n, m := x.pages(7), x.pages(8); n > 3 || m > 3 {
			t.Errorf("batch 7 was read %d times, batch 8 %d times", n, m)
		}
		grown := batch(t, 1, 90, 9)
		x.srv.SetBatch(7, smartonetest.Batch{Codes: append(slices.Clone(first.Codes), grown.Codes[len(first.Codes):]...)})
		began := time.Now()
		x.until("what was added", x.received(690))
		if took := time.Since(began); took > 12*time.Minute {
			t.Errorf("it took %s", took)
		}
		time.Sleep(30 * time.Minute)
		if n := x.pages(7); n > 8 {
			t.Errorf("batch 7 was read %d times", n)
		}
		x.clean()
	})
}

// TestSmartOneNeverDone: a document that is in progress for ever is no success, stops the queue, and people are told.
func TestSmartOneNeverDone(t *testing.T) {
	onSmartOne(t, smartonetest.Options{Work: 1000 * time.Hour}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 600, 60))
		x.start()
		x.pass(6)
		x.until("a report", func() bool { return x.reports() == "accepted" })
		if trouble := x.status().Reports.Trouble; trouble != "" {
			t.Errorf("at once the status says %q", trouble)
		}
		time.Sleep(15 * time.Minute)
		for range 100 { // at whatever moment
			time.Sleep(time.Second)
			if trouble := x.status().Reports.Trouble; !strings.HasPrefix(trouble, "SmartOne says of report 1 since ") || !strings.Contains(trouble, " that it is in progress") {
				t.Fatalf("the status says %q", trouble)
			}
		}
		if x.reports() != "accepted" {
			t.Errorf("the reports are %s", x.reports())
		}
		x.clean()
	})
}

// TestP5SmartOneFaultsOfASuccess: a success that names faults is a person's to see, and no refusal.
func TestP5SmartOneFaultsOfASuccess(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 600, 60))
		x.srv.SetFault(func(path string, n int) smartonetest.Fault {
			if path != "/make_aggregation/" || n > 1 {
				return smartonetest.Fault{}
			}
			return smartonetest.Fault{Kind: smartonetest.Status, Status: 200, Body: `{"status":"success","code":0,"errors_list":[{"code":137,"message":"Code not found"}]}`, After: true}
		})
		x.start()
		x.pass(6)
		x.until("an answer", func() bool { return x.reports() == "unclear" })
	})
}

// TestP5SmartOneOtherSystem: a report that another national system has accepted is not taken for arrived in this one.
func TestP5SmartOneOtherSystem(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		x.srv.SetBatch(7, batch(t, 1, 600, 60))
		x.start()
		x.pass(6)
		x.until("a report", func() bool { return x.reports() == "sent" })
		r := must(x.agent.Ledger().ReportByID(x.t.Context(), 1))
		n := x.agent.system.(*smartOne)
		if state, _, err := n.State(x.t.Context(), r); err != nil || state == 0 {
			t.Errorf("its own is %v, %v", state, err)
		}
		r.UUID = "5c5a65df-83fd-4240-8446-69e8daedd162"
		if state, _, err := n.State(x.t.Context(), r); err == nil || state != 0 || !strings.Contains(err.Error(), "went to another national system") {
			t.Errorf("another's is %v, %v", state, err)
		}
	})
}

// TestSmartOneRecorded: the flight recorder has SmartOne's calls, and neither password, token nor check part of a
// code in what is given away.
func TestSmartOneRecorded(t *testing.T) {
	onSmartOne(t, smartonetest.Options{}, func(x *one) {
		b := batch(t, 1, 100, 10)
		x.srv.SetBatch(7, b)
		x.start()
		x.pass(6)
		x.until("a report", func() bool { return x.reports() == "sent" })
		x.stop()
		whole, masked := texts(t, record.InFolder(x.dir)), texts(t, record.InFile(x.exported(record.Cut{})))
		for name, text := range map[string][]byte{"recording": whole, "export": masked} {
			for _, want := range []string{"login_api", "make_aggregation", "get_batch_codes", "parent_code"} {
				if !bytes.Contains(text, []byte(want)) {
					t.Errorf("the %s holds no %q", name, want)
				}
			}
			for _, secret := range []string{"pa55w0rd", "Bearer", `"token"`} {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("the %s holds %q", name, secret)
				}
			}
		}
		for _, c := range b.Codes {
			check := c.Code[len(c.Code)-6:] // 93 and four characters
			if bytes.Contains(masked, []byte(check)) {
				t.Fatalf("the export holds the check part %q of %q", check, c.Code)
			}
		}
		if !bytes.Contains(whole, []byte(b.Codes[1].Code[:18])) {
			t.Error("the recording holds no codes")
		}
	})
}

// TestByOne: what an error of the client's means for a report.
func TestByOne(t *testing.T) {
	rows := []smartone.RowError{{Code: 137}, {Code: 137}}
	for _, tc := range []struct {
		err  error
		want ledger.ReportStatus
	}{
		{&smartone.Refusal{Code: 137, Rows: rows}, ledger.Denied},
		{&smartone.Refusal{Code: 156, Rows: rows}, ledger.Unclear},
		{&smartone.Refusal{Code: 0, Rows: rows}, ledger.Unclear},
		{&smartone.Refusal{Code: smartone.NoCode, Rows: rows}, ledger.Unclear},
		{&smartone.Refusal{Code: smartone.NoCode}, ledger.Denied},
		{&smartone.RepeatError{}, ledger.Unclear},
		{&smartone.UnknownError{}, ""},
		{&smartone.Refusal{Code: 209, RetryLater: true}, ""},
	} {
		var e *oneError
		if err := byOne(tc.err); !errors.As(err, &e) || e.Outcome() != tc.want {
			t.Errorf("%+v: %+v, want %q", tc.err, e, tc.want)
		}
	}
}
