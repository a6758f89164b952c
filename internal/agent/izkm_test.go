package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
)

var soda = supply.Product{Product: ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}, TemplateID: 3, ReleaseMethod: "PRODUCTION"}

// canned is a national system that gives one answer and keeps what it was asked.
type canned struct {
	*izkmSystem
	status int
	answer string
	method string
	path   string
	query  string
	body   []byte
}

func newCanned(t *testing.T) *canned {
	t.Helper()
	c := &canned{status: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.method, c.path, c.query = r.Method, r.URL.Path, r.URL.RawQuery
		c.body, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(c.status)
		io.WriteString(w, c.answer)
	}))
	t.Cleanup(server.Close)
	client, err := izkm.New(izkm.Options{URL: server.URL, OMSID: "cdf12109-10d3-11e6-8b6f-0050569977a1", Token: "token", Group: "water"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), t.TempDir(), ledger.Options{Agent: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := l.StartBatch(t.Context(), ledger.Batch{Line: "3", Name: "B1", Series: "S-7", ProductionDate: "2026-03-01T06:00:00+05:00", ExpirationDate: "2028-03-01T00:00:00+05:00"}); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{IZKM: config.IZKM{ParticipantID: "301234567", ContactPerson: "A. Karimov",
		Factory: config.Factory{ID: "4780000000009", Country: "UZ", ProductionLineID: "3", ProductCode: "p", ProductDescription: "d"}}}
	c.izkmSystem = &izkmSystem{papers: papers{cfg, l}, client: client, national: &national{log: slog.New(slog.DiscardHandler), isAnswer: clearNo}}
	return c
}

func (c *canned) sent(t *testing.T) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(c.body, &fields); err != nil {
		t.Fatalf("the body is %q: %v", c.body, err)
	}
	return fields
}

// TestListedOrders: what the server's words for an order and its suborder mean for supply. A word that
// nobody knows is waited for, never taken for an end.
func TestListedOrders(t *testing.T) {
	tests := []struct {
		order, buffer, decline, rejection string
		want                              ledger.OrderState
		reason                            string
	}{
		{order: "CREATED", buffer: "PENDING", want: ledger.Pending},
		{order: "PENDING", buffer: "PENDING", want: ledger.Pending},
		{order: "READY", buffer: "ACTIVE", want: ledger.Active},
		{order: "READY", buffer: "EXHAUSTED", want: ledger.Exhausted},
		{order: "READY", buffer: "REJECTED", rejection: "wrong template", want: ledger.Refused, reason: "wrong template"},
		{order: "READY", buffer: "CLOSED", want: ledger.Shut},
		{order: "READY", buffer: "EXPIRED", want: ledger.Expired},
		{order: "REJECTED", buffer: "PENDING", decline: "no money", want: ledger.Refused, reason: "no money"},
		{order: "EXPIRED", buffer: "ACTIVE", want: ledger.Expired},
		{order: "CLOSED", buffer: "EXHAUSTED", want: ledger.Shut},
		{order: "READY", buffer: "ARCHIVED", want: ledger.Pending},
		{order: "ARCHIVED", buffer: "ACTIVE", want: ledger.Active},
	}
	for _, test := range tests {
		t.Run(test.order+" "+test.buffer, func(t *testing.T) {
			c := newCanned(t)
			c.answer = fmt.Sprintf(`{"omsId":"cdf12109-10d3-11e6-8b6f-0050569977a1","orderInfos":[
				{"orderId":"1","orderStatus":%q,"declineReason":%q,"buffers":[{"gtin":"04780012345677","bufferStatus":%q,"rejectionReason":%q,"totalCodes":30,"leftInBuffer":30}]},
				{"orderId":"2","orderStatus":"READY","buffers":[{"gtin":"04780012345684","bufferStatus":"ACTIVE","totalCodes":30,"leftInBuffer":30}]}]}`,
				test.order, test.decline, test.buffer, test.rejection)
			orders, err := c.List(t.Context(), soda, time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC))
			if err != nil || len(orders) != 1 {
				t.Fatalf("%+v, %v", orders, err)
			}
			if o := orders[0]; o.ID != "1" || o.GTIN != soda.GTIN || o.Quantity != 30 || o.State != test.want || o.Reason != test.reason {
				t.Errorf("%+v, want %s: %s", o, test.want, test.reason)
			}
			if !strings.Contains(c.query, "dateFrom=2026-03-01T06%3A00%3A00Z") {
				t.Errorf("asked for %s", c.query)
			}
		})
	}
}

// TestPlacedOrder: what goes into an order of each kind of group.
func TestPlacedOrder(t *testing.T) {
	for _, group := range []string{"water", "tobacco", "alcohol"} {
		t.Run(group, func(t *testing.T) {
			c := newCanned(t)
			c.answer = `{"omsId":"cdf12109-10d3-11e6-8b6f-0050569977a1","orderId":"b024ae09-ef7c-449e-b461-05d8eb116c79","expectedCompleteTimestamp":5}`
			p := soda
			p.Group = group
			id, err := c.Place(t.Context(), p, 77)
			if err != nil || id != "b024ae09-ef7c-449e-b461-05d8eb116c79" {
				t.Fatalf("%q, %v", id, err)
			}
			body := c.sent(t)
			product := body["products"].([]any)[0].(map[string]any)
			if c.method+" "+c.path != "POST /api/v2/"+group+"/orders" || product["gtin"] != soda.GTIN || product["quantity"] != 77.0 || product["templateId"] != 3.0 || product["cisType"] != "UNIT" || product["serialNumberType"] != "OPERATOR" {
				t.Errorf("%s %s with %s", c.method, c.path, c.body)
			}
			if tobacco := group == "tobacco"; tobacco != (body["factoryId"] == "4780000000009") || tobacco == (body["releaseMethodType"] == "PRODUCTION") {
				t.Errorf("an order of %s has %s", group, c.body)
			}
			if group == "alcohol" && body["contactPerson"] != "A. Karimov" {
				t.Errorf("an order of alcohol has %s", c.body)
			}
		})
	}
}

// TestReportBodies: a report says of its line what was written down of its batch, and nothing that is not there.
func TestReportBodies(t *testing.T) {
	c := newCanned(t)
	r := ledger.Report{UUID: "u", Kind: ledger.Utilisation, Line: "3", Group: "pharma", Batch: "B1", Usage: "VERIFIED", CreatedAt: time.UnixMilli(1_772_000_000_000)}
	body, err := c.Utilisation(r, []code.Code{"01\x1d93A"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"sntins":["01\u001d93A"],"usageType":"VERIFIED","productionLineId":"3","productionOrderId":"B1","sourceReportId":"u","productionDate":"2026-03-01T06:00:00+05:00","expirationDate":"2028-03-01T00:00:00+05:00","seriesNumber":"S-7"}`
	if got := string(body); !sameJSON(t, got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	r.Line, r.Group = "4", "water"
	if body, err = c.Utilisation(r, []code.Code{"01"}); err != nil || strings.Contains(string(body), "Date") || strings.Contains(string(body), "series") {
		t.Errorf("a line without dates says %s, %v", body, err)
	}
	if _, err = c.Utilisation(ledger.Report{UUID: "u", Line: "4", Group: "pharma"}, []code.Code{"01"}); err == nil {
		t.Error("a report of pharma without its series was made")
	}
	body, err = c.Aggregation(r, []ledger.AggregationUnit{{Serial: "00030123456700000012", Capacity: 6, Children: []code.Code{"01", "02"}}})
	if err != nil {
		t.Fatal(err)
	}
	want = `{"participantId":"301234567","productionLineId":"4","productionOrderId":"B1","dateDoc":1772000000000,"aggregationUnits":[
		{"unitSerialNumber":"00030123456700000012","sntins":["01","02"],"aggregatedItemsCount":2,"aggregationUnitCapacity":6,"aggregationType":"AGGREGATION"}]}`
	if got := string(body); !sameJSON(t, got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatalf("%s or %s: %v", a, b, err)
	}
	return reflect.DeepEqual(x, y)
}

// TestReportStates: only SENT is a success and only REJECTED a failure.
func TestReportStates(t *testing.T) {
	for status, want := range map[string]report.State{"DRAFT": report.Working, "READY_TO_SEND": report.Working, "PENDING": report.Working, "SENT": report.Sent, "REJECTED": report.Rejected, "ARCHIVED": report.Working, "sent": report.Working} {
		c := newCanned(t)
		c.answer = fmt.Sprintf(`{"omsId":"cdf12109-10d3-11e6-8b6f-0050569977a1","reportId":"r1","reportStatus":%q,"errorReason":"why"}`, status)
		state, reason, err := c.State(t.Context(), ledger.Report{Group: "water", ServerID: "r1"})
		if err != nil || state != want || reason != "why" {
			t.Errorf("%s is %v: %s, %v; want %v", status, state, reason, err, want)
		}
	}
	c := newCanned(t)
	c.status, c.answer = http.StatusBadGateway, "<html>"
	if state, _, err := c.State(t.Context(), ledger.Report{Group: "water", ServerID: "r1"}); err == nil || state != report.Working {
		t.Errorf("a fault is %v, %v", state, err)
	}
}

// TestSendGoesToItsPath: each kind of report has its own, and its bytes go as they are.
func TestSendGoesToItsPath(t *testing.T) {
	for _, kind := range []ledger.ReportKind{ledger.Utilisation, ledger.Aggregation} {
		c := newCanned(t)
		c.answer = `{"omsId":"cdf12109-10d3-11e6-8b6f-0050569977a1","reportId":"r1"}`
		id, err := c.Send(t.Context(), ledger.Report{Kind: kind, Group: "beer"}, []byte(`{"a" : "b\u001d"}`))
		if err != nil || id != "r1" || c.path != "/api/v2/beer/"+string(kind) || string(c.body) != `{"a" : "b\u001d"}` {
			t.Errorf("%s: %q, %v; %s got %s", kind, id, err, c.path, c.body)
		}
	}
}

func TestNeedsUtilisation(t *testing.T) {
	c := newCanned(t)
	for group, want := range map[string]bool{"water": true, "tobacco": true, "pharma": true, "appliances": false, "a new group": true} {
		if got := c.NeedsUtilisation(group); got != want {
			t.Errorf("%s: %v, want %v", group, got, want)
		}
	}
}
