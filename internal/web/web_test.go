package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/escape"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/web"
)

var bottle = ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}

// site is the configuration of the plant's office: a line of water, and one of a group whose
// reports need a production date.
var site = &config.Config{
	IZKM:     config.IZKM{Group: "water", ParticipantID: "301234567", Address: "Tashkent"},
	Products: []config.Product{{Name: "water-05", GTIN: bottle.GTIN, CISType: "UNIT"}, {Name: "beer", GTIN: "04780012345684", Group: "beer", CISType: "UNIT"}},
	Lines: []config.Line{
		{Name: "3", Stations: []config.Station{{Name: "mark", Kind: "print", Product: "water-05"}, {Name: "box", Kind: "pack", PackMode: config.PackHand}}},
		{Name: "5", Stations: []config.Station{{Name: "mark", Kind: "print", Product: "beer"}}},
	},
}

// hostile is a code whose every special character means something in a URL, and which ends in what a
// careless page would run.
const hostile = "01047800123456772" + `1+;%&"<x>=/?'` + "\x1d93A+;&"

// plant answers from a real ledger; what it says of its devices is the test's.
type plant struct {
	ledger *ledger.Ledger
	status any
	err    error // of everything but Trace
	ready  error
	bench  bench
}

func (p *plant) Status(context.Context) (any, error) { return p.status, p.err }
func (p *plant) Ready() error                        { return p.ready }
func (p *plant) Office() office.Office               { return agent.Office(site, p.ledger) }
func (p *plant) Devices() web.Devices                { return &p.bench }

func (p *plant) Recount(ctx context.Context) ([]ledger.Balance, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.ledger.Recount(ctx)
}

func (p *plant) Trace(ctx context.Context, c code.Code) (ledger.Life, error) {
	return p.ledger.Trace(ctx, c)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// newPlant has received three codes, of which the second is verified and in a box.
func newPlant(t *testing.T) *plant {
	t.Helper()
	ctx := t.Context()
	l := must(ledger.Open(ctx, t.TempDir(), ledger.Options{Agent: "line-3"}))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	id := must(l.Product(ctx, bottle))
	order := must(l.PlaceOrder(ctx, id, 3))
	profile := must(code.Table{}.Profile(bottle.Group, bottle.Type))
	codes := []code.Code{"010478001234567721abcdefghijkl1\x1d93AAAA", hostile, "010478001234567721abcdefghijkl3\x1d93AAAA"}
	lot := must(l.Lot(ctx, "3", id, "B1"))
	box := must(l.OpenContainer(ctx, ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 1}))
	sscc := must(l.NextSSCC(ctx, "0301234567"))
	if err := errors.Join(
		l.SetOrder(ctx, order, "order-1", ledger.Active, ""),
		l.Receive(ctx, order, "block-1", profile, codes),
	); err != nil {
		t.Fatal(err)
	}
	must(l.Claim(ctx, "3/mark", lot, 2))
	if o := must(l.Put(ctx, "3/box", box, lot, profile, []code.Code{hostile})); !o[0].Packed {
		t.Fatalf("not packed: %+v", o)
	}
	if err := errors.Join(l.Fill(ctx, box), l.CloseWithSSCC(ctx, box, sscc)); err != nil {
		t.Fatal(err)
	}
	return &plant{ledger: l, status: pageOf("line 3")}
}

// view stands for an agent's status.
type view struct{ Agent, Ledger string }

func pageOf(agent string) view { return view{Agent: agent, Ledger: "ok"} }

func get(h http.Handler, method, target string) *http.Response {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/", nil)
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawQuery = path, query // as the wire would have it, whatever a parser would make of it
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(r *http.Response) string { return string(must(io.ReadAll(r.Body))) }

func TestHandlers(t *testing.T) {
	p := newPlant(t)
	trace := func(c string) string { return "/api/v1/trace?code=" + escape.URLCode(code.Code(c)) }
	tests := []struct {
		name, method, target string
		set                  func(p *plant)
		status               int
		kind                 string // Content-Type begins with it
		has                  string
	}{
		{"unknown page", "GET", "/other", nil, 404, "text/plain", "not found"},
		{"no writing", "POST", "/api/v1/status", nil, 405, "text/plain", "Not Allowed"},
		{"status", "GET", "/api/v1/status", nil, 200, "application/json", `"Agent": "line 3"`},
		{"status fails", "GET", "/api/v1/status", func(p *plant) { p.err = errors.New("the disk is gone") }, 500, "text/plain", "the disk is gone"},
		{"status that is no JSON", "GET", "/api/v1/status", func(p *plant) { p.status = func() {} }, 500, "text/plain", "unsupported type"},
		{"balance", "GET", "/api/v1/balance", nil, 200, "application/json", `"received": 3`},
		{"balance fails", "GET", "/api/v1/balance", func(p *plant) { p.err = errors.New("1 codes are in_stock, the running tally says 2") }, 500, "text/plain", "running tally"},
		{"alive", "GET", "/healthz", nil, 200, "text/plain", "ok"},
		{"ready", "GET", "/readyz", nil, 200, "text/plain", "ok"},
		{"not ready", "GET", "/readyz", func(p *plant) { p.ready = errors.New("printer tij-1 is down: no ribbon") }, 503, "text/plain", "printer tij-1 is down: no ribbon"},
		{"alive though not ready", "GET", "/healthz", func(p *plant) { p.ready = errors.New("printer tij-1 is down") }, 200, "text/plain", "ok"},

		{"trace", "GET", trace(hostile), nil, 200, "application/json", `"state": "verified"`},
		{"trace by its identification code", "GET", trace("010478001234567721abcdefghijkl1"), nil, 200, "application/json", `"state": "claimed"`},
		{"trace of a box", "GET", trace("00030123456700000012"), nil, 200, "application/json", `"state": "container"`},
		{"trace of nobody's code", "GET", trace("010478001234567721abcdefghijkl9\x1d93AAAA"), nil, 404, "text/plain", "no such code"},
		{"trace of a code with a plus for a blank", "GET", trace(strings.ReplaceAll(hostile, "+", " ")), nil, 404, "text/plain", "no such code"},
		{"trace of nothing", "GET", "/api/v1/trace", nil, 400, "text/plain", "code="},
		{"trace of an empty code", "GET", "/api/v1/trace?code=", nil, 400, "text/plain", "code="},
		{"trace by another name", "GET", "/api/v1/trace?cis=01", nil, 400, "text/plain", "code="},
		{"half an escape", "GET", "/api/v1/trace?code=01%2", nil, 400, "text/plain", "cut off"},
		{"a bad escape", "GET", "/api/v1/trace?code=01%GG", nil, 400, "text/plain", "two hex digits"},
		{"a bare blank", "GET", "/api/v1/trace?code=01 02", nil, 400, "text/plain", "not encoded"},
		{"a bare GS", "GET", "/api/v1/trace?code=01\x1d02", nil, 400, "text/plain", "not encoded"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mine := *p
			if test.set != nil {
				test.set(&mine)
			}
			r := get(web.Handler(&mine, slog.New(slog.DiscardHandler)), test.method, test.target)
			body := text(r)
			if r.StatusCode != test.status || !strings.HasPrefix(r.Header.Get("Content-Type"), test.kind) || !strings.Contains(body, test.has) {
				t.Errorf("%d, %s, want %d, %s, with %q:\n%s", r.StatusCode, r.Header.Get("Content-Type"), test.status, test.kind, test.has, body)
			}
		})
	}
}

// TestTraceTellsTheLife: everything that the ledger knows of a code with characters that a query would
// swallow, and of the box around it.
func TestTraceTellsTheLife(t *testing.T) {
	h := web.Handler(newPlant(t), slog.New(slog.DiscardHandler))
	var life, box web.Life
	for c, to := range map[code.Code]*web.Life{hostile: &life, "00030123456700000012": &box} {
		if err := json.Unmarshal([]byte(text(get(h, "GET", "/api/v1/trace?code="+escape.URLCode(c)))), to); err != nil {
			t.Fatal(err)
		}
	}
	if want := code.Visible(hostile); life.Code != want || !strings.HasSuffix(life.Code, "{GS}93A+;&") {
		t.Errorf("the code is shown as %q, want %q", life.Code, want)
	}
	if life.Product != "water-05" || life.Line != "3" || life.Batch != "B1" || life.Order != "order-1" || life.Block != "block-1" {
		t.Errorf("the life is %+v", life)
	}
	if len(life.Parents) != 1 || life.Parents[0] != "00030123456700000012" || len(life.Children) != 0 || life.Reports == nil {
		t.Errorf("parents %q, children %q, reports %v", life.Parents, life.Children, life.Reports)
	}
	var steps []string
	for _, e := range life.Journal {
		if e.Agent != "line-3" || e.At.IsZero() {
			t.Errorf("an entry without agent or time: %+v", e)
		}
		steps = append(steps, e.Place+" "+e.Was+">"+e.Now)
	}
	if got := strings.Join(steps, ", "); got != "supply >, 3/mark in_stock>claimed, 3/box claimed>verified" {
		t.Errorf("the journal is %s", got)
	}
	if len(box.Children) != 1 || box.Children[0] != life.Ident || box.State != "container" {
		t.Errorf("the box is %+v, want the child %q", box, life.Ident)
	}
}

// TestAnyCodeIsTraced: whatever bytes a code has, its percent-encoded form finds it and nothing else.
func TestAnyCodeIsTraced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := code.Code(rapid.StringN(1, 90, 90).Draw(t, "code"))
		p := &echo{}
		r := get(web.Handler(p, slog.New(slog.DiscardHandler)), "GET", "/api/v1/trace?code="+escape.URLCode(c))
		if r.StatusCode != 404 || p.asked != c {
			t.Fatalf("%d: asked for %q, want %q", r.StatusCode, p.asked, c)
		}
	})
}

// echo knows no code and remembers which one was asked for.
type echo struct {
	plant
	asked code.Code
}

func (e *echo) Trace(_ context.Context, c code.Code) (ledger.Life, error) {
	e.asked = c
	return ledger.Life{}, ledger.ErrNotFound
}

// FuzzTraceQuery: no query brings anything but an answer of the three kinds.
func FuzzTraceQuery(f *testing.F) {
	for _, seed := range []string{"", "code=", "code=%", "code=%1D+;&%26", "code=01&code=02", "CODE=01", "code=\x00"} {
		f.Add(seed)
	}
	h := web.Handler(&echo{}, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, query string) {
		if r := get(h, "GET", "/api/v1/trace?"+query); r.StatusCode != 400 && r.StatusCode != 404 {
			t.Errorf("%q brings %d", query, r.StatusCode)
		}
	})
}

// TestBalance: one product's states in words, and whether the two sides are equal.
func TestBalance(t *testing.T) {
	var all []web.Balance
	if err := json.Unmarshal([]byte(text(get(web.Handler(newPlant(t), slog.New(slog.DiscardHandler)), "GET", "/api/v1/balance"))), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].GTIN != bottle.GTIN || !all[0].Equal || len(all[0].States) != len(ledger.States()) {
		t.Fatalf("the balance is %+v", all)
	}
	if s := all[0].States; s["in_stock"] != 1 || s["claimed"] != 1 || s["verified"] != 1 {
		t.Errorf("the states are %v", s)
	}
	unequal := web.Balances([]ledger.Balance{{Received: 2, States: map[ledger.State]int{ledger.Verified: 1}}})
	if unequal[0].Equal {
		t.Error("1 of 2 codes are called equal")
	}
}

// TestServe answers over a real port until its context ends, and tells when the port is taken away.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(ctx, l, newPlant(t), slog.New(slog.DiscardHandler)) }()
	r := must(http.Get(fmt.Sprintf("http://%s/healthz", l.Addr())))
	if body := text(r); r.StatusCode != 200 || body != "ok\n" {
		t.Errorf("%d %q", r.StatusCode, body)
	}
	r.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Serve ended with %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open")
	}

	gone := must(net.Listen("tcp", "127.0.0.1:0"))
	gone.Close()
	if err := web.Serve(t.Context(), gone, &plant{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "serving the page") {
		t.Errorf("on a closed port Serve returned %v", err)
	}
}
