package ledger

import (
	"context"
	"errors"
	"strings"

	"linemark/internal/code"
)

// Outcome is what a scan means for the product it was read on.
type Outcome int

// The outcomes. Only Good lets the product pass.
const (
	Good       Outcome = iota // issued to this line, printed once, read for the first time
	Unknown                   // no code of this ledger
	Duplicate                 // read on a product before
	Foreign                   // a code of another product
	Mangled                   // the identification code is known, its verification part is not the issued one
	NotIssued                 // in stock, or was when first read: this agent has not sent it to any printer
	Withdrawn                 // rejected or dropped before
	Unreadable                // not a code of this product group at all
	Unverified                // good, but no station has verified it, and this one must not
	NotClosed                 // a container that is not closed
)

var outcomeWords = [...]string{"good", "unknown code", "duplicate", "code of another product", "verification part differs", "code still in stock", "withdrawn code", "not a code of this group", "not verified", "container not closed"}

func (o Outcome) String() string { return outcomeWords[o] }

// Verdict is the answer to one scan.
type Verdict struct {
	Outcome Outcome
	ID      int64     // the code's number; 0 if it is not known
	Ident   code.Code // its identification code, where it is known
	Claim   int64     // its claim number: tells which codes it has overtaken
	Was     State     // the state before this scan
	Note    string    // for people; empty when there is nothing to say
}

// Verify settles scans of products of one lot, in order, by identity alone. A good one becomes
// verified on disk before Verify returns; a scan whose GS was lost counts only if it equals an
// issued code in every other byte. An error means that nothing is known of any of the scans:
// their products must not pass (P6).
func (l *Ledger) Verify(ctx context.Context, place string, lot LotID, p code.Profile, scans []code.Code) ([]Verdict, error) {
	var verdicts []Verdict
	err := l.do(ctx, func(t *tx) error {
		verdicts = verdicts[:0]
		product, err := t.productOf(lot)
		if err != nil {
			return err
		}
		for _, s := range scans {
			v, err := t.verify(place, lot, product, p, s, "scan")
			if err != nil {
				return err
			}
			verdicts = append(verdicts, v)
		}
		return nil
	})
	return verdicts, err
}

func (t *tx) productOf(lot LotID) (int64, error) {
	var product int64
	err := t.row("SELECT product FROM lot WHERE id = ?", int64(lot)).Scan(&product)
	return product, err
}

// lookup finds the code that a scan shows, and says what speaks against it.
func (t *tx) lookup(product int64, p code.Profile, scan code.Code) (held, Verdict, error) {
	ident, gsLost, unlike := p.Ident(scan)
	if unlike != nil {
		ident = scan // Receive kept a code of no known structure under its whole text
	}
	h, err := t.find(ident)
	if errors.Is(err, errNoCode) { // cut by the rules that held when it was received
		if h, err = t.findCut(product, scan, len(ident)); err == nil {
			ident, unlike = h.ident(), nil
			gsLost = !strings.Contains(string(scan), string(code.GS))
		}
	}
	if errors.Is(err, errNoCode) {
		if left, err := t.leftCut(product, scan, ident); err != nil || left {
			return held{}, Verdict{Outcome: Duplicate, Ident: ident, Note: "used long ago: it is in the archive"}, err
		}
	}
	if errors.Is(err, errNoCode) && unlike != nil {
		return held{}, Verdict{Outcome: Unreadable, Note: unlike.Error()}, nil
	}
	if errors.Is(err, errNoCode) {
		return held{}, Verdict{Outcome: Unknown, Ident: ident}, nil
	}
	if err != nil {
		return held{}, Verdict{}, err
	}
	v := Verdict{Outcome: Good, ID: h.id, Ident: ident, Claim: h.claim, Was: h.state}
	same := scan == h.raw || gsLost && sameCode(scan, h.raw)
	switch {
	case h.product != product:
		v.Outcome = Foreign
	case !same:
		v.Outcome = Mangled
	}
	return h, v, nil
}

// sameCode says whether a scan is an issued code, be it without its GS.
func sameCode(scan, issued code.Code) bool {
	return scan == issued || string(scan) == strings.ReplaceAll(string(issued), string(code.GS), "")
}

// findCut looks for a scan among codes of the product whose identification codes have another length.
func (t *tx) findCut(product int64, scan code.Code, tried int) (held, error) {
	lengths, err := t.lengths(product)
	if err != nil {
		return held{}, err
	}
	for _, n := range lengths {
		if n == tried || n <= code.GTINLength || n > len(scan) {
			continue
		}
		if h, err := t.find(scan[:n]); !errors.Is(err, errNoCode) {
			return h, err
		}
	}
	return held{}, errNoCode
}

func (t *tx) verify(place string, lot LotID, product int64, p code.Profile, scan code.Code, cause string) (Verdict, error) {
	h, v, err := t.lookup(product, p, scan)
	if err != nil || v.ID == 0 {
		return v, err
	}
	onProduct := h.state == Claimed || h.state == Printed || h.state == Doubtful
	switch {
	case h.state == InStock && v.Outcome == Good && t.preprinted(h.product):
		// The label was printed elsewhere; this scan is the first that is seen of it.
		if err := t.move(h, Verified, ByScan, place, cause+" of a label that came printed"); err != nil {
			return v, err
		}
		_, err := t.exec("UPDATE code SET lot = ?, claim = last WHERE id = ?", int64(lot), h.id)
		return v, err
	case h.state == InStock && v.Outcome == Good:
		// It is on a product although nobody here printed it. Printing it would make a second one.
		v.Outcome = NotIssued
		return v, t.move(h, Doubtful, NoEvidence, place, "read on a product while in stock")
	case h.state == InStock:
		return v, nil
	case v.Outcome == Foreign && t.isContainer(h.id):
		return v, nil // a container's label that a unit camera saw: the container is not thrown out with the unit
	case v.Outcome != Good && onProduct:
		return v, t.move(h, Rejected, NoEvidence, place, "rejected: "+v.Outcome.String())
	case v.Outcome != Good:
		return v, nil
	case h.state == Verified:
		v.Outcome = Duplicate
		return v, nil
	case !onProduct:
		v.Outcome = Withdrawn
		return v, nil
	case h.claim == 0: // in doubt because it was read while in stock
		v.Outcome = NotIssued
		return v, nil
	}
	if h.state == Doubtful {
		v.Note = "was in doubt"
	}
	if h.claim == recovered && h.lot == 0 { // nobody knows for which batch it was printed: it is reported with the one that read it
		if _, err := t.exec("UPDATE code SET lot = ? WHERE id = ?", int64(lot), h.id); err != nil {
			return v, err
		}
	}
	return v, t.move(h, Verified, ByScan, place, cause)
}

// isContainer says whether a code is of a GROUP product: the own code of a container.
func (t *tx) isContainer(id int64) bool {
	var n int
	err := t.row("SELECT COUNT(*) FROM code c JOIN product p ON p.id = c.product WHERE c.id = ? AND p.type = ?", id, string(code.Group)).Scan(&n)
	return err == nil && n > 0
}

// preprinted says whether a product's codes come on labels printed elsewhere.
func (t *tx) preprinted(product int64) bool {
	var is bool
	err := t.row("SELECT preprinted FROM product WHERE id = ?", product).Scan(&is)
	return err == nil && is
}
