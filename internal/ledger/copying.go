package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"linemark/internal/ledger/home"
)

// RoomError says that a disk has no room for a copy.
type RoomError struct {
	Dir        string
	Need, Free int64 // bytes
}

func (e *RoomError) Error() string {
	const mib = 1 << 20
	return fmt.Sprintf("the disk of %s has %d MiB free, %d MiB are needed", e.Dir, e.Free/mib, (e.Need+mib-1)/mib)
}

// Contents says what a copy of a ledger holds. All of it was read in the copy.
type Contents struct {
	Agent     string // whose ledger it is
	PC        string // where it came from; empty: not known
	Program   string // that wrote it; empty: not known
	Schema    int
	CopiedAt  time.Time // zero: it does not say of itself that it is a copy
	LastEntry int64     // of its journal
	LastAt    time.Time
	Head      Head // of its journal; zero for one of an earlier version
	Balances  []Balance
	Size      int64
	SHA256    string
}

// partial is what the name of a copy ends with while it is not whole and verified.
const partial = ".part"

// copyTo makes a copy of the ledger under another name: of one moment, beside the writer, flushed,
// verified and marked as a copy. Under that name it stands only when all this is done.
func (l *Ledger) copyTo(ctx context.Context, to string, mark copied, progress func(string)) (c Contents, err error) {
	if err := l.roomFor(filepath.Dir(to)); err != nil {
		return c, err
	}
	part := to + partial
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(part, part+"-journal"))
		}
	}()
	if err := removeAll(part, part+"-journal"); err != nil {
		return c, err
	}
	progress("copying the ledger")
	if err := create(part); err != nil {
		return c, err
	}
	if err := l.pages(ctx, part); err != nil {
		return c, fmt.Errorf("copying the ledger to %s: %w", part, err)
	}
	if err := markCopy(ctx, part, mark); err != nil {
		return c, fmt.Errorf("marking the copy %s: %w", part, err)
	}
	if err := flush(part); err != nil {
		return c, fmt.Errorf("flushing %s: %w", part, err)
	}
	progress("verifying the copy")
	if c, err = Inspect(ctx, part); err != nil {
		return c, fmt.Errorf("verifying %s: %w", part, err)
	}
	if err := os.Rename(part, to); err != nil {
		return c, err
	}
	return c, home.FlushDir(filepath.Dir(to))
}

// create makes an empty file that not everybody may read: codes are worth money.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	return f.Close()
}

func removeAll(paths ...string) error {
	var errs []error
	for _, p := range paths {
		if err := os.Remove(p); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// roomFor makes sure that a folder's disk takes a copy, and is not full behind it.
func (l *Ledger) roomFor(dir string) error {
	var need int64 = 16 << 20
	for _, suffix := range []string{"", "-wal"} {
		if s, err := os.Stat(l.path + suffix); err == nil {
			need += s.Size() + s.Size()/20
		}
	}
	ask := l.free
	if ask == nil {
		ask = home.Free
	}
	free, err := ask(dir)
	if err != nil {
		return fmt.Errorf("looking for room in %s: %w", dir, err)
	}
	if free < need {
		return &RoomError{Dir: dir, Need: need, Free: free}
	}
	return nil
}

// pagesAtOnce are copied between two looks at the context: 4 MiB.
const pagesAtOnce = 1024

// pages copies the file page by page as one moment has it: a reader holds that moment, and hinders no
// writer.
func (l *Ledger) pages(ctx context.Context, to string) (err error) {
	c, err := l.reads.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var n int
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	defer c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") //nolint:errcheck // it has only read
	if err := c.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&n); err != nil {
		return err
	}
	return c.Raw(func(driver any) error {
		from, ok := driver.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("this SQLite makes no backups")
		}
		// Nobody needs the pages of a copy that is not whole: they are flushed at the end, once.
		b, err := from.NewBackup(fileURI(to, url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)"}}))
		if err != nil {
			return err
		}
		// On the ledger's own disk a commit may have to wait until all that was written before it is
		// flushed: so little is left unflushed.
		out, err := os.OpenFile(to, os.O_RDWR, 0)
		if err != nil {
			return errors.Join(err, b.Finish())
		}
		defer out.Close() // behind Finish: closing a file lets go of what SQLite has locked in it
		for more := true; more; {
			if err = ctx.Err(); err == nil {
				more, err = b.Step(pagesAtOnce)
			}
			if err = errors.Join(err, out.Sync()); err != nil {
				return errors.Join(err, b.Finish())
			}
		}
		return b.Finish()
	})
}

// fileURI names a file for SQLite.
func fileURI(path string, q url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

// markCopy writes into a copy that it is one, and takes it out of WAL mode: a copy is one file. One
// that said so already keeps what it said.
func markCopy(ctx context.Context, path string, mark copied) error {
	db, err := sql.Open("sqlite", fileURI(path, url.Values{"_pragma": {"journal_mode(DELETE)", "synchronous(FULL)"}}))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	place, err := placeText(home.Home{PC: home.PC{Name: "unknown"}})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	_, err = db.ExecContext(ctx, homeTable+"INSERT INTO home (id, place, program, since) VALUES (1, ?1, '', 0) ON CONFLICT DO NOTHING", place)
	if err == nil {
		_, err = db.ExecContext(ctx, "UPDATE home SET copied_at = ?, copied_by = ?, copied_why = ?, taking = '' WHERE copied_at = 0", mark.at.UnixMicro(), mark.by, mark.why)
	}
	return errors.Join(err, db.Close())
}

func flush(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	home.DropCache(f)
	return errors.Join(err, f.Close())
}

// Inspect reads a copy of a ledger wholly and says what it holds: its pages and indexes, each code
// against its sum, the balance recounted. What is not as it was written is a *DamagedError. Nothing is
// written to the file; one in WAL mode needs its log beside it.
func Inspect(ctx context.Context, path string) (c Contents, err error) {
	l, err := openFile(ctx, path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if c.Schema, err = l.inspect(ctx, &c); err != nil {
		return c, err
	}
	if c.LastEntry, c.Agent, c.LastAt, err = l.lastEntry(ctx); err != nil {
		return c, err
	}
	if c.Head, err = l.Head(ctx); err != nil {
		return c, err
	}
	r, err := scanHome(l.reads.QueryRowContext(ctx, homeColumns))
	if err == nil {
		c.PC, c.Program, c.CopiedAt = r.place.PC.Name, r.program, r.copied.at
	} // else an older one, without that table
	c.SHA256, c.Size, err = checksum(path)
	return c, err
}

// checksum reads a file that no agent works on.
func checksum(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, fmt.Errorf("reading %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// checkpoint brings the log into the file as far as nobody reads what stood there before.
func checkpoint(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", fileURI(path, url.Values{"_pragma": {"busy_timeout(1)", "synchronous(FULL)"}}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("bringing the log into the file: %w", err)
	}
	return nil
}

// inspect holds the file against itself and returns its schema.
func (l *Ledger) inspect(ctx context.Context, c *Contents) (schema int, err error) {
	conn, err := l.reads.Conn(ctx)
	if err != nil {
		return 0, err
	}
	schema, err = version(ctx, conn)
	if err := errors.Join(err, conn.Close()); err != nil {
		return schema, err
	}
	if schema == 0 {
		return 0, &DamagedError{What: "it is no ledger"}
	}
	const sums = 4 // the first schema with sums of codes
	if err := l.checkPages(ctx); err != nil {
		return schema, err
	}
	if schema >= sums {
		if err := l.checkCodes(ctx); err != nil {
			return schema, err
		}
	}
	if c.Balances, err = l.Recount(ctx); err != nil {
		return schema, &DamagedError{What: err.Error()}
	}
	for _, b := range c.Balances {
		if !b.Equal() {
			return schema, &DamagedError{What: fmt.Sprintf("product %s: %d codes were received, and its states are %v", b.Product.Name, b.Received, b.States)}
		}
	}
	return schema, nil
}
