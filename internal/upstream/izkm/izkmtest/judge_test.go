package izkmtest

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCodesAreRejectedAtWill(t *testing.T) {
	for _, named := range []bool{false, true} {
		bad := make(map[string]bool)
		x := newSite(t, "water", Options{NameBad: named, RejectCodes: func(code string) bool { return bad[code] }})
		codes := x.take(x.order(productRow(testGTIN, "UNIT", 6)), testGTIN, 6, 6)
		ki := kis(x, codes)
		reject := func(a answer, name string) {
			t.Helper()
			if a.ReportStatus != "REJECTED" || a.ErrorReason == "" || strings.Contains(a.ErrorReason, name) != named {
				t.Errorf("named %v: %s", named, a.raw)
			}
		}
		bad[codes[1]] = true
		reject(x.utilise(codes...), codes[1])
		bad[codes[1]] = false
		if a := x.utilise(codes...); a.ReportStatus != "SENT" { // nothing of the rejected one was taken
			t.Error(a.raw)
		}
		bad[codes[2]], bad[caseSSCC] = true, true
		reject(x.aggregate(unitRow(palletSSCC, ki[0], ki[2])), ki[2])
		reject(x.aggregate(unitRow(caseSSCC, ki[0])), caseSSCC)
		if a := x.aggregate(unitRow(palletSSCC, ki[0])); a.ReportStatus != "SENT" {
			t.Error(a.raw)
		}
		reject(x.dropout(dropoutBody(true, codes[3], codes[2])), codes[2])
		if a := x.dropout(dropoutBody(true, codes[3])); a.ReportStatus != "SENT" {
			t.Error(a.raw)
		}
		h := x.srv.History()
		if len(h.Breaches) > 0 || h.Codes[2].Dropped+h.Codes[2].Unit != "" || len(h.Accepted(Utilisation)) != 1 {
			t.Errorf("%+v", h)
		}
	}
}

// TestRejectedReportIsNoDuplicate: only an accepted report makes a repeat one. Another body
// under its id stays a breach.
func TestRejectedReportIsNoDuplicate(t *testing.T) {
	sick := true
	x := newSite(t, "water", Options{RejectCodes: func(string) bool { return sick }})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 2)), testGTIN, 2, 2)
	send := func(codes ...string) answer {
		return x.verdict(x.ok("POST", "utilisation", text(t, fields{"sntins": codes, "sourceReportId": "a"})).ReportID)
	}
	if a := send(codes[0]); a.ReportStatus != "REJECTED" {
		t.Error(a.raw)
	}
	sick = false
	if a := send(codes[0]); a.ReportStatus != "SENT" || len(x.srv.History().Breaches) > 0 {
		t.Error(a.raw)
	}
	a := send(codes[1])
	if b := x.srv.History().Breaches; !strings.Contains(a.ErrorReason, "duplicate") || len(b) != 1 || !strings.Contains(b[0], "sourceReportId a comes again") {
		t.Errorf("%s, breaches %q", a.raw, b)
	}
}

func TestDuplicateIsRefusedAtOnce(t *testing.T) {
	var log bytes.Buffer
	clk := newClock()
	x := newSite(t, "water", Options{DuplicateAtOnce: true, Now: clk.now, Log: &log})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 3)), testGTIN, 3, 3)
	use := text(t, fields{"sntins": codes[:1], "sourceReportId": "a"})
	pack := text(t, fields{"participantId": "301234567", "aggregationUnits": []fields{unitRow(caseSSCC, kis(x, codes[:1])...)}})
	drop := text(t, with(dropoutBody(false, codes[1]), "sourceDocNum", "7"))
	for _, sent := range [][2]string{{"utilisation", use}, {"aggregation", pack}, {"dropout", drop}} {
		first := x.ok("POST", sent[0], sent[1])
		for range 2 {
			status, a := x.do(x.request("POST", sent[0], sent[1]))
			if status != 400 || len(a.GlobalErrors) != 1 || a.GlobalErrors[0].ErrorCode != codeDuplicate ||
				!strings.Contains(a.GlobalErrors[0].Error, "duplicate of report "+first.ReportID) {
				t.Errorf("%s: %d %s", sent[0], status, a.raw)
			}
		}
	}
	h := x.srv.History()
	if len(h.Breaches) > 0 || len(h.Reports) != 3 {
		t.Errorf("%+v", h)
	}
	for _, r := range h.Reports {
		if r.Times != 3 || r.Status != "SENT" {
			t.Errorf("%+v", r)
		}
	}
	other := text(t, fields{"sntins": codes[2:], "sourceReportId": "a"})
	x.refused(x.request("POST", "utilisation", other), 400, codeDuplicate, "another body")
	again := New(Options{Now: clk.now})
	if err := again.Restore(&log); err != nil || !reflect.DeepEqual(again.History(), x.srv.History()) {
		t.Errorf("restored as %+v, %v", again.History(), err)
	}
}

func TestHistoryIsJudged(t *testing.T) {
	x := newSite(t, "water", Options{})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 4)), testGTIN, 4, 4)
	goods := x.as("appliances")
	goods.take(goods.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)
	body := fields{"sntins": codes[:1], "usageType": "PRINTED"}
	a := x.ok("POST", "utilisation", text(t, body))
	x.dropout(dropoutBody(false, codes[1]))
	x.utilise(codes[2], "x")
	h := x.srv.History()
	var open []string
	for _, c := range h.Unreported() {
		open = append(open, c.Full)
	}
	if !reflect.DeepEqual(open, codes[2:]) {
		t.Errorf("unreported %q, want %q", open, codes[2:])
	}
	by := h.ByFull()
	if c := by[codes[0]]; len(by) != 5 || c.Full != codes[0] || c.Utilisation != a.ReportID || c.UsageType != "PRINTED" || by[codes[1]].UsageType != "" {
		t.Errorf("%+v", by)
	}
	if got := h.Accepted(Utilisation); len(got) != 1 || got[0].ID != a.ReportID || len(h.Accepted(Dropout)) != 1 || len(h.Accepted(Aggregation)) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestSkewMovesTheDateAlone(t *testing.T) {
	for _, skew := range []time.Duration{0, 3 * time.Hour, -10 * time.Minute} {
		clk := newClock()
		x := newSite(t, "water", Options{Now: clk.now, Skew: skew})
		x.order(productRow(testGTIN, "UNIT", 1))
		x.srv.SetFault(func(_, _ string, n int) Fault {
			return []Fault{{}, {Kind: Status, Status: 503}, {Kind: HTML}, {Kind: Half}}[n-1]
		})
		for range 4 {
			resp, err := http.DefaultClient.Do(x.request("GET", "ping", ""))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if date, err := http.ParseTime(resp.Header.Get("Date")); err != nil || !date.Equal(clk.now().Add(skew)) || len(resp.Header.Values("Date")) != 1 {
				t.Errorf("skew %v: %q", skew, resp.Header.Values("Date"))
			}
		}
		x.srv.SetFault(nil)
		if o := x.ok("GET", "orders", "").OrderInfos[0]; o.Created != clk.now().UnixMilli() {
			t.Errorf("%+v", o)
		}
	}
}
