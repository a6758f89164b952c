package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"linemark/internal/code"
)

// AggregationUnit is one closed container as it is reported: by codes without check part.
type AggregationUnit struct {
	Serial   code.Code // its group code's identification code, or its SSCC
	Capacity int
	Children []code.Code

	id    ContainerID
	edits int64 // made by people when this was read
}

// DueContainers says that containers of one line, group and batch may be reported.
type DueContainers struct {
	Line, Group, Batch string
	Containers         int
	Codes              int // parents and children
}

// dueContainer holds for a closed container that is in no report and whose contents the server
// knows: its units' (and its own code's) utilisation is sent, its inner containers' aggregation
// is sent. ?1 is 0 for a group whose utilisation nobody reports by hand.
const dueContainer = ` c.state = 2 AND c.aggregation = 0
	AND NOT EXISTS (SELECT 1 FROM code k LEFT JOIN report r ON r.id = k.utilisation WHERE k.container = c.id AND ?1 AND COALESCE(r.state, '') NOT IN ` + arrived + `)
	AND NOT EXISTS (SELECT 1 FROM container k LEFT JOIN report r ON r.id = k.aggregation WHERE k.parent = c.id AND COALESCE(r.state, '') NOT IN ` + arrived + `)
	AND NOT EXISTS (SELECT 1 FROM code k LEFT JOIN report r ON r.id = k.utilisation WHERE k.id = c.code AND ?1 AND COALESCE(r.state, '') NOT IN ` + arrived + `) `

const contents = `(SELECT COUNT(*) FROM code k WHERE k.container = c.id) + (SELECT COUNT(*) FROM container k WHERE k.parent = c.id)`

// DueAggregation returns what may be reported. needsUtilisation tells for a product group
// whether its utilisation is reported by hand and so must be sent first.
func (l *Ledger) DueAggregation(ctx context.Context, needsUtilisation func(group string) bool) ([]DueContainers, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT DISTINCT line, grp, batch FROM container WHERE state = 2 AND aggregation = 0")
	sets, err := collect(rows, err, func(s scanner) (d DueContainers, err error) {
		err = s.Scan(&d.Line, &d.Group, &d.Batch)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for containers to report: %w", err)
	}
	var dues []DueContainers
	for _, d := range sets {
		err := l.reads.QueryRowContext(ctx, "SELECT COUNT(*), COALESCE(SUM(1 + "+contents+"), 0) FROM container c WHERE c.line = ?2 AND c.grp = ?3 AND c.batch = ?4 AND"+dueContainer,
			needsUtilisation(d.Group), d.Line, d.Group, d.Batch).Scan(&d.Containers, &d.Codes)
		if err != nil {
			return nil, fmt.Errorf("counting containers to report: %w", err)
		}
		if d.Containers > 0 {
			dues = append(dues, d)
		}
	}
	return dues, nil
}

// BuildAggregation puts the oldest due containers, up to limit parents and children, into a new
// report and freezes the bytes that build makes of them, in one commit. A container is never split.
// With nothing due no report is made: its Codes are 0.
func (l *Ledger) BuildAggregation(ctx context.Context, d DueContainers, needsUtilisation bool, limit int, build func(Report, []AggregationUnit) ([]byte, error)) (Report, error) {
	return l.buildAggregation(ctx, d, needsUtilisation, limit, false, build)
}

func (l *Ledger) buildAggregation(ctx context.Context, d DueContainers, needsUtilisation bool, limit int, hold bool, build func(Report, []AggregationUnit) ([]byte, error)) (Report, error) {
	r := Report{UUID: uuid.NewString(), Kind: Aggregation, Line: d.Line, Group: d.Group, Batch: d.Batch, State: Building, CreatedAt: l.now().UTC(), hold: hold}
	units, err := l.dueUnits(ctx, d, needsUtilisation, limit)
	if err != nil {
		return r, err
	}
	if len(units) == 0 {
		return r, nil // not due any more
	}
	for _, u := range units {
		r.Codes += 1 + len(u.Children)
	}
	body, err := build(r, units)
	if err != nil {
		return r, fmt.Errorf("building report %s: %w", r.UUID, err)
	}
	err = l.bulk(ctx, func(t *tx) error {
		if err := t.newReport(&r, 0); err != nil {
			return err
		}
		for _, u := range units {
			res, err := t.exec("UPDATE container SET aggregation = ? WHERE id = ? AND aggregation = 0 AND edits = ?", r.ID, int64(u.id), u.edits)
			if err := oneRow(res, err, fmt.Sprintf("container %d is in a report already, or was changed just now", u.id)); err != nil {
				return err
			}
		}
		return t.freeze(r, body)
	})
	r.State = r.frozen()
	return r, err
}

// dueUnits returns due containers in the order of their making, so that what is inside comes
// before what holds it. An outer container is due in the same report as its last inner ones.
func (l *Ledger) dueUnits(ctx context.Context, d DueContainers, needsUtilisation bool, limit int) ([]AggregationUnit, error) {
	all, err := l.units(ctx, "c.line = ?2 AND c.grp = ?3 AND c.batch = ?4 AND"+dueContainer+"ORDER BY c.id LIMIT ?5", needsUtilisation, d.Line, d.Group, d.Batch, limit/2)
	if err != nil {
		return nil, err
	}
	total := 0
	for i, u := range all {
		if total += 1 + len(u.Children); total > limit {
			if i == 0 {
				return nil, &StateError{fmt.Sprintf("container %s holds %d: a report takes %d parents and children", code.Visible(u.Serial), len(u.Children), limit)}
			}
			return all[:i], nil
		}
	}
	taken := map[ContainerID]bool{}
	for _, u := range all {
		taken[u.id] = true
	}
	for level := all; len(level) > 0; {
		outer, err := l.around(ctx, d, level, taken, needsUtilisation)
		if err != nil {
			return nil, err
		}
		for i, u := range outer {
			if total += 1 + len(u.Children); total > limit {
				return append(all, outer[:i]...), nil // the rest is due when what it holds has arrived
			}
		}
		all = append(all, outer...)
		for _, u := range outer {
			taken[u.id] = true
		}
		level = outer
	}
	return all, nil
}

// around returns the closed containers of the set that hold some of these, and nothing that has neither
// arrived nor is taken into the same report.
func (l *Ledger) around(ctx context.Context, d DueContainers, inner []AggregationUnit, taken map[ContainerID]bool, needsUtilisation bool) ([]AggregationUnit, error) {
	var found []AggregationUnit
	seen := map[int64]bool{}
	for _, u := range inner {
		var parent int64
		if err := l.reads.QueryRowContext(ctx, "SELECT COALESCE(parent, 0) FROM container WHERE id = ?", int64(u.id)).Scan(&parent); err != nil {
			return nil, fmt.Errorf("looking for outer containers: %w", err)
		}
		if parent == 0 || seen[parent] {
			continue
		}
		seen[parent] = true
		units, err := l.units(ctx, `c.id = ?2 AND c.line = ?3 AND c.grp = ?4 AND c.batch = ?5 AND c.state = 2 AND c.aggregation = 0
			AND NOT EXISTS (SELECT 1 FROM code k LEFT JOIN report r ON r.id = k.utilisation WHERE k.id = c.code AND ?1 AND COALESCE(r.state, '') NOT IN `+arrived+`)`, needsUtilisation, parent, d.Line, d.Group, d.Batch)
		if err != nil {
			return nil, err
		}
		if len(units) == 0 {
			continue
		}
		rows, err := l.reads.QueryContext(ctx, "SELECT k.id FROM container k LEFT JOIN report r ON r.id = k.aggregation WHERE k.parent = ? AND COALESCE(r.state, '') NOT IN "+arrived, parent)
		missing, err := collect(rows, err, scanInt)
		if err != nil {
			return nil, fmt.Errorf("looking for outer containers: %w", err)
		}
		if !slices.ContainsFunc(missing, func(id int64) bool { return !taken[ContainerID(id)] }) {
			found = append(found, units...)
		}
	}
	return found, nil
}

// units reads the containers that where selects, with their contents.
func (l *Ledger) units(ctx context.Context, where string, args ...any) ([]AggregationUnit, error) {
	rows, err := l.reads.QueryContext(ctx, `SELECT c.id, c.edits, c.capacity, c.sscc, COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = c.code), x'')
		FROM container c WHERE `+where, args...)
	all, err := collect(rows, err, func(s scanner) (u AggregationUnit, err error) {
		var sscc string
		var ident []byte
		err = s.Scan(&u.id, &u.edits, &u.Capacity, &sscc, &ident)
		u.Serial = code.Code(sscc + string(ident))
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading containers to report: %w", err)
	}
	for i := range all {
		rows, err := l.reads.QueryContext(ctx, `SELECT substr(raw, 1, idlen) FROM code WHERE container = ?1
			UNION ALL SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = k.code), CAST(k.sscc AS BLOB)) FROM container k WHERE k.parent = ?1`, int64(all[i].id))
		if all[i].Children, err = collect(rows, err, scanCode); err != nil {
			return nil, fmt.Errorf("reading a container's contents: %w", err)
		}
	}
	return all, nil
}
