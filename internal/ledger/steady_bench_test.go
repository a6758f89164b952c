package ledger

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkSteady measures how late a commit comes while eight lines work at 33 products a second each, with
// half a million codes in the file: each product is claimed and verified. b.N products pass; "p99.9-ms" and "max-ms"
// are of Verify, and "late" is how many took longer than 15 ms: at this speed the next product is read after 30.
func BenchmarkSteady(b *testing.B) {
	p := benchPlant(b)
	p.fill(p.unit, max(500_000, b.N+1000))
	const lines, pace = 8, time.Second / 33
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range lines {
		all.Go(func() {
			time.Sleep(pace * time.Duration(i) / lines)
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for range b.N / lines {
				<-tick.C
				claims := p.claim(p.unit, 1)
				start := time.Now()
				must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, texts(claims)))
				d := time.Since(start)
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	var supply sync.WaitGroup
	supply.Go(func() { // the block that is used up meanwhile
		for {
			select {
			case <-done:
				return
			case <-time.After(4 * time.Second):
				p.stock(p.unit, 1000)
			}
		}
	})
	all.Wait()
	close(done)
	supply.Wait()
	b.StopTimer()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	at := func(share float64) float64 { return ms(took[int(share*float64(len(took)-1))]) }
	late, _ := slices.BinarySearch(took, 15*time.Millisecond)
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(0.999), "p99.9-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(float64(len(took)-late), "late")
}
