package ledger

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ContainerQuery says which containers are wanted. What is empty keeps none out.
type ContainerQuery struct {
	Line, Station string
	States        []ContainerState
	Before        ContainerID // older than this one; 0: from the newest on
	Limit         int         // as in JournalQuery
}

// ListedContainer is a container with how much is in it in place of what.
type ListedContainer struct {
	Container // its In is nil
	Count     int
}

// ContainerPage is a piece of the list of containers.
type ContainerPage struct {
	Containers []ListedContainer // newest first
	// More is Before of the query for what follows; 0: nothing does. It may be there with no container, as in
	// JournalPage.
	More ContainerID
}

// ContainerStates returns all states in the order of a container's life.
func ContainerStates() []ContainerState {
	return []ContainerState{ContainerOpen, ContainerFull, ContainerClosed, ContainerAside}
}

// mostContainers is how many containers one query goes over.
const mostContainers = 100_000

// ContainersOf lists containers, newest first.
func (l *Ledger) ContainersOf(ctx context.Context, q ContainerQuery) (ContainerPage, error) {
	page, err := l.containersOf(ctx, q, mostContainers)
	if err != nil {
		err = fmt.Errorf("reading the containers: %w", err)
	}
	return page, err
}

func (l *Ledger) containersOf(ctx context.Context, q ContainerQuery, most int64) (page ContainerPage, err error) {
	if q.Limit = limit(q.Limit); q.Before <= 0 {
		q.Before = math.MaxInt64
	}
	var newest int64
	if err := l.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM container WHERE id < ?", int64(q.Before)).Scan(&newest); err != nil {
		return page, err
	}
	floor := int64(1)
	if !q.busy() {
		floor = max(1, newest+1-most)
	}
	query, args := q.query(floor, newest)
	rows, err := l.reads.QueryContext(ctx, query, args...)
	page.Containers, err = collect(rows, err, func(s scanner) (c ListedContainer, err error) {
		c.Container, err = scanContainer(s, &c.Count)
		return c, err
	})
	if err != nil {
		return page, err
	}
	switch {
	case len(page.Containers) > q.Limit:
		page.Containers = page.Containers[:q.Limit]
		page.More = page.Containers[q.Limit-1].ID
	case floor > 1:
		page.More = ContainerID(floor)
	}
	return page, nil
}

// busy says whether only containers are wanted that have an index of their own: there are few of them.
func (q ContainerQuery) busy() bool {
	return len(q.States) > 0 && !slices.ContainsFunc(q.States, func(s ContainerState) bool { return s != ContainerOpen && s != ContainerFull })
}

// query brings one more than the limit.
func (q ContainerQuery) query(floor, newest int64) (query string, args []any) {
	query = "SELECT " + containerColumns + `, (SELECT COUNT(*) FROM code u WHERE u.container = c.id) + (SELECT COUNT(*) FROM container k WHERE k.parent = c.id)
		FROM container c LEFT JOIN report r ON r.id = c.aggregation WHERE c.id >= ? AND c.id <= ?`
	args = []any{floor, newest}
	if q.busy() {
		query += " AND c.state IN (0, 1)" // as the index has it
	}
	if q.Line != "" {
		query, args = query+" AND c.line = ?", append(args, q.Line)
	}
	if q.Station != "" {
		query, args = query+" AND c.station = ?", append(args, q.Station)
	}
	if len(q.States) > 0 {
		query += " AND c.state IN (?" + strings.Repeat(", ?", len(q.States)-1) + ")"
		for _, s := range q.States {
			args = append(args, int(s))
		}
	}
	return query + " ORDER BY c.id DESC LIMIT ?", append(args, q.Limit+1)
}
