package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"linemark/internal/code"
)

// Product makes a product known and returns its number. The same GTIN keeps its number; its
// name, group and type follow the configuration as long as it has no codes of another kind. Where
// its labels are printed changes only while none of its codes is in stock: else it is a *PreprintedError.
func (l *Ledger) Product(ctx context.Context, p Product) (ProductID, error) {
	var id ProductID
	err := l.always(ctx, func(t *tx) error {
		if err := t.keepsLabels(p); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO product (name, gtin, grp, type, preprinted) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (gtin) DO UPDATE SET name = excluded.name, grp = excluded.grp, type = excluded.type, preprinted = excluded.preprinted`,
			p.Name, p.GTIN, p.Group, string(p.Type), p.Preprinted); err != nil {
			return err
		}
		return t.row("SELECT id FROM product WHERE gtin = ?", p.GTIN).Scan(&id)
	})
	var kept *PreprintedError
	if err != nil && !errors.As(err, &kept) {
		err = fmt.Errorf("making product %s known: %w", p.Name, err)
	}
	return id, err
}

// PreprintedError says that codes in stock forbid to change whether a product's labels come printed:
// a code that is on a label already would be printed again, or a label awaited that nobody prints (P1).
type PreprintedError struct {
	Product    string
	Stock      int  // codes in stock
	Preprinted bool // what holds for them
}

func (e *PreprintedError) Error() string {
	if e.Preprinted {
		return fmt.Sprintf("product %s has %d codes in stock that came on labels (preprinted = true): use them up or drop them before it is changed", e.Product, e.Stock)
	}
	return fmt.Sprintf("product %s has %d codes in stock that are on no label yet (preprinted = false): print them before it is changed", e.Product, e.Stock)
}

// keepsLabels refuses the change of Preprinted while codes of the product are in stock.
func (t *tx) keepsLabels(p Product) error {
	e := &PreprintedError{Product: p.Name, Preprinted: !p.Preprinted}
	err := t.row("SELECT COUNT(*) FROM code WHERE product = (SELECT id FROM product WHERE gtin = ? AND preprinted = ?) AND state = 0", p.GTIN, e.Preprinted).Scan(&e.Stock)
	if err == nil && e.Stock > 0 {
		return e
	}
	return err
}

// MayBecome says why a product cannot be what p says, or nil; see PreprintedError. It changes nothing.
func (l *Ledger) MayBecome(ctx context.Context, p Product) error {
	return l.always(ctx, func(t *tx) error { return t.keepsLabels(p) })
}

// Lot returns the number of one product's run on one line in one batch.
func (l *Ledger) Lot(ctx context.Context, line string, p ProductID, batch string) (LotID, error) {
	var id LotID
	err := l.always(ctx, func(t *tx) error {
		if _, err := t.exec("INSERT INTO lot (line, product, batch) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", line, int64(p), batch); err != nil {
			return err
		}
		return t.row("SELECT id FROM lot WHERE line = ? AND product = ? AND batch = ?", line, int64(p), batch).Scan(&id)
	})
	return id, err
}

// Claim takes up to n codes out of stock, oldest first, for printing in the lot. When it
// returns, the claim is on disk: only then may a byte of these codes leave (P1). Fewer
// than n, or none, means that the stock ran out. Codes that come printed are never claimed.
func (l *Ledger) Claim(ctx context.Context, place string, lot LotID, n int) ([]Claim, error) {
	var claims []Claim
	err := l.do(ctx, func(t *tx) error {
		claims = claims[:0]
		// Not a bare LIMIT ?: SQLite plans by its value and so would prepare the query anew for every claim.
		rows, err := t.query(`SELECT `+heldColumns+` FROM code
			WHERE product = (SELECT l.product FROM lot l JOIN product p ON p.id = l.product WHERE l.id = ? AND p.preprinted = 0) AND state = 0 ORDER BY id LIMIT max(0, ?)`, int64(lot), n)
		found, err := collect(rows, err, scanHeld)
		if err != nil {
			return err
		}
		for _, h := range found {
			seq, err := t.journal(place, h, InStock, Claimed, "claim")
			if err != nil {
				return err
			}
			r, err := t.exec("UPDATE code SET state = 1, lot = ?, claim = ?, last = ? WHERE id = ? AND state = 0", int64(lot), seq, seq, h.id)
			if err != nil {
				return err
			}
			if err := t.moveTally(r, h, Claimed); err != nil {
				return err
			}
			claims = append(claims, Claim{ID: h.id, Code: h.raw, Seq: seq, Number: t.number(lot)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claiming codes: %w", err)
	}
	return claims, nil
}

// number counts one more claim of a lot.
func (t *tx) number(lot LotID) int {
	k := tallyKey{int64(lot), numbered}
	t.moved[k]++
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	return int(t.w.tally[k] + t.moved[k])
}

// Confirm records the printer's word that these codes were printed. A code that has moved on
// meanwhile (a scan was quicker, or it is in doubt) stays where it is.
func (l *Ledger) Confirm(ctx context.Context, place string, ids []int64, ev Evidence) error {
	return l.each(ctx, ids, func(t *tx, h held) error {
		if h.state != Claimed {
			return nil
		}
		cause := "counted by the printer"
		if ev >= reportableAt {
			cause = "confirmed by the printer"
		}
		return t.move(h, Printed, ev, place, cause)
	})
}

// Doubt sets codes aside whose fate nobody knows: claimed or printed ones become doubtful,
// the others are not touched. A later scan makes a doubtful code verified.
func (l *Ledger) Doubt(ctx context.Context, place string, ids []int64, cause string) error {
	return l.each(ctx, ids, func(t *tx, h held) error {
		if h.state != Claimed && h.state != Printed {
			return nil
		}
		return t.move(h, Doubtful, NoEvidence, place, cause)
	})
}

func (l *Ledger) each(ctx context.Context, ids []int64, f func(*tx, held) error) error {
	if len(ids) == 0 {
		return nil
	}
	return l.do(ctx, func(t *tx) error {
		for _, id := range ids {
			h, err := t.held(id)
			if err != nil {
				return fmt.Errorf("code %d: %w", id, err)
			}
			if err := f(t, h); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetAside puts claimed and printed codes that were claimed before the given claim number into
// doubt: products behind them were read, they were not. They are those of the lot's line and
// product, also of an earlier batch. One that Rework lets pass the check station again counts from
// that moment, not from its claim. It returns how many.
func (l *Ledger) SetAside(ctx context.Context, place string, lot LotID, before int64, cause string) (int, error) {
	n := 0
	err := l.do(ctx, func(t *tx) (err error) {
		// +lot: what is open is little, the lots of a line become many.
		n, err = t.doubtAll(place, cause, `+lot IN (SELECT o.id FROM lot o JOIN lot me ON me.line = o.line AND me.product = o.product WHERE me.id = ?)
			AND state IN (1, 2) AND claim < ? AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.seq = code.last AND j.seq > ? AND j.cause = ?)`,
			int64(lot), before, before, readyAgain)
		return err
	})
	return n, err
}

// Recovered says what Recover set aside.
type Recovered struct {
	Codes      int // claimed when the agent stopped: fate unknown
	Containers int // open or waiting for their label
	Reports    int // on their way to the server
}

// Bench is a pack station at which a person fills the containers.
type Bench struct{ Line, Station string }

// The journal's entry of an agent's start: its place and its cause.
const (
	PlaceAgent   = "agent"
	PlacePage    = "page" // what people and programs ask for there
	CauseStarted = "started"
)

// Recover is called once at start, before any printer is fed. What was claimed when the agent
// stopped may or may not have been printed, so it becomes doubtful and is never sent again
// (P1, P9). Open containers are set aside with their units verified and loose, but for the last one
// of each bench: nothing goes into that by itself. Reports that were on their way are in doubt (P5).
// The journal has an entry of every start. A copy of a ledger takes it too.
func (l *Ledger) Recover(ctx context.Context, byHand ...Bench) (Recovered, error) {
	var r Recovered
	err := l.always(ctx, func(t *tx) (err error) {
		r = Recovered{}
		rows, err := t.query("SELECT id FROM lot")
		lots, err := collect(rows, err, scanInt)
		if err != nil {
			return err
		}
		if _, err := t.event(PlaceAgent, CauseStarted); err != nil {
			return err
		}
		for _, lot := range lots {
			n, err := t.doubtAll(PlaceAgent, "the agent stopped while the printer had it", "lot = ? AND state IN (1, 2) AND state = 1", lot)
			if err != nil {
				return err
			}
			r.Codes += n
		}
		rows, err = t.query("SELECT id FROM container WHERE state IN (0, 1)")
		open, err := collect(rows, err, scanInt)
		if err != nil {
			return err
		}
		for _, b := range byHand {
			var id int64
			if err := t.row("SELECT COALESCE(MAX(id), 0) FROM container WHERE state IN (0, 1) AND state = 0 AND line = ? AND station = ?", b.Line, b.Station).Scan(&id); err != nil {
				return err
			}
			open = slices.DeleteFunc(open, func(other int64) bool { return other == id })
		}
		for _, id := range open {
			if err := t.aside(PlaceAgent, ContainerID(id), "the agent stopped while it was open"); err != nil {
				return err
			}
		}
		r.Containers = len(open)
		res, err := t.exec("UPDATE report SET state = 'doubt', doubted = 1, reason = 'the agent stopped before the answer came', changed_at = ? WHERE state = 'sending'", t.at)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		r.Reports = int(n)
		return err
	})
	return r, err
}

func scanInt(s scanner) (int64, error) {
	var n int64
	err := s.Scan(&n)
	return n, err
}

func (t *tx) doubtAll(place, cause, where string, args ...any) (int, error) {
	rows, err := t.query("SELECT "+heldColumns+" FROM code INDEXED BY code_open WHERE "+where, args...)
	found, err := collect(rows, err, scanHeld)
	if err != nil {
		return 0, err
	}
	for _, h := range found {
		if err := t.move(h, Doubtful, NoEvidence, place, cause); err != nil {
			return 0, err
		}
	}
	return len(found), nil
}

// key is the look-up hash of an identification code (FNV-1a, 64 bit).
func key(ident code.Code) int64 {
	h := uint64(14695981039346656037)
	for i := range len(ident) {
		h = (h ^ uint64(ident[i])) * 1099511628211
	}
	return int64(h)
}

var errNoCode = errors.New("no such code in the ledger")

// find returns the code with this identification code, or errNoCode.
func (t *tx) find(ident code.Code) (held, error) {
	rows, err := t.query("SELECT "+heldColumns+" FROM code WHERE key = ?", key(ident))
	found, err := collect(rows, err, scanHeld)
	if err != nil {
		return held{}, err
	}
	for _, h := range found {
		if h.ident() == ident {
			return h, nil
		}
	}
	return held{}, errNoCode
}
