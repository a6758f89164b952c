package start

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/proof/site"
	"linemark/internal/sim"
)

func TestMain(m *testing.M) {
	result := m.Run()
	site.Clear()
	os.Exit(result)
}

// stocked returns a site with n codes of its unit product in stock, and the plant around it. Nothing passes.
func stocked(tb testing.TB, n int) *site.Site {
	tb.Helper()
	s := site.New(tb, site.Program(tb), "data")
	cfg, err := config.Load(s.File)
	if err != nil {
		tb.Fatal(err)
	}
	p := cfg.Products[0]
	profile, err := cfg.Table.Profile(p.GroupOr(cfg), code.Type(p.CISType))
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	l, err := ledger.Open(ctx, s.Data, ledger.Options{Agent: cfg.Agent.Name})
	if err != nil {
		tb.Fatal(err)
	}
	product, err := l.Product(ctx, ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: p.GroupOr(cfg), Type: code.Type(p.CISType)})
	if err != nil {
		tb.Fatal(err)
	}
	const most = 150_000 // codes of an order
	for from := 0; from < n; from += most {
		if err := receive(ctx, l, product, profile, p.GTIN, from, min(most, n-from)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	plant, err := sim.New(cfg, sim.Options{Dir: s.Logs})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := plant.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func receive(ctx context.Context, l *ledger.Ledger, product ledger.ProductID, profile code.Profile, gtin string, from, n int) error {
	order, err := l.PlaceOrder(ctx, product, n)
	if err != nil {
		return err
	}
	codes := make([]code.Code, n)
	for i := range codes {
		codes[i] = code.Code(fmt.Sprintf("01%s21s93%010d%c93%04d", gtin, from+i, code.GS, (from+i)%10000))
	}
	id := "order-" + strconv.Itoa(from)
	return errors.Join(l.SetOrder(ctx, order, id, ledger.Active, ""), l.Receive(ctx, order, "block-"+strconv.Itoa(from), profile, codes),
		l.SetOrder(ctx, order, id, ledger.Shut, ""))
}

// open is a bare SQLite open of the ledger, up to the answer of its first question.
func open(tb testing.TB, s *site.Site) time.Duration {
	tb.Helper()
	began := time.Now()
	db, err := sql.Open("sqlite", filepath.Join(s.Data, ledger.FileName))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	var raw []byte
	if err := db.QueryRow("SELECT raw FROM code WHERE state = 0 ORDER BY id LIMIT 1").Scan(&raw); err != nil {
		tb.Fatal(err)
	}
	return time.Since(began)
}

// first is the time from the agent's start to the first code at the printer.
func first(tb testing.TB, s *site.Site) time.Duration {
	tb.Helper()
	log := filepath.Join(s.Logs, "printer-tij-1.jsonl")
	before := received(log)
	began := time.Now()
	s.Start()
	for received(log) == before {
		if time.Since(began) > site.Patience {
			tb.Fatalf("no code comes to the printer:\n%s", &s.Agent.Out)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(began)
}

func received(log string) int {
	text, _ := os.ReadFile(log) // not there yet: none
	return bytes.Count(text, []byte(`"event":"received"`))
}

// resident is a process's resident memory, now and at most, in MiB.
func resident(tb testing.TB, pid int) (now, most float64) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil {
			now = kib / 1024
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			most = kib / 1024
		}
	}
	return now, most
}

// BenchmarkStart measures a start with 1,500,000 codes in stock: beyond-s is the time from the start of the
// process to the first code at the printer beyond that of a bare SQLite open of the same file (limit 1 s); MiB is
// the resident memory half a minute later, when the whole file has been read (limit 64), peak-MiB the most of it.
func BenchmarkStart(b *testing.B) {
	s := stocked(b, 1_500_000)
	var bare, whole time.Duration
	var now, most float64
	b.ResetTimer()
	for range b.N {
		bare += open(b, s)
		whole += first(b, s)
		b.StopTimer()
		time.Sleep(30 * time.Second)
		now, most = resident(b, s.Agent.Cmd.Process.Pid)
		s.Stop()
		b.StartTimer()
	}
	b.ReportMetric((whole-bare).Seconds()/float64(b.N), "beyond-s")
	b.ReportMetric(now, "MiB")
	b.ReportMetric(most, "peak-MiB")
	info, err := os.Stat(s.Program)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "binary-MiB") // limit 25
}
