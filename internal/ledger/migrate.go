package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NewerError says that a newer program has written the ledger. Nothing was changed in it.
type NewerError struct {
	Schema  int    // of the ledger
	Program string // that wrote it last; empty: not known
}

func (e *NewerError) Error() string {
	by := ""
	if e.Program != "" {
		by = " " + e.Program
	}
	return fmt.Sprintf("this ledger was written by a newer linemark%s (schema %d, this one knows %d)", by, e.Schema, schemaVersion)
}

// version reads the schema's number; 0 for an empty file.
func version(ctx context.Context, c *sql.Conn) (version int, err error) {
	if err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, fmt.Errorf("reading the ledger: %w", err)
	}
	switch {
	case version < 0 || version > 1000: // no program has ever written this
		return 0, &DamagedError{What: fmt.Sprintf("its schema bears the number %d", version)}
	case version > schemaVersion:
		e := &NewerError{Schema: version}
		_ = c.QueryRowContext(ctx, "SELECT program FROM home").Scan(&e.Program) // it only helps
		return 0, e
	}
	return version, nil
}

// migrate brings the tables to this program's version, forward only and in one commit. A copy of the
// ledger as it was is made first, and stays until the next migration.
func (l *Ledger) migrate(ctx context.Context, c *sql.Conn, o Options) error {
	from, err := version(ctx, c)
	if err != nil || from == schemaVersion {
		return err
	}
	copied := ""
	if from > 0 {
		o.Progress(fmt.Sprintf("copying the ledger before it is brought from schema %d to %d", from, schemaVersion))
		if copied, err = l.copyBefore(ctx, from, o); err != nil {
			return fmt.Errorf("copying the ledger before it is brought from schema %d to %d: %w", from, schemaVersion, err)
		}
		o.Progress(fmt.Sprintf("bringing the ledger to schema %d", schemaVersion))
	}
	statements := strings.Join(schemas[from:], "")
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE;"+statements+fmt.Sprintf("PRAGMA user_version = %d; COMMIT", schemaVersion)); err != nil {
		_, _ = c.ExecContext(ctx, "ROLLBACK") // the first error is the one to tell
		if copied != "" {
			_ = os.Remove(copied) // nothing was changed, and the next attempt makes its own
		}
		return err
	}
	if copied == "" {
		return nil
	}
	return l.forgetCopies("ledger-schema*.db*", copied)
}

// copyBefore makes a verified copy in the data folder.
func (l *Ledger) copyBefore(ctx context.Context, schema int, o Options) (string, error) {
	at := o.Now().UTC()
	to := filepath.Join(filepath.Dir(l.path), fmt.Sprintf("ledger-schema%d-%s.db", schema, at.Format(stamp)))
	if err := l.forgetCopies("ledger-schema*.db"+partial+"*", ""); err != nil {
		return "", err
	}
	src, err := openFile(ctx, l.path)
	if err != nil {
		return "", err
	}
	defer src.Close()
	src.free = o.Free
	if _, err := src.copyTo(ctx, to, copied{at: at, by: byBackup, why: fmt.Sprintf("it was made before schema %d", schemaVersion)}, o.Progress); err != nil {
		return "", err
	}
	// Those of the same schema are of attempts that were killed: a ledger that is at it never came further.
	return to, l.forgetCopies(fmt.Sprintf("ledger-schema%d-*.db", schema), to)
}

// forgetCopies removes copies that were made before a migration, but one.
func (l *Ledger) forgetCopies(pattern, but string) error {
	old, err := matching(filepath.Dir(l.path), pattern)
	if err != nil {
		return fmt.Errorf("looking for copies of earlier versions: %w", err)
	}
	for _, f := range old {
		if f != but {
			_ = os.Remove(f) // one that stays takes room, and harms nobody
		}
	}
	return nil
}
