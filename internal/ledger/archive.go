package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"linemark/internal/ledger/home"
)

// archiveTables hold what stays of codes that have left for a file in the folder archive.
//
// purged has the hashes of their identification codes, and of the transport codes of their containers
// (product 0): so that no code comes in twice, a scan of one is known for what it is, and trace finds the
// place of its life in the file. purged_lot keeps their part of each batch's account.
const archiveTables = `
CREATE TABLE archive (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, codes INTEGER NOT NULL, sha256 TEXT NOT NULL, made_at INTEGER NOT NULL, purged_at INTEGER NOT NULL DEFAULT 0);
CREATE TABLE purged (key INTEGER NOT NULL, chk INTEGER NOT NULL, product INTEGER NOT NULL, archive INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key, chk)) WITHOUT ROWID;
CREATE TABLE purged_lot (lot INTEGER NOT NULL, state INTEGER NOT NULL, sampled INTEGER NOT NULL, n INTEGER NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (lot, state, sampled)) WITHOUT ROWID;
`

// archivedState is no state: under it stands in tally how many codes of a product have left the ledger.
const archivedState State = -2

// ArchiveDir is the folder of the archives inside the data folder.
const ArchiveDir = "archive"

// Archived says what Archive has done.
type Archived struct {
	Name  string // the file's, in ArchiveDir; empty: nothing was old enough
	Codes int    // that have left the ledger now, also those of an interrupted run
}

// ArchiveOptions of Archive.
type ArchiveOptions struct {
	Before time.Time // batches that ended before go
	// NeedsUtilisation tells for a product group whether its utilisation is reported by hand: then a code
	// goes only when its report has arrived.
	NeedsUtilisation func(group string) bool
	// Pause is called between two commits, so that no line waits for them; nil: not.
	Pause func(ctx context.Context) error
}

// Archive brings the codes of batches that ended long ago into a file of their own, each with its whole
// life, and takes them out of the ledger. Only what is settled goes: a code of which the server knows all
// there is to know, with the whole of the pallet that it is on. A code in doubt, one that was printed and
// never read, and one with a report that is open or was refused stays where it is.
//
// The codes leave the ledger in small commits, each all or nothing, when the file was flushed and read
// again. Killed at any moment, another call goes on: what is in no file is in the ledger.
func (l *Ledger) Archive(ctx context.Context, o ArchiveOptions) (a Archived, err error) {
	if o.Pause == nil {
		o.Pause = func(context.Context) error { return nil }
	}
	n, err := l.resumePurge(ctx, o)
	a.Codes = n
	if err != nil {
		return a, err
	}
	set, err := l.settledCodes(ctx, o)
	if err != nil || set.empty() {
		return a, err
	}
	dir := filepath.Join(filepath.Dir(l.path), ArchiveDir)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return a, fmt.Errorf("creating the folder for archives: %w", err)
	}
	at := l.now().UTC()
	a.Name = fmt.Sprintf("archive-%s.jsonl.gz", at.Format(stamp))
	path := filepath.Join(dir, a.Name)
	if exists(path) {
		return a, fmt.Errorf("%s is there already", path)
	}
	id, err := l.writeArchive(ctx, set, path, at, o)
	if err != nil {
		return a, err
	}
	n, err = l.purge(ctx, id, path, o)
	a.Codes += n
	return a, err
}

// writeArchive writes, flushes and verifies the file, and notes it in the ledger.
func (l *Ledger) writeArchive(ctx context.Context, set settledSet, path string, at time.Time, o ArchiveOptions) (id int64, err error) {
	part := path + partial
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(part))
		}
	}()
	if err := l.roomFor(filepath.Dir(path)); err != nil {
		return 0, err
	}
	n, err := l.packArchive(ctx, set, part, at, o)
	if err != nil {
		return 0, fmt.Errorf("writing the archive %s: %w", part, err)
	}
	if err := flush(part); err != nil {
		return 0, fmt.Errorf("flushing %s: %w", part, err)
	}
	sum, read, err := verifyArchive(part)
	if err != nil || read != n {
		return 0, fmt.Errorf("verifying %s: %w", part, errors.Join(err, fmt.Errorf("%d codes were written and %d read", n, read)))
	}
	if err := os.Rename(part, path); err != nil {
		return 0, err
	}
	if err := home.FlushDir(filepath.Dir(path)); err != nil {
		return 0, err
	}
	err = l.do(ctx, func(t *tx) error {
		if _, err := t.event("archive", fmt.Sprintf("archive %s holds %d codes", filepath.Base(path), n)); err != nil {
			return err
		}
		r, err := t.exec("INSERT INTO archive (name, codes, sha256, made_at) VALUES (?, ?, ?, ?)", filepath.Base(path), n, sum, t.at)
		if err != nil {
			return err
		}
		id, err = r.LastInsertId()
		return err
	})
	return id, err
}

// verifyArchive reads a file wholly and returns its sum and how many codes it holds.
func verifyArchive(path string) (sum string, codes int, err error) {
	err = eachRecord(path, func(r record, _ int64) error {
		if r.Code != nil {
			codes++
		}
		return nil
	})
	if err != nil {
		return "", codes, err
	}
	sum, _, err = checksum(path)
	return sum, codes, err
}

// resumePurge ends what an interrupted run has begun.
func (l *Ledger) resumePurge(ctx context.Context, o ArchiveOptions) (int, error) {
	all, err := l.archives(ctx, "WHERE purged_at = 0")
	if err != nil {
		return 0, err
	}
	total := 0
	for _, b := range all {
		path := l.archivePath(b.name)
		sum, _, err := checksum(path)
		if err != nil {
			return total, err
		}
		if sum != b.sum {
			return total, &DamagedError{What: fmt.Sprintf("archive %s is not the one that was written", b.name)}
		}
		n, err := l.purge(ctx, b.id, path, o)
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

// archiveFile is an archive as the ledger names it.
type archiveFile struct {
	id        int64
	name, sum string
}

// archives returns the archives that the ledger names, oldest first; one of an earlier version names none.
func (l *Ledger) archives(ctx context.Context, where string) ([]archiveFile, error) {
	var has bool
	if err := l.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'archive')").Scan(&has); err != nil || !has {
		return nil, err
	}
	rows, err := l.reads.QueryContext(ctx, "SELECT id, name, sha256 FROM archive "+where+" ORDER BY id")
	all, err := collect(rows, err, func(s scanner) (a archiveFile, err error) {
		err = s.Scan(&a.id, &a.name, &a.sum)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for archives: %w", err)
	}
	return all, nil
}

// check is a second hash of an identification code, beside its key.
func check(ident []byte) int64 {
	h := sha256.Sum256(ident)
	return int64(h[0])<<24 | int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
}
