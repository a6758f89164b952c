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
	_, _, at, err := l.lastEntry(ctx)
	return at, err
}

// lastEntry returns the newest entry of the journal, the agent that wrote it, and when.
func (l *Ledger) lastEntry(ctx context.Context) (seq int64, agent string, at time.Time, err error) {
	var micro int64
	err = l.reads.QueryRowContext(ctx, "SELECT j.seq, a.name, j.at FROM journal j JOIN agent a ON a.id = j.agent ORDER BY j.seq DESC LIMIT 1").Scan(&seq, &agent, &micro)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", time.Time{}, nil
	}
	if err != nil {
		return 0, "", time.Time{}, fmt.Errorf("reading the newest entry of the journal: %w", err)
	}
	return seq, agent, time.UnixMicro(micro).UTC(), nil
}
