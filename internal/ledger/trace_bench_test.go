package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// BenchmarkTraceAmongMany measures what it takes to tell the life of a random code, or of a container, among
// 300,000 codes in the ledger, each with its entries of the journal and its report, one in seven in a box on a
// pallet. LINEMARK_BENCH_CODES says how many codes it shall be. "ratio" is by a SELECT of a random code's row by its
// number, asked for by turns with it; "select-us" is that one.
func BenchmarkTraceAmongMany(b *testing.B) {
	many := 300_000
	if text := os.Getenv("LINEMARK_BENCH_CODES"); text != "" {
		many = must(strconv.Atoi(text))
	}
	p := benchPlant(b)
	archived := p.archivedBefore()
	begun := time.Now()
	past := p.livedBefore(many)
	b.Logf("%d codes, %d boxes and %d pallets in %s: %d MiB", past.n, past.boxes(), past.pallets(), time.Since(begun).Round(time.Second), must(os.Stat(p.path)).Size()>>20)
	for _, what := range []struct {
		name    string
		text    func(r *rand.Rand) code.Code
		entries int
		parents int
		holds   int
		err     error
	}{
		{"code", func(r *rand.Rand) code.Code { return past.unit(past.loose(r)) }, 4, 0, 0, nil},
		{"ident", func(r *rand.Rand) code.Code { return past.unit(past.loose(r))[:past.idlen] }, 4, 0, 0, nil},
		{"packed-code", func(r *rand.Rand) code.Code { return past.unit(past.packed(r)) }, 4, 2, 0, nil},
		{"box", func(r *rand.Rand) code.Code { return past.label(r.IntN(past.boxes())) }, 3, 1, perBox, nil},
		{"pallet", func(r *rand.Rand) code.Code { return past.sscc(r.IntN(past.pallets())) }, 0, 0, perPallet, nil},
		{"container-of-10000", func(*rand.Rand) code.Code { return past.sscc(past.pallets()) }, 0, 0, inBig, nil},
		{"unknown", func(r *rand.Rand) code.Code { return past.unit(past.n + r.IntN(past.n)) }, 0, 0, 0, ErrNotFound},
		{"archived", func(r *rand.Rand) code.Code { return archived[r.IntN(len(archived))] }, 3, -1, 0, nil},
	} {
		b.Run(what.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(7, uint64(b.N)))
			var traces, selects []time.Duration
			for range b.N {
				text, id := what.text(r), past.first+int64(r.IntN(past.n))
				begun := time.Now()
				life, err := p.Trace(p.ctx, text)
				traces = append(traces, time.Since(begun))
				if !errors.Is(err, what.err) || err == nil && len(life.Reports) == 0 || len(life.Journal) != what.entries || what.parents >= 0 && len(life.Parents) != what.parents || len(life.Children) != what.holds {
					b.Fatalf("%s: %v, %d entries, %d parents, %d children", code.Visible(text), err, len(life.Journal), len(life.Parents), len(life.Children))
				}
				var raw []byte
				begun = time.Now()
				try(p.reads.QueryRowContext(p.ctx, "SELECT raw FROM code WHERE id = ?", id).Scan(&raw))
				selects = append(selects, time.Since(begun))
			}
			slices.Sort(traces)
			slices.Sort(selects)
			ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
			b.ReportMetric(ms(traces[len(traces)/2]), "p50-ms")
			b.ReportMetric(ms(traces[len(traces)*99/100]), "p99-ms")
			b.ReportMetric(1000*ms(selects[len(selects)/2]), "select-us")
			b.ReportMetric(float64(traces[len(traces)/2])/float64(selects[len(selects)/2]), "ratio")
		})
	}
}

// archivedBefore brings loose codes and a pallet of a thousand into an archive.
func (p *plant) archivedBefore() []code.Code {
	const each = 1000
	p.fill(p.unit, 2*each+1)
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
	box, packed := p.container(each)
	try(p.Fill(p.ctx, box))
	try(p.CloseWithSSCC(p.ctx, box, must(p.NextSSCC(p.ctx, "0301234567"))))
	loose := p.verified(p.unit, each)
	p.container(1) // the last of a ledger stays
	p.settleAll("B1")
	if a := must(p.Archive(p.ctx, longAgo)); a.Codes != 2*each {
		panic(fmt.Sprintf("%d codes are archived", a.Codes))
	}
	return append(texts(packed), texts(loose)...)
}

// What one in seven codes is packed in, and what one big container holds beside.
const (
	perBox    = 24
	perPallet = 50
	inBig     = 10_000
)

// past is codes that have come to the end of their lives: by box and pallet in the national system's hands.
type past struct {
	n     int
	first int64 // number of the first code
	gtin  string
	group string
	idlen int
}

func (o past) boxes() int   { return (o.n - inBig) / (7 * perBox) / perPallet * perPallet }
func (o past) pallets() int { return o.boxes() / perPallet }

// unit is code i, label the own code of box i, sscc that of pallet i; that behind the last is the big container's.
func (o past) unit(i int) code.Code {
	return code.Code(fmt.Sprintf("01%s21old%010d%c93%04X", o.gtin, i, code.GS, i&0xffff))
}

func (o past) label(i int) code.Code {
	return code.Code(fmt.Sprintf("01%s21box%010d%c93%04X", o.group, i, code.GS, i&0xffff))
}

func (past) sscc(i int) code.Code { return must(code.SSCC("3301234567", uint64(i))) }

// box is the box that code i is in, -1 for none: one run of 24 codes in seven.
func (o past) box(i int) int {
	if box := i / perBox / 7; i/perBox%7 == 0 && box < o.boxes() {
		return box
	}
	return -1
}

func (o past) packed(r *rand.Rand) int { return r.IntN(o.boxes())*perBox*7 + r.IntN(perBox) }

// loose is a code that is in no box and not in the big container, which has the last ones.
func (o past) loose(r *rand.Rand) int {
	for {
		if i := r.IntN(o.n - inBig); o.box(i) < 0 {
			return i
		}
	}
}

// livedBefore puts codes into the ledger that have lived long ago. It writes the rows by itself, as
// verifiedBefore does.
func (p *plant) livedBefore(n int) past {
	const slice, perBlock, perReport, perAggregation = 300_000, 150_000, 30_000, 440
	p.fill(p.unit, 1)
	p.fill(p.box, 1)
	exec := func(query string, args ...any) { must(p.w.conn.ExecContext(p.ctx, query, args...)) }
	next := func(column, table string) (n int64) {
		try(p.w.conn.QueryRowContext(p.ctx, "SELECT COALESCE(MAX("+column+"), 0) + 1 FROM "+table).Scan(&n))
		return n
	}
	o := past{n: max(n, 20_000) / 3000 * 3000, gtin: p.unit.GTIN, group: p.box.GTIN, idlen: p.unit.profile.KI}
	o.first = next("id", "code")
	own := o.first + int64(o.n) // of the first box
	block, seq, container, report := next("id", "block"), next("seq", "journal"), next("id", "container"), next("id", "report")
	blocks := (o.n + perBlock - 1) / perBlock
	// The entries of ten codes: ten claims, ten confirmations, ten scans.
	lives := seq + int64(blocks)
	at := func(i, step int) int64 { return lives + int64(i/10*30+step*10+i%10) }
	exec("PRAGMA synchronous = OFF")
	defer exec("PRAGMA synchronous = FULL")
	exec("DROP INDEX code_key")

	exec("BEGIN")
	for i := range blocks {
		exec("INSERT INTO block (id, orders, server_id, quantity, received_at) VALUES (?, ?, ?, ?, 1)", block+int64(i), int64(p.unit.order), fmt.Sprint("past-", i), perBlock)
		exec("INSERT INTO journal (seq, at, agent, place, cause, seal) VALUES (?, 1, 1, 'supply', ?, randomblob(32))", seq+int64(i), fmt.Sprintf("received block past-%d: %d codes", i, perBlock))
	}
	// Reports have the bytes that were sent: of utilisation first, then of aggregation.
	utilisations, aggregations := (o.n+perReport-1)/perReport, o.boxes()/perAggregation+1
	for i := range utilisations + aggregations {
		kind, size := "utilisation", perReport*45
		if i >= utilisations {
			kind, size = "aggregation", perAggregation*(perBox+1)*38
		}
		exec(`INSERT INTO report (id, uuid, kind, line, product, grp, batch, usage, state, body, codes, server_id, created_at, changed_at) VALUES (?, ?, ?, '3', ?, 'water', 'B1', 'VERIFIED', 'sent', randomblob(?), ?, ?, 1, 1)`,
			report+int64(i), fmt.Sprintf("3f2504e0-4f89-41d3-9a0c-%012d", i), kind, int64(p.unit.id), size, perReport, fmt.Sprint("srv-", i))
	}
	big := container + int64(o.boxes()+o.pallets())
	put := func(id int64, holds string, own, sscc, parent any, aggregation int) {
		exec(`INSERT INTO container (id, line, station, grp, batch, capacity, holds, state, code, sscc, parent, aggregation, opened_at, closed_at) VALUES (?, '3', 'box', 'water', 'B1', 50, ?, 2, ?, ?, ?, ?, 1, 1)`,
			id, holds, own, sscc, parent, report+int64(utilisations+aggregation))
	}
	for i := range o.boxes() {
		put(container+int64(i), holdsUnits, own+int64(i), "", container+int64(o.boxes()+i/perPallet), i/perAggregation)
	}
	for i := range o.pallets() {
		put(container+int64(o.boxes()+i), holdsContainers, nil, string(o.sscc(i)), nil, i*perPallet/perAggregation)
	}
	put(big, holdsUnits, nil, string(o.sscc(o.pallets())), nil, aggregations-1)
	exec("COMMIT")

	const rows, columns = 500, 12
	const query, values = `INSERT INTO code (id, product, block, raw, idlen, key, lot, claim, last, utilisation, container, sum, state, evidence) VALUES `, "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 3, 3)"
	insert := must(p.w.conn.PrepareContext(p.ctx, query+strings.Repeat(values+", ", rows-1)+values))
	defer insert.Close()
	one := must(p.w.conn.PrepareContext(p.ctx, query+values))
	defer one.Close()
	row := func(args []any, id, block int64, k *kind, raw code.Code, claim, last int64, report int64, in any) []any {
		bytes := []byte(raw)
		return append(args, id, int64(k.id), block, bytes, o.idlen, key(raw[:o.idlen]), int64(k.lot), claim, last, report, in, sum(int64(k.id), o.idlen, bytes))
	}
	args := make([]any, 0, rows*columns)
	for i := range o.n {
		if i%slice == 0 {
			exec("BEGIN")
		}
		var in any
		if box := o.box(i); i >= o.n-inBig {
			in = big
		} else if box >= 0 {
			in = container + int64(box)
		}
		args = row(args, o.first+int64(i), block+int64(i/perBlock), p.unit, o.unit(i), at(i, 0), at(i, 2), report+int64(i/perReport), in)
		if len(args) == cap(args) {
			must(insert.ExecContext(p.ctx, args...))
			args = args[:0]
		}
		if last := i == o.n-1; last || i%slice == slice-1 {
			from := i / slice * slice
			exec(`WITH RECURSIVE entry (j) AS (SELECT ?1 UNION ALL SELECT j + 1 FROM entry WHERE j < ?2 - 1)
				INSERT INTO journal (seq, at, agent, place, code, was, now, cause, prev, seal)
				SELECT ?3 + j, 1700000000000000 + j, 1, CASE j / 10 % 3 WHEN 2 THEN 'check' ELSE 'mark' END, ?4 + j / 30 * 10 + j % 10, j / 10 % 3, j / 10 % 3 + 1,
				CASE j / 10 % 3 WHEN 0 THEN 'claim' WHEN 1 THEN 'confirmed by the printer' ELSE 'scan' END,
				CASE j / 10 % 3 WHEN 0 THEN ?5 + (j / 30 * 10 + j % 10) / ?6 ELSE ?3 + j - 10 END, randomblob(32) FROM entry`,
				3*from, 3*(i+1), lives, o.first, seq, perBlock)
			exec("COMMIT")
			exec("PRAGMA wal_checkpoint(TRUNCATE)")
		}
	}
	exec("BEGIN")
	received := seq
	for i, seq := 0, lives+int64(3*o.n); i < o.boxes(); i, seq = i+1, seq+2 {
		must(one.ExecContext(p.ctx, row(nil, own+int64(i), block, p.box, o.label(i), seq, seq+1, report+int64(i/perReport), nil)...))
		exec("INSERT INTO journal (seq, at, agent, place, code, was, now, cause, prev, seal) VALUES (?1, 1, 1, 'mark', ?2, 0, 1, 'claim', ?3, randomblob(32)), (?1 + 1, 1, 1, 'box', ?2, 1, 3, 'scan of the label', ?1, randomblob(32))", seq, own+int64(i), received)
	}
	exec("COMMIT")
	exec("CREATE INDEX code_key ON code (key)")
	exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return o
}
