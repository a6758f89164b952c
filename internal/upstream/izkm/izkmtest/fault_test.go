package izkmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		fault  Fault
		log    string
		done   bool // the work is done
		status int
		seen   func(t *testing.T, resp *http.Response, body []byte, err error)
	}{
		{Fault{}, "", true, 200, whole},
		{Fault{Kind: Status, Status: 401, Body: "Unauthorized"}, "status 401", false, 401, func(t *testing.T, _ *http.Response, body []byte, err error) {
			if string(body) != "Unauthorized" || err != nil {
				t.Errorf("%q, %v", body, err)
			}
		}},
		{Fault{Kind: Status, Status: 500}, "status 500", false, 500, whole},
		{Fault{Kind: Status, Status: 503, RetryAfter: 1500 * time.Millisecond}, "status 503", false, 503, func(t *testing.T, r *http.Response, body []byte, err error) {
			whole(t, r, body, err)
			if r.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
			}
		}},
		{Fault{Kind: Status, Status: 502, After: true}, "status 502 after", true, 502, whole},
		{Fault{Kind: HTML}, "html", false, 200, page},
		{Fault{Kind: HTML, After: true}, "html after", true, 200, page},
		{Fault{Kind: Half}, "half", true, 200, func(t *testing.T, _ *http.Response, body []byte, err error) {
			if err != nil || json.Valid(body) || !bytes.HasPrefix(body, []byte(`{"omsId"`)) {
				t.Errorf("%q, %v", body, err)
			}
		}},
		{Fault{Kind: Cut}, "cut", true, 200, func(t *testing.T, _ *http.Response, body []byte, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(body, []byte(`{"omsId"`)) {
				t.Errorf("%q, %v", body, err)
			}
		}},
		{Fault{Kind: Drip, Over: 15 * time.Millisecond}, "drip", true, 200, whole},
		{Fault{Kind: Garbage}, "garbage", false, 200, garbled},
		{Fault{Kind: Garbage, After: true}, "garbage after", true, 200, garbled},
		{Fault{Kind: Status, Status: 429, RetryAfter: time.Minute}, "status 429", false, 429, func(t *testing.T, r *http.Response, body []byte, err error) {
			whole(t, r, body, err)
			if r.Header.Get("Retry-After") != "60" {
				t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
			}
		}},
		{Fault{Kind: Status, Status: 403}, "status 403", false, 403, whole},
		{Fault{Kind: Reset}, "reset", false, 0, dropped},
		{Fault{Kind: Reset, After: true}, "reset after", true, 0, dropped},
	} {
		t.Run(tc.log, func(t *testing.T) {
			var log bytes.Buffer
			x := newSite(t, "water", Options{Log: &log})
			x.srv.SetFault(func(string, string, int) Fault { return tc.fault })
			body := text(t, fields{"products": []fields{productRow(testGTIN, "UNIT", 1)}, "releaseMethodType": "PRODUCTION"})
			resp, err := http.DefaultClient.Do(x.request("POST", "orders", body))
			var got []byte
			if err == nil {
				got, err = io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != tc.status {
					t.Errorf("status %d", resp.StatusCode)
				}
			} else if tc.status != 0 {
				t.Fatal(err)
			}
			tc.seen(t, resp, got, err)
			h := x.srv.History()
			if (len(h.Orders) == 1) != tc.done || len(h.Breaches) > 0 || h.Requests["POST /api/v2/water/orders"] != 1 {
				t.Errorf("history %+v", h)
			}
			var e event
			if err := json.Unmarshal(log.Bytes(), &e); err != nil || e.Fault != tc.log || (e.Order != nil) != tc.done {
				t.Errorf("log %s: %v", log.Bytes(), err)
			}
		})
	}
}

func whole(t *testing.T, r *http.Response, body []byte, err error) {
	if err != nil || !json.Valid(body) || r.Header.Get("Content-Type") != "application/json;charset=UTF-8" {
		t.Errorf("%q %v, %v", body, r.Header, err)
	}
}

func page(t *testing.T, r *http.Response, body []byte, err error) {
	if err != nil || !bytes.Contains(body, []byte("<html>")) || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%q %v, %v", body, r.Header, err)
	}
}

func garbled(t *testing.T, r *http.Response, body []byte, err error) {
	if err != nil || json.Valid(body) || !bytes.HasPrefix(body, []byte(`{"omsId"`)) || r.Header.Get("Content-Type") != jsonType {
		t.Errorf("%q %v, %v", body, r.Header, err)
	}
}

func dropped(t *testing.T, r *http.Response, _ []byte, err error) {
	if r != nil || !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("%v, %v", r, err)
	}
}

func TestResetWithoutAConnectionAborts(t *testing.T) {
	s := New(Options{})
	s.SetFault(func(string, string, int) Fault { return Fault{Kind: Reset} })
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/v2/water/ping", nil))
}

func TestDelayComesAfterTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		s.SetFault(func(string, string, int) Fault { return Fault{Delay: 10 * time.Second} })
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		for _, tc := range []struct {
			ctx     context.Context
			after   time.Duration
			written bool
		}{{ctx, 3 * time.Second, false}, {t.Context(), 10 * time.Second, true}} {
			start := time.Now()
			body := text(t, fields{"products": []fields{productRow(testGTIN, "UNIT", 1)}, "releaseMethodType": "PRODUCTION"})
			r := httptest.NewRequestWithContext(tc.ctx, "POST", "/api/v2/water/orders?omsId="+testOMS, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if time.Since(start) != tc.after || (w.Body.Len() > 0) != tc.written {
				t.Errorf("after %v: %q", time.Since(start), w.Body)
			}
		}
		if n := len(s.History().Orders); n != 2 {
			t.Errorf("%d orders", n)
		}
	})
}

func TestFaultIsAskedByNumber(t *testing.T) {
	x := newSite(t, "water", Options{})
	type asked struct {
		method, path string
		n            int
	}
	var got []asked
	x.srv.SetFault(func(method, path string, n int) Fault {
		got = append(got, asked{method, path, n})
		return Fault{}
	})
	for _, name := range []string{"ping", "orders", "ping"} {
		x.ok("GET", name, "")
	}
	want := []asked{{"GET", "/api/v2/water/ping", 1}, {"GET", "/api/v2/water/orders", 1}, {"GET", "/api/v2/water/ping", 2}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestStorm(t *testing.T) {
	const n = 20000
	one, same, other := Storm(1, 0.1, 0.05, 0.02), Storm(1, 0.1, 0.05, 0.02), Storm(2, 0.1, 0.05, 0.02)
	var before, after, garbage, differ float64
	for i := range n {
		f := one("GET", "/codes", i)
		if f != same("GET", "/codes", i) {
			t.Fatalf("request %d: the seed does not decide", i)
		}
		if f != other("GET", "/codes", i) {
			differ++
		}
		switch {
		case f == Fault{}:
		case f.Kind == HTML || f.Kind == Half || f.Kind == Garbage:
			garbage++
		case f.worksFirst():
			after++
		default:
			before++
		}
		if f.Status == 401 || f.Status == 403 {
			t.Errorf("%+v", f)
		}
	}
	for _, tc := range []struct{ got, want float64 }{{before, 0.1}, {after, 0.05}, {garbage, 0.02}} {
		if math.Abs(tc.got/n-tc.want) > 0.01 {
			t.Errorf("%v of %v, want %v", tc.got, n, tc.want)
		}
	}
	if differ < n/10 {
		t.Error("the seed does not matter")
	}
	if calm := Storm(1, 0, 0, 0); calm("GET", "/codes", 1) != (Fault{}) {
		t.Error("a storm of nothing")
	}
}

// TestNothingIsLostInAStorm recovers every block by the document's rules while answers get
// lost: what the emulator says it issued is what a careful caller can get hold of.
func TestNothingIsLostInAStorm(t *testing.T) {
	x := newSite(t, "water", Options{})
	id := x.order(productRow(testGTIN, "UNIT", 200))
	x.srv.SetFault(Storm(5, 0.2, 0.2, 0.1))
	calm := func(method, name string, query ...string) (answer, bool) {
		resp, err := http.DefaultClient.Do(x.request(method, name, "", query...))
		if err != nil {
			return answer{}, false
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		var a answer
		return a, err == nil && resp.StatusCode == 200 && json.Unmarshal(raw, &a) == nil
	}
	q := []string{"orderId", id, "gtin", testGTIN}
	got, last := make(map[string]bool), "0"
	keep := func(codes []string, block string) {
		for _, c := range codes {
			got[c] = true
		}
		last = block
	}
	for len(got) < 200 {
		// One connection a call: a transport repeats a GET by itself when a reused one dies.
		http.DefaultClient.CloseIdleConnections()
		if a, ok := calm("GET", "codes", append(q, "quantity", "7", "lastBlockId", last)...); ok {
			keep(a.Codes, a.BlockID)
			continue
		}
		for {
			a, ok := calm("GET", "codes/blocks", q...)
			if !ok {
				continue
			}
			if n := len(a.Blocks); n > 0 && a.Blocks[n-1].BlockID != last {
				lost := a.Blocks[n-1].BlockID
				b, ok := calm("GET", "codes/retry", append(q, "blockId", lost)...)
				if !ok {
					continue
				}
				keep(b.Codes, lost)
			}
			break
		}
	}
	h := x.srv.History()
	for _, c := range h.Codes {
		if !got[c.Full] {
			t.Errorf("%q is lost", c.Full)
		}
	}
	if len(h.Codes) != 200 || len(h.Breaches) > 0 {
		t.Errorf("%d codes, breaches %q", len(h.Codes), h.Breaches)
	}
}
