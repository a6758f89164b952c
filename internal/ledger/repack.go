package ledger

import (
	"context"
	"errors"
	"fmt"

	"linemark/internal/code"
)

// What people change in containers. cause says who and why; it stands in the journal, with the place,
// for the container and for each code that moves.

// PutCoded puts the closed container that bears this code into an open one. from is the station that
// it must come from. Where it is not packed the outcome says why.
func (l *Ledger) PutCoded(ctx context.Context, parent ContainerID, from string, scan code.Code) (PutOutcome, error) {
	var out PutOutcome
	err := l.do(ctx, func(t *tx) error {
		r, err := t.room(parent, holdsContainers)
		if err != nil {
			return err
		}
		out, err = t.putCoded(&r, from, scan)
		return err
	})
	return out, err
}

func (t *tx) putCoded(r *room, from string, scan code.Code) (PutOutcome, error) {
	child, v, err := t.coded(scan)
	if err != nil || v.Outcome != Good {
		return PutOutcome{Verdict: v}, err
	}
	var same, dropped bool
	var station string
	var state ContainerState
	var in ContainerID
	err = t.row(`SELECT c.line = p.line AND c.grp = p.grp, c.station, c.state, COALESCE(c.parent, 0), EXISTS (SELECT 1 FROM dropped d WHERE d.container = c.id)
		FROM container c, container p WHERE c.id = ? AND p.id = ?`, int64(child), int64(r.id)).Scan(&same, &station, &state, &in, &dropped)
	switch {
	case err != nil:
		return PutOutcome{}, err
	case dropped || state == ContainerAside:
		v.Outcome = Withdrawn
	case !same || station != from:
		v.Outcome, v.Note = Foreign, "a container of station "+station
	case in == r.id:
		v.Outcome, v.Note = Duplicate, "in this container already"
	case in != 0:
		v.Outcome, v.Note = Duplicate, "in another container already"
	case state != ContainerClosed:
		v.Outcome = NotClosed
	default:
		return PutOutcome{Verdict: v, Packed: true}, t.putContainer(r, child)
	}
	return PutOutcome{Verdict: v}, nil
}

// coded finds the container that bears a code.
func (t *tx) coded(scan code.Code) (ContainerID, Verdict, error) {
	v := Verdict{Ident: scan}
	id, err := t.ownerOfSSCC(scan)
	if err != nil || id != 0 {
		return id, v, err
	}
	h, err := t.findAny(scan)
	if errors.Is(err, errNoCode) {
		v.Outcome = Unknown
		if left, err := t.leftAny(scan); err != nil || left {
			v.Outcome, v.Note = Duplicate, "used long ago: it is in the archive"
			return 0, v, err
		}
		return 0, v, nil
	}
	if err != nil {
		return 0, v, err
	}
	v.ID, v.Ident, v.Was = h.id, h.ident(), h.state
	if id, err = t.ownerOfCode(h.id); err != nil {
		return 0, v, err
	}
	switch {
	case !sameCode(scan, h.raw) && scan != h.ident():
		v.Outcome = Mangled
	case id != 0:
	case t.isContainer(h.id):
		v.Outcome = NotClosed
	default:
		v.Outcome, v.Note = Foreign, "a unit, not a container"
	}
	return id, v, nil
}

// findAny is Ledger.findAny within a commit; errNoCode if there is none.
func (t *tx) findAny(text code.Code) (held, error) {
	idents, err := t.idents(text)
	if err != nil {
		return held{}, err
	}
	for _, ident := range idents {
		if h, err := t.find(ident); !errors.Is(err, errNoCode) {
			return h, err
		}
	}
	return held{}, errNoCode
}

// TakeLastOut takes out of an open container what was put in last, and returns its code.
func (l *Ledger) TakeLastOut(ctx context.Context, place string, id ContainerID, cause string) (out code.Code, err error) {
	err = l.do(ctx, func(t *tx) error {
		c, err := t.open(id)
		if err != nil {
			return err
		}
		in, err := t.contents(c)
		if err != nil {
			return err
		}
		if len(in) == 0 {
			return &StateError{fmt.Sprintf("nothing is in container %d", id)}
		}
		out = in[len(in)-1].own
		return t.takeOut(place, c, in[len(in)-1], cause)
	})
	return out, err
}

// TakeOut takes a unit, or a container, out of an open container. It returns its code.
func (l *Ledger) TakeOut(ctx context.Context, place string, id ContainerID, what code.Code, cause string) (out code.Code, err error) {
	err = l.do(ctx, func(t *tx) error {
		c, err := t.open(id)
		if err != nil {
			return err
		}
		it, err := t.within(c, what)
		if err != nil {
			return err
		}
		out = it.own
		return t.takeOut(place, c, it, cause)
	})
	return out, err
}

// EmptyContainer takes everything out of an open container, which stays open. It returns how much.
func (l *Ledger) EmptyContainer(ctx context.Context, place string, id ContainerID, cause string) (n int, err error) {
	err = l.do(ctx, func(t *tx) error {
		c, err := t.open(id)
		if err != nil {
			return err
		}
		n, err = t.empty(place, c, cause)
		return err
	})
	return n, err
}

// Replace takes one thing out of an open or closed container that is in no report, and puts another
// in its place, in one commit: its label stays true. in is typed by a person and so no reading: a unit
// that comes in must be verified already, a container is settled as by PutCoded (from). Where that is
// not good nothing is moved and nothing taken out.
func (l *Ledger) Replace(ctx context.Context, place string, id ContainerID, out, in code.Code, with Replacement, cause string) (PutOutcome, error) {
	var o PutOutcome
	err := l.do(ctx, func(t *tx) error {
		by := with
		c, err := t.changeable(id)
		if err != nil {
			return err
		}
		it, err := t.within(c, out)
		if err != nil {
			return err
		}
		r := room{id: id, left: 1, last: it.placed - 1} // the place that becomes free
		if c.ofContainers {
			if o, err = t.putCoded(&r, by.From, in); err != nil || !o.Packed {
				return err
			}
		} else {
			if by.Lot == 0 {
				h, err := t.held(it.id)
				if err != nil {
					return err
				}
				by.Lot = LotID(h.lot)
			}
			product, err := t.productOf(by.Lot)
			if err != nil {
				return err
			}
			v, err := t.fitsTyped(id, product, by.Profile, in)
			if o, err = t.putFitting(&r, v, err); err != nil || !o.Packed {
				return err
			}
			h, err := t.held(o.ID)
			if err != nil {
				return err
			}
			if err := t.note(h, place, fmt.Sprintf("put into container %d for another: %s", id, cause)); err != nil {
				return err
			}
		}
		if err := t.takeOut(place, c, it, cause); err != nil {
			return err
		}
		return t.changed(c)
	})
	return o, err
}

// Replacement is how what comes into a container is settled.
type Replacement struct {
	Lot     LotID // units: of their product; 0: that of the unit that comes out
	Profile code.Profile
	From    string // containers: as PutCoded
}

// Dissolve gives up a closed container that is in no report: what is in it becomes loose, its own
// code doubtful. Neither that nor its SSCC is ever on another container.
func (l *Ledger) Dissolve(ctx context.Context, place string, id ContainerID, cause string) (n int, err error) {
	err = l.do(ctx, func(t *tx) error {
		c, err := t.changeable(id)
		if err != nil {
			return err
		}
		switch {
		case c.state != ContainerClosed:
			return &StateError{fmt.Sprintf("container %d is not closed", id)}
		case c.parent != 0:
			return &StateError{fmt.Sprintf("container %d is in container %d", id, c.parent)}
		}
		if n, err = t.empty(place, c, cause); err != nil {
			return err
		}
		if c.code != 0 {
			h, err := t.held(c.code)
			if err != nil {
				return err
			}
			if err := t.move(h, Doubtful, NoEvidence, place, fmt.Sprintf("its container %d was dissolved: %s", id, cause)); err != nil {
				return err
			}
		}
		if err := t.changed(c); err != nil {
			return err
		}
		_, err = t.exec("UPDATE container SET state = 3, reason = ? WHERE id = ?", "dissolved: "+cause, int64(id))
		return err
	})
	return n, err
}
