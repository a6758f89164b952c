package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
)

// RefusedReports returns the reports that the server has refused and nobody has spoken on since, oldest first.
func (l *Ledger) RefusedReports(ctx context.Context) ([]Report, error) {
	return l.reports(ctx, "WHERE state = 'rejected'")
}

// ReportsSince returns the reports whose state has changed since a moment, oldest first.
func (l *Ledger) ReportsSince(ctx context.Context, since time.Time) ([]Report, error) {
	return l.reports(ctx, fmt.Sprintf("WHERE changed_at >= %d", since.UnixMicro()))
}

// NewestReports returns the reports that were made last, oldest first.
func (l *Ledger) NewestReports(ctx context.Context, limit int) ([]Report, error) {
	return l.reports(ctx, fmt.Sprintf("WHERE id IN (SELECT id FROM report ORDER BY id DESC LIMIT %d)", limit))
}

// PartsOf returns the reports that stand in the place of a divided one.
func (l *Ledger) PartsOf(ctx context.Context, id int64) ([]Report, error) {
	return l.reports(ctx, fmt.Sprintf("WHERE id > %d AND parent = %d", id, id))
}

// OldestOpen returns the oldest report of each kind whose fate is not known yet, by its ID. One that has probably
// arrived does not count. The reports' bytes are not touched.
func (l *Ledger) OldestOpen(ctx context.Context) (map[ReportKind]int64, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT kind, MIN(id) FROM report WHERE state NOT IN "+settled+" AND state <> 'probably' GROUP BY kind")
	type oldest struct {
		kind ReportKind
		id   int64
	}
	all, err := collect(rows, err, func(s scanner) (o oldest, err error) {
		err = s.Scan(&o.kind, &o.id)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for the oldest open reports: %w", err)
	}
	found := map[ReportKind]int64{}
	for _, o := range all {
		found[o.kind] = o.id
	}
	return found, nil
}

// Packed is what stands behind a code or an SSCC that an AggregationUnit names.
type Packed struct {
	Whole   code.Code // the code with its check part; an SSCC is itself
	Product ProductID // of the code; 0: an SSCC
	// Line and Station are where the container of an SSCC was packed.
	Line, Station string
}

// Packed finds a code by its identification code, or a container by its SSCC; ErrNotFound if there is none.
func (l *Ledger) Packed(ctx context.Context, text code.Code) (p Packed, err error) {
	var raw []byte
	err = l.reads.QueryRowContext(ctx, "SELECT raw, product FROM code WHERE key = ? AND idlen = ? AND substr(raw, 1, idlen) = ?", key(text), len(text), []byte(text)).Scan(&raw, &p.Product)
	if p.Whole = code.Code(raw); errors.Is(err, sql.ErrNoRows) {
		p.Whole = text
		err = l.reads.QueryRowContext(ctx, "SELECT line, station FROM container WHERE sscc = ? AND sscc <> ''", string(text)).Scan(&p.Line, &p.Station)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return Packed{}, ErrNotFound
	}
	if err != nil {
		return Packed{}, fmt.Errorf("looking for what is packed: %w", err)
	}
	return p, nil
}
