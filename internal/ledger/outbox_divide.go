package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"linemark/internal/code"
)

// DivideUtilisation puts two reports in the place of a denied one: one with the codes that first
// picks, one with the others; with only one part there is one report, the same codes under a new
// id. The denied report keeps its bytes and its reason. A crash in between is ended by
// ResumeBuilding, with the codes not yet moved in one of the parts.
func (l *Ledger) DivideUtilisation(ctx context.Context, r Report, first func(i int, c code.Code) bool, build func(Report, []code.Code) ([]byte, error)) error {
	rows, err := l.reads.QueryContext(ctx, "SELECT id, raw FROM code WHERE utilisation = ? ORDER BY claim", r.ID)
	type one struct {
		id  int64
		raw []byte
	}
	all, err := collect(rows, err, func(s scanner) (o one, err error) {
		err = s.Scan(&o.id, &o.raw)
		return o, err
	})
	if err != nil {
		return fmt.Errorf("reading the denied report's codes: %w", err)
	}
	var parts [2][]int64
	for i, o := range all {
		if first(i, code.Code(o.raw)) {
			parts[0] = append(parts[0], o.id)
		} else {
			parts[1] = append(parts[1], o.id)
		}
	}
	var made []Report
	err = l.do(ctx, func(t *tx) error {
		made = made[:0]
		var product int64
		if err := t.row("SELECT product FROM report WHERE id = ?", r.ID).Scan(&product); err != nil {
			return err
		}
		for _, ids := range parts {
			if len(ids) == 0 {
				continue
			}
			part := Report{UUID: uuid.NewString(), Kind: r.Kind, Line: r.Line, Group: r.Group, Batch: r.Batch, Usage: r.Usage, State: Building, Parent: r.ID}
			if err := t.newReport(&part, product); err != nil {
				return err
			}
			made = append(made, part)
		}
		return t.divided(r, len(made))
	})
	if err != nil {
		return err
	}
	at := 0
	for _, ids := range parts {
		if len(ids) == 0 {
			continue
		}
		for ; len(ids) > 0; ids = ids[min(slice, len(ids)):] {
			now := ids[:min(slice, len(ids))]
			err := l.bulk(ctx, func(t *tx) error {
				for _, id := range now {
					if _, err := t.exec("UPDATE code SET utilisation = ? WHERE id = ? AND utilisation = ?", made[at].ID, id, r.ID); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if _, err := l.freeze(ctx, made[at], build); err != nil {
			return err
		}
		at++
	}
	return nil
}

// divided ends a denied report that others stand for.
func (t *tx) divided(r Report, parts int) error {
	if _, err := t.event("report", fmt.Sprintf("%s report %s divided into %d", r.Kind, r.UUID, parts)); err != nil {
		return err
	}
	res, err := t.exec("UPDATE report SET state = 'split', reason = ?, changed_at = ? WHERE id = ? AND state IN ('rejected', 'accepted', 'sending', 'doubt')", r.Reason, t.at, r.ID)
	return oneRow(res, err, fmt.Sprintf("report %d is not denied", r.ID))
}

// takeOver moves what is left of a divided report into one of its parts.
func (l *Ledger) takeOver(ctx context.Context, from, to int64) error {
	for {
		var n int64
		err := l.bulk(ctx, func(t *tx) error {
			res, err := t.exec("UPDATE code SET utilisation = ? WHERE id IN (SELECT id FROM code WHERE utilisation = ? AND utilisation > 0 LIMIT ?)", to, from, slice)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil || n < slice {
			return err
		}
	}
}

// DivideAggregation puts two reports in the place of a denied one that holds several containers,
// each with half of those that hold no other container of the report. The outer ones become due
// again, and go when what they hold has arrived. One container cannot be divided: false.
func (l *Ledger) DivideAggregation(ctx context.Context, r Report, build func(Report, []AggregationUnit) ([]byte, error)) (bool, error) {
	units, err := l.units(ctx, "c.aggregation = ?1", r.ID)
	if err != nil {
		return false, err
	}
	var inner []AggregationUnit
	var outer []ContainerID
	for _, u := range units {
		var within int
		if err := l.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM container WHERE parent = ? AND aggregation = ?", int64(u.id), r.ID).Scan(&within); err != nil {
			return false, fmt.Errorf("reading the denied report's containers: %w", err)
		}
		if within > 0 {
			outer = append(outer, u.id)
		} else {
			inner = append(inner, u)
		}
	}
	if len(units) < 2 {
		return false, nil
	}
	parts := [][]AggregationUnit{inner[:len(inner)/2], inner[len(inner)/2:]}
	bodies := make([][]byte, len(parts))
	made := make([]Report, len(parts))
	for i, part := range parts {
		made[i] = Report{UUID: uuid.NewString(), Kind: r.Kind, Line: r.Line, Group: r.Group, Batch: r.Batch, State: Building, Parent: r.ID, CreatedAt: l.now().UTC()}
		for _, u := range part {
			made[i].Codes += 1 + len(u.Children)
		}
		if len(part) == 0 {
			continue
		}
		if bodies[i], err = build(made[i], part); err != nil {
			return false, fmt.Errorf("building a part of report %s: %w", r.UUID, err)
		}
	}
	return true, l.bulk(ctx, func(t *tx) error {
		n := 0
		for i, part := range parts {
			if len(part) == 0 {
				continue
			}
			n++
			report := made[i] // do may run this twice
			if err := t.newReport(&report, 0); err != nil {
				return err
			}
			for _, u := range part {
				res, err := t.exec("UPDATE container SET aggregation = ? WHERE id = ? AND aggregation = ? AND edits = ?", report.ID, int64(u.id), r.ID, u.edits)
				if err := oneRow(res, err, fmt.Sprintf("container %d was changed just now", u.id)); err != nil {
					return err
				}
			}
			if err := t.freeze(report, bodies[i]); err != nil {
				return err
			}
		}
		for _, id := range outer {
			if _, err := t.exec("UPDATE container SET aggregation = 0 WHERE id = ? AND aggregation = ?", int64(id), r.ID); err != nil {
				return err
			}
		}
		return t.divided(r, n)
	})
}

// ReportCodes returns what a report names: applied or dropped codes whole, containers by their
// own codes.
func (l *Ledger) ReportCodes(ctx context.Context, r Report) ([]code.Code, error) {
	query := "SELECT raw FROM code WHERE utilisation = ? ORDER BY claim"
	switch r.Kind {
	case Aggregation:
		query = "SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = c.code), CAST(c.sscc AS BLOB)) FROM container c WHERE c.aggregation = ? ORDER BY c.id"
	case Dropout:
		query = "SELECT COALESCE((SELECT raw FROM code WHERE id = d.code), (SELECT CAST(sscc AS BLOB) FROM container WHERE id = d.container)) FROM dropped d WHERE d.report = ? ORDER BY d.id"
	}
	rows, err := l.reads.QueryContext(ctx, query, r.ID)
	codes, err := collect(rows, err, scanCode)
	if err != nil {
		return nil, fmt.Errorf("reading the report's codes: %w", err)
	}
	return codes, nil
}

// ReportIdents returns the identification codes of what a report of applied or dropped codes names.
func (l *Ledger) ReportIdents(ctx context.Context, r Report) ([]code.Code, error) {
	query := "SELECT substr(raw, 1, idlen) FROM code WHERE utilisation = ? ORDER BY claim"
	if r.Kind == Dropout {
		query = "SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = d.code), (SELECT CAST(sscc AS BLOB) FROM container WHERE id = d.container)) FROM dropped d WHERE d.report = ? ORDER BY d.id"
	}
	rows, err := l.reads.QueryContext(ctx, query, r.ID)
	codes, err := collect(rows, err, scanCode)
	if err != nil {
		return nil, fmt.Errorf("reading the report's codes: %w", err)
	}
	return codes, nil
}

// ReportUnits returns the containers of an aggregation report with their contents.
func (l *Ledger) ReportUnits(ctx context.Context, r Report) ([]AggregationUnit, error) {
	return l.units(ctx, "c.aggregation = ? ORDER BY c.id", r.ID)
}

// AggregateAgain makes the containers of a denied report due again: another report takes them.
func (l *Ledger) AggregateAgain(ctx context.Context, r Report) error {
	return l.do(ctx, func(t *tx) error {
		if _, err := t.exec("UPDATE container SET aggregation = 0 WHERE aggregation = ?", r.ID); err != nil {
			return err
		}
		return t.divided(r, 1)
	})
}
