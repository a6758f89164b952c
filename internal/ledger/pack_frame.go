package ledger

import (
	"context"

	"linemark/internal/code"
)

// PackFrame packs all units of one picture as one full container, or none of them: with another
// number of units than the capacity, one that is not good, or one that is there twice, no container
// is made (0). The outcomes say of each what it is. A unit that is not good is left as it is, so that
// another picture of the same units may be good; but a code that is still in stock is in doubt from
// then on, since it is on a product. strict packs only what was verified before.
func (l *Ledger) PackFrame(ctx context.Context, place string, c NewContainer, lot LotID, p code.Profile, scans []code.Code, strict bool) (ContainerID, []PutOutcome, error) {
	var id ContainerID
	var outs []PutOutcome
	err := l.do(ctx, func(t *tx) error {
		id, outs = 0, outs[:0]
		product, err := t.productOf(lot)
		if err != nil {
			return err
		}
		good := len(scans) == c.Capacity
		seen := map[int64]bool{}
		for _, s := range scans {
			v, err := t.wouldFit(place, lot, product, p, s, strict)
			if err != nil {
				return err
			}
			if v.Outcome == Good && seen[v.ID] {
				v.Outcome, v.Note = Duplicate, "twice in one picture"
			}
			seen[v.ID] = true
			good = good && v.Outcome == Good
			outs = append(outs, PutOutcome{Verdict: v})
		}
		if !good {
			return nil
		}
		if id, err = t.openContainer(c); err != nil {
			return err
		}
		in := room{id: id, left: c.Capacity}
		for i, s := range scans {
			if outs[i], err = t.put(place, &in, lot, product, p, s, strict); err != nil {
				return err
			}
			if !outs[i].Packed {
				return &StateError{"unit " + code.Visible(outs[i].Ident) + ": " + outs[i].Outcome.String()}
			}
		}
		return t.containerState(id, ContainerOpen, ContainerFull)
	})
	if err != nil {
		return 0, nil, err
	}
	return id, outs, nil
}

// wouldFit is fits without settling anything but a code that must not be printed any more.
func (t *tx) wouldFit(place string, lot LotID, product int64, p code.Profile, scan code.Code, strict bool) (Verdict, error) {
	h, v, err := t.lookup(product, p, scan)
	if err != nil || v.Outcome != Good {
		return v, err
	}
	switch {
	case h.state == Verified && h.container != 0:
		v.Outcome, v.Note = Duplicate, "in a container already"
	case h.state == Verified:
	case h.state == InStock && !t.preprinted(h.product):
		return t.verify(place, lot, product, p, scan, "scan at packing")
	case h.state != InStock && !h.packable():
		v.Outcome = Withdrawn
		if h.state == Doubtful {
			v.Outcome = NotIssued
		}
	case strict:
		v.Outcome = Unverified
	}
	return v, nil
}
