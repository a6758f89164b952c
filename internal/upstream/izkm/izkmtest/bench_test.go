package izkmtest

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
)

// serve carries out one request without a connection.
func (x *site) serve(method, name, body string, query ...string) string {
	w := httptest.NewRecorder()
	x.srv.ServeHTTP(w, x.request(method, name, body, query...))
	if w.Code != 200 {
		x.t.Fatalf("%d %.300s", w.Code, w.Body)
	}
	return w.Body.String()
}

func (x *site) issue(n int) []string {
	id := x.order(productRow(testGTIN, "UNIT", n))
	x.serve("GET", "codes", "", "orderId", id, "gtin", testGTIN, "quantity", strconv.Itoa(n))
	var codes []string
	for _, c := range x.srv.blocks[len(x.srv.blocks)-1].codes {
		codes = append(codes, c.full)
	}
	return codes
}

// BenchmarkReport sends the largest possible reports of each kind.
func BenchmarkReport(b *testing.B) {
	for _, kind := range []string{Utilisation, Aggregation, Dropout} {
		b.Run(kind, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				x := newSite(b, "pharma", Options{Log: discard{}, RejectCodes: func(string) bool { return false }})
				codes := x.issue(30_000)
				body := fields{"sntins": codes, "productionDate": "2026-03-01T08:00:00Z", "expirationDate": "2028-03-01T08:00:00Z", "seriesNumber": "A1"}
				switch kind {
				case Aggregation:
					x.serve("POST", "utilisation", text(b, body))
					ki := kis(x, codes[:10_999])
					body = fields{"participantId": "301234567", "aggregationUnits": []fields{with(unitRow(caseSSCC, ki...), "aggregationUnitCapacity", len(ki))}}
				case Dropout:
					body = dropoutBody(true, codes...)
				}
				sent := text(b, body)
				b.StartTimer()
				x.serve("POST", kind, sent)
				b.StopTimer()
				if r := x.srv.reports[len(x.srv.reports)-1]; !r.accepted() {
					b.Fatal(r.ErrorReason)
				}
			}
		})
	}
}

// BenchmarkMemory is what a code costs that was issued, applied, packed by tens and dropped,
// and what its History costs.
func BenchmarkMemory(b *testing.B) {
	const n = 100_000
	inUse := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for range b.N {
		before := inUse()
		x := newSite(b, "water", Options{})
		codes := x.issue(n)
		ki := kis(x, codes)
		for i := 0; i < n; i += 10_000 {
			x.serve("POST", "utilisation", text(b, fields{"sntins": codes[i : i+10_000]}))
			var rows []fields
			for j := i; j < i+10_000; j += 10 {
				rows = append(rows, unitRow(sscc(j/10), ki[j:j+10]...))
			}
			x.serve("POST", "aggregation", text(b, fields{"participantId": "301234567", "aggregationUnits": rows}))
			x.serve("POST", "dropout", text(b, dropoutBody(true, sscc(i/10))))
		}
		codes, ki = nil, nil
		b.ReportMetric((inUse()-before)/n, "B/code")
		h := x.srv.History()
		if len(h.Breaches) > 0 || len(h.Codes) != n || len(h.Packs) != n/10 || h.Codes[n-1].Unit == "" || h.Codes[9].Dropped == "" {
			b.Fatalf("%.3q", h.Breaches)
		}
		b.ReportMetric((inUse()-before)/n, "B/code+history")
		runtime.KeepAlive(h)
		runtime.KeepAlive(x)
	}
}

func sscc(n int) string {
	for check := range 10 {
		if s := fmt.Sprintf("00%017d%d", n, check); validSSCC(s) {
			return s
		}
	}
	panic("no check digit")
}
