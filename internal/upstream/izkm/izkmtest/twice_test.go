package izkmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestTwice: a proxy repeats each request. The caller sees the second outcome; the first
// stands in the account; neither is the caller's breach.
func TestTwice(t *testing.T) {
	var log bytes.Buffer
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now, Log: &log})
	x.srv.SetFault(func(string, string, int) Fault { return Fault{Kind: Twice} })
	id := x.order(productRow(testGTIN, "UNIT", 2))
	if h := x.srv.History(); len(h.Orders) != 2 || h.Orders[1].ID != id || h.Requests["POST /api/v2/water/orders"] != 1 {
		t.Fatalf("%+v", h)
	}
	q := []string{"orderId", id, "gtin", testGTIN}
	status, a := x.do(x.request("GET", "codes", "", append(q, "quantity", "2")...))
	if status != 400 {
		t.Errorf("%d %s", status, a.raw)
	}
	codes := x.ok("GET", "codes/retry", "", q...).Codes
	if len(codes) != 2 {
		t.Fatalf("%q", codes)
	}
	if a := x.utilise(codes...); !strings.HasPrefix(a.ErrorReason, "duplicate") {
		t.Error(a.raw)
	}
	h := x.srv.History()
	if len(h.Breaches) > 0 || len(h.Reports) != 2 || h.Reports[0].Status != "SENT" || h.Reports[0].Times != 2 || h.Codes[0].Utilisation != h.Reports[0].ID {
		t.Errorf("%+v", h)
	}
	x.do(x.request("GET", "codes", "", q...)) // a breach of the caller's own counts once
	h = x.srv.History()
	if len(h.Breaches) != 1 {
		t.Errorf("%q", h.Breaches)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(log.Bytes()), []byte{'\n'}) {
		var e event
		if json.Unmarshal(line, &e) != nil || e.Fault != "twice" {
			t.Errorf("%s", line)
		}
	}
	again := New(Options{Now: clk.now})
	if err := again.Restore(&log); err != nil || !reflect.DeepEqual(again.History(), h) {
		t.Errorf("restored as %+v, %v", again.History(), err)
	}
}

func TestDripTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		s.SetFault(func(string, string, int) Fault {
			return Fault{Kind: Drip, Delay: 5 * time.Second, Over: 30 * time.Second}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for _, tc := range []struct {
			ctx   context.Context
			after time.Duration
			whole bool
		}{{ctx, 20 * time.Second, false}, {t.Context(), 35 * time.Second, true}} {
			start := time.Now()
			r := httptest.NewRequestWithContext(tc.ctx, "GET", "/api/v2/water/ping?omsId="+testOMS, http.NoBody)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if time.Since(start) != tc.after || json.Valid(w.Body.Bytes()) != tc.whole || w.Body.Len() == 0 || !w.Flushed {
				t.Errorf("after %v: %q", time.Since(start), w.Body)
			}
		}
	})
}
