package ledger

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	"linemark/internal/ledger/home"
)

// Stands says what a start of an agent would find here, and changes nothing: a *CopyError, a *ForeignError,
// a *LostError, or nil where the ledger is this agent's and at home. A ledger of an earlier version, which does not
// know where it lives, is at home where it is found.
func (l *Ledger) Stands(ctx context.Context, agent string) error {
	last, of, at, err := l.lastEntry(ctx)
	if err != nil {
		return err
	}
	had, err := readReached(filepath.Dir(l.path))
	switch {
	case err != nil:
		return err
	case of != "" && of != agent:
		return &ForeignError{Ledger: of, Agent: agent}
	case had > last:
		return &LostError{Has: last, Reached: had}
	}
	var told bool
	if err := l.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'home')").Scan(&told); err != nil || !told {
		return err
	}
	r, err := scanHome(l.reads.QueryRowContext(ctx, homeColumns))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	} else if err != nil {
		return err
	}
	now, err := home.Of(l.path)
	if err != nil {
		return err
	}
	e := &CopyError{Agent: of, PC: r.place.PC.Name, At: r.copied.at, Why: r.copied.why, Taken: r.takenAt(now)}
	if r.copied.at.IsZero() {
		if e.Why = r.place.Differs(now); e.Why == "" {
			return nil
		}
		e.At = at
	}
	return e
}
