package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
)

// Container is one container with what is in it.
type Container struct {
	ID ContainerID
	NewContainer
	State    ContainerState
	Code     code.Code   // its own: an identification code or an SSCC; empty: none yet
	Parent   ContainerID // what it is in; 0: nothing
	Report   int64       // the aggregation report that holds it; 0: none
	Reported ReportStatus
	Dropped  bool
	Reason   string // why it was set aside
	OpenedAt time.Time
	ClosedAt time.Time // zero: it is not closed
	In       []code.Code
}

// Container returns one container; ErrNotFound if there is none of this number.
func (l *Ledger) Container(ctx context.Context, id ContainerID) (Container, error) {
	return l.container(ctx, "c.id = ?", int64(id))
}

// OpenContainerAt returns the container that is being filled at a station; ErrNotFound if there is none.
func (l *Ledger) OpenContainerAt(ctx context.Context, line, station string) (Container, error) {
	return l.container(ctx, "c.state IN (0, 1) AND c.state = 0 AND c.line = ? AND c.station = ?", line, station)
}

// OthersIn returns how many units in a container are of another product than p.
func (l *Ledger) OthersIn(ctx context.Context, id ContainerID, p ProductID) (n int, err error) {
	err = l.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM code WHERE container = ? AND product <> ?", int64(id), int64(p)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("reading a container's contents: %w", err)
	}
	return n, nil
}

// FindContainer finds a container by its own code (own), else by the code of something that is in
// it. ErrNotFound means that the code is not known, or in no container.
func (l *Ledger) FindContainer(ctx context.Context, text code.Code) (c Container, own bool, err error) {
	if c, err = l.container(ctx, "c.sscc = ? AND c.sscc <> ''", string(text)); !errors.Is(err, ErrNotFound) {
		return c, true, err
	}
	id, err := l.findAny(ctx, text)
	if err != nil {
		return Container{}, false, err
	}
	if c, err = l.container(ctx, "c.code = ?", id); !errors.Is(err, ErrNotFound) {
		return c, true, err
	}
	c, err = l.container(ctx, "c.id = (SELECT container FROM code WHERE id = ?)", id)
	return c, false, err
}

// containerColumns are all of a container c, whose report is r, but what is in it.
const containerColumns = `c.id, c.line, c.station, c.grp, c.batch, c.capacity, c.holds = 'container', c.state, COALESCE(c.parent, 0), c.aggregation, COALESCE(r.state, ''), c.reason,
	c.opened_at, c.closed_at, COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = c.code), CAST(c.sscc AS BLOB)), EXISTS (SELECT 1 FROM dropped d WHERE d.container = c.id)`

// scanContainer reads containerColumns, and what stands behind them into more.
func scanContainer(s scanner, more ...any) (c Container, err error) {
	var opened, closed int64
	var own []byte
	into := []any{&c.ID, &c.Line, &c.Station, &c.Group, &c.Batch, &c.Capacity, &c.OfContainers, &c.State, &c.Parent, &c.Report, &c.Reported, &c.Reason, &opened, &closed, &own, &c.Dropped}
	if err := s.Scan(append(into, more...)...); err != nil {
		return c, err
	}
	c.Code, c.OpenedAt = code.Code(own), time.UnixMicro(opened).UTC()
	if closed != 0 {
		c.ClosedAt = time.UnixMicro(closed).UTC()
	}
	return c, nil
}

func (l *Ledger) container(ctx context.Context, where string, args ...any) (Container, error) {
	c, err := scanContainer(l.reads.QueryRowContext(ctx, "SELECT "+containerColumns+" FROM container c LEFT JOIN report r ON r.id = c.aggregation WHERE "+where+" ORDER BY c.id DESC LIMIT 1", args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Container{}, ErrNotFound
	}
	if err != nil {
		return Container{}, fmt.Errorf("reading a container: %w", err)
	}
	rows, err := l.reads.QueryContext(ctx, `SELECT substr(raw, 1, idlen), placed, id FROM code WHERE container = ?1
		UNION ALL SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = k.code), CAST(k.sscc AS BLOB)), k.placed, k.id FROM container k WHERE k.parent = ?1 ORDER BY 2, 3`, int64(c.ID))
	c.In, err = collect(rows, err, func(s scanner) (code.Code, error) {
		var raw []byte
		var placed, id int64
		err := s.Scan(&raw, &placed, &id)
		return code.Code(raw), err
	})
	if err != nil {
		return Container{}, fmt.Errorf("reading a container's contents: %w", err)
	}
	return c, nil
}
