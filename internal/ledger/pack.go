package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"linemark/internal/code"
)

// ContainerID is a container's row number.
type ContainerID int64

// ContainerState is where a container is in its life. The numbers are on disk.
type ContainerState int

// The states of a container.
const (
	ContainerOpen   ContainerState = 0 // being filled
	ContainerFull   ContainerState = 1 // waits for its own code or label
	ContainerClosed ContainerState = 2 // has its code and goes into an aggregation report
	ContainerAside  ContainerState = 3 // set aside for a person: its units are loose, it is never reported
)

var containerWords = [...]string{"open", "full", "closed", "aside"}

func (s ContainerState) String() string {
	if s < 0 || int(s) >= len(containerWords) {
		return fmt.Sprintf("state %d", int(s))
	}
	return containerWords[s]
}

// What a container holds: the words of container.holds.
const (
	holdsUnits      = "unit"
	holdsContainers = "container"
)

// NewContainer describes a container that a station begins to fill.
type NewContainer struct {
	Line, Station string
	Group, Batch  string // the units' product group, and their batch
	Capacity      int
	OfContainers  bool // holds containers (a pallet), not units
}

// OpenContainer begins a container.
func (l *Ledger) OpenContainer(ctx context.Context, c NewContainer) (ContainerID, error) {
	var id ContainerID
	err := l.do(ctx, func(t *tx) (err error) {
		id, err = t.openContainer(c)
		return err
	})
	return id, err
}

func (t *tx) openContainer(c NewContainer) (ContainerID, error) {
	holds := holdsUnits
	if c.OfContainers {
		holds = holdsContainers
	}
	r, err := t.exec("INSERT INTO container (line, station, grp, batch, capacity, holds, state, opened_at) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
		c.Line, c.Station, c.Group, c.Batch, c.Capacity, holds, t.at)
	if err != nil {
		return 0, err
	}
	id, err := r.LastInsertId()
	return ContainerID(id), err
}

// PutOutcome is what a pack scan means.
type PutOutcome struct {
	Verdict
	Packed bool // the unit is in the container now
}

// Put settles pack scans in order and puts the good units into the container. A pack scan is
// a scan: a code that the check station missed is verified by it (Was tells). A unit that is
// in a container already, unknown or foreign is not packed. When more units are good than the
// container has room for, nothing of the call is done, and it is a *StateError.
func (l *Ledger) Put(ctx context.Context, place string, id ContainerID, lot LotID, p code.Profile, scans []code.Code) ([]PutOutcome, error) {
	return l.putAll(ctx, place, id, lot, p, scans, false)
}

// PutVerified is Put for a station that packs only what was verified before: another unit is
// Unverified, and stays what it was.
func (l *Ledger) PutVerified(ctx context.Context, place string, id ContainerID, lot LotID, p code.Profile, scans []code.Code) ([]PutOutcome, error) {
	return l.putAll(ctx, place, id, lot, p, scans, true)
}

func (l *Ledger) putAll(ctx context.Context, place string, id ContainerID, lot LotID, p code.Profile, scans []code.Code, strict bool) ([]PutOutcome, error) {
	var outs []PutOutcome
	err := l.do(ctx, func(t *tx) error {
		outs = outs[:0]
		room, err := t.room(id, holdsUnits)
		if err != nil {
			return err
		}
		product, err := t.productOf(lot)
		if err != nil {
			return err
		}
		for _, s := range scans {
			o, err := t.put(place, &room, lot, product, p, s, strict)
			if err != nil {
				return err
			}
			outs = append(outs, o)
		}
		return nil
	})
	return outs, err
}

// room is what an open container has room for.
type room struct {
	id   ContainerID
	left int
	last int // the place of what was put in last
}

func (t *tx) room(id ContainerID, holds string) (room, error) {
	in := "code k WHERE k.container = c.id"
	if holds == holdsContainers {
		in = "container k WHERE k.parent = c.id"
	}
	r := room{id: id}
	err := t.row("SELECT capacity - (SELECT COUNT(*) FROM "+in+"), (SELECT COALESCE(MAX(k.placed), 0) FROM "+in+") FROM container c WHERE id = ? AND state = 0 AND holds = ?", int64(id), holds).Scan(&r.left, &r.last)
	if errors.Is(err, sql.ErrNoRows) {
		err = &StateError{fmt.Sprintf("container %d does not take a %s", id, holds)}
	}
	return r, err
}

// take gives the next place of the container away.
func (r *room) take() (int, error) {
	if r.left <= 0 {
		return 0, &StateError{fmt.Sprintf("container %d is full", r.id)}
	}
	r.left--
	r.last++
	return r.last, nil
}

func (t *tx) put(place string, r *room, lot LotID, product int64, p code.Profile, scan code.Code, strict bool) (PutOutcome, error) {
	v, err := t.fits(place, r.id, lot, product, p, scan, strict)
	return t.putFitting(r, v, err)
}

// putFitting puts a unit into the container if its verdict is Good.
func (t *tx) putFitting(r *room, v Verdict, err error) (PutOutcome, error) {
	if err != nil || v.Outcome != Good {
		return PutOutcome{Verdict: v}, err
	}
	at, err := r.take()
	if err != nil {
		return PutOutcome{}, err
	}
	res, err := t.exec("UPDATE code SET container = ?, placed = ? WHERE id = ? AND container IS NULL", int64(r.id), at, v.ID)
	if err := oneRow(res, err, fmt.Sprintf("code %d is in a container already", v.ID)); err != nil {
		return PutOutcome{}, err
	}
	return PutOutcome{Verdict: v, Packed: true}, nil
}

// fits settles a pack scan: Good is a verified unit in no container.
func (t *tx) fits(place string, id ContainerID, lot LotID, product int64, p code.Profile, scan code.Code, strict bool) (Verdict, error) {
	h, v, err := t.lookup(product, p, scan)
	switch {
	case err != nil:
	case v.Outcome == Good && h.state == Verified && h.container != 0:
		v.Outcome, v.Note = Duplicate, "in another container already"
		if h.container == int64(id) {
			v.Note = "in this container already"
		}
	case v.Outcome == Good && h.state == Verified:
	case v.Outcome == Good && strict && (h.packable() || h.state == InStock && t.preprinted(h.product)):
		v.Outcome = Unverified
	default:
		v, err = t.verify(place, lot, product, p, scan, "scan at packing")
	}
	return v, err
}

// fitsTyped judges a code that a person typed: no evidence that it is on a unit. So only what was
// verified before is Good, and nothing is moved whatever the outcome.
func (t *tx) fitsTyped(id ContainerID, product int64, p code.Profile, text code.Code) (Verdict, error) {
	h, v, err := t.lookup(product, p, text)
	if err == nil && v.Outcome == Mangled && text == h.ident() { // its identification code names it
		v.Outcome = Good
	}
	switch {
	case err != nil || v.Outcome != Good:
	case h.state == Verified && h.container == int64(id):
		v.Outcome, v.Note = Duplicate, "in this container already"
	case h.state == Verified && h.container != 0:
		v.Outcome, v.Note = Duplicate, "in another container already"
	case h.state == Verified:
	case h.state == Rejected || h.state == Dropped:
		v.Outcome = Withdrawn
	case h.state == InStock && !t.preprinted(h.product):
		v.Outcome = NotIssued
	default:
		v.Outcome, v.Note = Unverified, "a typed code is no reading, a scanner must read it first"
	}
	return v, err
}

// packable says that a good scan would make the code verified.
func (h held) packable() bool {
	return (h.state == Claimed || h.state == Printed || h.state == Doubtful) && h.claim != 0
}

// PutContainer puts a closed container into another one, which must be open for containers.
func (l *Ledger) PutContainer(ctx context.Context, parent, child ContainerID) error {
	return l.do(ctx, func(t *tx) error {
		r, err := t.room(parent, holdsContainers)
		if err != nil {
			return err
		}
		return t.putContainer(&r, child)
	})
}

func (t *tx) putContainer(r *room, child ContainerID) error {
	at, err := r.take()
	if err != nil {
		return err
	}
	res, err := t.exec(`UPDATE container SET parent = ?1, placed = ?2 WHERE id = ?3 AND parent IS NULL AND state = 2
		AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.container = ?3)`, int64(r.id), at, int64(child))
	return oneRow(res, err, fmt.Sprintf("container %d is not closed, loose and undropped", child))
}

// Fill says that a container takes nothing more and waits for its code.
func (l *Ledger) Fill(ctx context.Context, id ContainerID) error {
	return l.do(ctx, func(t *tx) error { return t.containerState(id, ContainerOpen, ContainerFull) })
}

func (t *tx) containerState(id ContainerID, from, to ContainerState) error {
	r, err := t.exec("UPDATE container SET state = ? WHERE id = ? AND state = ?", int(to), int64(id), int(from))
	return oneRow(r, err, fmt.Sprintf("container %d is in another state", id))
}

// Aside sets an open or full container aside for a person: its units stay verified and become
// loose, and it is never reported.
func (l *Ledger) Aside(ctx context.Context, place string, id ContainerID, cause string) error {
	return l.do(ctx, func(t *tx) error { return t.aside(place, id, cause) })
}

func (t *tx) aside(place string, id ContainerID, cause string) error {
	r, err := t.exec("UPDATE container SET state = 3, reason = ? WHERE id = ? AND state IN (0, 1)", cause, int64(id))
	if err := oneRow(r, err, fmt.Sprintf("container %d is closed", id)); err != nil {
		return err
	}
	if _, err := t.event(place, fmt.Sprintf("container %d set aside: %s", id, cause)); err != nil {
		return err
	}
	if _, err := t.exec("UPDATE code SET container = NULL WHERE container = ?", int64(id)); err != nil {
		return err
	}
	_, err = t.exec("UPDATE container SET parent = NULL WHERE parent = ?", int64(id))
	return err
}
