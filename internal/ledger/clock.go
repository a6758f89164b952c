package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// LastEntry returns when the newest entry of the journal was written, by the clock of that moment; the
// zero time while the journal is empty.
func (l *Ledger) LastEntry(ctx context.Context) (time.Time, error) {
	var at int64
	err := l.reads.QueryRowContext(ctx, "SELECT at FROM journal ORDER BY seq DESC LIMIT 1").Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the newest entry of the journal: %w", err)
	}
	return time.UnixMicro(at).UTC(), nil
}
