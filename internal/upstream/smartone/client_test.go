package smartone_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

const password = `pa"ss\wörd`

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func keyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key())})
}

func good() smartone.Options {
	return smartone.Options{URL: "http://localhost/tnt/", Login: "plant", Password: password, Key: keyPEM()}
}

// pipes is a listener of connections in memory, which synctest can see the end of.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type site struct {
	*smartone.Client
	t   *testing.T
	srv *smartonetest.Server
	net *pipes
}

// play runs f in a bubble of synctest, with a client and an emulator.
func play(t *testing.T, o smartone.Options, e smartonetest.Options, f func(t *testing.T, x *site)) {
	synctest.Test(t, func(t *testing.T) {
		x := &site{t: t, net: newPipes()}
		e.Login, e.Password, e.PublicKey = "plant", password, &key().PublicKey
		x.srv = smartonetest.New(e)
		web := &http.Server{Handler: http.StripPrefix("/tnt", x.srv), ErrorLog: nil}
		served := make(chan error, 1)
		go func() { served <- web.Serve(x.net) }()
		o.DialContext = x.net.dial
		var err error
		if x.Client, err = smartone.New(o); err != nil {
			t.Fatal(err)
		}
		f(t, x)
		_ = web.Close()
		<-served
		time.Sleep(time.Hour) // lets what waits in a handler end
	})
}

// document is a good one; n makes its codes.
func document(n int) smartone.Document {
	outer := code.Code(fmt.Sprintf("O%d", n))
	return smartone.Document{
		RequestID:  fmt.Sprintf("r-%d", n),
		Department: smartone.ID{Ext: "D"}, Line: smartone.ID{Ext: "L"}, Today: time.Now(),
		Rows: []smartone.Row{
			{Product: smartone.ID{Ext: "P"}, Unit: smartone.ID{Ext: "pack"}, Pack: smartone.ID{Ext: "outer"}, Codes: []smartone.Item{
				{Code: code.Code(fmt.Sprintf("0%d\x1d93a\"b\\", n)), Parent: outer}, {Code: code.Code(fmt.Sprintf("1%d\x1d93й", n)), Parent: outer},
			}},
			{Product: smartone.ID{Ext: "P"}, Unit: smartone.ID{Ext: "outer"}, Codes: []smartone.Item{{Code: outer}}},
		},
	}
}

func (x *site) body(d smartone.Document) []byte {
	x.t.Helper()
	b, err := smartone.EncodeAggregation(d)
	if err != nil {
		x.t.Fatal(err)
	}
	return b
}

func (x *site) send(body []byte) (smartone.Answer, error) {
	return x.MakeAggregation(x.t.Context(), body)
}

// clean fails where the emulator saw anything against the document, or not n documents.
func (x *site) clean(n int) smartonetest.History {
	x.t.Helper()
	h := x.srv.History()
	if len(h.Breaches) > 0 || len(h.Documents) != n || len(h.Twice()) > 0 {
		x.t.Fatalf("%d documents, breaches %q, twice %q", len(h.Documents), h.Breaches, h.Twice())
	}
	return h
}

func fault(path string, n int, f smartonetest.Fault) func(string, int) smartonetest.Fault {
	return func(p string, i int) smartonetest.Fault {
		if strings.HasSuffix(p, path) && i == n {
			return f
		}
		return smartonetest.Fault{}
	}
}

const aggregation = "/make_aggregation/"

func is[E error](err error) (E, bool) {
	var e E
	return e, errors.As(err, &e)
}

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
// with its context.
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
		if took, least := time.Since(began), 9*2*time.Second; took < least || took > least+10*400*time.Millisecond {
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
