package supply_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
	"linemark/internal/upstream/izkm/izkmtest"
)

// look is how often the keeper looks at the stock.
const look = 20 * time.Second

const omsID = "cdf12109-10d3-11e6-8b6f-0050569977a1"

var bottle = ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}

// plant is one agent's supply and a national system, in a bubble of testing/synctest: its hours
// pass in no time.
type plant struct {
	t       *testing.T
	server  *izkmtest.Server
	client  *izkm.Client
	system  *national
	product supply.Product
	speed   func() float64
	log     *lines
	dir     string

	ledger atomic.Pointer[ledger.Ledger]
	keeper *supply.Keeper
	cancel context.CancelFunc // nil: no keeper runs
	ended  chan struct{}

	commit func() // nil: nothing; called when the ledger begins a commit

	mu       sync.Mutex
	arrivals []arrival
	loose    bool // blocks exist that no ledger of ours should have: the watch is off
}

// arrival is one request at the emulator.
type arrival struct {
	call string // "GET codes/blocks"
	at   time.Time
}

// inBubble runs the test on a plant whose stock is empty: 30 codes are ordered below 20 and
// taken in blocks of ten.
func inBubble(t *testing.T, test func(p *plant)) {
	synctest.Test(t, func(t *testing.T) {
		p := &plant{t: t, dir: t.TempDir(), log: &lines{}, server: izkmtest.New(izkmtest.Options{OMSID: omsID, Token: "token", Seed: 1, OrderDelay: 2 * time.Second})}
		network := newNetwork()
		web := &http.Server{Handler: p.server, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		go web.Serve(network) //nolint:errcheck // ends with Close
		defer web.Close()
		var err error
		p.client, err = izkm.New(izkm.Options{URL: "http://izkm.example", OMSID: omsID, Token: "token", Group: "water", DialContext: network.dial})
		p.must(err)
		p.system = &national{client: p.client, around: func(string, bool) {}}
		p.product = supply.Product{Product: bottle, TemplateID: 3, ReleaseMethod: "PRODUCTION", LowWater: 20, OrderQuantity: 30, BlockQuantity: 10}
		p.faults(nil)
		p.open()
		defer func() { p.must(p.ledger.Load().Close()) }()
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

// open opens the ledger as an agent does at its start.
func (p *plant) open() {
	p.t.Helper()
	l, err := ledger.Open(context.Background(), p.dir, ledger.Options{Agent: "line-3", Now: func() time.Time {
		if p.commit != nil {
			p.commit()
		}
		return time.Now()
	}})
	p.must(err)
	p.ledger.Store(l)
	_, err = l.Recover(context.Background())
	p.must(err)
	p.product.ID, err = l.Product(context.Background(), bottle)
	p.must(err)
}

// start begins to keep the stock.
func (p *plant) start() {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	p.ended = make(chan struct{})
	k := &supply.Keeper{Product: p.product, Ledger: p.ledger.Load(), Orders: p.system, Blocks: p.system, Log: slog.New(p.log), Every: look, Speed: p.speed}
	p.keeper = k
	go func(ended chan struct{}) {
		defer close(ended)
		_ = k.Run(ctx) // ends with ctx
	}(p.ended)
}

// die ends the keeper in the midst of what it does, without waiting: nothing reaches the disk any more.
// until starts the next one on what is there.
func (p *plant) die() { p.cancel() }

// kill ends the keeper and waits until it has.
func (p *plant) kill() {
	if p.cancel != nil {
		p.cancel()
		<-p.ended
		p.cancel = nil
	}
}

// restart opens the ledger again, as the agent after a kill.
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
	p.t.Fatalf("%s never came; supply is doing %+v, orders %+v", what, p.keeper.Status(), p.orders())
}

func (p *plant) full() bool {
	return p.stock() >= p.product.LowWater && len(p.openOrders()) == 0
}

func (p *plant) stock() int { return p.ledger.Load().Stock(p.product.ID) }

func (p *plant) orders() []ledger.Order {
	p.t.Helper()
	orders, err := p.ledger.Load().Orders(context.Background())
	p.must(err)
	return orders
}

func (p *plant) openOrders() []ledger.Order {
	p.t.Helper()
	orders, err := p.ledger.Load().OpenOrders(context.Background())
	p.must(err)
	return orders
}

func (p *plant) blocks(o ledger.Order) []ledger.Block {
	p.t.Helper()
	blocks, err := p.ledger.Load().Blocks(context.Background(), o.ID)
	p.must(err)
	return blocks
}

// faults sets what befalls each request, by its call ("GET codes") and its number among all.
// Before that it holds the emulator's account against the ledger (P4).
func (p *plant) faults(f func(call string, n int) izkmtest.Fault) {
	p.server.SetFault(func(method, path string, _ int) izkmtest.Fault {
		call := method + " " + strings.TrimPrefix(path, "/api/v2/water/")
		p.mu.Lock()
		p.arrivals = append(p.arrivals, arrival{call, time.Now()})
		n, loose := len(p.arrivals), p.loose
		p.mu.Unlock()
		if !loose {
			p.watch(call)
		}
		if f == nil {
			return izkmtest.Fault{}
		}
		return f(call, n)
	})
}

// watch is P4 at the moment a request arrives: every block that the server counts as received
// is in the ledger, and nothing new is asked for while a block is not.
func (p *plant) watch(call string) {
	fresh := call == "GET codes" || call == "POST buffer/close"
	have := map[string]int{}
	for _, h := range p.held() {
		have[h.Block]++
	}
	for _, b := range p.server.History().Blocks {
		switch {
		case have[b.ID] == b.Quantity:
		case b.Acknowledged || b.Closed:
			p.t.Errorf("block %s is acknowledged, the ledger has %d of its %d codes", b.ID, have[b.ID], b.Quantity)
		case fresh:
			p.t.Errorf("%s while the ledger has %d of the %d codes of block %s", call, have[b.ID], b.Quantity, b.ID)
		}
	}
}

func (p *plant) held() []ledger.Held {
	var all []ledger.Held
	err := p.ledger.Load().EachCode(context.Background(), func(h ledger.Held) error {
		all = append(all, h)
		return nil
	})
	if err != nil {
		p.t.Errorf("reading the ledger: %v", err)
	}
	return all
}

// count says how often a call has arrived.
func (p *plant) count(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, a := range p.arrivals {
		if a.call == call {
			n++
		}
	}
	return n
}

func (p *plant) calls() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, a := range p.arrivals {
		b.WriteString(a.call + "; ")
	}
	return b.String()
}

// account holds the ledger against itself (P2).
func (p *plant) account() {
	p.t.Helper()
	all, err := p.ledger.Load().Recount(context.Background())
	p.must(err)
	for _, b := range all {
		if !b.Equal() {
			p.t.Errorf("the balance is not equal: %+v", b)
		}
	}
}

// sameCodes says that the ledger has exactly the codes that the server has issued, in their
// blocks, byte for byte, once each.
func (p *plant) sameCodes() {
	p.t.Helper()
	want := map[string]string{}
	for _, c := range p.server.History().Codes {
		want[c.Full] = c.BlockID
	}
	held := p.held()
	for _, h := range held {
		if block, ok := want[string(h.Code)]; !ok || block != h.Block {
			p.t.Errorf("the ledger has %q in block %s; the server issued it in %q, or it stands twice", h.Code, h.Block, block)
		}
		delete(want, string(h.Code))
	}
	if len(want) > 0 {
		p.t.Errorf("%d issued codes are not in the ledger", len(want))
	}
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

// with returns the lines that contain a text.
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
