package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// reachedName is the file that says how far the journal had come.
const reachedName = "ledger.reached"

// LostError says that the ledger lacks changes that it has acknowledged: its log (ledger.db-wal) was
// cut or removed, or an old copy was put in its place. Codes that it has for stock may be printed.
type LostError struct{ Has, Reached int64 }

func (e *LostError) Error() string {
	return fmt.Sprintf("the ledger has lost changes: its journal ends with entry %d and had reached %d", e.Has, e.Reached)
}

// ForeignError says that the ledger was written by another agent.
type ForeignError struct{ Ledger, Agent string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("this ledger is of agent %q, not of %q", e.Ledger, e.Agent)
}

// reached notes the last journal entry that was acknowledged, outside of the database. It is written
// after each commit and not flushed: it may be older than the ledger after a power cut, but is never
// newer than what a whole ledger holds.
type reached struct{ file *os.File }

func openReached(dir string) (*reached, error) {
	f, err := os.OpenFile(filepath.Join(dir, reachedName), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening the note of how far the ledger has come: %w", err)
	}
	return &reached{f}, nil
}

// read returns what was noted; 0 if nothing was, or it is not whole.
func (r *reached) read() (int64, error) {
	b := make([]byte, 12)
	n, err := r.file.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("reading how far the ledger had come: %w", err)
	}
	if n < len(b) || crc32.ChecksumIEEE(b[:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return 0, nil
	}
	return int64(binary.LittleEndian.Uint64(b)), nil
}

// note writes an entry's number. A failure leaves the one before, which is as true.
func (r *reached) note(seq int64) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(seq))
	_, _ = r.file.WriteAt(binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), 0)
}

// belongs refuses a ledger that another agent wrote, and one that has lost its end. A new one has
// neither.
func (l *Ledger) belongs(ctx context.Context, c *sql.Conn, agent string) error {
	had, err := l.w.reached.read()
	if err != nil {
		return err
	}
	var version int
	if err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	var last int64
	var of string
	if version != 0 {
		err := c.QueryRowContext(ctx, "SELECT j.seq, a.name FROM journal j JOIN agent a ON a.id = j.agent ORDER BY j.seq DESC LIMIT 1").Scan(&last, &of)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("reading the end of the ledger's journal: %w", err)
		}
	}
	switch {
	case of != "" && of != agent:
		return &ForeignError{Ledger: of, Agent: agent}
	case had > last:
		return &LostError{Has: last, Reached: had}
	}
	return nil
}
