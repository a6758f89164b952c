package smartone_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

// Every form of signature and gzip is understood by the emulator of the same settings.
func TestForms(t *testing.T) {
	for _, padding := range []smartone.Padding{"", smartone.PSS} {
		for _, encoding := range []smartone.Encoding{"", smartone.Hex} {
			for _, signed := range []smartone.Signed{"", smartone.SignSent} {
				for _, zip := range []smartone.Gzip{"", smartone.GzipNever, smartone.GzipLarge} {
					o := good()
					o.Padding, o.Encoding, o.Signed, o.Gzip = padding, encoding, signed, zip
					e := smartonetest.Options{PSS: padding != "", Hex: encoding != "", SignGzipped: signed != "", MustGzip: zip == ""}
					play(t, o, e, func(t *testing.T, x *site) {
						body := x.body(document(1))
						a, err := x.send(body)
						if err != nil || a.RequestID != "r-1" || a.DocID != "1" {
							t.Fatal(a, err)
						}
						h := x.clean(1)
						got := h.Deliveries[1]
						if !bytes.Equal(got.Body, body) {
							t.Fatalf("sent %s", got.Body)
						}
						if (got.Type == "application/octet-stream") != (zip == "") {
							t.Fatalf("%s with gzip %q", got.Type, zip)
						}
						if p := h.Documents[0].Packed[0]; p.Code != "01\x1d93a\"b\\" || p.Parent != "O1" {
							t.Fatalf("the system has %+v", p)
						}
					})
				}
			}
		}
	}
}

func TestGzipLarge(t *testing.T) {
	o := good()
	o.Gzip, o.GzipFrom = smartone.GzipLarge, 700
	play(t, o, smartonetest.Options{}, func(t *testing.T, x *site) {
		d := document(2)
		d.Line.Ext = strings.Repeat("l", 250)
		d.Department.Ext = strings.Repeat("d", 250)
		for _, d := range []smartone.Document{document(1), d} {
			if _, err := x.send(x.body(d)); err != nil {
				t.Fatal(err)
			}
		}
		h := x.clean(2)
		if h.Deliveries[1].Type == h.Deliveries[2].Type {
			t.Fatalf("%d and %d bytes went out alike", len(h.Deliveries[1].Body), len(h.Deliveries[2].Body))
		}
	})
}

// The signature of the wrong form is one clear line, stops, and the same bytes may go again.
func TestWrongSignature(t *testing.T) {
	for name, e := range map[string]smartonetest.Options{"padding": {PSS: true}, "encoding": {Hex: true}, "signed": {SignGzipped: true}} {
		play(t, good(), e, func(t *testing.T, x *site) {
			_, err := x.send(x.body(document(1)))
			no, ok := is[*smartone.Refusal](err)
			if !ok || no.Code != smartone.CodeWrongSign || !no.Stops || !no.RetryLater || !strings.Contains(err.Error(), "public key") {
				t.Fatalf("%s: %v", name, err)
			}
		})
	}
}

// Two heavy calls are two seconds apart whatever they are and whoever makes them, and the wait ends
// with its context. The first waits too: for the call of a run that was killed just before.
func TestSpacing(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		x.srv.SetBatch(7, smartonetest.Batch{Codes: []smartonetest.Code{{Code: "a"}}})
		x.srv.SetFault(func(string, int) smartonetest.Fault { return smartonetest.Fault{Delay: 300 * time.Millisecond} })
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if _, err := x.send(x.body(document(i + 1))); err != nil {
					t.Error(err)
				}
				if _, err := x.BatchCodes(t.Context(), smartone.BatchQuery{Batch: 7}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		x.clean(5)
		if took, least := time.Since(began), 10*2*time.Second; took < least || took > least+10*400*time.Millisecond {
			t.Errorf("10 calls took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := x.MakeAggregation(ctx, x.body(document(9)))
		if lost, ok := is[*smartone.UnknownError](err); !ok || !lost.Unsent || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait that was ended: %v", err)
		}
		if _, err := x.send(x.body(document(10))); err != nil {
			t.Errorf("after a wait that was ended: %v", err)
		}
		x.clean(6)
	})
}

// Someone else uses the account: the system's word for it is no refusal.
func TestTooFrequent(t *testing.T) {
	play(t, good(), smartonetest.Options{Spacing: 5 * time.Second}, func(t *testing.T, x *site) {
		bodies := [][]byte{x.body(document(1)), x.body(document(2))}
		if _, err := x.send(bodies[0]); err != nil {
			t.Fatal(err)
		}
		_, err := x.send(bodies[1])
		if _, ok := is[*smartone.TooFrequentError](err); !ok {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if _, err := x.send(bodies[1]); err != nil {
			t.Fatal(err)
		}
		if h := x.srv.History(); len(h.Documents) != 2 {
			t.Fatalf("%d documents", len(h.Documents))
		}
	})
}

func TestInProgress(t *testing.T) {
	for _, bare := range []bool{false, true} {
		play(t, good(), smartonetest.Options{Work: 5 * time.Second, Bare: bare}, func(t *testing.T, x *site) {
			body := x.body(document(1))
			for i := range 3 {
				_, err := x.send(body)
				if run, ok := is[*smartone.InProgressError](err); !ok || run.RequestID != "r-1" {
					t.Fatalf("%d: %v", i, err)
				}
			}
			if a, err := x.send(body); err != nil || a.RequestID != "r-1" {
				t.Fatal(a, err)
			}
			x.clean(1)
		})
	}
}

// Whatever becomes of the answer, the same bytes make one document.
func TestLostAnswers(t *testing.T) {
	faults := map[string]smartonetest.Fault{
		"reset before":  {Kind: smartonetest.Reset},
		"reset after":   {Kind: smartonetest.Reset, After: true},
		"cut":           {Kind: smartonetest.Cut},
		"half":          {Kind: smartonetest.Half},
		"html":          {Kind: smartonetest.HTML},
		"html after":    {Kind: smartonetest.HTML, After: true},
		"garbage after": {Kind: smartonetest.Garbage, After: true},
		"500":           {Kind: smartonetest.Status, Status: 500},
		"502 after":     {Kind: smartonetest.Status, Status: 502, Body: "<html>", After: true},
		"500 in JSON":   {Kind: smartonetest.Status, Status: 500, Body: `{"status":"error","code":500,"message":"oops"}`},
		"404":           {Kind: smartonetest.Status, Status: 404, Body: "not found"},
		"302":           {Kind: smartonetest.Status, Status: 302},
		"empty":         {Kind: smartonetest.Status, Status: 200},
		"201":           {Kind: smartonetest.Status, Status: 201, Body: `{"status":"success","code":0}`},
		"too slow":      {After: true, Delay: 2 * time.Minute},
	}
	for name, f := range faults {
		play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
			x.srv.SetFault(fault(aggregation, 1, f))
			body := x.body(document(1))
			_, err := x.send(body)
			lost, ok := is[*smartone.UnknownError](err)
			if !ok || lost.Unsent {
				t.Errorf("%s: %v", name, err)
			}
			if a, err := x.send(body); err != nil || a.RequestID != "r-1" {
				t.Errorf("%s: again: %v", name, err)
			}
			x.clean(1)
		})
	}
}

func TestUnreachable(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		_ = x.net.Close()
		_, err := x.send(x.body(document(1)))
		if lost, ok := is[*smartone.UnknownError](err); !ok || !lost.Unsent || !strings.Contains(err.Error(), "no connection") {
			t.Fatal(err)
		}
	})
}

// The caller holds an equal document back for Window; sent sooner it is lost in the first one, and
// the client says so where the answer lets it be seen.
func TestEqualParameters(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		counted := func(id string) []byte {
			d := document(1)
			d.RequestID = id
			d.Rows = []smartone.Row{{Product: smartone.ID{Ext: "P"}, Unit: smartone.ID{Ext: "pack"}, Count: 100}}
			return x.body(d)
		}
		first, second := counted("a"), counted("b")
		one, _ := smartone.Parameters(first)
		two, _ := smartone.Parameters(second)
		if one != two {
			t.Fatal("their parameters are not equal")
		}
		if _, err := x.send(first); err != nil {
			t.Fatal(err)
		}
		_, err := x.send(second)
		if e, ok := is[*smartone.RepeatError](err); !ok || e.RequestID != "b" || e.Earlier != "a" {
			t.Fatal(err)
		}
		x.clean(1)
		time.Sleep(smartone.Window)
		if _, err := x.send(second); err != nil {
			t.Fatal(err)
		}
		if _, err := x.send(first); err != nil { // its id is remembered for ever
			t.Fatal(err)
		}
		x.clean(2)
	})
}

func TestRefusal(t *testing.T) {
	for _, status := range []int{200, 400, 401, 403, 500} {
		e := smartonetest.Options{ErrorStatus: status, Unknown: func(c string) bool { return strings.HasPrefix(c, "0") }}
		play(t, good(), e, func(t *testing.T, x *site) {
			body := x.body(document(1))
			for range 2 {
				_, err := x.send(body)
				no, ok := is[*smartone.Refusal](err)
				if !ok || no.Code != 156 || no.Status != status || len(no.Rows) != 1 || no.Rows[0].Code != 137 || !no.Stops || no.RetryLater {
					t.Fatalf("%d: %v", status, err)
				}
				if !strings.Contains(err.Error(), "137 Code 01") || strings.ContainsAny(err.Error(), "\n\x1d") {
					t.Fatalf("%d: %q", status, err)
				}
			}
			x.clean(0)
		})
	}
}

func TestInvalidBody(t *testing.T) {
	play(t, good(), smartonetest.Options{}, func(t *testing.T, x *site) {
		for _, body := range []string{"", "[]", `{"items":[]}`, `{"request_id":"a"} x`, `{"request_id":"a","x":"` + strings.Repeat("x", smartone.MaxUnpacked) + `"}`} {
			_, err := x.send([]byte(body))
			if _, ok := is[*smartone.InvalidError](err); !ok {
				t.Errorf("%.20q: %v", body, err)
			}
		}
		if h := x.srv.History(); len(h.Requests) > 0 {
			t.Fatalf("something was sent: %v", h.Requests)
		}
	})
}
