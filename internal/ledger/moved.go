package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"linemark/internal/ledger/home"
)

// MovedError says why a ledger that was found elsewhere cannot simply be at home there.
type MovedError struct{ Why string }

func (e *MovedError) Error() string { return "this is no ledger that was only moved: " + e.Why }

// Moved makes the place at which the ledger was found its home, on a person's word that it was moved
// there on its own PC, whole and with no agent at work. What can be seen must not speak against it, or
// it is a *MovedError: it is the same PC, the journal ended with just what had been acknowledged, and
// where the file was there is none any more, or one that has not gone on. That one is renamed, so that
// no agent works on it again.
//
// That nothing at all was printed since nobody can see: an older copy of a whole data folder looks the
// same. So it takes a reason.
func (l *Ledger) Moved(ctx context.Context, reason string) error {
	if reason == "" {
		return errors.New("a move needs a reason: who has moved the ledger, and when")
	}
	row, err := scanHome(l.reads.QueryRowContext(ctx, homeColumns))
	if err != nil {
		return fmt.Errorf("reading where the ledger lives: %w", err)
	}
	switch {
	case row.copied.at.IsZero():
		return &MovedError{"it is at home here already"}
	case row.copied.by != byPlace:
		return &MovedError{"it is a copy by what it says itself: " + row.copied.why}
	case row.taking != "":
		return &MovedError{"it is being taken over already"}
	case !row.place.SamePC(l.home):
		return &MovedError{fmt.Sprintf("it was on PC %q, and this is another one", row.place.PC.Name)}
	case row.copied.seq == 0:
		return &MovedError{"the note of how far it had come (" + reachedName + "-...) did not come with it, or says something else"}
	}
	if err := l.retire(ctx, row); err != nil {
		return err
	}
	place, err := placeText(l.home)
	if err != nil {
		return err
	}
	err = l.always(ctx, func(t *tx) error {
		if _, err := t.event(PlaceAgent, fmt.Sprintf("the ledger was moved here from %s: %s", row.place.Path, reason)); err != nil {
			return err
		}
		_, err := t.exec("UPDATE home SET place = ?, since = ?, copied_at = 0, copied_by = '', copied_why = '', copied_seq = 0", place, t.at)
		return err
	})
	if err != nil {
		return err
	}
	l.w.mu.Lock()
	l.w.copy = nil
	l.w.mu.Unlock()
	return nil
}

// retire takes the ledger at the old place out of use, where there is one.
func (l *Ledger) retire(ctx context.Context, row homeRow) error {
	old := row.place.Path
	info, err := os.Stat(old)
	if errors.Is(err, os.ErrNotExist) || old == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the ledger at its old place: %w", err)
	}
	if mine, err := os.Stat(l.path); err != nil || os.SameFile(info, mine) {
		return err // other content lies there now: this file
	}
	if Locked(filepath.Dir(old)) {
		return &MovedError{"an agent works on " + old}
	}
	there, err := home.Of(old)
	if err != nil {
		return err
	}
	if row.place.Differs(there) != "" {
		return nil // something else has that name by now
	}
	o, err := openFile(ctx, old)
	if err != nil {
		return err
	}
	last, _, _, err := o.lastEntry(ctx)
	if err := errors.Join(err, o.Close()); err != nil {
		return fmt.Errorf("reading the ledger at its old place: %w", err)
	}
	if last != row.copied.seq {
		return &MovedError{fmt.Sprintf("the journal of %s ends with entry %d, this one had come to %d", old, last, row.copied.seq)}
	}
	aside := ".moved-" + l.now().UTC().Format(stamp)
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(old+suffix, old+aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("taking the old ledger out of use: %w", err)
		}
	}
	return home.FlushDir(filepath.Dir(old))
}

// Rename gives the ledger to the agent that has opened it, on a person's word: its entries bear that
// name from now on. was is the agent whose it was, and must have been named to Open.
func (l *Ledger) Rename(ctx context.Context, was, reason string) error {
	if reason == "" {
		return errors.New("a new name needs a reason: who gives it, and why")
	}
	return l.always(ctx, func(t *tx) error {
		_, err := t.event(PlaceAgent, fmt.Sprintf("agent %q bears this name from now on: %s", was, reason))
		return err
	})
}
