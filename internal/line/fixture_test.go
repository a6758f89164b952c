package line

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func fine(err error) {
	if err != nil {
		panic(err)
	}
}

// store is a real ledger with bottles and boxes in stock.
type store struct {
	*ledger.Ledger
	bottle, box Product
	bottles     []code.Code
}

func gtin(thirteen string) string { return thirteen + string(rune(must(code.CheckDigit(thirteen)))) }

// newStore opens a ledger in dir. Whoever opens it closes it. now may be nil.
func newStore(dir string, bottles, boxes int, now func() time.Time) *store {
	s := &store{Ledger: must(ledger.Open(context.Background(), dir, ledger.Options{Agent: "line-3", Now: now}))}
	s.bottle.Product = ledger.Product{Name: "water-05", GTIN: gtin("0478001234567"), Group: "water", Type: code.Unit}
	s.box.Product = ledger.Product{Name: "water-05x6", GTIN: gtin("1478001234567"), Group: "water", Type: code.Group}
	s.bottles = s.stock(&s.bottle, bottles)
	s.stock(&s.box, boxes)
	return s
}

func (s *store) stock(p *Product, n int) []code.Code {
	ctx := context.Background()
	p.ID = must(s.Product(ctx, p.Product))
	order := must(s.PlaceOrder(ctx, p.ID, n))
	fine(s.SetOrder(ctx, order, "order-"+p.Name, ledger.Active, ""))
	codes := make([]code.Code, n)
	for i := range codes {
		codes[i] = code.Code(fmt.Sprintf("01%s21xa93_%08d%c93%04X", p.GTIN, i+1, code.GS, (i*40503)&0xffff))
	}
	if n > 0 {
		fine(s.Receive(ctx, order, "block-"+p.Name, must(code.Table{}.Profile(p.Group, p.Type)), codes))
	}
	return codes
}

// account holds the ledger against P2: what the running tally says is what counting gives, and
// the states of each product add up to what was received.
func (s *store) account(t *testing.T) {
	t.Helper()
	counted, err := s.Recount(context.Background())
	if err != nil {
		t.Errorf("recount: %v", err)
	}
	for _, b := range counted {
		if !b.Equal() {
			t.Errorf("%s: received %d, the states are %v", b.Product.Name, b.Received, b.States)
		}
	}
}

// containers counts a station's containers in a state.
func (s *store) containers(station string, state ledger.ContainerState) int {
	for _, c := range must(s.Containers(context.Background())) {
		if c.Station == station && c.State == state {
			return c.N
		}
	}
	return 0
}

// tray is a printer that keeps what it is sent.
type tray struct {
	mu   sync.Mutex
	sent []SendLabels
	last string // what was heard last
}

// heard keeps what a person was told.
func (p *tray) heard(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = text
}

func (p *tray) Send(session int, labels []Label) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, SendLabels{session, labels})
}

// codes are those that were sent so far, in order.
func (p *tray) codes() []code.Code {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []code.Code
	for _, s := range p.sent {
		for _, l := range s.Labels {
			all = append(all, l.Code)
		}
	}
	return all
}

// wires are the outputs of a PLC.
type wires struct {
	written []string // by Write, as output=value
	mu      sync.Mutex
	pulses  []string
	set     map[string]bool
	hold    chan struct{} // not nil: a pulse returns when it is closed
}

func (w *wires) Pulse(ctx context.Context, output string, _ time.Duration) error {
	w.mu.Lock()
	w.pulses = append(w.pulses, output)
	hold := w.hold
	w.mu.Unlock()
	if hold == nil {
		return nil
	}
	select {
	case <-hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wires) Set(_ context.Context, output string, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set == nil {
		w.set = map[string]bool{}
	}
	w.set[output] = on
	return nil
}

func (w *wires) pulsed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pulses)
}

func (w *wires) stands(output string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.set[output]
}

// running is a line that works in the test's bubble until the test ends.
type running struct {
	*Line
	*store
	stop func() // ends Run and waits for it
}

func (w *wires) Write(_ context.Context, output string, value uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = append(w.written, fmt.Sprintf("%s=%d", output, value))
	return nil
}

// run begins a line over a new ledger in dir. Its end closes the ledger.
func run(t *testing.T, dir string, stations func(*store) []StationConfig) *running {
	s := newStore(dir, 40, 10, nil)
	l := must(New(context.Background(), Config{Name: "3", Batch: "B1", Ledger: s.Ledger, Log: slog.New(slog.DiscardHandler), Alarm: func(string, string) {}, Stations: stations(s)}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		l.Run(ctx)
		close(ended)
	}()
	r := &running{Line: l, store: s}
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(func() {
		r.stop()
		s.account(t)
		fine(s.Close())
	})
	return r
}

func (r *running) post(station string, events ...Event) {
	for _, ev := range events {
		r.Post(context.Background(), station, ev)
	}
}

// read is one reading of a code.
func read(seq int, c code.Code) Scans {
	return Scans{Scans: []Scan{{Seq: int64(seq), Code: c}}}
}

func (r *running) view(station string) View {
	for _, s := range r.Status() {
		if s.Name == station {
			return s.View
		}
	}
	return View{}
}
