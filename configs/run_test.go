package configs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "linemark/drivers/all"
	"linemark/drivers/link"
	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/config"
	"linemark/internal/exchange"
	"linemark/internal/ledger"
	"linemark/internal/sim"
	"linemark/internal/sim/check"
)

// ready are the configurations of this folder, with the pace of their lines in products a second.
var ready = map[string]float64{"water.toml": 30, "beer.toml": 30, "pharma.toml": 2, "tobacco.toml": 30, "preprinted.toml": 30}

// shift is how long each of them runs.
const shift = 5 * time.Second

// Every file is one that run takes as it is, once the token is set.
func TestReadyFilesLoad(t *testing.T) {
	t.Setenv("LINEMARK_IZKM_TOKEN", "t0k3n")
	files, err := filepath.Glob("*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		cfg, err := config.Load(file)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if _, ok := ready[file]; !ok {
			t.Errorf("%s does not run in these tests", file)
		}
		if cfg.IZKM.ClientToken.Reveal() != "t0k3n" {
			t.Errorf("%s takes its token from elsewhere", file)
		}
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(text), "#:schema "+config.SchemaFile+"\n") {
			t.Errorf("%s does not name the schema in its first line: %v", file, err)
		}
		readme, err := os.ReadFile("README.md")
		if err != nil || !strings.Contains(string(readme), "`"+file+"`") {
			t.Errorf("README.md does not tell of %s", file)
		}
	}
	if len(files) != len(ready) {
		t.Errorf("there are %d files, want %d", len(files), len(ready))
	}
}

// wires join the addresses of a configuration to emulators on this machine.
type wires struct {
	mu sync.Mutex
	at map[string]string
}

func (w *wires) listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.at[address] = l.Addr().String()
	}
	return l, err
}

func (w *wires) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	to, ok := w.at[address]
	w.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("nobody stands at %s", address)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", to)
}

func (w *wires) device(ctx context.Context, address string) (link.Conn, error) {
	return w.dial(ctx, "tcp", strings.TrimPrefix(address, "tcp://"))
}

// Each ready line works for five seconds in the simulated plant, with all of its devices over their real
// protocols and the usual faults on the belt, and the plant's own logs find nothing against the agent.
func TestReadyFilesRun(t *testing.T) {
	for file, rate := range ready {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			run(t, small(t, file, dir), dir, rate)
		})
	}
}

// So does what config init writes for the other printers that a unit's code may go to.
func TestStartersRun(t *testing.T) {
	for driver, rate := range map[string]float64{"tspl": 10, "sbpl": 3, "ngpcl": 3} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			files, err := config.Starter{Printer: config.StarterDevice{Driver: driver}, Boxes: 2, Pallets: 2}.Files()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for name, text := range files {
				to := filepath.Join(dir, filepath.FromSlash(name))
				if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, text, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			run(t, small(t, filepath.Join(dir, "linemark.toml"), dir), dir, rate)
		})
	}
}

// small is a configuration for five seconds: with a ledger of its own, a batch that has begun, little stock and
// pallets of two.
func small(t *testing.T, file, dir string) *config.Config {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(file, text, config.Lookup{Env: func(string) (string, bool) { return "t0k3n", true }})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Agent.DataDir, cfg.HTTP.Listen = filepath.Join(dir, "data"), ""
	cfg.IZKM.URL = strings.Replace(cfg.IZKM.URL, "https:", "http:", 1)
	for i := range cfg.Products {
		cfg.Products[i].LowWater, cfg.Products[i].OrderQuantity, cfg.Products[i].BlockQuantity, cfg.Products[i].Cover = 200, 400, 200, 0
	}
	line := &cfg.Lines[0]
	line.Batch, line.Series = "LOT-1", "26031"
	line.ProductionDate, line.ExpirationDate = "2026-03-01T08:00:00+05:00", "2027-03-01T00:00:00+05:00"
	for i := range line.Stations {
		if line.Stations[i].Of != "" {
			line.Stations[i].Capacity = 2
		}
		if file == "pharma.toml" && line.Stations[i].Kind == "pack" { // two packs a second
			line.Stations[i].Capacity = 2
		}
	}
	return cfg
}

func run(t *testing.T, cfg *config.Config, dir string, rate float64) {
	w := &wires{at: map[string]string{}}
	logs := filepath.Join(dir, "plant")
	plant, err := sim.New(cfg, sim.Options{Dir: logs, Seed: 7, Rate: rate, Faults: sim.SomeFaults, Orders: 100 * time.Millisecond, Reports: 100 * time.Millisecond, Listen: w.listen})
	if err != nil {
		t.Fatal(err)
	}
	defer plant.Close()
	for _, r := range plant.Rolls {
		bringIn(t, cfg, r)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var said strings.Builder
	a, err := agent.New(ctx, cfg, agent.Options{Log: slog.New(slog.NewTextHandler(&said, nil)), Look: 100 * time.Millisecond, Dial: w.device, DialContext: w.dial})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	began := time.Now()
	for n := 0; n < 5; time.Sleep(100 * time.Millisecond) { // five seconds of marking, not of waiting for stock
		if n++; !marking(t, a) {
			n = 0
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("the line never came to work\n%s", &said)
		}
	}
	working, over := context.WithTimeout(ctx, shift)
	defer over()
	plant.Run(working)
	settle(t, a)
	stop()
	if err := errors.Join(<-ended, plant.Close()); err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	v, err := check.Judge(context.Background(), logs, a.Ledger())
	if err != nil {
		t.Fatal(err)
	}
	if !v.Good() {
		t.Errorf("%s\n%s", v.Promises(), strings.Join(v.Findings, "\n"))
	}
	if strings.Contains(said.String(), "t0k3n") {
		t.Error("the token is in the log")
	}
	counted(t, a.Ledger(), int(rate*shift.Seconds()/3), strings.NewReader(said.String()))
}

// bringIn takes the codes of a roll of labels into stock, as linemark codes import does.
func bringIn(t *testing.T, cfg *config.Config, r *sim.Roll) {
	t.Helper()
	l, err := ledger.Open(t.Context(), cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := cfg.Product(r.Product)
	profile, err := cfg.Table.Profile(p.GroupOr(cfg), code.Type(p.CISType))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(r.File)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im := exchange.Import{Name: filepath.Base(r.File), Format: codefile.Lines, Profile: profile,
		Product: ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: p.GroupOr(cfg), Type: code.Type(p.CISType), Preprinted: true}}
	if got, err := im.Run(t.Context(), l, f); err != nil || got.Imported != len(r.Codes) {
		t.Fatalf("brought in %+v, %v", got, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// marking says whether every device is there and every product in stock.
func marking(t *testing.T, a *agent.Agent) bool {
	s, err := a.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(s.Devices, func(d agent.DeviceStatus) bool { return !d.Up }) &&
		!slices.ContainsFunc(s.Products, func(p agent.ProductStatus) bool { return p.States["in_stock"] == 0 })
}

// settle lets the last labels be printed and all reports go.
func settle(t *testing.T, a *agent.Agent) {
	labelled := func() bool {
		all, err := a.Ledger().Containers(t.Context())
		return err == nil && !slices.ContainsFunc(all, func(c ledger.ContainerCount) bool { return c.State == ledger.ContainerFull })
	}
	for _, done := range []func() bool{labelled, func() bool { a.Flush(true); return a.Settled(t.Context()) }} {
		began := time.Now()
		for n := 0; n < 5; time.Sleep(100 * time.Millisecond) {
			if n++; !done() {
				n = 0
			}
			if time.Since(began) > time.Minute {
				t.Fatal("the last reports do not go")
			}
		}
	}
}

// counted wants a day's work of every kind from the ledger.
func counted(t *testing.T, l *ledger.Ledger, least int, said io.Reader) {
	t.Helper()
	ctx := context.Background()
	balances, err := l.Recount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	verified, boxes, pallets := 0, 0, 0
	for _, b := range balances {
		verified += b.States[ledger.Verified]
	}
	containers, err := l.Containers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range containers {
		switch {
		case c.State != ledger.ContainerClosed:
		case c.OfContainers:
			pallets += c.N
		default:
			boxes += c.N
		}
	}
	reports, err := l.Reports(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[ledger.ReportKind]int{}
	for _, r := range reports {
		if r.State == ledger.Sent {
			sent[r.Kind]++
		} else {
			t.Errorf("report %s is %s: %s", r.UUID, r.State, r.Reason)
		}
	}
	t.Logf("%d verified, %d boxes, %d pallets, %d and %d reports", verified, boxes, pallets, sent[ledger.Utilisation], sent[ledger.Aggregation])
	if verified < least || boxes == 0 || sent[ledger.Utilisation] == 0 || sent[ledger.Aggregation] == 0 || pallets == 0 && !strings.Contains(t.Name(), "preprinted") {
		text, _ := io.ReadAll(said)
		t.Errorf("too little: %d verified of %d, %d boxes, %d pallets, reports %v\n%s", verified, least, boxes, pallets, sent, text)
	}
}
