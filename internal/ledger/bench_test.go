package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linemark/internal/code"
)

// benchFolder is on the disk that is to be measured: LINEMARK_BENCH_DIR, or the test's own.
func benchFolder(b *testing.B) string {
	root := os.Getenv("LINEMARK_BENCH_DIR")
	if root == "" {
		return b.TempDir()
	}
	dir := must(os.MkdirTemp(root, "ledger-bench-"))
	b.Cleanup(func() { try(os.RemoveAll(dir)) })
	return dir
}

func benchPlant(b *testing.B) *plant {
	p := openPlant(benchFolder(b))
	b.Cleanup(func() { try(p.Close()) })
	return p
}

// fill receives n codes in blocks of a size that the national system gives at most.
func (p *plant) fill(k *kind, n int) {
	for ; n > 0; n -= 150_000 {
		p.stock(k, min(n, 150_000))
	}
}

// appends writes and syncs n records of 128 bytes one by one: what the disk allows at best.
func appends(f *os.File, n int) time.Duration {
	record := make([]byte, 128)
	start := time.Now()
	for range n {
		must(f.Write(record))
		try(f.Sync())
	}
	return time.Since(start)
}

// BenchmarkClaim measures durable claims. "ratio" is claims a second by appends of 128 bytes with
// fsync a second in the same folder; both run by turns, so that a drifting disk cancels out.
func BenchmarkClaim(b *testing.B) {
	for _, size := range []int{1, 10} {
		name := "single"
		if size > 1 {
			name = fmt.Sprintf("by-%d", size)
		}
		b.Run(name, func(b *testing.B) {
			p := benchPlant(b)
			p.fill(p.unit, b.N*size+size)
			f := must(os.Create(filepath.Join(p.dir, "appends")))
			defer f.Close()
			const round = 100
			var claims, baseline time.Duration
			b.ResetTimer()
			for done := 0; done < b.N; done += round {
				n := min(round, b.N-done)
				start := time.Now()
				for range n {
					p.claim(p.unit, size)
				}
				claims += time.Since(start)
				b.StopTimer()
				baseline += appends(f, n)
				b.StartTimer()
			}
			b.ReportMetric(baseline.Seconds()/claims.Seconds(), "ratio")
			b.ReportMetric(float64(b.N)/baseline.Seconds(), "appends/s")
			b.ReportMetric(float64(b.N*size)/claims.Seconds(), "codes/s")
		})
	}
}

// BenchmarkClaimStock measures whether a big stock makes claims slower: "ratio" is the time of a
// claim with 1,500,000 codes in stock by that with 10,000. The two ledgers run by turns.
func BenchmarkClaimStock(b *testing.B) {
	small, big := benchPlant(b), benchPlant(b)
	small.fill(small.unit, 10_000)
	const stock = 1_500_000
	start := time.Now()
	big.fill(big.unit, stock)
	received := time.Since(start)
	b.Run("single", func(b *testing.B) {
		const round = 100
		var slow, quick time.Duration
		for done := 0; done < b.N; done += round {
			n := min(round, b.N-done)
			b.StopTimer()
			if small.Stock(small.unit.id) < n {
				small.fill(small.unit, 5_000)
			}
			start := time.Now()
			for range n {
				small.claim(small.unit, 1)
			}
			quick += time.Since(start)
			b.StartTimer()
			start = time.Now()
			for range n {
				big.claim(big.unit, 1)
			}
			slow += time.Since(start)
		}
		b.ReportMetric(slow.Seconds()/quick.Seconds(), "ratio")
		b.ReportMetric(stock/received.Seconds(), "received/s")
	})
}

// BenchmarkVerify measures one durable verdict.
func BenchmarkVerify(b *testing.B) {
	p := benchPlant(b)
	p.fill(p.unit, b.N)
	claims := p.claim(p.unit, b.N)
	b.ResetTimer()
	for _, c := range claims {
		if v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c.Code})); v[0].Outcome != Good {
			b.Fatalf("verdict %s", v[0].Outcome)
		}
	}
}
