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
