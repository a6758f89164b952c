package ledger

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// BenchmarkBackup measures a backup of 1,500,000 codes, a third of them verified, beside a line that claims
// one code every 20 ms: how long it takes, and what a claim takes meanwhile and without one.
// LINEMARK_BENCH_CODES says how many codes it shall be.
func BenchmarkBackup(b *testing.B) {
	many := 1_500_000
	if text := os.Getenv("LINEMARK_BENCH_CODES"); text != "" {
		many = must(strconv.Atoi(text))
	}
	p := benchPlant(b)
	p.fill(p.unit, many)
	for range many / 3000 {
		p.verified(p.unit, 1000)
	}
	for b.Loop() {
		alone := p.beside(func() { time.Sleep(10 * time.Second) })
		begun := time.Now()
		var kept Kept
		during := p.beside(func() { kept = must(p.backup(b.TempDir(), 0)) })
		b.ReportMetric(time.Since(begun).Seconds(), "backup-s")
		b.ReportMetric(float64(kept.Size)/(1<<20), "MiB")
		begun = time.Now()
		try(p.pages(b.Context(), filepath.Join(p.dir, "pages.db")))
		b.ReportMetric(time.Since(begun).Seconds(), "of-it-copying-s")
		try(os.Remove(p.dir + "/pages.db"))
		tell(b, "alone", alone)
		tell(b, "during", during)
	}
}

// BenchmarkArchive measures what a claim takes while codes leave the ledger for an archive, and how many
// leave in a second. LINEMARK_BENCH_CODES says how many codes it shall be.
func BenchmarkArchive(b *testing.B) {
	many := 100_000
	if text := os.Getenv("LINEMARK_BENCH_CODES"); text != "" {
		many = must(strconv.Atoi(text))
	}
	p := benchPlant(b)
	for i := 0; b.Loop(); i++ {
		name := strconv.Itoa(i)
		p.fill(p.unit, many*2)
		try(p.StartBatch(p.ctx, Batch{Line: "3", Name: name}))
		p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, name))
		for range many / 1000 {
			p.verified(p.unit, 1000)
		}
		p.settleAll(name)
		alone := p.beside(func() { time.Sleep(5 * time.Second) })
		o := longAgo
		o.Pause = func(context.Context) error { time.Sleep(5 * time.Millisecond); return nil }
		begun := time.Now()
		var a Archived
		during := p.beside(func() { a = must(p.Archive(p.ctx, o)) })
		b.ReportMetric(float64(a.Codes)/time.Since(begun).Seconds(), "codes/s")
		b.ReportMetric(float64(must(os.Stat(p.archivePath(a.Name))).Size())/float64(a.Codes), "bytes/code")
		tell(b, "alone", alone)
		tell(b, "during", during)
	}
}

// beside lets a line claim one code every 20 ms during some work, and returns how long each claim took,
// the shortest first.
func (p *plant) beside(work func()) []time.Duration {
	done := make(chan struct{})
	var took []time.Duration
	var line sync.WaitGroup
	line.Go(func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-done:
				return
			case <-tick.C:
				begun := time.Now()
				p.claim(p.unit, 1)
				took = append(took, time.Since(begun))
			}
		}
	})
	work()
	close(done)
	line.Wait()
	slices.Sort(took)
	return took
}

func tell(b *testing.B, what string, took []time.Duration) {
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, what+"-p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, what+"-p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, what+"-max-ms")
}
