package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrClosed is returned by calls after Close.
var ErrClosed = errors.New("the ledger is closed")

// sharedCommit is how many waiting calls one commit takes at most.
const sharedCommit = 128

// writer is the only connection that writes. Calls queue, and the one whose turn it is commits
// for all that wait: they share one transaction and so one flush of the disk. A call that finds
// nobody before it commits at once, in its own goroutine.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	now   func() time.Time
	stmts map[string]*sql.Stmt
	agent int64
	name  string // of the agent
	head  *Head  // the newest entry on disk with its seal; nil: it is to be read
	buf   []byte // room for the bytes of an entry

	passed int        // commits that bulk has let pass since it began to wait
	made   int        // commits
	log    *logKeeper // nil until the ledger is open

	turn   chan struct{} // one place: who fills it may use what stands above
	mu     sync.RWMutex  // guards what follows
	queue  []*request    // of lines
	bulk   []*request    // with much to write: one at a time, when no line waits
	closed bool
	tally  map[tallyKey]int64
	fault  error
	damage error      // found in the file: nothing is written any more
	copy   *CopyError // the ledger is a copy: only what belongs to a start or a takeover is written
	taking bool       // it is being taken over, by this process

	reached *reached
	took    func(time.Duration) // see Options; nil: nobody is told
}

type request struct {
	run  func(*tx) error
	done chan error
	bulk bool
}

// tx is one transaction as the domain methods see it.
type tx struct {
	w     *writer
	ctx   context.Context
	at    int64 // microseconds, for the entries of this transaction
	moved map[tallyKey]int64
	seq   int64 // of its last journal entry; 0: none

	sealed *Head  // where the journal stands with its entries; nil: see head
	gone   []Head // the entries that it has taken out of the journal, with their seals

	idlens map[int64][]int // see lengths
}

// tallyKey is a product and a state, or a lot and numbered.
type tallyKey struct {
	product int64
	state   State
}

// numbered is no state: under it stands how many codes were ever claimed into a lot.
const numbered State = -1

// do runs f inside the next commit and returns when that commit is on disk. f may run twice:
// when one of the calls that share a commit fails, each is run again alone. f must not keep
// anything of its first run, and must not call do. A call that has begun to wait is carried
// out, whatever becomes of ctx.
//
// A copy takes no change: it is a *CopyError.
func (l *Ledger) do(ctx context.Context, f func(*tx) error) error {
	if l.w != nil {
		if err := l.w.usable(); err != nil {
			return err
		}
	}
	return l.always(ctx, f)
}

// bulk is do for what writes hundreds of rows at once: a block of codes, a piece of a report. It shares its
// commit with nobody and lets the calls of lines pass, which come in between: a verdict has 30 ms at 33
// products a second.
func (l *Ledger) bulk(ctx context.Context, f func(*tx) error) error {
	if l.w == nil {
		return errReadOnly
	}
	if err := l.w.usable(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.w.wait(&request{run: f, done: make(chan error, 1), bulk: true})
}

// mostPassed is how many commits of lines bulk lets pass, so that it is never held up for long.
const mostPassed = 32

var errReadOnly = errors.New("the ledger is open for reading only")

func (w *writer) do(f func(*tx) error) error {
	return w.wait(&request{run: f, done: make(chan error, 1)})
}

// wait queues a call and returns when it is carried out.
func (w *writer) wait(r *request) error {
	if w.took != nil && !r.bulk {
		defer func(began time.Time) { w.took(time.Since(began)) }(time.Now())
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	if r.bulk {
		w.bulk = append(w.bulk, r)
	} else {
		w.queue = append(w.queue, r)
	}
	w.mu.Unlock()
	for {
		select {
		case err := <-r.done: // another call's commit took this one along
			return err
		case w.turn <- struct{}{}:
			w.serve()
			<-w.turn
		}
	}
}

// alone is do for a call that must not run twice: it shares its commit with nobody.
func (w *writer) alone(f func(*tx) error) error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	w.mu.RLock()
	closed := w.closed
	w.mu.RUnlock()
	if closed {
		return ErrClosed
	}
	if err := w.usable(); err != nil {
		return err
	}
	return w.commit([]*request{{run: f}})
}

// Fault returns the error of the last commit, or nil when it succeeded, and a *CopyError for a copy.
// While it is not nil no printer may be fed: what is claimed next might not be on disk.
func (l *Ledger) Fault() error {
	if l.w == nil {
		return nil
	}
	l.w.mu.RLock()
	defer l.w.mu.RUnlock()
	if l.w.damage != nil {
		return l.w.damage
	}
	if l.w.copy != nil {
		return l.w.copy
	}
	return l.w.fault
}

func (w *writer) start(ctx context.Context, agent string) error {
	var err error
	if w.tally, err = readTally(ctx, w.conn, "SELECT product, state, n FROM tally"); err != nil {
		return err
	}
	w.name = agent
	return w.do(func(t *tx) error {
		if _, err := t.exec("INSERT INTO agent (name) VALUES (?) ON CONFLICT DO NOTHING", agent); err != nil {
			return err
		}
		return t.row("SELECT id FROM agent WHERE name = ?", agent).Scan(&w.agent)
	})
}

// stop carries out the calls that wait and closes the connection. Who gets the turn after it finds it closed.
func (w *writer) stop() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	w.mu.Unlock()
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	for w.serve() {
	}
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	errs = append(errs, w.db.Close())
	if w.reached != nil {
		errs = append(errs, w.reached.end())
	}
	return errors.Join(errs...)
}

// serve commits the calls that wait, up to sharedCommit of them or one with much to write, and says whether
// there were any.
func (w *writer) serve() bool {
	w.mu.Lock()
	batch := w.queue[:min(len(w.queue), sharedCommit)]
	if len(w.bulk) > 0 && (len(batch) == 0 || w.passed >= mostPassed) {
		batch, w.bulk, w.passed = w.bulk[:1], w.bulk[1:], 0
	} else {
		w.queue = w.queue[len(batch):]
		if w.passed++; len(w.bulk) == 0 {
			w.passed = 0
		}
	}
	w.mu.Unlock()
	if len(batch) == 0 {
		return false
	}
	if err := w.commit(batch); err == nil || len(batch) == 1 {
		w.answer(batch, err)
		return true
	}
	for i := range batch { // one of them is bad: let it fail alone
		w.answer(batch[i:i+1], w.commit(batch[i:i+1]))
	}
	return true
}

func (w *writer) answer(batch []*request, err error) {
	for _, r := range batch {
		r.done <- err
	}
}

// commit runs the batch in one transaction. An error of the storage itself is remembered as
// the ledger's fault; an error that a domain method returned is only that call's own.
func (w *writer) commit(batch []*request) (err error) {
	if err := w.spoiled(); err != nil {
		return err
	}
	ctx := context.Background() // a commit is never abandoned half-way
	t := &tx{w: w, ctx: ctx, at: w.now().UnixMicro(), moved: map[tallyKey]int64{}}
	defer func() {
		if err != nil {
			w.head = nil // what is on disk is to be asked
		}
	}()
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return w.storage(fmt.Errorf("beginning a commit: %w", err))
	}
	for _, r := range batch {
		if err := r.run(t); err != nil {
			if Damaged(err) {
				w.spoil(err)
			}
			return errors.Join(err, w.rollback(t, isStorage(err)))
		}
	}
	if err := errors.Join(t.keepSeals(), t.flushTally()); err != nil {
		return errors.Join(w.storage(err), w.rollback(t, true))
	}
	if _, err := t.exec("COMMIT"); err != nil {
		return errors.Join(w.storage(fmt.Errorf("committing: %w", err)), w.rollback(t, true))
	}
	if t.seq > 0 {
		w.head = t.sealed
		w.reached.note(t.seq)
	}
	if w.made++; w.log != nil && w.made%logLooks == 0 {
		select {
		case w.log.wake <- struct{}{}:
		default: // it is at it
		}
	}
	w.mu.Lock()
	for k, n := range t.moved {
		w.tally[k] += n
	}
	w.fault = nil
	w.mu.Unlock()
	return nil
}

// rollback leaves the transaction. SQLite may have left it already after a storage error.
func (w *writer) rollback(t *tx, storage bool) error {
	_, err := w.conn.ExecContext(t.ctx, "ROLLBACK")
	if err != nil && !storage {
		return w.storage(fmt.Errorf("rolling back: %w", err))
	}
	return nil
}

func (w *writer) storage(err error) error {
	err = &StorageError{Err: err}
	w.mu.Lock()
	w.fault = err
	w.mu.Unlock()
	return err
}

// StorageError says that the file or the disk under it failed: nothing was changed, or it is
// not known to be on disk. Printers are not fed until a later commit succeeds.
type StorageError struct{ Err error }

// failure tells a failing storage from a row that the tables refuse (an id used twice): that
// is one call's own error and stops nothing else.
func (w *writer) failure(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT {
		return err
	}
	return w.storage(err)
}

func (e *StorageError) Error() string { return "ledger storage: " + e.Err.Error() }
func (e *StorageError) Unwrap() error { return e.Err }

func isStorage(err error) bool {
	var s *StorageError
	return errors.As(err, &s)
}

func (t *tx) prepare(query string) (*sql.Stmt, error) {
	if s, ok := t.w.stmts[query]; ok {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, t.w.storage(err)
	}
	t.w.stmts[query] = s
	return s, nil
}

func (t *tx) exec(query string, args ...any) (sql.Result, error) {
	s, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return nil, t.w.failure(err)
	}
	return r, nil
}

// row is a query for one row; its Scan returns sql.ErrNoRows as it is.
func (t *tx) row(query string, args ...any) scanner {
	s, err := t.prepare(query)
	if err != nil {
		return failed{err}
	}
	return single{s.QueryRowContext(t.ctx, args...), t.w}
}

type single struct {
	row *sql.Row
	w   *writer
}

func (s single) Scan(dest ...any) error {
	err := s.row.Scan(dest...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		err = s.w.failure(err)
	}
	return err
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	r, err := s.QueryContext(t.ctx, args...)
	if err != nil {
		return nil, t.w.storage(err)
	}
	return r, nil
}

type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
