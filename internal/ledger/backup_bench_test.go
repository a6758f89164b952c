package ledger

import (
	"os"
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
	beside := func(work func()) []time.Duration {
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
	tell := func(what string, took []time.Duration) {
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, what+"-p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, what+"-p99-ms")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, what+"-max-ms")
	}
	for b.Loop() {
		alone := beside(func() { time.Sleep(10 * time.Second) })
		begun := time.Now()
		var kept Kept
		during := beside(func() { kept = must(p.backup(b.TempDir(), 0)) })
		b.ReportMetric(time.Since(begun).Seconds(), "backup-s")
		b.ReportMetric(float64(kept.Size)/(1<<20), "MiB")
		begun = time.Now()
		try(p.pages(b.Context(), p.dir+"/pages.db"))
		b.ReportMetric(time.Since(begun).Seconds(), "of-it-copying-s")
		try(os.Remove(p.dir + "/pages.db"))
		tell("alone", alone)
		tell("during", during)
	}
}
