package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// settledSet is what may leave the ledger: whole trees of containers, and codes in none.
type settledSet struct {
	batches []Batch
	trees   []int64 // ids of the outermost containers
	lots    []int64 // whose codes outside of containers go
	final   string  // SQL: what holds for a code that is settled
}

func (s settledSet) empty() bool { return len(s.lots) == 0 }

// done are the states of a report that nobody has to look at any more.
const done = "('sent', 'handed')"

// finalCode holds for a code c of which the server knows all there is to know. Groups whose utilisation
// nobody reports by hand stand in %s.
const finalCode = ` (
	(c.state IN (3, 2) AND (EXISTS (SELECT 1 FROM report r WHERE r.id = c.utilisation AND r.state IN ` + done + `) OR c.state = 3 AND c.utilisation = 0 AND c.product IN (%[1]s)))
	OR c.state = 4 AND (c.utilisation = 0 OR EXISTS (SELECT 1 FROM report r WHERE r.id = c.utilisation AND r.state IN ` + done + `))
	OR c.state = 6 AND (c.utilisation = 0 AND (c.evidence < 2 OR c.product IN (%[1]s)) OR EXISTS (SELECT 1 FROM report r WHERE r.id = c.utilisation AND r.state IN ` + done + `))
		AND NOT EXISTS (SELECT 1 FROM dropped d LEFT JOIN report r ON r.id = d.report WHERE d.code = c.id AND COALESCE(r.state, '') NOT IN ` + done + `)
	) `

// settledCodes looks for what may go. It may miss what changes meanwhile: purge looks again.
func (l *Ledger) settledCodes(ctx context.Context, o ArchiveOptions) (set settledSet, err error) {
	rows, err := l.reads.QueryContext(ctx, selectBatch+"WHERE ended_at > 0 AND ended_at < ? ORDER BY id", o.Before.UnixMicro())
	if set.batches, err = collect(rows, err, scanBatch); err != nil || len(set.batches) == 0 {
		return set, err
	}
	rows, err = l.reads.QueryContext(ctx, "SELECT id, grp FROM product")
	type product struct {
		id    int64
		group string
	}
	products, err := collect(rows, err, func(s scanner) (p product, err error) {
		err = s.Scan(&p.id, &p.group)
		return p, err
	})
	if err != nil {
		return set, fmt.Errorf("looking for what can be archived: %w", err)
	}
	unreported := []string{"-1"}
	for _, p := range products {
		if !o.NeedsUtilisation(p.group) {
			unreported = append(unreported, fmt.Sprint(p.id))
		}
	}
	set.final = fmt.Sprintf(finalCode, strings.Join(unreported, ", "))
	ended := map[string]bool{}
	for _, b := range set.batches {
		ended[b.Line+"\x00"+b.Name] = true
	}
	// Not the lots alone that still have codes: an archived one is looked at again for what has settled since.
	rows, err = l.reads.QueryContext(ctx, "SELECT id, line, batch FROM lot WHERE id IN (SELECT DISTINCT lot FROM code)")
	_, err = collect(rows, err, func(s scanner) (x struct{}, err error) {
		var id int64
		var line, batch string
		if err = s.Scan(&id, &line, &batch); err == nil && ended[line+"\x00"+batch] {
			set.lots = append(set.lots, id)
		}
		return x, err
	})
	if err != nil || len(set.lots) == 0 {
		return set, err
	}
	set.trees, err = l.settledTrees(ctx, set, ended)
	return set, err
}

// lotList is the lots as SQL lists them.
func (s settledSet) lotList() string {
	texts := make([]string, len(s.lots))
	for i, id := range s.lots {
		texts[i] = fmt.Sprint(id)
	}
	return strings.Join(texts, ", ")
}

// settledTrees returns the outermost of containers in which all, and all within, is settled.
func (l *Ledger) settledTrees(ctx context.Context, set settledSet, ended map[string]bool) ([]int64, error) {
	parent, bad := map[int64]int64{}, map[int64]bool{}
	rows, err := l.reads.QueryContext(ctx, `SELECT k.id, COALESCE(k.parent, 0), k.line, k.batch, k.state = 3 OR k.state = 2 AND COALESCE(r.state, '') IN `+done+`,
		EXISTS (SELECT 1 FROM dropped d LEFT JOIN report q ON q.id = d.report WHERE d.container = k.id AND COALESCE(q.state, '') NOT IN `+done+`),
		k.id = (SELECT MAX(id) FROM container)
		FROM container k LEFT JOIN report r ON r.id = k.aggregation`)
	_, err = collect(rows, err, func(s scanner) (x struct{}, err error) {
		var id, in int64
		var line, batch string
		var closed, dropping, last bool
		if err = s.Scan(&id, &in, &line, &batch, &closed, &dropping, &last); err == nil {
			parent[id] = in
			bad[id] = !closed || dropping || last || !ended[line+"\x00"+batch] // the last number must not be given again
		}
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for what can be archived: %w", err)
	}
	// What is within, and what a container bears itself.
	for _, query := range []string{
		"SELECT DISTINCT c.container FROM code c WHERE c.container IS NOT NULL AND NOT (COALESCE(c.lot, 0) IN (" + set.lotList() + ") AND" + set.final + ")",
		"SELECT k.id FROM container k JOIN code c ON c.id = k.code WHERE NOT (COALESCE(c.lot, 0) IN (" + set.lotList() + ") AND" + set.final + ")",
	} {
		rows, err := l.reads.QueryContext(ctx, query)
		ids, err := collect(rows, err, scanInt)
		if err != nil {
			return nil, fmt.Errorf("looking for what can be archived: %w", err)
		}
		for _, id := range ids {
			bad[id] = true
		}
	}
	root := func(id int64) int64 {
		for parent[id] != 0 {
			id = parent[id]
		}
		return id
	}
	badRoot := map[int64]bool{}
	for id := range parent {
		if bad[id] {
			badRoot[root(id)] = true
		}
	}
	var trees []int64
	for id, in := range parent {
		if in == 0 && !badRoot[id] {
			trees = append(trees, id)
		}
	}
	slices.Sort(trees)
	return trees, nil
}
