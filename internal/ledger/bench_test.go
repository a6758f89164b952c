package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// BenchmarkVerifyAmongMany measures whether everything ever verified makes a verdict slower: "ratio"
// is the time of one durable verdict and one on a copy with 10,000,000 verified codes in the ledger
// by that with 10,000. LINEMARK_BENCH_CODES says how many it shall be.
func BenchmarkVerifyAmongMany(b *testing.B) {
	many := 10_000_000
	if text := os.Getenv("LINEMARK_BENCH_CODES"); text != "" {
		many = must(strconv.Atoi(text))
	}
	small, big := benchPlant(b), benchPlant(b)
	past := map[*plant][]code.Code{small: small.verifiedBefore(b, 10_000), big: big.verifiedBefore(b, many)}
	b.Run("verdict", func(b *testing.B) {
		verdict := func(p *plant, c code.Code, want Outcome) {
			if v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c})); v[0].Outcome != want {
				b.Fatalf("verdict %s, want %s", v[0].Outcome, want)
			}
		}
		next := map[*plant]int{}
		round := func(p *plant, n int) time.Duration {
			p.fill(p.unit, n)
			claims := p.claim(p.unit, n)
			begun := time.Now()
			for _, c := range claims {
				verdict(p, c.Code, Good)
				next[p] += 7919
				verdict(p, past[p][next[p]%len(past[p])], Duplicate)
			}
			return time.Since(begun)
		}
		const size = 100
		var slow, quick time.Duration
		for done := 0; done < b.N; done += size {
			quick += round(small, min(size, b.N-done))
			slow += round(big, min(size, b.N-done))
		}
		b.ReportMetric(slow.Seconds()/quick.Seconds(), "ratio")
	})
}

// verifiedBefore puts codes into the ledger as if they had been verified long ago, and returns some
// of them. It writes the rows by itself: taking them through the whole life would take hours.
func (p *plant) verifiedBefore(b *testing.B, n int) (some []code.Code) {
	b.Helper()
	exec := func(query string, args ...any) { must(p.w.conn.ExecContext(p.ctx, query, args...)) }
	exec("PRAGMA synchronous = OFF")
	defer exec("PRAGMA synchronous = FULL")
	exec("BEGIN")
	exec("DROP INDEX code_key")
	const rows = 500
	query := "INSERT INTO code (product, block, raw, idlen, key, state, evidence, lot, claim, last) VALUES " + strings.Repeat("(?, 1, ?, ?, ?, 3, 3, ?, 1, 1), ", rows-1) + "(?, 1, ?, ?, ?, 3, 3, ?, 1, 1)"
	insert := must(p.w.conn.PrepareContext(p.ctx, query))
	defer insert.Close()
	args := make([]any, 0, rows*5)
	for i := 0; i < n; i += rows {
		args = args[:0]
		for j := range rows {
			raw := code.Code(fmt.Sprintf("01%s21old%010d%c93%04X", p.unit.GTIN, i+j, code.GS, (i+j)&0xffff))
			ident := raw[:p.unit.profile.KI]
			args = append(args, int64(p.unit.id), []byte(raw), len(ident), key(ident), int64(p.unit.lot))
			if j == 0 {
				some = append(some, raw)
			}
		}
		must(insert.ExecContext(p.ctx, args...))
	}
	exec("CREATE INDEX code_key ON code (key)")
	exec("COMMIT")
	exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return some
}
