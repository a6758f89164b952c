package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// DamagedError says that what is read from the ledger's file is not what was written. Nothing is
// written to such a file any more: printers are not fed, and no product passes.
type DamagedError struct{ What string }

func (e *DamagedError) Error() string { return "the ledger's file is damaged: " + e.What }

// Damaged says whether err comes from a damaged ledger, be it SQLite that has found it.
func Damaged(err error) bool {
	if _, ok := errors.AsType[*DamagedError](err); ok {
		return true
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// sum is kept beside a code, over all of it that never changes: its product, where its identification
// code ends, and its text. SQLite itself does not notice a character that the disk has changed.
func sum(product int64, idlen int, raw []byte) int64 {
	head := binary.LittleEndian.AppendUint64(nil, uint64(product))
	head = binary.LittleEndian.AppendUint32(head, uint32(idlen))
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Update(0, castagnoli, head), castagnoli, raw))
}

// sound holds a code that was read against its sum; one of an older ledger may have none.
func sound(id, product int64, idlen int, raw []byte, kept sql.NullInt64) error {
	if idlen < 0 || idlen > len(raw) || kept.Valid && kept.Int64 != sum(product, idlen, raw) {
		return &DamagedError{What: fmt.Sprintf("code %d is not the one that was stored", id)}
	}
	return nil
}

// CheckFile reads the whole file, beside the agent's work, and looks for damage. What it finds is the
// ledger's Fault from then on; so is a page that cannot be read.
func (l *Ledger) CheckFile(ctx context.Context) error {
	err := l.checkFile(ctx)
	if err != nil && ctx.Err() == nil && l.w != nil {
		l.w.spoil(err)
	}
	return err
}

func (l *Ledger) checkFile(ctx context.Context) error {
	if err := l.checkPages(ctx); err != nil {
		return err
	}
	return l.checkCodes(ctx)
}

// checkPages has SQLite look at the pages and hold the indexes against their tables.
func (l *Ledger) checkPages(ctx context.Context) error {
	var said string
	if err := l.reads.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said); err != nil {
		return fmt.Errorf("checking the ledger's file: %w", err)
	}
	if said != "ok" {
		return &DamagedError{What: said}
	}
	return nil
}

// checkCodes holds each code against its sum.
func (l *Ledger) checkCodes(ctx context.Context) error {
	rows, err := l.reads.QueryContext(ctx, "SELECT id, product, idlen, raw, sum FROM code")
	if err != nil {
		return fmt.Errorf("checking the ledger's codes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, product int64
		var idlen int
		var raw sql.RawBytes
		var kept sql.NullInt64
		if err := rows.Scan(&id, &product, &idlen, &raw, &kept); err != nil {
			return fmt.Errorf("checking the ledger's codes: %w", err)
		}
		if err := sound(id, product, idlen, raw, kept); err != nil {
			return err
		}
	}
	return rows.Err()
}

// spoil ends all writing.
func (w *writer) spoil(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.damage == nil {
		w.damage = &StorageError{Err: err}
	}
}

// spoiled returns the damage that was found, or nil.
func (w *writer) spoiled() error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.damage
}
