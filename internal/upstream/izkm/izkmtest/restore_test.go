package izkmtest

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// lived lets an emulator live a little, faults and breaches included, and returns its log
// with the history after each line.
func lived(t testing.TB, clk *clock) (log []byte, after []History) {
	var buf bytes.Buffer
	x := newSite(t, "alcohol", Options{Seed: 3, Log: &buf, Now: clk.now, OrderDelay: time.Second, ReportDelay: time.Second})
	note := func() {
		for n := bytes.Count(buf.Bytes(), []byte{'\n'}); len(after) < n; {
			after = append(after, x.srv.History())
		}
	}
	id := x.order(productRow(testGTIN, "UNIT", 8), productRow(boxGTIN, "GROUP", 1))
	note()
	clk.pass(time.Second)
	a := x.ok("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", "5")
	note()
	x.do(x.request("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", "5"))
	note()
	b := x.ok("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", "5", "lastBlockId", a.BlockID)
	note()
	body := text(t, fields{"sntins": append(a.Codes, b.Codes...), "sourceReportId": "a", "productionDate": "2026-03-01T08:00:00Z"})
	for range 2 {
		x.ok("POST", "utilisation", body)
		note()
	}
	clk.pass(time.Second)
	x.srv.SetFault(func(string, string, int) Fault { return Fault{Kind: Status, Status: 503, After: true} })
	unit := unitRow("00030779729200000015", kis(x, a.Codes)...)
	x.do(x.request("POST", "aggregation", text(t, fields{"participantId": "301234567", "aggregationUnits": []fields{unit}})))
	note()
	x.do(x.request("POST", "buffer/close", "", "orderId", id, "gtin", boxGTIN))
	note()
	clk.pass(time.Second)
	return buf.Bytes(), after
}

func TestRestoreAtAnyCut(t *testing.T) {
	clk := newClock()
	log, after := lived(t, clk)
	last := after[len(after)-1]
	if len(after) != 8 || len(last.Reports) != 3 || len(last.Breaches) != 1 || !last.Blocks[0].Acknowledged {
		t.Fatalf("%d lines, history %+v", len(after), last)
	}
	// Statuses follow the clock, which has gone on since the histories were taken.
	settle := func(h History) History {
		h.Orders, h.Reports = append([]Order(nil), h.Orders...), append([]Report(nil), h.Reports...)
		for i := range h.Orders {
			h.Orders[i].Status = ""
			h.Orders[i].Suborders = append([]Suborder(nil), h.Orders[i].Suborders...)
			for j := range h.Orders[i].Suborders {
				h.Orders[i].Suborders[j].Status = ""
			}
		}
		for i := range h.Reports {
			h.Reports[i].Status, h.Reports[i].ErrorReason = "", ""
		}
		return h
	}
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(0, len(log)).Draw(t, "cut")
		file := bytes.NewBuffer(bytes.Clone(log[:cut]))
		lines := bytes.Count(log[:cut], []byte{'\n'})
		if cut < len(log) && log[cut] == '\n' { // all of the line but its end
			lines++
		}
		want := History{Requests: map[string]int{}}
		if lines > 0 {
			want = settle(after[lines-1])
		}
		// The second life starts from what the first restore left behind.
		for life := range 2 {
			s := New(Options{Log: file, Now: clk.now})
			whole := bytes.Clone(file.Bytes())
			if err := s.Restore(bytes.NewReader(whole)); err != nil {
				t.Fatalf("cut at %d, life %d: %v", cut, life, err)
			}
			if got := settle(s.History()); !reflect.DeepEqual(got, want) {
				t.Fatalf("cut at %d, life %d:\n%+v\nwant\n%+v", cut, life, got, want)
			}
		}
	})
	s := New(Options{Now: clk.now})
	if err := s.Restore(bytes.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	if h := s.History(); h.Reports[0].Status != "SENT" || !strings.Contains(h.Reports[1].ErrorReason, "duplicate") || h.Orders[0].Status != "READY" {
		t.Errorf("%+v", h)
	}
}

func TestRestoredEmulatorGoesOn(t *testing.T) {
	clk := newClock()
	log, after := lived(t, clk)
	x := newSite(t, "alcohol", Options{Seed: 3, Now: clk.now})
	if err := x.srv.Restore(bytes.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	id, blocks := after[0].Orders[0].ID, after[len(after)-1].Blocks
	again := x.ok("GET", "codes/retry", "", "orderId", id, "gtin", testGTIN, "blockId", blocks[1].ID)
	if len(again.Codes) != 3 {
		t.Errorf("%s", again.raw)
	}
	x.refused(x.request("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", "1", "lastBlockId", blocks[1].ID),
		400, codeState, "is EXHAUSTED")
	rejected(t, x, x.utilise(again.Codes...), "applied already by report "+after[4].Reports[0].ID)
	rejected(t, x, x.aggregate(unitRow("00130779729200000029", kis(x, x.srv.History().codes()[:1])...)), "in another unit already")
	next := x.order(productRow(testGTIN, "UNIT", 8))
	x.take(next, testGTIN, 8, 8)
	seen := make(map[string]bool)
	for _, name := range x.srv.History().ids() {
		if seen[name] {
			t.Errorf("%q was issued twice", name)
		}
		seen[name] = true
	}
}

func (h History) codes() []string {
	var list []string
	for _, c := range h.Codes {
		list = append(list, c.Full)
	}
	return list
}

func (h History) ids() []string {
	list := h.codes()
	for _, o := range h.Orders {
		list = append(list, o.ID)
	}
	for _, b := range h.Blocks {
		list = append(list, b.ID)
	}
	for _, r := range h.Reports {
		list = append(list, r.ID)
	}
	return list
}

func TestRestoreRefuses(t *testing.T) {
	log, _ := lived(t, newClock())
	lines := bytes.SplitAfter(log, []byte{'\n'})
	broken := bytes.Clone(lines[0])
	broken[len(broken)/2] = '\n'
	for name, file := range map[string][]byte{
		"a broken line inside":  append(append(append([]byte(nil), lines[0]...), "{\"at\":\n"...), lines[1]...),
		"a broken whole line":   append(append([]byte(nil), lines[0]...), "{\"at\":\n"...),
		"a line in two":         append(append([]byte(nil), broken...), lines[1]...),
		"a block without order": lines[1],
		"a close without order": lines[7],
	} {
		if err := New(Options{}).Restore(bytes.NewReader(file)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	s := New(Options{})
	if err := s.Restore(bytes.NewReader(log)); err != nil {
		t.Error(err)
	}
	if err := s.Restore(bytes.NewReader(log)); err == nil {
		t.Error("a second log was taken")
	}
}

// failing is a log on a full disk.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return len(p) / 2, errors.New("no space")
	}
	return len(p), nil
}

func TestNothingIsPromisedWithoutTheLog(t *testing.T) {
	x := newSite(t, "water", Options{Log: &failing{left: 1}})
	id := x.order(productRow(testGTIN, "UNIT", 8))
	for range 2 {
		status, a := x.do(x.request("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", "1"))
		if status != 500 || !strings.Contains(a.raw, "no space") {
			t.Errorf("%d %s", status, a.raw)
		}
	}
	if h := x.srv.History(); len(h.Codes) != 0 {
		t.Errorf("%d codes", len(h.Codes))
	}
}

// TestReportsHoldNoCopies: the codes of a report are the issued ones, also after a restore.
func TestReportsHoldNoCopies(t *testing.T) {
	var log bytes.Buffer
	x := newSite(t, "water", Options{Log: &log})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)
	x.utilise(codes...)
	x.aggregate(unitRow(caseSSCC, kis(x, codes)...))
	restored := New(Options{})
	if err := restored.Restore(&log); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Server{x.srv, restored} {
		full := unsafe.StringData(s.blocks[0].codes[0].full)
		if unsafe.StringData(s.reports[0].Codes[0]) != full || unsafe.StringData(s.reports[1].Units[0].Codes[0]) != full {
			t.Error("a report has a copy of its own")
		}
	}
}
