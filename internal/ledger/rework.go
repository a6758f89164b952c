package ledger

import (
	"context"

	"linemark/internal/code"
)

// What the journal says of reworked products.
const (
	reworked   = "rework"
	readyAgain = "rework: ready for the check station"
)

// Rework settles scans of products that were taken off the line and may go back, in order. What a
// scan must show is what Verify asks for: the issued code in every byte, not verified before. But a
// code may come back whose product was rejected, if it can be read right now. Without again the scan
// makes it verified. With again the product is put in front of the check station, whose scan
// verifies it: a code that was set aside is printed again, one that waits for its scan anyway stays
// as it is. A scan that is not good changes nothing, but for a code in stock: it is on a product, and
// is in doubt from then on. Verdict.Was tells the state before.
func (l *Ledger) Rework(ctx context.Context, place string, lot LotID, p code.Profile, scans []code.Code, again bool) ([]Verdict, error) {
	var verdicts []Verdict
	err := l.do(ctx, func(t *tx) error {
		verdicts = verdicts[:0]
		product, err := t.productOf(lot)
		if err != nil {
			return err
		}
		for _, s := range scans {
			v, err := t.rework(place, lot, product, p, s, again)
			if err != nil {
				return err
			}
			verdicts = append(verdicts, v)
		}
		return nil
	})
	return verdicts, err
}

func (t *tx) rework(place string, lot LotID, product int64, p code.Profile, scan code.Code, again bool) (Verdict, error) {
	h, v, err := t.lookup(product, p, scan)
	if err != nil || v.Outcome != Good {
		return v, err
	}
	switch {
	case h.state == Rejected && h.claim == 0: // no printer here was ever given it
		v.Outcome = NotIssued
		return v, nil
	case h.state == Rejected && again:
		return v, t.move(h, Printed, NoEvidence, place, readyAgain)
	case h.state == Rejected:
		// Nobody has seen it right until now: it is in doubt, and the scan says the rest.
		if err := t.move(h, Doubtful, NoEvidence, place, reworked); err != nil {
			return v, err
		}
		settled, err := t.verify(place, lot, product, p, scan, reworked)
		settled.Was, settled.Note = Rejected, ""
		return settled, err
	case again && h.state == InStock && t.preprinted(h.product): // its first scan will be the check station's
		return v, nil
	case again && h.packable() && h.state == Doubtful:
		return v, t.move(h, Printed, NoEvidence, place, readyAgain)
	case again && h.packable():
		return v, t.note(h, place, readyAgain)
	}
	return t.verify(place, lot, product, p, scan, reworked)
}
