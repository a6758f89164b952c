package izkmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testOMS   = "cdf12109-10d3-11e6-8b6f-0050569977a1"
	testToken = "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f"
	testGTIN  = "04780101164394"
	boxGTIN   = "14780101164391"
)

// site is a participant who speaks plain HTTP to an emulator.
type site struct {
	t     testing.TB
	srv   *Server
	base  string
	group string
}

// clock is a hand-set clock.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newSite(t testing.TB, group string, opt Options) *site {
	opt.OMSID, opt.Token = testOMS, testToken
	srv := New(opt)
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	return &site{t: t, srv: srv, base: web.URL, group: group}
}

// as is the same site in another product group.
func (x *site) as(group string) *site {
	y := *x
	y.group = group
	return &y
}

func (x *site) request(method, name, body string, query ...string) *http.Request {
	q := url.Values{"omsId": {testOMS}}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	r, err := http.NewRequest(method, x.base+"/api/v2/"+x.group+"/"+name+"?"+q.Encode(), strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header["clientToken"] = []string{testToken}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// do sends a request and decodes the answer whatever its status.
func (x *site) do(r *http.Request) (int, answer) {
	x.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	a := answer{raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		x.t.Fatalf("%s %s: %v in %.200q", r.Method, r.URL, err, raw)
	}
	return resp.StatusCode, a
}

// ok is do for a request that must succeed.
func (x *site) ok(method, name, body string, query ...string) answer {
	x.t.Helper()
	status, a := x.do(x.request(method, name, body, query...))
	if status != http.StatusOK || len(a.GlobalErrors) > 0 {
		x.t.Fatalf("%s %s: %d %s", method, name, status, a.raw)
	}
	return a
}

type answer struct {
	raw          string
	Success      *bool
	OMSID        string `json:"omsId"`
	OrderID      string
	Expected     int64 `json:"expectedCompleteTimestamp"`
	Codes        []string
	BlockID      string
	ReportID     string
	ReportStatus string
	ErrorReason  string
	OrderInfos   []orderInfo
	Blocks       []struct {
		BlockID       string
		BlockDateTime time.Time
		Quantity      int
	}
	GlobalErrors []struct {
		Error     string
		ErrorCode int
	}
}

type fields = map[string]any // what a request body is made of

func text(t testing.TB, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func productRow(gtin, cisType string, n int) fields {
	return fields{"gtin": gtin, "quantity": n, "serialNumberType": "OPERATOR", "templateId": 3, "cisType": cisType}
}

// order places an order and returns its id.
func (x *site) order(rows ...fields) string {
	x.t.Helper()
	body := fields{"products": rows, "releaseMethodType": "PRODUCTION", "contactPerson": "Иванов П.А."}
	if x.group == "tobacco" {
		body = fields{"products": rows, "factoryId": "4600000000008", "factoryCountry": "UZ",
			"productionLineId": "1", "productCode": "6789", "productDescription": "Simple"}
	}
	return x.ok("POST", "orders", text(x.t, body)).OrderID
}

// take takes all codes of a suborder in blocks of n.
func (x *site) take(orderID, gtin string, total, n int) []string {
	x.t.Helper()
	var codes []string
	last := "0"
	for len(codes) < total {
		a := x.ok("GET", "codes", "", "orderId", orderID, "gtin", gtin, "quantity", text(x.t, n), "lastBlockId", last)
		codes, last = append(codes, a.Codes...), a.BlockID
	}
	return codes
}

func (x *site) utilise(codes ...string) answer {
	x.t.Helper()
	body := fields{"sntins": codes, "productionDate": "2026-03-01T08:00:00+05:00"}
	if x.group == "pharma" {
		body["expirationDate"], body["seriesNumber"] = "2028-03-01T08:00:00+05:00", "A1"
	}
	return x.verdict(x.ok("POST", "utilisation", text(x.t, body)).ReportID)
}

func unitRow(serial string, children ...string) fields {
	return fields{"unitSerialNumber": serial, "sntins": children, "aggregatedItemsCount": len(children),
		"aggregationUnitCapacity": 10, "aggregationType": "AGGREGATION"}
}

func (x *site) aggregate(rows ...fields) answer {
	x.t.Helper()
	body := fields{"participantId": "301234567", "productionLineId": "1", "aggregationUnits": rows}
	return x.verdict(x.ok("POST", "aggregation", text(x.t, body)).ReportID)
}

func (x *site) verdict(reportID string) answer {
	x.t.Helper()
	return x.ok("GET", "report/info", "", "reportId", reportID)
}

func kis(x *site, codes []string) []string {
	var out []string
	for _, c := range codes {
		out = append(out, c[:x.srv.issuedCode(c).block.sub.layout().ki()])
	}
	return out
}
