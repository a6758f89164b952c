package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// reachedName is what the names of the files begin with that say how far the journal had come: a dash
// and the number of an entry follow.
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
//
// Its name changes from run to run. Who lays an old copy of the data folder over this one, file upon
// file, so leaves the newer note where it is.
type reached struct {
	dir  string
	file *os.File
	seq  int64 // noted last
}

// readReached returns what was noted in a folder; 0 if nothing was, or it is not whole.
func readReached(dir string) (most int64, err error) {
	notes, err := matching(dir, reachedName+"*")
	if err != nil {
		return 0, fmt.Errorf("looking for the note of how far the ledger had come: %w", err)
	}
	for _, path := range notes {
		b, err := os.ReadFile(path)
		if err != nil {
			return 0, fmt.Errorf("reading how far the ledger had come: %w", err)
		}
		if len(b) >= 12 && crc32.ChecksumIEEE(b[:8]) == binary.LittleEndian.Uint32(b[8:12]) {
			most = max(most, int64(binary.LittleEndian.Uint64(b)))
		}
	}
	return most, nil
}

// matching returns the files of a folder whose names match a pattern; none for a folder that is not there.
func matching(dir, pattern string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if ok, _ := filepath.Match(pattern, e.Name()); ok && !e.IsDir() {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

func reachedPath(dir string, seq int64) string {
	return filepath.Join(dir, fmt.Sprintf("%s-%d", reachedName, seq))
}

// beginReached goes on with a note of how far the ledger had come, in a file of its own, and removes
// those before it. What the ledger holds beyond it was acknowledged to nobody yet.
func beginReached(dir string, had int64) (*reached, error) {
	path := reachedPath(dir, had)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening the note of how far the ledger has come: %w", err)
	}
	r := &reached{dir: dir, file: f}
	if had > 0 {
		if err := r.write(had); err != nil {
			return nil, errors.Join(fmt.Errorf("noting how far the ledger has come: %w", err), f.Close())
		}
	}
	return r, forgetReached(dir, path)
}

func forgetReached(dir, but string) error {
	old, err := matching(dir, reachedName+"*")
	if err != nil {
		return err
	}
	for _, path := range old {
		if path != but {
			_ = os.Remove(path) // an older note says less
		}
	}
	return nil
}

// note writes an entry's number. A failure leaves the one before, which is as true.
func (r *reached) note(seq int64) { _ = r.write(seq) }

func (r *reached) write(seq int64) error {
	r.seq = seq
	b := binary.LittleEndian.AppendUint64(nil, uint64(seq))
	_, err := r.file.WriteAt(binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), 0)
	return err
}

// end closes the note under the name of what it says. Under its old name it is as true.
func (r *reached) end() error {
	path := r.file.Name()
	err := r.file.Close()
	if r.seq > 0 {
		_ = os.Rename(path, reachedPath(r.dir, r.seq))
	}
	return err
}

// belongs refuses a ledger that another agent wrote, and one that has lost its end. A new one has
// neither.
func (l *Ledger) belongs(ctx context.Context, c *sql.Conn, o Options) error {
	dir := filepath.Dir(l.path)
	had, err := readReached(dir)
	if err != nil {
		return err
	}
	version, err := version(ctx, c)
	if err != nil {
		return err
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
	case of != "" && of != o.Agent && of != o.Of:
		return &ForeignError{Ledger: of, Agent: o.Agent}
	case had > last:
		return &LostError{Has: last, Reached: had}
	}
	l.exact = had == last && last > 0
	l.w.reached, err = beginReached(dir, had)
	return err
}
