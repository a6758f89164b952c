package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"linemark/internal/ledger/home"
)

// homeTable has one row: where the ledger lives, and whether it is a copy of one that lives elsewhere.
const homeTable = `
CREATE TABLE IF NOT EXISTS home (
  id INTEGER PRIMARY KEY CHECK (id = 1), place TEXT NOT NULL, program TEXT NOT NULL, since INTEGER NOT NULL,
  copied_at INTEGER NOT NULL DEFAULT 0, copied_by TEXT NOT NULL DEFAULT '', copied_why TEXT NOT NULL DEFAULT '', copied_seq INTEGER NOT NULL DEFAULT 0,
  taking TEXT NOT NULL DEFAULT '');
`

// homeRow is the row of the table home.
type homeRow struct {
	place   home.Home
	program string
	since   int64  // since when the place is its home
	copied  copied // at: zero if it is none
	taking  string // the place at which it is being taken over, with its stock set aside; empty: it is not
}

// takenAt says whether the takeover at this place has set everything aside.
func (r homeRow) takenAt(now home.Home) bool {
	var place home.Home
	return r.taking != "" && json.Unmarshal([]byte(r.taking), &place) == nil && place.Differs(now) == ""
}

// copied says that a ledger is a copy, and of when.
type copied struct {
	at  time.Time // the last moment at which it certainly was the same as the original
	by  string
	why string
	seq int64 // its last journal entry then, if that was all that the original had acknowledged; 0: not known
}

// What a ledger is known by to be a copy: the words of home.copied_by.
const (
	byBackup = "backup" // it was made as one
	byPlace  = "place"  // it was found elsewhere than it was written
	byWord   = "word"   // a person says so
)

// CopyError says that a ledger is a copy: the codes in its stock may be printed, its reports sent and
// its orders gone on with where it came from. So nothing is changed in it until a person has declared
// the original dead (see BeginTakeover).
type CopyError struct {
	Agent string    // whose ledger it is
	PC    string    // the name of the PC that it comes from
	At    time.Time // the last moment at which it certainly was the same as the original
	Why   string
	// Taken says that a takeover has begun here and not ended.
	Taken bool
}

func (e *CopyError) Error() string {
	text := fmt.Sprintf("this ledger is a copy of that of agent %q on PC %q, as it was at %s: %s; ", e.Agent, e.PC, e.At.UTC().Format(time.RFC3339), e.Why)
	if e.Taken {
		return text + "its takeover has begun and not ended: run linemark restore --takeover again"
	}
	return text + "nothing in it is used until the old PC is declared dead (linemark restore --takeover), or the ledger, where it was only moved on its PC, moved (--moved)"
}

// Copy returns what says that the ledger is a copy, or nil when it is at home.
func (l *Ledger) Copy() *CopyError {
	if l.w == nil {
		return nil
	}
	l.w.mu.RLock()
	defer l.w.mu.RUnlock()
	return l.w.copy
}

func (t *tx) homeRow() (homeRow, error) {
	return scanHome(t.row(homeColumns))
}

const homeColumns = "SELECT place, program, since, copied_at, copied_by, copied_why, copied_seq, taking FROM home"

// scanHome reads the row; sql.ErrNoRows if there is none.
func scanHome(s scanner) (homeRow, error) {
	var r homeRow
	var place string
	var at int64
	if err := s.Scan(&place, &r.program, &r.since, &at, &r.copied.by, &r.copied.why, &r.copied.seq, &r.taking); err != nil {
		return r, err
	}
	if at != 0 {
		r.copied.at = time.UnixMicro(at).UTC()
	}
	if err := json.Unmarshal([]byte(place), &r.place); err != nil {
		return r, &DamagedError{What: "where it lives cannot be read: " + err.Error()}
	}
	return r, nil
}

func placeText(h home.Home) (string, error) {
	b, err := json.Marshal(h)
	return string(b), err
}

// settle compares where the ledger lives with where it was written. One that was never told, of an
// earlier version, is at home where it is found.
func (l *Ledger) settle(ctx context.Context, o Options) error {
	now, err := o.Home(l.path)
	if err != nil {
		return err
	}
	var copy *CopyError
	err = l.w.do(func(t *tx) error {
		copy = nil
		r, err := t.homeRow()
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return t.firstHome(now, o.Program)
		case err != nil:
			return err
		}
		if r.copied.at.IsZero() {
			if why := r.place.Differs(now); why != "" {
				r.copied, err = t.found(why, l.exact)
			} else {
				return t.stillHome(r, now, o.Program)
			}
		}
		if err != nil {
			return err
		}
		copy, err = t.copyError(r, now)
		return err
	})
	if err != nil {
		return err
	}
	l.home = now
	l.w.mu.Lock()
	l.w.copy = copy
	l.w.mu.Unlock()
	return nil
}

func (t *tx) firstHome(now home.Home, program string) error {
	place, err := placeText(now)
	if err != nil {
		return err
	}
	if _, err := t.exec("INSERT INTO home (id, place, program, since) VALUES (1, ?, ?, ?)", place, program, t.at); err != nil {
		return err
	}
	var begun bool
	if err := t.row("SELECT EXISTS (SELECT 1 FROM journal)").Scan(&begun); err != nil || !begun {
		return err
	}
	_, err = t.event(PlaceAgent, fmt.Sprintf("the ledger is at home on PC %q from now on", now.PC.Name))
	return err
}

// stillHome keeps the row up to date: cards and disks are changed one by one.
func (t *tx) stillHome(r homeRow, now home.Home, program string) error {
	had, err := placeText(r.place)
	if err != nil {
		return err
	}
	place, err := placeText(r.place.Refreshed(now))
	if err != nil {
		return err
	}
	if program == "" {
		program = r.program
	}
	if r.place.Moved(now) {
		if _, err := t.event(PlaceAgent, fmt.Sprintf("the ledger's disk has come from PC %q to PC %q", r.place.PC.Name, now.PC.Name)); err != nil {
			return err
		}
	}
	if place == had && program == r.program {
		return nil
	}
	_, err = t.exec("UPDATE home SET place = ?, program = ?", place, program)
	return err
}

// found notes, once, that the ledger is a copy.
func (t *tx) found(why string, exact bool) (copied, error) {
	c := copied{by: byPlace, why: why}
	at, seq := t.at, int64(0)
	if err := t.row("SELECT seq, at FROM journal ORDER BY seq DESC LIMIT 1").Scan(&seq, &at); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	c.at = time.UnixMicro(at).UTC()
	if exact {
		c.seq = seq
	}
	if _, err := t.event(PlaceAgent, "the ledger is a copy: "+why); err != nil {
		return c, err
	}
	_, err := t.exec("UPDATE home SET copied_at = ?, copied_by = ?, copied_why = ?, copied_seq = ?, taking = ''", at, c.by, c.why, c.seq)
	return c, err
}

func (t *tx) copyError(r homeRow, now home.Home) (*CopyError, error) {
	e := &CopyError{PC: r.place.PC.Name, At: r.copied.at, Why: r.copied.why, Taken: r.takenAt(now)}
	err := t.row("SELECT a.name FROM journal j JOIN agent a ON a.id = j.agent ORDER BY j.seq DESC LIMIT 1").Scan(&e.Agent)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return e, err
}

// always is do also for a copy: for what a start and a takeover write.
func (l *Ledger) always(ctx context.Context, f func(*tx) error) error {
	if l.w == nil {
		return errReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.w.do(f)
}

// usable returns a *CopyError for a copy that nobody is taking over.
func (w *writer) usable() error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.copy != nil && !w.taking {
		return w.copy
	}
	return nil
}
