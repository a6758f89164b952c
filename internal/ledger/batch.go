package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Batch is one run of a line under one production order: what its reports say of it.
type Batch struct {
	Line           string
	Name           string // productionOrderId in reports; may be empty
	ProductionDate string // as in RFC 3339, or empty; so is ExpirationDate
	ExpirationDate string
	Series         string // 1 to 20 characters, or empty
	StartedAt      time.Time
	EndedAt        time.Time // zero while it runs
}

// Running says whether the batch has not ended.
func (b Batch) Running() bool { return !b.StartedAt.IsZero() && b.EndedAt.IsZero() }

// StartBatch begins a batch. A line runs one at a time, and a name is used once: anything else
// is a *StateError.
func (l *Ledger) StartBatch(ctx context.Context, b Batch) error {
	return l.do(ctx, func(t *tx) error {
		running, err := scanBatch(t.row(selectBatch+"WHERE line = ? AND ended_at = 0", b.Line))
		if err == nil {
			return &StateError{fmt.Sprintf("batch %q of line %s is running since %s: end it first", running.Name, b.Line, running.StartedAt.Format(time.RFC3339))}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		old, err := scanBatch(t.row(selectBatch+"WHERE line = ? AND name = ?", b.Line, b.Name))
		if err == nil {
			return &StateError{fmt.Sprintf("batch %q of line %s ended at %s: a name is used once", old.Name, b.Line, old.EndedAt.Format(time.RFC3339))}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := t.event(placeBatch, fmt.Sprintf("batch %q of line %s started", b.Name, b.Line)); err != nil {
			return err
		}
		_, err = t.exec("INSERT INTO batch (line, name, production_date, expiration_date, series, started_at) VALUES (?, ?, ?, ?, ?, ?)",
			b.Line, b.Name, b.ProductionDate, b.ExpirationDate, b.Series, t.at)
		return err
	})
}

// EndBatch ends the line's running batch; without one it is a *StateError.
func (l *Ledger) EndBatch(ctx context.Context, line string) (Batch, error) {
	var b Batch
	err := l.do(ctx, func(t *tx) (err error) {
		b, err = scanBatch(t.row(selectBatch+"WHERE line = ? AND ended_at = 0", line))
		if errors.Is(err, sql.ErrNoRows) {
			return &StateError{fmt.Sprintf("line %s runs no batch", line)}
		}
		if err != nil {
			return err
		}
		b.EndedAt = time.UnixMicro(t.at).UTC()
		if _, err := t.event(placeBatch, fmt.Sprintf("batch %q of line %s ended", b.Name, line)); err != nil {
			return err
		}
		_, err = t.exec("UPDATE batch SET ended_at = ? WHERE line = ? AND ended_at = 0", t.at, line)
		return err
	})
	return b, err
}

const selectBatch = "SELECT line, name, production_date, expiration_date, series, started_at, ended_at FROM batch "

func scanBatch(s scanner) (Batch, error) {
	var b Batch
	var started, ended int64
	err := s.Scan(&b.Line, &b.Name, &b.ProductionDate, &b.ExpirationDate, &b.Series, &started, &ended)
	b.StartedAt = time.UnixMicro(started).UTC()
	if ended != 0 {
		b.EndedAt = time.UnixMicro(ended).UTC()
	}
	return b, err
}

// LastBatch returns the line's batch that was started last, running or not; ErrNotFound if
// there was none.
func (l *Ledger) LastBatch(ctx context.Context, line string) (Batch, error) {
	return l.batch(ctx, "WHERE line = ? ORDER BY id DESC LIMIT 1", line)
}

// Batches returns the batches of a line, that which was started last first; those of all lines without one. n is as Limit
// of JournalQuery.
func (l *Ledger) Batches(ctx context.Context, line string, n int) ([]Batch, error) {
	rows, err := l.reads.QueryContext(ctx, selectBatch+"WHERE ? IN (line, '') ORDER BY id DESC LIMIT ?", line, limit(n))
	all, err := collect(rows, err, scanBatch)
	if err != nil {
		return nil, fmt.Errorf("reading the batches: %w", err)
	}
	return all, nil
}

// BatchOf returns a line's batch by its name; ErrNotFound if there was none.
func (l *Ledger) BatchOf(ctx context.Context, line, name string) (Batch, error) {
	return l.batch(ctx, "WHERE line = ? AND name = ?", line, name)
}

func (l *Ledger) batch(ctx context.Context, where string, args ...any) (Batch, error) {
	b, err := scanBatch(l.reads.QueryRowContext(ctx, selectBatch+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Batch{}, ErrNotFound
	}
	return b, err
}

// BatchAccount is what became of the codes of one product that were taken for a batch.
type BatchAccount struct {
	Product  string
	Received int // taken from the stock for the batch
	Left     int // still with a printer
	Printed  int
	Verified int
	Rejected int
	Sampled  int            // dropped as samples
	Dropped  int            // dropped for another reason
	Doubtful map[string]int // by cause
	Reported int            // of all these, in a report of application that has arrived
}

// Equal says whether what was received is all accounted for.
func (a BatchAccount) Equal() bool {
	sum := a.Left + a.Printed + a.Verified + a.Rejected + a.Sampled + a.Dropped
	for _, n := range a.Doubtful {
		sum += n
	}
	return sum == a.Received
}

// samples are the reasons of dictionary 5.1 that take a good product away to look at it.
const samples = "('QA_SAMPLES', 'PRODUCT_TESTING', 'DEMO_SAMPLES')"

// BatchBalance counts the codes of a batch, from the codes themselves.
func (l *Ledger) BatchBalance(ctx context.Context, line, name string) ([]BatchAccount, error) {
	// One transaction, so that a line that runs cannot make the sides differ.
	snapshot, err := l.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("counting the batch: %w", err)
	}
	defer snapshot.Rollback() //nolint:errcheck // nothing to roll back in a read
	rows, err := snapshot.QueryContext(ctx, `
		SELECT p.name, c.state, CASE WHEN c.state = 5 THEN COALESCE(j.cause, '') ELSE '' END AS why,
			c.state = 6 AND substr(j.cause, instr(j.cause, ': ') + 2) IN `+samples+` AS sampled, COUNT(*), SUM(COALESCE(r.state, '') IN `+arrived+`)
		FROM lot JOIN product p ON p.id = lot.product JOIN code c ON c.lot = lot.id
		LEFT JOIN journal j ON j.seq = c.last LEFT JOIN report r ON r.id = c.utilisation AND c.utilisation > 0
		WHERE lot.line = ? AND lot.batch = ? GROUP BY p.name, c.state, why, sampled ORDER BY p.name`, line, name)
	type group struct {
		product  string
		state    State
		why      string
		sampled  bool
		n, known int
	}
	scan := func(s scanner) (g group, err error) {
		err = s.Scan(&g.product, &g.state, &g.why, &g.sampled, &g.n, &g.known)
		return g, err
	}
	groups, err := collect(rows, err, scan)
	if err != nil {
		return nil, fmt.Errorf("counting the batch: %w", err)
	}
	rows, err = snapshot.QueryContext(ctx, `SELECT p.name, a.state, '', a.sampled, SUM(a.n), SUM(a.known)
		FROM lot JOIN product p ON p.id = lot.product JOIN purged_lot a ON a.lot = lot.id WHERE lot.line = ? AND lot.batch = ? GROUP BY p.name, a.state, a.sampled`, line, name)
	left, err := collect(rows, err, scan)
	if err != nil {
		return nil, fmt.Errorf("counting the batch: %w", err)
	}
	groups = append(groups, left...)
	slices.SortStableFunc(groups, func(a, b group) int { return strings.Compare(a.product, b.product) })
	var all []BatchAccount
	for _, g := range groups {
		if len(all) == 0 || all[len(all)-1].Product != g.product {
			all = append(all, BatchAccount{Product: g.product, Doubtful: map[string]int{}})
		}
		a := &all[len(all)-1]
		a.Reported += g.known
		switch {
		case g.state == Claimed:
			a.Left += g.n
		case g.state == Printed:
			a.Printed += g.n
		case g.state == Verified:
			a.Verified += g.n
		case g.state == Rejected:
			a.Rejected += g.n
		case g.state == Doubtful:
			a.Doubtful[g.why] += g.n
		case g.state == Dropped && g.sampled:
			a.Sampled += g.n
		case g.state == Dropped:
			a.Dropped += g.n
		}
	}
	return all, received(ctx, snapshot, line, name, all)
}

// received counts each product's claims for the batch in the journal, and of labels that came printed
// the first scans: the side of the account that no later change of state can move.
func received(ctx context.Context, snapshot *sql.Tx, line, name string, all []BatchAccount) error {
	for i := range all {
		err := snapshot.QueryRowContext(ctx, `SELECT COUNT(*) FROM code c JOIN lot ON lot.id = c.lot JOIN product p ON p.id = lot.product
			WHERE lot.line = ? AND lot.batch = ? AND p.name = ? AND (c.claim < 0 OR EXISTS (SELECT 1 FROM journal j WHERE j.seq = c.claim AND j.code = c.id AND j.now IN (1, 3)))`,
			line, name, all[i].Product).Scan(&all[i].Received)
		if err != nil {
			return fmt.Errorf("counting the batch: %w", err)
		}
		var left int
		err = snapshot.QueryRowContext(ctx, "SELECT COALESCE(SUM(a.n), 0) FROM purged_lot a JOIN lot ON lot.id = a.lot JOIN product p ON p.id = lot.product WHERE lot.line = ? AND lot.batch = ? AND p.name = ?", line, name, all[i].Product).Scan(&left)
		if err != nil {
			return fmt.Errorf("counting the batch: %w", err)
		}
		all[i].Received += left
	}
	return nil
}
