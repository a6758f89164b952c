package ledger

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// BenchmarkLook measures what people ask of a ledger with much in it: a million codes, or LINEMARK_BENCH_CODES, each
// with four entries of the journal, and 100,000 of them in doubt, all over it.
func BenchmarkLook(b *testing.B) {
	many := 1_000_000
	if text := os.Getenv("LINEMARK_BENCH_CODES"); text != "" {
		many = must(strconv.Atoi(text))
	}
	p := benchPlant(b)
	p.lived(many, many/100_000)
	cause := must(p.DoubtfulCauses(p.ctx))[0]
	newest := must(scanInt(p.reads.QueryRow("SELECT MAX(seq) FROM journal")))
	measure := func(name string, look func() int) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = look()
			}
			b.ReportMetric(float64(n), "rows")
		})
	}
	journal := func(q JournalQuery) func() int {
		return func() int { return len(must(p.Journal(p.ctx, q)).Entries) }
	}
	measure("causes", func() int {
		n := 0
		for _, c := range must(p.DoubtfulCauses(p.ctx)) {
			n += c.Codes
		}
		return n
	})
	measure("doubtful", func() int { return len(must(p.Doubtful(p.ctx, DoubtfulQuery{Limit: 1000}))) })
	last := cause.Query()
	last.After = cause.UpTo - 1
	measure("doubtful of a cause", func() int { return len(must(p.Doubtful(p.ctx, cause.Query()))) })
	measure("the last of a cause", func() int { return len(must(p.Doubtful(p.ctx, last))) })
	none := "nobody's"
	measure("no such cause", func() int { return len(must(p.Doubtful(p.ctx, DoubtfulQuery{Cause: &none}))) })
	measure("journal", journal(JournalQuery{}))
	measure("journal, 1000", journal(JournalQuery{Limit: 1000}))
	measure("journal, in the middle", journal(JournalQuery{Before: newest / 2}))
	measure("journal, rare", journal(JournalQuery{Text: "nowhere"}))
	measure("journal, rare in Cyrillic", journal(JournalQuery{Text: "нигде"}))
	measure("journal, people", journal(JournalQuery{OnlyPeople: true}))
	measure("journal, another line", journal(JournalQuery{Place: "4"}))
	measure("journal, a day long ago", journal(JournalQuery{From: bygone.Add(time.Hour), To: bygone.Add(2 * time.Hour)}))
}

// bygone is when the codes of the past have begun.
var bygone = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// lived puts codes and their lives into the ledger as if they had passed the line long ago, four of a second, with one
// in so many of the lives in doubt. It writes the rows by itself: nothing else would end in a day.
func (p *plant) lived(n, of int) {
	exec := func(query string, args ...any) { must(p.w.conn.ExecContext(p.ctx, query, args...)) }
	exec("PRAGMA synchronous = OFF")
	defer exec("PRAGMA synchronous = FULL")
	exec("BEGIN")
	exec("DROP INDEX code_key")
	var first int64
	try(p.w.conn.QueryRowContext(p.ctx, "SELECT MAX(seq) + 1 FROM journal").Scan(&first))
	const rows, entries = 500, 4
	codes := must(p.w.conn.PrepareContext(p.ctx, "INSERT INTO code (product, block, raw, idlen, key, state, evidence, lot, claim, last) VALUES "+strings.TrimSuffix(strings.Repeat("(?, 1, ?, ?, ?, ?, 3, ?, ?, ?), ", rows), ", ")))
	defer codes.Close()
	journal := must(p.w.conn.PrepareContext(p.ctx, "INSERT INTO journal (seq, at, agent, place, code, was, now, cause, prev) VALUES "+strings.TrimSuffix(strings.Repeat("(?, ?, 1, ?, ?, ?, ?, ?, ?), ", rows*entries), ", ")))
	defer journal.Close()
	var id int64
	try(p.w.conn.QueryRowContext(p.ctx, "SELECT COALESCE(MAX(id), 0) FROM code").Scan(&id))
	causes := []string{"claim", "confirmed by the printer", "scan", "scan at packing"}
	for i := 0; i < n; i += rows {
		c, e := make([]any, 0, rows*8), make([]any, 0, rows*entries*8)
		for j := range rows {
			id++
			raw := code.Code(fmt.Sprintf("01%s21old%010d%c93%04X", p.unit.GTIN, i+j, code.GS, (i+j)&0xffff))
			ident := raw[:p.unit.profile.KI]
			seq, state := first+int64((i+j)*entries), Verified
			at := bygone.Add(time.Duration(i+j) * time.Second / 4).UnixMicro()
			if (i+j)%max(of, 1) == 0 {
				state = Doubtful
			}
			for k, cause := range causes {
				if k == entries-1 && state == Doubtful {
					cause = fmt.Sprintf("the printer tij-1 failed: fault %d", (i+j)%7)
				}
				e = append(e, seq+int64(k), at+int64(k), "3/mark", id, int(Claimed), int(state), cause, seq+int64(k)-1)
			}
			c = append(c, int64(p.unit.id), []byte(raw), len(ident), key(ident), int(state), int64(p.unit.lot), seq, seq+entries-1)
		}
		must(codes.ExecContext(p.ctx, c...))
		must(journal.ExecContext(p.ctx, e...))
	}
	exec("CREATE INDEX code_key ON code (key)")
	exec("COMMIT")
	exec("PRAGMA wal_checkpoint(TRUNCATE)")
}
