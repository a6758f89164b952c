package ledger

import (
	"context"
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
	holds := holdsUnits
	if c.OfContainers {
		holds = holdsContainers
	}
	var id int64
	err := l.do(ctx, func(t *tx) error {
		r, err := t.exec("INSERT INTO container (line, station, grp, batch, capacity, holds, state, opened_at) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
			c.Line, c.Station, c.Group, c.Batch, c.Capacity, holds, t.at)
		if err != nil {
			return err
		}
		id, err = r.LastInsertId()
		return err
	})
	return ContainerID(id), err
}

// PutOutcome is what a pack scan means.
type PutOutcome struct {
	Verdict
	Packed bool // the unit is in the container now
}

// Put settles pack scans in order and puts the good units into the container. A pack scan is
// a scan: a code that the check station missed is verified by it (Was tells). A unit that is
// in a container already, unknown or foreign is not packed.
func (l *Ledger) Put(ctx context.Context, place string, id ContainerID, lot LotID, p code.Profile, scans []code.Code) ([]PutOutcome, error) {
	var outs []PutOutcome
	err := l.do(ctx, func(t *tx) error {
		outs = outs[:0]
		var open bool
		if err := t.row("SELECT COUNT(*) FROM container WHERE id = ? AND state = 0 AND holds = ?", int64(id), holdsUnits).Scan(&open); err != nil {
			return err
		}
		if !open {
			return fmt.Errorf("container %d does not take units", id)
		}
		product, err := t.productOf(lot)
		if err != nil {
			return err
		}
		for _, s := range scans {
			o, err := t.put(place, id, lot, product, p, s)
			if err != nil {
				return err
			}
			outs = append(outs, o)
		}
		return nil
	})
	return outs, err
}

func (t *tx) put(place string, id ContainerID, lot LotID, product int64, p code.Profile, scan code.Code) (PutOutcome, error) {
	h, v, err := t.lookup(product, p, scan)
	if err != nil {
		return PutOutcome{}, err
	}
	if v.Outcome != Good || h.state != Verified {
		if v, err = t.verify(place, lot, product, p, scan, "scan at packing"); err != nil || v.Outcome != Good {
			return PutOutcome{Verdict: v}, err
		}
	} else if h.container != 0 {
		v.Outcome, v.Note = Duplicate, "in a container already"
		return PutOutcome{Verdict: v}, nil
	}
	r, err := t.exec("UPDATE code SET container = ? WHERE id = ? AND container IS NULL", int64(id), v.ID)
	if err != nil {
		return PutOutcome{}, err
	}
	if err := oneRow(r, nil, fmt.Sprintf("code %d is in a container already", v.ID)); err != nil {
		return PutOutcome{}, err
	}
	return PutOutcome{Verdict: v, Packed: true}, nil
}

// PutContainer puts a closed container into another one, which must be open for containers.
func (l *Ledger) PutContainer(ctx context.Context, parent, child ContainerID) error {
	return l.do(ctx, func(t *tx) error {
		r, err := t.exec(`UPDATE container SET parent = ?1 WHERE id = ?2 AND parent IS NULL AND state = 2
			AND EXISTS (SELECT 1 FROM container WHERE id = ?1 AND state = 0 AND holds = ?3)`, int64(parent), int64(child), holdsContainers)
		return oneRow(r, err, fmt.Sprintf("container %d is not closed and loose, or container %d does not take containers", child, parent))
	})
}

// Fill says that a container takes nothing more and waits for its code.
func (l *Ledger) Fill(ctx context.Context, id ContainerID) error {
	return l.do(ctx, func(t *tx) error { return t.containerState(id, ContainerOpen, ContainerFull) })
}

// CloseWithCode gives a full container its printed group code and confirms that code, in one
// commit: evidence is what showed that this label came out (ByIdentity, ByScan). A code in
// doubt needs a scan; one that no printer was given is refused.
func (l *Ledger) CloseWithCode(ctx context.Context, place string, id ContainerID, codeID int64, ev Evidence) error {
	if ev < reportableAt {
		return errors.New("a container's code needs evidence of its own label")
	}
	return l.do(ctx, func(t *tx) error {
		h, err := t.held(codeID)
		if err != nil {
			return err
		}
		to, cause := Printed, "confirmed by the printer"
		if ev == ByScan {
			to, cause = Verified, "scan of the label"
		}
		switch {
		case h.claim == 0:
			return fmt.Errorf("code %d was never given to a printer", codeID)
		case h.state == Verified: // its scan came before
		case h.state == Claimed, h.state == Printed, h.state == Doubtful && ev == ByScan:
			if err := t.move(h, to, ev, place, cause); err != nil {
				return err
			}
		default:
			return &StateError{fmt.Sprintf("code %d is %s: it is on no label", codeID, h.state)}
		}
		return t.closeContainer(id, "code = ?", codeID)
	})
}

// NextSSCC takes the next transport code of a prefix (extension digit and company part, ten
// digits). A number that was taken is never given again, used or not.
func (l *Ledger) NextSSCC(ctx context.Context, prefix string) (code.Code, error) {
	var sscc code.Code
	err := l.do(ctx, func(t *tx) error {
		var serial int64
		if err := t.row(`INSERT INTO sscc (prefix, next) VALUES (?, 2) ON CONFLICT (prefix) DO UPDATE SET next = next + 1
			RETURNING next - 1`, prefix).Scan(&serial); err != nil {
			return err
		}
		var err error
		sscc, err = code.SSCC(prefix, uint64(serial))
		return err
	})
	return sscc, err
}

// NextLabel counts the labels with a transport code that a station of a line makes in a batch, from 1.
// A number that was taken is never given again.
func (l *Ledger) NextLabel(ctx context.Context, place, batch string) (int, error) {
	var n int
	err := l.do(ctx, func(t *tx) error {
		return t.row(`INSERT INTO labelled (place, batch, n) VALUES (?, ?, 1) ON CONFLICT (place, batch) DO UPDATE SET n = n + 1 RETURNING n`, place, batch).Scan(&n)
	})
	return n, err
}

// CloseWithSSCC gives a full container its transport code.
func (l *Ledger) CloseWithSSCC(ctx context.Context, id ContainerID, sscc code.Code) error {
	return l.do(ctx, func(t *tx) error { return t.closeContainer(id, "sscc = ?", string(sscc)) })
}

func (t *tx) closeContainer(id ContainerID, set string, value any) error {
	r, err := t.exec("UPDATE container SET state = 2, closed_at = ?, "+set+" WHERE id = ? AND state = 1", t.at, value, int64(id))
	return oneRow(r, err, fmt.Sprintf("container %d is not full", id))
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
