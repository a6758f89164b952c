package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"linemark/internal/code"
)

// DueDropout is a set of withdrawn codes that may be reported.
type DueDropout struct {
	Drop               Drop
	Line, Batch, Group string
	Count              int
	Gathering          bool // codes may still join the paper, see Drop.Gather: no report of it yet
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
		d.usage, d.Gathering = unitUsage, d.Drop.gathering
		dues = append(dues, d)
	}
	return dues, nil
}

func (l *Ledger) drop(ctx context.Context, id int64) (Drop, error) {
	d := Drop{ID: id}
	var date string
	err := l.reads.QueryRowContext(ctx, "SELECT reason, with_child, doc_num, doc_date, at <= ?2 AND until > ?2 FROM dropout WHERE id = ?1", id, l.now().UnixMicro()).
		Scan(&d.Reason, &d.WithChild, &d.DocNum, &date, &d.gathering)
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
	return l.buildDropout(ctx, d, needsUtilisation, limit, false, build)
}

func (l *Ledger) buildDropout(ctx context.Context, d DueDropout, needsUtilisation bool, limit int, hold bool, build func(Report, Drop, []code.Code) ([]byte, error)) (Report, error) {
	r := Report{UUID: uuid.NewString(), Kind: Dropout, Line: d.Line, Group: d.Group, Batch: d.Batch, State: Building, Dropout: d.Drop.ID, CreatedAt: l.now().UTC(), hold: hold}
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
	err = l.bulk(ctx, func(t *tx) error {
		made = *r
		return t.freezeDropout(&made, items, 0, body)
	})
	*r = made
	r.State = r.frozen()
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
	return l.bulk(ctx, func(t *tx) error {
		for _, h := range halves {
			if err := t.freezeDropout(&h.report, h.items, r.ID, h.body); err != nil {
				return err
			}
		}
		return t.divided(r, len(halves))
	})
}
