package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"linemark/internal/code"
)

// doubtIndex finds the codes in doubt among millions that are not, in the order in which they came into it: last is
// the entry of the journal that says why. A code that is not in doubt is not in it.
const doubtIndex = `
CREATE INDEX code_doubt ON code (last, product, lot, claim) WHERE state = 5;
`

// DoubtfulCause says how many codes of one product and batch came into doubt for one cause.
type DoubtfulCause struct {
	Product, GTIN  string
	Line, Batch    string // both empty: of no batch, such as codes that were recovered
	Cause          string // as in the journal, and in BatchAccount
	Codes          int
	Oldest, Newest time.Time // when they came into doubt
	// UpTo is the newest one's entry of the journal: what comes into doubt later is not of those that were counted.
	UpTo int64
	// Unprinted are those that were read on products though nobody here had printed them: no scan makes them good.
	Unprinted int
	// Recovered are those that came from the server, or out of the stock of a PC that is dead: see ReleaseOrder and
	// ReleaseFrom.
	Recovered int
}

// Query asks for just the codes that were counted.
func (c DoubtfulCause) Query() DoubtfulQuery {
	return DoubtfulQuery{Product: &c.GTIN, Line: &c.Line, Batch: &c.Batch, Cause: &c.Cause, UpTo: c.UpTo}
}

// DoubtfulCauses counts the codes in doubt by product, batch and cause, that with the newest code first.
func (l *Ledger) DoubtfulCauses(ctx context.Context) ([]DoubtfulCause, error) {
	all, err := l.doubts.causes(ctx, l.reads)
	if err != nil {
		return nil, fmt.Errorf("counting codes in doubt: %w", err)
	}
	slices.SortFunc(all, func(a, b DoubtfulCause) int { return cmp.Compare(b.UpTo, a.UpTo) })
	return all, nil
}

// doubts is what was counted last. A hundred thousand entries of the journal lie all over the file: they are not read
// again while the same codes are in doubt, and what has come into doubt since is added. Each of these is newer than all
// before it, so that as many codes up to the same newest one are the same codes.
type doubts struct {
	mu     sync.Mutex
	n      int
	upTo   int64
	groups []doubtGroup
	places map[doubtKey]int
}

type doubtKey struct {
	product, lot int64
	cause        string
}

type doubtGroup struct {
	key doubtKey
	DoubtfulCause
}

// These go over the index alone, and over it with the entries of the journal.
const (
	doubtfulNow   = "SELECT COUNT(*), COALESCE(MAX(c.last), 0) FROM code c WHERE c.state = 5 AND c.last > 0"
	countDoubtful = `SELECT c.last, c.product, COALESCE(c.lot, 0), COALESCE(c.claim, 0), j.at, j.cause FROM code c CROSS JOIN journal j ON j.seq = c.last WHERE c.state = 5 AND c.last > ? ORDER BY c.last`
)

func (d *doubts) causes(ctx context.Context, reads *sql.DB) (all []DoubtfulCause, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	snapshot, err := reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer snapshot.Rollback() //nolint:errcheck // nothing to roll back in a read
	var n int
	var upTo int64
	if err := snapshot.QueryRowContext(ctx, doubtfulNow).Scan(&n, &upTo); err != nil {
		return nil, err
	}
	if upTo > d.upTo {
		err = d.count(ctx, snapshot)
	}
	if err == nil && (d.n != n || d.upTo != upTo) { // some are in doubt no more
		d.forget()
		err = d.count(ctx, snapshot)
	}
	if err != nil {
		d.forget()
		return nil, err
	}
	for _, g := range d.groups {
		c := g.DoubtfulCause // a product's name may be another by now
		if err := snapshot.QueryRowContext(ctx, "SELECT p.name, p.gtin, COALESCE(t.line, ''), COALESCE(t.batch, '') FROM product p LEFT JOIN lot t ON t.id = ? WHERE p.id = ?", g.key.lot, g.key.product).
			Scan(&c.Product, &c.GTIN, &c.Line, &c.Batch); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (d *doubts) forget() { d.n, d.upTo, d.groups, d.places = 0, 0, nil, nil }

// count adds what has come into doubt since the newest one that was counted.
func (d *doubts) count(ctx context.Context, snapshot *sql.Tx) error {
	rows, err := snapshot.QueryContext(ctx, countDoubtful, d.upTo)
	if err != nil {
		return err
	}
	defer rows.Close()
	if d.places == nil {
		d.places = map[doubtKey]int{}
	}
	for rows.Next() {
		var k doubtKey
		var claim, micro int64
		var cause sql.RawBytes
		if err := rows.Scan(&d.upTo, &k.product, &k.lot, &claim, &micro, &cause); err != nil {
			return err
		}
		at := time.UnixMicro(micro).UTC()
		i, known := d.places[doubtKey{k.product, k.lot, string(cause)}]
		if !known {
			k.cause, i = string(cause), len(d.groups)
			d.places[k] = i
			d.groups = append(d.groups, doubtGroup{k, DoubtfulCause{Cause: k.cause, Oldest: at, Newest: at}})
		}
		d.n++
		d.groups[i].add(d.upTo, at, claim)
	}
	return rows.Err()
}

func (c *DoubtfulCause) add(seq int64, at time.Time, claim int64) {
	if c.Codes++; at.Before(c.Oldest) {
		c.Oldest = at
	}
	if at.After(c.Newest) {
		c.Newest = at
	}
	switch c.UpTo = seq; {
	case claim == 0:
		c.Unprinted++
	case claim < 0:
		c.Recovered++
	}
}

// DoubtfulQuery says which codes in doubt are wanted. What is nil or 0 keeps none out; an empty line and batch are
// those of codes of no batch.
type DoubtfulQuery struct {
	Product     *string // its name or GTIN
	Line, Batch *string
	Cause       *string
	UpTo        int64 // came into doubt with this entry of the journal, or before
	After       int64 // later than the one of this Seq
	Limit       int   // as in JournalQuery
}

// DoubtfulCode is a code in doubt.
type DoubtfulCode struct {
	Seq         int64 // the entry of the journal that says why
	Code, Ident code.Code
	Product     string
	Line, Batch string
	Cause       string
	At          time.Time
	Unprinted   bool // see DoubtfulCause
	Recovered   bool

	id int64
}

const selectDoubtful = `SELECT c.id, c.last, c.raw, c.idlen, p.name, COALESCE(t.line, ''), COALESCE(t.batch, ''), COALESCE(c.claim, 0), j.at, j.cause
	FROM code c CROSS JOIN journal j ON j.seq = c.last CROSS JOIN product p ON p.id = c.product LEFT JOIN lot t ON t.id = c.lot WHERE c.state = 5 `

func (q DoubtfulQuery) query() (query string, args []any) {
	query, args = selectDoubtful+"AND c.last > ?", []any{q.After}
	add := func(where string, with any) {
		query += where
		args = append(args, with)
	}
	if q.UpTo > 0 {
		add(" AND c.last <= ?", q.UpTo)
	}
	if q.Product != nil {
		add(" AND ? IN (p.name, p.gtin)", *q.Product)
	}
	if q.Line != nil {
		add(" AND COALESCE(t.line, '') = ?", *q.Line)
	}
	if q.Batch != nil {
		add(" AND COALESCE(t.batch, '') = ?", *q.Batch)
	}
	if q.Cause != nil {
		add(" AND j.cause = ?", *q.Cause)
	}
	return query + " ORDER BY c.last LIMIT ?", append(args, limit(q.Limit))
}

// Doubtful returns codes in doubt in the order in which they came into it.
func (l *Ledger) Doubtful(ctx context.Context, q DoubtfulQuery) ([]DoubtfulCode, error) {
	query, args := q.query()
	rows, err := l.reads.QueryContext(ctx, query, args...)
	all, err := collect(rows, err, scanDoubtful)
	if err != nil {
		return nil, fmt.Errorf("looking for codes in doubt: %w", err)
	}
	return all, nil
}

// DoubtfulCode returns one code in doubt by its full text or its identification code. ErrNotFound means that the
// ledger does not have it; a *StateError says what it is where it is not in doubt.
func (l *Ledger) DoubtfulCode(ctx context.Context, text code.Code) (DoubtfulCode, error) {
	id, err := l.findAny(ctx, text)
	if err != nil {
		return DoubtfulCode{}, err
	}
	c, err := scanDoubtful(l.reads.QueryRowContext(ctx, selectDoubtful+"AND c.id = ?", id))
	if !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	var s State
	if err := l.reads.QueryRowContext(ctx, "SELECT state FROM code WHERE id = ?", id).Scan(&s); err != nil {
		return c, err
	}
	return c, &StateError{fmt.Sprintf("it is %s, not in doubt", s)}
}

func scanDoubtful(s scanner) (c DoubtfulCode, err error) {
	var raw []byte
	var idlen int
	var claim, at int64
	if err := s.Scan(&c.id, &c.Seq, &raw, &idlen, &c.Product, &c.Line, &c.Batch, &claim, &at, &c.Cause); err != nil {
		return c, err
	}
	c.Code, c.Ident, c.At = code.Code(raw), code.Code(raw[:idlen]), time.UnixMicro(at).UTC()
	c.Unprinted, c.Recovered = claim == 0, claim < 0
	return c, nil
}
