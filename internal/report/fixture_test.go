package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/upstream/izkm"
	"linemark/internal/upstream/izkm/izkmtest"
)

const (
	omsID = "cdf12109-10d3-11e6-8b6f-0050569977a1"
	delay = 10 * time.Second // from a report to the server's word on it
	look  = 5 * time.Second  // between two looks of the desk
)

var (
	bottle = ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}
	pack   = ledger.Product{Name: "water-05x6", GTIN: "14780012345674", Group: "water", Type: code.Group}
)

// kind is one product with its order and its run on line 3.
type kind struct {
	ledger.Product
	id       ledger.ProductID
	order    ledger.OrderID
	serverID string
	last     string // newest block
	lot      ledger.LotID
	profile  code.Profile
}

// plant is one agent's reports and a national system that has issued its codes, in a bubble of
// testing/synctest: its hours pass in no time.
type plant struct {
	t       *testing.T
	ctx     context.Context
	dir     string
	server  *izkmtest.Server
	client  *izkm.Client
	network *network
	system  *national
	config  report.Config
	log     *lines
	unit    *kind
	box     *kind

	ledger atomic.Pointer[ledger.Ledger]
	desk   *report.Desk
	cancel context.CancelFunc // nil: no desk runs
	ended  chan struct{}

	mu     sync.Mutex
	seen   func(kind string, body []byte) // told of each report that reaches the emulator
	bodies map[string][][]byte            // utilisation by sourceReportId, aggregation by its first unit
	counts map[string]int                 // requests by call: "POST utilisation"
}

// inBubble runs the test on a plant with nothing to report.
func inBubble(t *testing.T, test func(p *plant)) {
	synctest.Test(t, func(t *testing.T) {
		p := &plant{t: t, ctx: t.Context(), dir: t.TempDir(), log: &lines{}, bodies: map[string][][]byte{}, counts: map[string]int{},
			server: izkmtest.New(izkmtest.Options{OMSID: omsID, Token: "token", Seed: 1, ReportDelay: delay}),
			config: report.Config{UsageType: "VERIFIED", UtilisationEvery: time.Minute, UtilisationMax: 10, AggregationEvery: time.Minute, AggregationMax: 20, Look: look}}
		p.network = newNetwork()
		web := &http.Server{Handler: http.HandlerFunc(p.serve), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		go web.Serve(p.network) //nolint:errcheck // ends with Close
		defer web.Close()
		var err error
		p.client, err = izkm.New(izkm.Options{URL: "http://izkm.example", OMSID: omsID, Token: "token", Group: "water", DialContext: p.network.dial})
		p.must(err)
		p.system = &national{client: p.client, around: func(string, bool) {}}
		p.open()
		defer func() { p.must(p.ledger.Load().Close()) }()
		p.unit, p.box = p.kind(bottle), p.kind(pack)
		defer p.kill()
		test(p)
		p.kill()
		p.account()
	})
}

func (p *plant) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// serve notes every report before the emulator sees it.
func (p *plant) serve(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/v2/water/")
	if r.Method == http.MethodPost && (name == "utilisation" || name == "aggregation") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			p.t.Errorf("reading a report: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.mu.Lock()
		key := reportKey(body)
		p.bodies[key] = append(p.bodies[key], body)
		seen := p.seen
		p.mu.Unlock()
		if seen != nil {
			seen(name, body)
		}
	}
	p.server.ServeHTTP(w, r)
}

// reported is what of a report's body these tests look at.
type reported struct {
	Codes  []string `json:"sntins"`
	Source string   `json:"sourceReportId"`
	Usage  string   `json:"usageType"`
	Units  []struct {
		Serial string   `json:"unitSerialNumber"`
		Codes  []string `json:"sntins"`
	} `json:"aggregationUnits"`
}

func parse(body []byte) reported {
	var r reported
	if err := json.Unmarshal(body, &r); err != nil {
		panic(err)
	}
	return r
}

func reportKey(body []byte) string {
	r := parse(body)
	if r.Source == "" {
		return r.Units[0].Serial
	}
	return r.Source
}

// faults sets what befalls the n-th request of a call.
func (p *plant) faults(f func(call string, n int) izkmtest.Fault) {
	p.server.SetFault(func(method, path string, _ int) izkmtest.Fault {
		call := method + " " + strings.TrimPrefix(path, "/api/v2/water/")
		p.mu.Lock()
		p.counts[call]++
		n := p.counts[call]
		p.mu.Unlock()
		return f(call, n)
	})
}

// on is one fault for the first request of a call.
func on(call string, fault izkmtest.Fault) func(string, int) izkmtest.Fault {
	return func(arrived string, n int) izkmtest.Fault {
		if arrived == call && n == 1 {
			return fault
		}
		return izkmtest.Fault{}
	}
}

func (p *plant) open() {
	p.t.Helper()
	l, err := ledger.Open(p.ctx, p.dir, ledger.Options{Agent: "line-3"})
	p.must(err)
	p.ledger.Store(l)
	_, err = l.Recover(p.ctx)
	p.must(err)
}

// kind orders codes of a product and makes its run known.
func (p *plant) kind(of ledger.Product) *kind {
	l := p.ledger.Load()
	k := &kind{Product: of, id: must(l.Product(p.ctx, of)), profile: must(code.Table{}.Profile(of.Group, of.Type))}
	k.lot = must(l.Lot(p.ctx, "3", k.id, "B1"))
	k.order = must(l.PlaceOrder(p.ctx, k.id, 1000))
	ack := must(p.client.CreateOrder(p.ctx, izkm.Order{ReleaseMethod: izkm.ReleaseProduction, Products: []izkm.OrderProduct{{
		GTIN: of.GTIN, Quantity: 1000, SerialNumberType: izkm.SerialOperator, TemplateID: 3, CISType: of.Type}}}))
	k.serverID = ack.OrderID
	p.must(l.SetOrder(p.ctx, k.order, k.serverID, ledger.Active, ""))
	return k
}

// claim takes n new codes through stock to a printer.
func (p *plant) claim(k *kind, n int) []ledger.Claim {
	b := must(p.client.Codes(p.ctx, k.serverID, k.GTIN, n, k.last))
	k.last = b.ID
	p.must(p.ledger.Load().Receive(p.ctx, k.order, b.ID, k.profile, b.Codes))
	return must(p.ledger.Load().Claim(p.ctx, "3/mark", k.lot, n))
}

// verified takes n new units through to a good scan.
func (p *plant) verified(n int) []ledger.Claim {
	claims := p.claim(p.unit, n)
	p.scan(claims)
	return claims
}

func (p *plant) scan(claims []ledger.Claim) {
	p.t.Helper()
	for _, v := range must(p.ledger.Load().Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, texts(claims))) {
		if v.Outcome != ledger.Good {
			p.t.Fatalf("a scan is %s", v.Outcome)
		}
	}
}

// fill packs n new units into a box that bears a group code.
func (p *plant) fill(n int) ledger.ContainerID {
	l := p.ledger.Load()
	id := must(l.OpenContainer(p.ctx, ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: n}))
	for _, o := range must(l.Put(p.ctx, "3/box", id, p.unit.lot, p.unit.profile, texts(p.verified(n)))) {
		if !o.Packed {
			p.t.Fatalf("a unit is not packed: %s", o.Outcome)
		}
	}
	p.must(l.Fill(p.ctx, id))
	p.must(l.CloseWithCode(p.ctx, "3/box", id, p.claim(p.box, 1)[0].ID, ledger.ByIdentity))
	return id
}

func texts(claims []ledger.Claim) []code.Code {
	codes := make([]code.Code, len(claims))
	for i, c := range claims {
		codes[i] = c.Code
	}
	return codes
}

func ids(claims []ledger.Claim) []int64 {
	all := make([]int64, len(claims))
	for i, c := range claims {
		all[i] = c.ID
	}
	return all
}

// start begins to report.
func (p *plant) start() {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(p.ctx)
	p.ended = make(chan struct{})
	d := &report.Desk{Config: p.config, Ledger: p.ledger.Load(), System: p.system, Log: slog.New(p.log)}
	p.desk = d
	go func(ended chan struct{}) {
		defer close(ended)
		_ = d.Run(ctx) // ends with ctx
	}(p.ended)
}

// die ends the desk in the midst of what it does. until starts the next one on what is on disk.
func (p *plant) die() { p.cancel() }

// kill ends the desk and waits until it has.
func (p *plant) kill() {
	if p.cancel != nil {
		p.cancel()
		<-p.ended
		p.cancel = nil
	}
}

func (p *plant) restart() {
	p.t.Helper()
	p.kill()
	p.must(p.ledger.Load().Close())
	p.open()
	p.start()
}

// until lets time pass until done, for two hours at most.
func (p *plant) until(what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Hour); time.Now().Before(deadline); time.Sleep(look) {
		synctest.Wait()
		select {
		case <-p.ended:
			p.restart()
			continue
		default:
		}
		if done() {
			return
		}
	}
	p.t.Fatalf("%s never came; the reports are %+v, the desk says %+v", what, p.reports(), p.desk.Status())
}

func (p *plant) reports() []ledger.Report { return must(p.ledger.Load().Reports(p.ctx)) }

// settled says whether so many reports, and no more, have come to an end.
func (p *plant) settled(n int) func() bool {
	return func() bool {
		all := p.reports()
		return len(all) == n && !slices.ContainsFunc(all, func(r ledger.Report) bool { return r.State != ledger.Sent && r.State != ledger.Denied })
	}
}

// quiet says whether there is nothing left to do.
func (p *plant) quiet() bool { return must(p.desk.Settled(p.ctx)) }

func (p *plant) account() {
	p.t.Helper()
	for _, b := range must(p.ledger.Load().Recount(p.ctx)) {
		if !b.Equal() {
			p.t.Errorf("the balance is not equal: %+v", b)
		}
	}
}

// accepted returns the emulator's accepted reports of a kind, as they came.
func (p *plant) accepted(kind string) []izkmtest.Report {
	var found []izkmtest.Report
	for _, r := range p.server.History().Reports {
		if r.Kind == kind && r.Status == izkm.ReportSent {
			found = append(found, r)
		}
	}
	return found
}

func (p *plant) noBreach() {
	p.t.Helper()
	for _, b := range p.server.History().Breaches {
		p.t.Errorf("the emulator was asked against the document: %s", b)
	}
}

// lines is a log that a test can read.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (*lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l *lines) WithGroup(string) slog.Handler          { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	text := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, text)
	return nil
}

func (l *lines) with(text string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.all {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}
