package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"linemark/internal/code"
)

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
		return t.closeWithCode(id, ContainerFull, codeID)
	})
}

// CloseWithSSCC gives a full container its transport code.
func (l *Ledger) CloseWithSSCC(ctx context.Context, id ContainerID, sscc code.Code) error {
	return l.do(ctx, func(t *tx) error { return t.closeWithSSCC(id, ContainerFull, sscc) })
}

// CloseWithReadSSCC closes an open container with the transport code of a label that was printed
// elsewhere and read on it. One that is on another container, was on one that was dissolved, or was
// given out by NextSSCC is a *StateError. A repeat of the call is fine.
func (l *Ledger) CloseWithReadSSCC(ctx context.Context, id ContainerID, sscc code.Code) error {
	prefix, serial, err := code.ParseSSCC(sscc)
	if err != nil {
		return &StateError{err.Error()}
	}
	return l.do(ctx, func(t *tx) error {
		if done, err := t.closedWith(id, "sscc = ?", string(sscc)); err != nil || done {
			return err
		}
		var next uint64
		if err := t.row("SELECT next FROM sscc WHERE prefix = ?", prefix).Scan(&next); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if serial < next {
			return &StateError{fmt.Sprintf("transport code %s was given out by this agent: another label may bear it", sscc)}
		}
		return t.closeWithSSCC(id, ContainerOpen, sscc)
	})
}

// CloseWithReadCode closes an open container with the group code of a label that was printed before
// and read on it: from stock, or by a print station. The reading is its evidence, lot the batch it
// then belongs to. A code that is on another container, was on one that was dissolved, or was
// rejected or dropped is a *StateError. A repeat of the call is fine.
func (l *Ledger) CloseWithReadCode(ctx context.Context, place string, id ContainerID, lot LotID, p code.Profile, scan code.Code) error {
	return l.do(ctx, func(t *tx) error {
		product, err := t.productOf(lot)
		if err != nil {
			return err
		}
		h, v, err := t.lookup(product, p, scan)
		if err != nil {
			return err
		}
		if v.Outcome != Good {
			return &StateError{"the container's code: " + v.Outcome.String()}
		}
		if done, err := t.closedWith(id, "code = ?", h.id); err != nil || done {
			return err
		}
		if owner, err := t.ownerOfCode(h.id); err != nil || owner != 0 {
			return usedTwice(owner, err)
		}
		if h, err = t.ownLabel(place, lot, h); err != nil {
			return err
		}
		if h.state != Verified {
			if err := t.move(h, Verified, ByScan, place, "scan of the label"); err != nil {
				return err
			}
		}
		return t.closeWithCode(id, ContainerOpen, h.id)
	})
}

// ownLabel takes a code whose label was printed elsewhere out of the stock. One that was read before
// anybody had taken it stands in doubt and in no batch: it is taken now.
func (t *tx) ownLabel(place string, lot LotID, h held) (held, error) {
	switch {
	case h.state == Rejected || h.state == Dropped:
		return h, &StateError{fmt.Sprintf("the container's code is %s", h.state)}
	case h.state != InStock && h.lot != 0:
		return h, nil
	}
	seq := h.claim
	if h.state == InStock {
		var err error
		if seq, err = t.journal(place, h, InStock, Claimed, "taken with its printed label"); err != nil {
			return h, err
		}
		res, err := t.exec("UPDATE code SET state = 1, last = ? WHERE id = ? AND state = 0", seq, h.id)
		if err != nil {
			return h, err
		}
		if err := t.moveTally(res, h, Claimed); err != nil {
			return h, err
		}
	} else if seq <= 0 {
		seq = h.last
	}
	if _, err := t.exec("UPDATE code SET lot = ?, claim = ? WHERE id = ?", int64(lot), seq, h.id); err != nil {
		return h, err
	}
	t.number(lot)
	return t.held(h.id)
}

// closedWith says whether the container is closed with this very code.
func (t *tx) closedWith(id ContainerID, own string, value any) (bool, error) {
	var n int
	err := t.row("SELECT COUNT(*) FROM container WHERE "+own+" AND id = ? AND state = 2", value, int64(id)).Scan(&n)
	return n > 0, err
}

func (t *tx) ownerOfCode(id int64) (ContainerID, error) {
	return t.owner("SELECT id FROM container WHERE code = ?", id)
}

func (t *tx) ownerOfSSCC(sscc code.Code) (ContainerID, error) {
	return t.owner("SELECT id FROM container WHERE sscc = ? AND sscc <> ''", string(sscc))
}

func (t *tx) owner(query string, own any) (id ContainerID, err error) {
	if err = t.row(query, own).Scan(&id); errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

func usedTwice(owner ContainerID, err error) error {
	if err != nil {
		return err
	}
	return &StateError{fmt.Sprintf("container %d has this code, or had it", owner)}
}

func (t *tx) closeWithCode(id ContainerID, from ContainerState, codeID int64) error {
	if owner, err := t.ownerOfCode(codeID); err != nil || owner != 0 {
		return usedTwice(owner, err)
	}
	return t.closeContainer(id, from, "code = ?", codeID)
}

func (t *tx) closeWithSSCC(id ContainerID, from ContainerState, sscc code.Code) error {
	if owner, err := t.ownerOfSSCC(sscc); err != nil || owner != 0 {
		return usedTwice(owner, err)
	}
	if left, err := t.left(sscc); err != nil || left {
		return errors.Join(err, &StateError{fmt.Sprintf("transport code %s was used long ago: it is in the archive", sscc)})
	}
	return t.closeContainer(id, from, "sscc = ?", string(sscc))
}

func (t *tx) closeContainer(id ContainerID, from ContainerState, set string, value any) error {
	if from == ContainerOpen {
		if n, err := t.inside(id); err != nil || n == 0 {
			return errors.Join(err, &StateError{fmt.Sprintf("nothing is in container %d", id)})
		}
	}
	r, err := t.exec("UPDATE container SET state = 2, closed_at = ?, "+set+" WHERE id = ? AND state = ?", t.at, value, int64(id), int(from))
	return oneRow(r, err, fmt.Sprintf("container %d is in another state", id))
}

// inside counts what is in a container.
func (t *tx) inside(id ContainerID) (n int, err error) {
	err = t.row("SELECT "+contents+" FROM container c WHERE c.id = ?", int64(id)).Scan(&n)
	return n, err
}

// NextSSCC takes the next transport code of a prefix (extension digit and company part, ten
// digits). A number that was taken is never given again, used or not.
func (l *Ledger) NextSSCC(ctx context.Context, prefix string) (code.Code, error) {
	var sscc code.Code
	err := l.do(ctx, func(t *tx) error {
		for { // labels with numbers further on may have been printed elsewhere and read here
			var serial int64
			if err := t.row(`INSERT INTO sscc (prefix, next) VALUES (?, 2) ON CONFLICT (prefix) DO UPDATE SET next = next + 1
				RETURNING next - 1`, prefix).Scan(&serial); err != nil {
				return err
			}
			var err error
			if sscc, err = code.SSCC(prefix, uint64(serial)); err != nil {
				return err
			}
			id, err := t.ownerOfSSCC(sscc)
			if err != nil {
				return err
			}
			if left, err := t.left(sscc); err != nil || id == 0 && !left {
				return err
			}
		}
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
