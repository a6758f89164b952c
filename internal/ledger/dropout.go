package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"linemark/internal/code"
)

// Drop is why codes are withdrawn, and by which paper.
type Drop struct {
	ID        int64
	Reason    string // dictionary 5.1: DEFECT, DESTRUCTION, ...
	WithChild bool   // what is in a container goes with it
	DocNum    string // source document; empty: the report's own id
	DocDate   time.Time

	// Gather is how long codes that are dropped later at the same place for the same reason join the
	// paper; no report is made of it before. 0: it is of these codes alone.
	Gather time.Duration
	// Read says that the codes were read on products: one that was given to a printer is out of it.
	Read bool

	gathering bool // codes may still join the paper
}

// DropOutcome is what became of one code that was to be dropped.
type DropOutcome struct {
	Code  code.Code
	Codes int    // codes withdrawn: itself, and what was in it
	Why   string // why it was not dropped; empty if it was
	Was   State  // the state of the code itself before, where it is known
}

// Drop withdraws codes, each on a person's word: they become dropped at once, in one commit, and
// a dropout report goes when all that the system must know before has arrived. texts are full
// codes, identification codes or SSCCs. A code that is still in stock or with a printer is not
// dropped, nor one in a container, but by its container with Drop.WithChild. With Drop.Read a code
// in stock is in doubt from then on: it is on a product, and printing it would make a second one.
func (l *Ledger) Drop(ctx context.Context, place string, d Drop, texts []code.Code) ([]DropOutcome, error) {
	var outs []DropOutcome
	found := make([]dropTarget, len(texts))
	for i, text := range texts {
		var err error
		if found[i], err = l.dropTarget(ctx, text); err != nil {
			return nil, err
		}
	}
	err := l.do(ctx, func(t *tx) error {
		outs = outs[:0]
		paper := 0 // made with the first code that goes
		for i, target := range found {
			o, err := t.drop(place, &paper, d, target)
			if err != nil {
				return err
			}
			o.Code = texts[i]
			outs = append(outs, o)
		}
		return nil
	})
	return outs, err
}

// paper finds the dropout that codes of this place and reason are gathered in, or begins one.
func (t *tx) paper(place string, d Drop) (int, error) {
	if d.Gather <= 0 {
		place = ""
	}
	// at <= now: a clock that was set back must not keep a paper open for longer.
	var id int
	err := t.row(`SELECT id FROM dropout o WHERE place = ?1 AND place <> '' AND until > ?2 AND at <= ?2 AND reason = ?3 AND with_child = ?4 AND doc_num = ?5
		AND NOT EXISTS (SELECT 1 FROM report r WHERE r.dropout = o.id AND r.dropout > 0) ORDER BY id DESC LIMIT 1`, place, t.at, d.Reason, d.WithChild, d.DocNum).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	res, err := t.exec("INSERT INTO dropout (reason, with_child, doc_num, doc_date, at, place, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
		d.Reason, d.WithChild, d.DocNum, d.DocDate.Format(time.RFC3339), t.at, place, t.at+d.Gather.Microseconds())
	if err != nil {
		return 0, err
	}
	made, err := res.LastInsertId()
	return int(made), err
}

// dropTarget is a code, a container without one (an SSCC), or neither.
type dropTarget struct {
	text            code.Code
	code, container int64
}

func (l *Ledger) dropTarget(ctx context.Context, text code.Code) (dropTarget, error) {
	target := dropTarget{text: text}
	err := l.reads.QueryRowContext(ctx, "SELECT id FROM container WHERE sscc = ? AND sscc <> '' AND state <> 3", string(text)).Scan(&target.container)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return target, err
	}
	if target.code, err = l.findAny(ctx, text); err != nil && !errors.Is(err, ErrNotFound) {
		return target, err
	}
	err = l.reads.QueryRowContext(ctx, "SELECT id FROM container WHERE code = ? AND state <> 3", target.code).Scan(&target.container)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return target, err
	}
	return target, nil
}

// drop withdraws one code or container. paper is the dropout's number, or 0 as long as there is none.
func (t *tx) drop(place string, paper *int, d Drop, target dropTarget) (DropOutcome, error) {
	item, o, err := t.mayDrop(place, d, target)
	if err != nil || o.Why != "" {
		return o, err
	}
	if target.container != 0 {
		var n int
		if err := t.row("SELECT COUNT(*) FROM dropped WHERE container = ?", target.container).Scan(&n); err != nil {
			return o, err
		}
		if n > 0 {
			o.Why = "dropped already"
			return o, nil
		}
	}
	if *paper == 0 {
		if *paper, err = t.paper(place, d); err != nil {
			return o, err
		}
	}
	var codeID, containerID any
	if target.code != 0 {
		if err := t.move(item.held, Dropped, NoEvidence, place, "dropped: "+d.Reason); err != nil {
			return o, err
		}
		codeID = target.code
		o.Codes++
	}
	if target.container != 0 {
		containerID = target.container
	}
	if _, err := t.exec("INSERT INTO dropped (dropout, code, container, line, batch, grp) VALUES (?, ?, ?, ?, ?, ?)", *paper, codeID, containerID, item.line, item.batch, item.group); err != nil {
		return o, err
	}
	if target.container != 0 {
		in, err := t.dropContents(place, target.container, d)
		o.Codes += in
		return o, err
	}
	return o, nil
}

// droppable is what a dropout says of one item, and the item's own code if it has one.
type droppable struct {
	held               held
	line, batch, group string
}

// mayDrop says in Why what keeps an item from being dropped.
func (t *tx) mayDrop(place string, d Drop, target dropTarget) (item droppable, o DropOutcome, err error) {
	switch {
	case target.container != 0 && !d.WithChild:
		o.Why = "a container: what is in it goes only together with it"
		return item, o, nil
	case target.container != 0:
		var state ContainerState
		var parent sql.NullInt64
		if err := t.row("SELECT line, batch, grp, state, parent FROM container WHERE id = ?", target.container).Scan(&item.line, &item.batch, &item.group, &state, &parent); err != nil {
			return item, o, err
		}
		switch {
		case state != ContainerClosed:
			o.Why = "a container that is not closed"
		case parent.Valid:
			o.Why = "it is in another container"
		}
	case target.code == 0:
		o.Why = "not known here"
		if left, err := t.leftAny(target.text); err != nil || left {
			o.Why = "it is in the archive: it was used long ago"
			return item, o, err
		}
	}
	if o.Why != "" || target.code == 0 {
		return item, o, nil
	}
	if item.held, err = t.held(target.code); err != nil {
		return item, o, err
	}
	h := item.held
	o.Was = h.state
	switch right := sameCode(target.text, h.raw); {
	case h.state == Dropped:
		o.Why = "dropped already"
	case d.Read && !right && target.container != 0 && target.text != h.ident(), d.Read && !right && h.state == InStock:
		o.Why = "its verification part differs"
	case d.Read && !right && target.container == 0 && h.state == Verified:
		o.Why = "its verification part differs, and the right one was read on another label"
	case h.state == InStock && t.preprinted(h.product): // its label is there, and no printer ever gets the code
	case h.state == InStock && d.Read:
		o.Why = "it was still in stock: nobody here has printed it, and now nobody will"
		return item, o, t.move(h, Doubtful, NoEvidence, place, "read on a product while in stock")
	case h.state == InStock:
		o.Why = "it is still in stock"
	case h.state == Claimed && !d.Read:
		o.Why = "it is with a printer now"
	case h.container != 0:
		o.Why = "it is in a container"
	}
	if o.Why != "" || target.container != 0 {
		return item, o, nil
	}
	err = t.row("SELECT COALESCE(lot.line, ''), COALESCE(lot.batch, ''), p.grp FROM product p LEFT JOIN lot ON lot.id = ? WHERE p.id = ?", h.lot, h.product).Scan(&item.line, &item.batch, &item.group)
	return item, o, err
}

func (t *tx) dropContents(place string, container int64, d Drop) (int, error) {
	rows, err := t.query("SELECT "+heldColumns+" FROM code WHERE container = ? AND state <> 6", container)
	units, err := collect(rows, err, scanHeld)
	if err != nil {
		return 0, err
	}
	for _, h := range units {
		if err := t.move(h, Dropped, NoEvidence, place, "dropped with its container: "+d.Reason); err != nil {
			return 0, err
		}
	}
	n := len(units)
	rows, err = t.query("SELECT id FROM container WHERE parent = ?", container)
	inner, err := collect(rows, err, scanInt)
	if err != nil {
		return 0, err
	}
	for _, id := range inner {
		var codeID sql.NullInt64
		if err := t.row("SELECT code FROM container WHERE id = ?", id).Scan(&codeID); err != nil {
			return 0, err
		}
		if codeID.Valid {
			h, err := t.held(codeID.Int64)
			if err != nil {
				return 0, err
			}
			if h.state != Dropped {
				if err := t.move(h, Dropped, NoEvidence, place, "dropped with its container: "+d.Reason); err != nil {
					return 0, err
				}
				n++
			}
		}
		in, err := t.dropContents(place, id, d)
		if err != nil {
			return 0, err
		}
		n += in
	}
	return n, nil
}
