// Package ledger is the local queue: every marking code, its state, the journal of every
// change, the containers and the outbox of reports, in one SQLite file.
//
// Every method that changes something returns only when the change is on disk (WAL with
// synchronous=FULL, read back at Open and refused otherwise). One call at a time writes; those
// that arrive while it flushes share the next commit. SQL stays inside this package.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"linemark/internal/ledger/home"

	_ "modernc.org/sqlite" // the driver "sqlite": pure Go, so the agent cross-compiles
)

// FileName is the ledger's file inside the agent's data folder.
const FileName = "ledger.db"

// lockName is the file that the working agent holds a lock on.
const lockName = "ledger.lock"

// ErrInUse means that another process holds the ledger.
var ErrInUse = errors.New("another linemark works on this ledger")

// Options of Open.
type Options struct {
	Agent string           // the agent's name, in every journal entry
	Now   func() time.Time // nil: time.Now; only recorded, never used for order

	// Of is another agent whose ledger it may be, for who gives it to Agent; empty: none.
	Of string
	// Program names the program that writes; empty: the name of the one before stays.
	Program string
	// Home says where the ledger's file lives; nil: the system is asked.
	Home func(path string) (home.Home, error)
	// Free says how many bytes a folder's disk has left; nil: the system is asked.
	Free func(dir string) (int64, error)
	// Progress is told what takes long at Open; nil: nobody is.
	Progress func(what string)
	// Took is told how long each write of the lines waited until it was on disk, with the wait for others; nil: nobody
	// is. Nothing may hold it up.
	Took func(time.Duration)
}

// Ledger is an open ledger. Its methods may be called from any goroutine.
type Ledger struct {
	path  string
	now   func() time.Time
	reads *sql.DB // queries; WAL lets them run beside the writer
	w     *writer
	log   *logKeeper
	// receiving is held by who brings codes in: alone by a block that comes in by several commits, so that its codes
	// stay as new as they were found before the first one.
	receiving sync.RWMutex
	ended     sync.Once // its log's keeper

	doubts doubts
	lock   *os.File
	home   home.Home // where the file was found
	free   func(dir string) (int64, error)
	exact  bool // the journal ended with just what was acknowledged when it was opened

	beside string // a folder that may have archives too; empty: there is none
}

// Open opens or creates the ledger in folder dir and takes its lock, so that one agent at a
// time works on it. ErrInUse is returned when another process has it, a *ForeignError when another
// agent wrote it, a *LostError when it lacks changes that it has acknowledged, and a *NewerError when
// a newer program wrote it. One of an earlier version is copied and brought to this one. A copy of a
// ledger that lives elsewhere opens, and takes no change: see Copy.
func Open(ctx context.Context, dir string, o Options) (*Ledger, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Home == nil {
		o.Home = home.Of
	}
	if o.Free == nil {
		o.Free = home.Free
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("creating the data folder: %w", err)
	}
	lock, err := lock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("locking the ledger in %s: %w", dir, err)
	}
	l := &Ledger{path: filepath.Join(dir, FileName), now: o.Now, lock: lock}
	if err := l.open(ctx, o); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// lockWait is how long Open waits for the lock. A command that looks whether an agent works, or does one
// thing while none does, holds it for a moment: an agent that starts just then must not end of it.
const lockWait = time.Second

func lock(ctx context.Context, path string) (*os.File, error) {
	for end := time.Now().Add(lockWait); ; {
		f, err := lockFile(path)
		if !errors.Is(err, ErrInUse) || time.Now().After(end) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (l *Ledger) open(ctx context.Context, o Options) error {
	if err := reserveLog(l.path + "-wal"); err != nil {
		return fmt.Errorf("reserving room for the ledger's log: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(l.path, false))
	if err != nil {
		return fmt.Errorf("opening the ledger: %w", err)
	}
	db.SetMaxOpenConns(1)
	l.w = &writer{db: db, now: l.now, stmts: map[string]*sql.Stmt{}, turn: make(chan struct{}, 1), took: o.Took}
	if l.w.conn, err = db.Conn(ctx); err != nil {
		return fmt.Errorf("opening the ledger: %w", err)
	}
	if err := verifyDurability(ctx, l.w.conn); err != nil {
		return err
	}
	if err := l.belongs(ctx, l.w.conn, o); err != nil {
		return err
	}
	if err := l.migrate(ctx, l.w.conn, o); err != nil {
		return fmt.Errorf("preparing the ledger's tables: %w", err)
	}
	if l.reads, err = sql.Open("sqlite", dsn(l.path, true)); err != nil {
		return fmt.Errorf("opening the ledger for reading: %w", err)
	}
	l.reads.SetMaxOpenConns(4)
	if err := l.w.start(ctx, o.Agent); err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if err := l.settle(ctx, o); err != nil {
		return fmt.Errorf("finding out whether the ledger is at home: %w", err)
	}
	l.log, err = keepLog(ctx, l.path, l.w)
	if err == nil {
		l.w.turn <- struct{}{} // who writes reads it
		l.w.log = l.log
		<-l.w.turn
	}
	return err
}

// OpenReader opens an existing ledger for reading only, beside a running agent or without one.
// Only its queries (Balance, Recount, Trace, Reports, ...) may be used.
func OpenReader(ctx context.Context, dir string) (*Ledger, error) {
	return openFile(ctx, filepath.Join(dir, FileName))
}

// OpenCopy is OpenReader for a backup, or for a ledger's file of any name. Archives are also looked for where a
// backup has them.
func OpenCopy(ctx context.Context, path string) (*Ledger, error) {
	l, err := openFile(ctx, path)
	if err != nil {
		return nil, err
	}
	_, agent, _, err := l.lastEntry(ctx)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.beside = archivesOf(filepath.Dir(path), agent)
	return l, nil
}

// openFile is OpenReader for a ledger of any name.
func openFile(ctx context.Context, path string) (*Ledger, error) {
	l := &Ledger{path: path, now: time.Now}
	if _, err := os.Stat(l.path); err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	var err error
	if l.reads, err = sql.Open("sqlite", dsn(l.path, true)); err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	if err := l.reads.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the ledger: %w", err), l.Close())
	}
	return l, nil
}

// Locked says whether a linemark works on the ledger in folder dir now.
func Locked(dir string) bool {
	path := filepath.Join(dir, lockName)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	f, err := lockFile(path)
	if err == nil {
		_ = f.Close() // lets the lock go
	}
	return errors.Is(err, ErrInUse)
}

// Close finishes the calls that wait and closes the file; later calls get ErrClosed. Closing
// twice is fine.
func (l *Ledger) Close() error {
	var errs []error
	if l.log != nil {
		l.ended.Do(func() { errs = append(errs, l.log.end()) })
	}
	if l.w != nil {
		errs = append(errs, l.w.stop())
	}
	if l.reads != nil {
		errs = append(errs, l.reads.Close())
	}
	if l.lock != nil {
		if err := l.lock.Close(); !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Path returns the file's path.
func (l *Ledger) Path() string { return l.path }

func dsn(path string, readOnly bool) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"}}
	if readOnly {
		// No journal_mode here: setting it is a write, and a reader must not make a file.
		q = url.Values{"_pragma": {"busy_timeout(5000)", "query_only(ON)"}, "mode": {"ro"}}
	}
	return fileURI(path, q)
}

// verifyDurability reads back what decides whether an acknowledged row survives a power cut.
// synchronous=NORMAL in WAL loses the last commits, so anything but FULL or EXTRA is refused.
func verifyDurability(ctx context.Context, c *sql.Conn) error {
	var mode string
	var sync int
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("reading the ledger's journal mode: %w", err)
	}
	if err := c.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return fmt.Errorf("reading the ledger's synchronous mode: %w", err)
	}
	if mode != "wal" || sync < 2 {
		return fmt.Errorf("the ledger would not survive a power cut: journal_mode=%s synchronous=%d, need wal and FULL (2)", mode, sync)
	}
	return nil
}
