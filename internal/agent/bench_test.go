package agent

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm/izkmtest"
)

const (
	benchGTIN = "04780012345677"
	benchOMS  = "cdf12109-10d3-11e6-8b6f-0050569977a1"
)

// benchSite is a ledger on the disk that is measured, and the access to a system at url.
func benchSite(b *testing.B, url string) (*ledger.Ledger, *izkmSystem) {
	b.Helper()
	dir := b.TempDir()
	if root := os.Getenv("LINEMARK_BENCH_DIR"); root != "" {
		var err error
		if dir, err = os.MkdirTemp(root, "agent-"); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { os.RemoveAll(dir) })
	}
	l, err := ledger.Open(b.Context(), dir, ledger.Options{Agent: "a"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	cfg, _ := config.Parse("", []byte(siteConfig), config.Lookup{})
	cfg.IZKM.URL, cfg.IZKM.OMSID, cfg.IZKM.Group, cfg.IZKM.Timeout, cfg.IZKM.Rate = url, benchOMS, "water", time.Minute, 1000
	n, err := newIZKM(cfg, l, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return l, n
}

var benchProduct = ledger.Product{Name: "water-05", GTIN: benchGTIN, Group: "water", Type: code.Unit}

// growth calls f and returns by how much the heap in use grew at most meanwhile.
func growth(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, m.HeapInuse
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most - before
}

// BenchmarkUtilisationReport is a report of 30,000 codes, the most there may be, from the ledger to the last
// byte on the wire. The limits are 300 ms and 16 MB.
func BenchmarkUtilisationReport(b *testing.B) {
	const codes = 30_000
	var received atomic.Int64
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		received.Add(n)
		io.WriteString(w, `{"omsId":"`+benchOMS+`","reportId":"1"}`)
	}))
	defer sink.Close()
	var took time.Duration
	var grown uint64
	for b.Loop() {
		b.StopTimer()
		l, n := benchSite(b, sink.URL)
		ctx := context.Background()
		id := must(l.Product(ctx, benchProduct))
		order := must(l.PlaceOrder(ctx, id, codes))
		profile := must(code.Table{}.Profile("water", code.Unit))
		lot := must(l.Lot(ctx, "3", id, ""))
		func() { // what it makes is garbage when the report begins
			all := make([]code.Code, codes)
			for i := range all {
				all[i] = code.Code(fmt.Sprintf("01%s21a93_%08d\x1d93%04X", benchGTIN, i, i*40503&0xffff))
			}
			if err := l.Receive(ctx, order, "b", profile, all); err != nil {
				b.Fatal(err)
			}
			must(l.Claim(ctx, "mark", lot, codes))
			must(l.Verify(ctx, "check", lot, profile, all))
		}()
		b.StartTimer()
		start := time.Now()
		grown = max(grown, growth(func() {
			due := must(l.DueUtilisation(ctx, "VERIFIED"))
			r := must(l.BuildUtilisation(ctx, due[0], codes, n.Utilisation))
			body := must(l.ReportBody(ctx, r.ID))
			if _, err := n.Send(ctx, r, body); err != nil {
				b.Fatal(err)
			}
			if r.Codes != codes {
				b.Fatalf("%d codes", r.Codes)
			}
		}))
		took += time.Since(start)
	}
	ms := float64(took.Milliseconds()) / float64(b.N)
	b.ReportMetric(ms, "ms")
	b.ReportMetric(ms/300, "of_300ms_limit")
	b.ReportMetric(float64(grown)/(16<<20), "of_16MB_limit")
	b.ReportMetric(float64(received.Load())/float64(b.N), "bytes")
}

// BenchmarkReceiveCodes orders 150,000 codes, takes them in blocks over loopback, stores each before the next
// and closes the order. The goal is 50,000 codes a second; the emulator's own work is in it.
func BenchmarkReceiveCodes(b *testing.B) {
	const codes = 150_000
	for b.Loop() {
		b.StopTimer()
		server := httptest.NewServer(izkmtest.New(izkmtest.Options{OMSID: benchOMS, Token: "token", Seed: 1}))
		l, n := benchSite(b, server.URL)
		ctx, cancel := context.WithCancel(context.Background())
		id := must(l.Product(ctx, benchProduct))
		k := &supply.Keeper{Product: supply.Product{ID: id, Product: benchProduct, TemplateID: 3, ReleaseMethod: "PRODUCTION", LowWater: codes, OrderQuantity: codes, BlockQuantity: 10_000},
			Ledger: l, Orders: n, Blocks: n, Log: slog.New(slog.DiscardHandler), Every: time.Millisecond}
		done := make(chan error, 1)
		b.StartTimer()
		start := time.Now()
		go func() { done <- k.Run(ctx) }()
		for l.Stock(id) < codes {
			time.Sleep(time.Millisecond)
		}
		took := time.Since(start)
		b.StopTimer()
		cancel()
		<-done
		server.Close()
		b.ReportMetric(codes/took.Seconds(), "codes/s")
		b.ReportMetric(codes/took.Seconds()/50_000, "of_50k_limit")
		b.StartTimer()
	}
}
