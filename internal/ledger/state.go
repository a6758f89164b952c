package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"linemark/internal/code"
)

// State is where a code is in its life. A code is in exactly one state at every moment.
type State int

// The states. Their numbers are on disk: never renumber.
const (
	InStock  State = 0
	Claimed  State = 1 // promised to a printer, before its first byte leaves
	Printed  State = 2 // the printer said so, as far as it can say it
	Verified State = 3 // a scan showed it on a product
	Rejected State = 4 // known to be on a product that was thrown out
	Doubtful State = 5 // nobody knows whether it was printed
	Dropped  State = 6 // withdrawn and reported
)

var stateNames = [...]string{"in_stock", "claimed", "printed", "verified", "rejected", "doubtful", "dropped"}

// States returns all states in the order of a code's life.
func States() []State {
	return []State{InStock, Claimed, Printed, Verified, Rejected, Doubtful, Dropped}
}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// Evidence is what shows that a code was applied. Only Identity and Scan allow a report.
type Evidence int

// The kinds of evidence, weakest first. Their numbers are on disk.
const (
	NoEvidence   Evidence = 0
	ByCount      Evidence = 1 // the printer counted a label while several were outstanding
	ByIdentity   Evidence = 2 // the printer confirmed this label: by its identity, or as the only one outstanding
	ByScan       Evidence = 3 // the code was read
	reportableAt Evidence = ByIdentity
)

// Product is a GTIN whose codes the ledger keeps.
type Product struct {
	Name  string
	GTIN  string
	Group string // the product group's alias, such as "water"
	Type  code.Type
	// Preprinted says that the codes come on labels printed elsewhere: none is ever given to a printer,
	// and a scan of one in stock is the evidence that it was applied.
	Preprinted bool
}

// ProductID and LotID are the ledger's own row numbers.
type (
	ProductID int64
	LotID     int64 // one product of one line and one batch
)

// Claim is a code that was handed out for printing.
type Claim struct {
	ID   int64
	Code code.Code
	Seq  int64 // order of claiming; later claims have higher numbers
	// Number counts the claims of a lot from 1: the running number of the label in its batch.
	Number int
}

// journal writes what happens to one code. It returns the entry's number.
func (t *tx) journal(place string, h held, was, now State, cause string) (int64, error) {
	return t.enter(leaf{place: place, of: hasLife, code: h.id, text: []byte(h.raw), was: int64(was), now: int64(now), cause: cause, prev: h.last})
}

// event writes a journal entry that belongs to no single code.
func (t *tx) event(place, cause string) (int64, error) {
	return t.enter(leaf{place: place, cause: cause})
}

// Note writes into the journal what somebody has asked for, also in a ledger that is a copy.
func (l *Ledger) Note(ctx context.Context, place, text string) error {
	return l.always(ctx, func(t *tx) error {
		_, err := t.event(place, text)
		return err
	})
}

// enter writes a journal entry with its seal, which follows that of the entry before, and returns its number.
func (t *tx) enter(e leaf) (int64, error) {
	head, err := t.head()
	if err != nil {
		return 0, err
	}
	e.seq, e.at, e.agent = head.Seq+1, t.at, t.w.name
	e.place, e.cause = strings.ToValidUTF8(e.place, "\uFFFD"), strings.ToValidUTF8(e.cause, "\uFFFD") // as an archive would have them
	var digest Seal
	digest, t.w.buf = e.digest(t.w.buf)
	seal := head.Seal.after(digest)
	args := []any{e.seq, e.at, t.w.agent, e.place, e.cause, seal[:], nil, nil, nil, nil}
	if e.of == hasLife {
		args = append(args[:6], e.code, e.was, e.now, e.prev)
	}
	if _, err := t.exec("INSERT INTO journal (seq, at, agent, place, cause, seal, code, was, now, prev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", args...); err != nil {
		return 0, err
	}
	head.Seq, head.Seal = e.seq, seal
	t.seq = e.seq
	return t.seq, nil
}

// held is a code's row as a change needs it.
type held struct {
	id, product, last, lot, claim, container int64
	state                                    State
	evidence                                 Evidence
	raw                                      code.Code
	idlen                                    int
	utilisation                              int64
}

const heldColumns = "id, product, last, COALESCE(lot, 0), COALESCE(claim, 0), COALESCE(container, 0), state, evidence, raw, idlen, utilisation, sum"

func scanHeld(s scanner) (held, error) {
	var h held
	var raw []byte
	var kept sql.NullInt64
	if err := s.Scan(&h.id, &h.product, &h.last, &h.lot, &h.claim, &h.container, &h.state, &h.evidence, &raw, &h.idlen, &h.utilisation, &kept); err != nil {
		return h, err
	}
	h.raw = code.Code(raw)
	return h, sound(h.id, h.product, h.idlen, raw, kept)
}

func (h held) ident() code.Code { return h.raw[:h.idlen] }

func (t *tx) held(id int64) (held, error) {
	return scanHeld(t.row("SELECT "+heldColumns+" FROM code WHERE id = ?", id))
}

// move changes a code's state with its journal entry and the tally. The row must still be in
// the state that h says: anything else is a fault of this program and stops the call.
func (t *tx) move(h held, to State, ev Evidence, place, cause string) error {
	seq, err := t.journal(place, h, h.state, to, cause)
	if err != nil {
		return err
	}
	// +state: compared as a plain column, a bound state could match a partial index's and would
	// make SQLite prepare the statement anew every time.
	r, err := t.exec("UPDATE code SET state = ?, evidence = MAX(evidence, ?), last = ? WHERE id = ? AND +state = ?", int(to), int(ev), seq, h.id, int(h.state))
	if err != nil {
		return err
	}
	return t.moveTally(r, h, to)
}

func (t *tx) moveTally(r affected, h held, to State) error {
	if err := oneRow(r, nil, fmt.Sprintf("code %d is no longer %s", h.id, h.state)); err != nil {
		return err
	}
	t.moved[tallyKey{h.product, h.state}]--
	t.moved[tallyKey{h.product, to}]++
	return nil
}
