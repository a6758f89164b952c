package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// The log is brought into the file when it has this many pages. What one look leaves out grows again by as many as
// logStep before the next one.
const (
	logPages = 800
	logStep  = 200
	logLooks = 16 // commits from one look at the log to the next
)

// logKeeper brings the log into the file beside the commits. SQLite would do it inside of the commit that makes the
// log long: that one waits until some hundred pages, in as many places, are on the disk, and the line's verdict with it.
type logKeeper struct {
	w     *writer
	db    *sql.DB
	tried int // pages of the log when it was tried last

	wake, stop, done chan struct{}
}

// keepLog begins to look after the log, until the keeper is ended.
func keepLog(ctx context.Context, path string, w *writer) (*logKeeper, error) {
	if _, err := w.conn.ExecContext(ctx, "PRAGMA wal_autocheckpoint = 0"); err != nil {
		return nil, fmt.Errorf("taking the log over: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, fmt.Errorf("opening the ledger for its log: %w", err)
	}
	db.SetMaxOpenConns(1)
	k := &logKeeper{w: w, db: db, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go k.run(context.WithoutCancel(ctx))
	return k, nil
}

func (k *logKeeper) run(ctx context.Context) {
	defer close(k.done)
	for {
		select {
		case <-k.wake:
			// What goes wrong here leaves the log longer, and goes wrong with the next commit too, which says so.
			_ = k.look(ctx)
		case <-k.stop:
			return
		}
	}
}

// end stops the keeper and closes its connection.
func (k *logKeeper) end() error {
	close(k.stop)
	<-k.done
	return k.db.Close()
}

// look brings the log into the file where it has grown long: most of it beside the commits, and what these have added
// meanwhile in their place, so that SQLite begins the log anew.
func (k *logKeeper) look(ctx context.Context) error {
	pages, in, err := logOf(ctx, k.db, "NOOP")
	if err != nil {
		return err
	}
	if pages < k.tried {
		k.tried = 0 // it was begun anew
	}
	if pages < logPages || pages == in || k.tried > 0 && pages < k.tried+logStep {
		return nil
	}
	const rounds, few = 4, 50
	for range rounds {
		if pages, in, err = logOf(ctx, k.db, "PASSIVE"); err != nil {
			return err
		}
		if pages-in <= few {
			break
		}
	}
	k.w.turn <- struct{}{}
	defer func() { <-k.w.turn }()
	k.w.mu.RLock()
	closed := k.w.closed
	k.w.mu.RUnlock()
	if closed {
		return nil
	}
	pages, in, err = logOf(ctx, k.w.conn, "PASSIVE")
	if k.tried = pages; err == nil && pages == in {
		k.tried = 0
	}
	return err
}

// logOf asks SQLite for its log: its pages, and those of them that are in the file.
func logOf(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, how string) (pages, in int, err error) {
	var busy int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+how+")").Scan(&busy, &pages, &in); err != nil {
		return 0, 0, fmt.Errorf("bringing the log into the file: %w", err)
	}
	if pages < 0 {
		return 0, 0, errors.New("the ledger keeps no log")
	}
	return pages, in, nil
}
