package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"linemark/internal/code"
)

// Drop is why codes are withdrawn, and by which paper.
type Drop struct {
	ID        int64
	Reason    string // dictionary 5.1: DEFECT, DESTRUCTION, ...
	WithChild bool   // what is in a container goes with it
	DocNum    string // source document; empty: the report's own id
	DocDate   time.Time
}

// DropOutcome is what became of one code that was to be dropped.
type DropOutcome struct {
	Code  code.Code
	Codes int    // codes withdrawn: itself, and what was in it
	Why   string // why it was not dropped; empty if it was
}

// Drop withdraws codes, each on a person's word: they become dropped at once, in one commit, and
// a dropout report goes when all that the system must know before has arrived. texts are full
// codes, identification codes or SSCCs. A code that is still in stock or with a printer is not
// dropped, nor one in a container, but by its container with Drop.WithChild.
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
		res, err := t.exec("INSERT INTO dropout (reason, with_child, doc_num, doc_date, at) VALUES (?, ?, ?, ?, ?)", d.Reason, d.WithChild, d.DocNum, d.DocDate.Format(time.RFC3339), t.at)
		if err != nil {
			return err
		}
		id, err := res.LastInsertId()
		if err != nil {
			return err
		}
		for i, target := range found {
			n, why, err := t.drop(place, id, d, target)
			if err != nil {
				return err
			}
			outs = append(outs, DropOutcome{Code: texts[i], Codes: n, Why: why})
		}
		return nil
	})
	return outs, err
}

// dropTarget is a code, a container without one (an SSCC), or neither.
type dropTarget struct{ code, container int64 }

func (l *Ledger) dropTarget(ctx context.Context, text code.Code) (dropTarget, error) {
	var target dropTarget
	err := l.reads.QueryRowContext(ctx, "SELECT id FROM container WHERE sscc = ? AND sscc <> ''", string(text)).Scan(&target.container)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return target, err
	}
	if target.code, err = l.findAny(ctx, text); err != nil && !errors.Is(err, ErrNotFound) {
		return target, err
	}
	err = l.reads.QueryRowContext(ctx, "SELECT id FROM container WHERE code = ?", target.code).Scan(&target.container)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return target, err
	}
	return target, nil
}

// drop withdraws one code or container and says how many codes went, or why none.
func (t *tx) drop(place string, dropout int64, d Drop, target dropTarget) (n int, why string, err error) {
	var line, batch, group string
	switch {
	case target.container != 0 && !d.WithChild:
		return 0, "a container: what is in it goes only together with it", nil
	case target.container != 0:
		var state ContainerState
		var parent sql.NullInt64
		if err := t.row("SELECT line, batch, grp, state, parent FROM container WHERE id = ?", target.container).Scan(&line, &batch, &group, &state, &parent); err != nil {
			return 0, "", err
		}
		switch {
		case state != ContainerClosed:
			return 0, "a container that is not closed", nil
		case parent.Valid:
			return 0, "it is in another container", nil
		}
	case target.code == 0:
		return 0, "not known here", nil
	}
	if target.code != 0 {
		h, err := t.held(target.code)
		if err != nil {
			return 0, "", err
		}
		switch {
		case h.state == Dropped:
			return 0, "dropped already", nil
		case h.state == InStock || h.state == Claimed:
			return 0, "it is " + map[State]string{InStock: "still in stock", Claimed: "with a printer now"}[h.state], nil
		case h.container != 0:
			return 0, "it is in a container", nil
		}
		if target.container == 0 {
			err := t.row("SELECT COALESCE(lot.line, ''), COALESCE(lot.batch, ''), p.grp FROM product p LEFT JOIN lot ON lot.id = ? WHERE p.id = ?", h.lot, h.product).Scan(&line, &batch, &group)
			if err != nil {
				return 0, "", err
			}
		}
		if err := t.move(h, Dropped, NoEvidence, place, "dropped: "+d.Reason); err != nil {
			return 0, "", err
		}
		n++
	}
	var codeID, containerID any
	if target.code != 0 {
		codeID = target.code
	}
	if target.container != 0 {
		containerID = target.container
	}
	res, err := t.exec(`INSERT INTO dropped (dropout, code, container, line, batch, grp) SELECT ?1, ?2, ?3, ?4, ?5, ?6
		WHERE NOT EXISTS (SELECT 1 FROM dropped WHERE container = ?3)`, dropout, codeID, containerID, line, batch, group)
	if err != nil {
		return 0, "", err
	}
	if rows, err := res.RowsAffected(); err != nil || rows == 0 {
		return n, "dropped already", err
	}
	if target.container != 0 {
		in, err := t.dropContents(place, target.container, d)
		return n + in, "", err
	}
	return n, "", nil
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

// DueDropout is a set of withdrawn codes that may be reported.
type DueDropout struct {
	Drop               Drop
	Line, Batch, Group string
	Count              int
	usage              string
}

// dueDropped holds for a withdrawn code that is in no report and of which the system knows what
// comes before: its own application, where there is evidence of it, and, for a container, its
// aggregation. ?1 is 0 for a group whose utilisation nobody reports by hand, ?7 the usage type of
// units: a unit that was never read is reported as VERIFIED by nobody.
const dueDropped = ` x.report = 0
	AND NOT EXISTS (SELECT 1 FROM code k JOIN product p ON p.id = k.product LEFT JOIN report r ON r.id = k.utilisation
		WHERE k.id = x.code AND ?1 AND k.evidence >= CASE WHEN p.type = 'UNIT' AND ?7 = 'VERIFIED' THEN 3 ELSE 2 END AND COALESCE(r.state, '') NOT IN ` + arrived + `)
	AND NOT EXISTS (SELECT 1 FROM container k LEFT JOIN report r ON r.id = k.aggregation WHERE k.id = x.container AND COALESCE(r.state, '') NOT IN ` + arrived + `) `

// DueDropouts returns what may be reported as dropped. unitUsage is as in DueUtilisation,
// needsUtilisation as in DueAggregation.
func (l *Ledger) DueDropouts(ctx context.Context, unitUsage string, needsUtilisation func(group string) bool) ([]DueDropout, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT DISTINCT dropout, line, batch, grp FROM dropped WHERE report = 0")
	sets, err := collect(rows, err, func(s scanner) (d DueDropout, err error) {
		err = s.Scan(&d.Drop.ID, &d.Line, &d.Batch, &d.Group)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for dropped codes to report: %w", err)
	}
	var dues []DueDropout
	for _, d := range sets {
		err := l.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM dropped x WHERE x.dropout = ?2 AND x.line = ?3 AND x.batch = ?4 AND x.grp = ?5 AND"+dueDropped,
			needsUtilisation(d.Group), d.Drop.ID, d.Line, d.Batch, d.Group, nil, unitUsage).Scan(&d.Count)
		if err != nil {
			return nil, fmt.Errorf("counting dropped codes to report: %w", err)
		}
		if d.Count == 0 {
			continue
		}
		if d.Drop, err = l.drop(ctx, d.Drop.ID); err != nil {
			return nil, err
		}
		d.usage = unitUsage
		dues = append(dues, d)
	}
	return dues, nil
}

func (l *Ledger) drop(ctx context.Context, id int64) (Drop, error) {
	d := Drop{ID: id}
	var date string
	err := l.reads.QueryRowContext(ctx, "SELECT reason, with_child, doc_num, doc_date FROM dropout WHERE id = ?", id).Scan(&d.Reason, &d.WithChild, &d.DocNum, &date)
	if err == nil {
		d.DocDate, err = time.Parse(time.RFC3339, date)
	}
	if err != nil {
		return d, fmt.Errorf("reading dropout %d: %w", id, err)
	}
	return d, nil
}

// BuildDropout puts up to limit withdrawn codes of a set into a new report and freezes the bytes
// that build makes of them, in one commit. With nothing due no report is made: its Codes are 0.
func (l *Ledger) BuildDropout(ctx context.Context, d DueDropout, needsUtilisation bool, limit int, build func(Report, Drop, []code.Code) ([]byte, error)) (Report, error) {
	r := Report{UUID: uuid.NewString(), Kind: Dropout, Line: d.Line, Group: d.Group, Batch: d.Batch, State: Building, Dropout: d.Drop.ID, CreatedAt: l.now().UTC()}
	rows, err := l.reads.QueryContext(ctx, "SELECT x.id FROM dropped x WHERE x.dropout = ?2 AND x.line = ?3 AND x.batch = ?4 AND x.grp = ?5 AND"+dueDropped+"ORDER BY x.id LIMIT ?6",
		needsUtilisation, d.Drop.ID, d.Line, d.Batch, d.Group, limit, d.usage)
	items, err := collect(rows, err, scanInt)
	if err != nil {
		return r, fmt.Errorf("reading dropped codes to report: %w", err)
	}
	err = l.freezeDropout(ctx, &r, d.Drop, items, build)
	return r, err
}

// freezeDropout makes a report of these items, which stand in no report yet.
func (l *Ledger) freezeDropout(ctx context.Context, r *Report, d Drop, items []int64, build func(Report, Drop, []code.Code) ([]byte, error)) error {
	if len(items) == 0 {
		return nil
	}
	body, err := l.dropoutBody(ctx, r, d, items, build)
	if err != nil {
		return err
	}
	made := *r
	err = l.do(ctx, func(t *tx) error {
		made = *r
		return t.freezeDropout(&made, items, 0, body)
	})
	*r = made
	r.State = Frozen
	return err
}

func (l *Ledger) dropoutBody(ctx context.Context, r *Report, d Drop, items []int64, build func(Report, Drop, []code.Code) ([]byte, error)) ([]byte, error) {
	codes := make([]code.Code, len(items))
	for i, id := range items {
		var raw []byte
		if err := l.reads.QueryRowContext(ctx, "SELECT COALESCE((SELECT raw FROM code WHERE id = x.code), (SELECT CAST(sscc AS BLOB) FROM container WHERE id = x.container)) FROM dropped x WHERE x.id = ?", id).Scan(&raw); err != nil {
			return nil, fmt.Errorf("reading dropped codes to report: %w", err)
		}
		codes[i] = code.Code(raw)
	}
	r.Codes = len(codes)
	body, err := build(*r, d, codes)
	if err != nil {
		return nil, fmt.Errorf("building report %s: %w", r.UUID, err)
	}
	return body, nil
}

// freezeDropout writes a report of items that stand in the report from; 0: in none.
func (t *tx) freezeDropout(r *Report, items []int64, from int64, body []byte) error {
	if err := t.newReport(r, 0); err != nil {
		return err
	}
	for _, id := range items {
		res, err := t.exec("UPDATE dropped SET report = ? WHERE id = ? AND report = ?", r.ID, id, from)
		if err := oneRow(res, err, fmt.Sprintf("dropped code %d is in another report", id)); err != nil {
			return err
		}
	}
	return t.freeze(*r, body)
}

// DivideDropout puts two reports in the place of a denied one, as DivideUtilisation does, in one
// commit.
func (l *Ledger) DivideDropout(ctx context.Context, r Report, first func(i int, c code.Code) bool, build func(Report, Drop, []code.Code) ([]byte, error)) error {
	codes, err := l.ReportCodes(ctx, r)
	if err != nil {
		return err
	}
	rows, err := l.reads.QueryContext(ctx, "SELECT id FROM dropped WHERE report = ? ORDER BY id", r.ID)
	items, err := collect(rows, err, scanInt)
	if err != nil {
		return fmt.Errorf("reading the denied report's codes: %w", err)
	}
	d, err := l.drop(ctx, r.Dropout)
	if err != nil {
		return err
	}
	type half struct {
		report Report
		items  []int64
		body   []byte
	}
	halves := make([]half, 2)
	for i, id := range items {
		to := &halves[1]
		if first(i, codes[i]) {
			to = &halves[0]
		}
		to.items = append(to.items, id)
	}
	halves = slices.DeleteFunc(halves, func(h half) bool { return len(h.items) == 0 })
	for i := range halves {
		h := &halves[i]
		h.report = Report{UUID: uuid.NewString(), Kind: Dropout, Line: r.Line, Group: r.Group, Batch: r.Batch, State: Building, Dropout: r.Dropout, Parent: r.ID, CreatedAt: l.now().UTC()}
		if h.body, err = l.dropoutBody(ctx, &h.report, d, h.items, build); err != nil {
			return err
		}
	}
	return l.do(ctx, func(t *tx) error {
		for _, h := range halves {
			if err := t.freezeDropout(&h.report, h.items, r.ID, h.body); err != nil {
				return err
			}
		}
		return t.divided(r, len(halves))
	})
}
