package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linemark/internal/code"
)

// purgeSlice is how many codes leave the ledger in one commit, but for a pallet that holds more.
const purgeSlice = 100

// packer reads what goes into an archive.
type packer struct {
	l       *Ledger
	ctx     context.Context
	set     settledSet
	out     *pieces
	steps   *sql.Stmt
	reports map[int64]Report
	family  map[int64]family // by container
}

// family is a container's own code, where it is in, and its report.
type family struct {
	own                 code.Code
	parent, aggregation int64
}

// packArchive writes the file and returns how many codes are in it.
func (l *Ledger) packArchive(ctx context.Context, set settledSet, path string, at time.Time, o ArchiveOptions) (n int, err error) {
	_, agent, _, err := l.lastEntry(ctx)
	if err != nil {
		return 0, err
	}
	p := &packer{l: l, ctx: ctx, set: set, reports: map[int64]Report{}, family: map[int64]family{}}
	if p.steps, err = l.reads.PrepareContext(ctx, "SELECT j.seq, j.at, a.name, j.place, j.code, j.was, j.now, j.cause, COALESCE(j.prev, 0) FROM journal j JOIN agent a ON a.id = j.agent WHERE j.seq = ?"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.steps.Close()) }()
	if p.out, err = createArchive(path); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.out.to.Close()) }()
	if err := p.out.add(record{Archive: &archiveHead{Version: 1, Agent: agent, Made: at, Batches: set.batches}}); err != nil {
		return 0, err
	}
	if err := p.out.end(0); err != nil {
		return 0, err
	}
	for _, root := range set.trees {
		if err := p.tree(root); err != nil {
			return 0, err
		}
		if err := errors.Join(p.out.end(purgeSlice), ctx.Err()); err != nil {
			return 0, err
		}
	}
	if err := errors.Join(p.out.end(0), p.loose(o)); err != nil {
		return 0, err
	}
	if err := p.bodies(); err != nil {
		return 0, err
	}
	if err := p.out.add(record{End: &archiveEnd{Codes: p.out.total}}); err != nil {
		return 0, err
	}
	return p.out.total, p.out.end(0)
}

// tree packs a container with all that is in it, and in that, or nothing of it when something is not
// settled any more.
func (p *packer) tree(root int64) error {
	var containers []int64
	for level := []int64{root}; len(level) > 0; {
		containers = append(containers, level...)
		var next []int64
		for _, id := range level {
			rows, err := p.l.reads.QueryContext(p.ctx, "SELECT id FROM container WHERE parent = ?", id)
			inner, err := collect(rows, err, scanInt)
			if err != nil {
				return err
			}
			next = append(next, inner...)
		}
		level = next
	}
	var records []record
	for _, id := range containers {
		units, err := p.codes("c.container = ?1 OR c.id = (SELECT code FROM container WHERE id = ?1)", id)
		if err != nil {
			return err
		}
		for _, u := range units {
			if !u.settled {
				return nil
			}
			records = append(records, record{Tree: root, Code: u.archivedCode})
		}
		c, err := p.container(id)
		if err != nil {
			return err
		}
		records = append(records, record{Tree: root, Container: c})
	}
	for _, r := range records {
		if err := p.out.add(r); err != nil {
			return err
		}
	}
	return nil
}

// loose packs the settled codes that are in no container and on none. The newest code and the newest
// entry of the journal stay: their numbers must not be given again.
func (p *packer) loose(o ArchiveOptions) error {
	where := fmt.Sprintf(`c.id IN (SELECT c.id FROM code c WHERE c.id > ?1 AND c.lot IN (%s) AND c.container IS NULL AND %s
		AND NOT EXISTS (SELECT 1 FROM container k WHERE k.code = c.id)
		AND c.id <> (SELECT MAX(id) FROM code) AND c.last <> (SELECT MAX(seq) FROM journal) ORDER BY c.id LIMIT %d)`, p.set.lotList(), p.set.final, purgeSlice)
	for after := int64(0); ; {
		found, err := p.codes(where, after)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := p.out.add(record{Code: f.archivedCode}); err != nil {
				return err
			}
			after = f.ID
		}
		if err := p.out.end(0); err != nil || len(found) == 0 {
			return err
		}
		if err := o.Pause(p.ctx); err != nil {
			return err
		}
	}
}

type found struct {
	*archivedCode
	settled bool
}

// codes reads codes with their lives.
func (p *packer) codes(where string, args ...any) ([]found, error) {
	rows, err := p.l.reads.QueryContext(p.ctx, `SELECT c.id, c.raw, c.idlen, c.product, c.state, c.evidence, COALESCE(c.lot, 0), COALESCE(c.claim, 0), c.last, c.utilisation, COALESCE(c.container, 0), c.sum,
		p.name, p.gtin, p.grp, p.type, p.preprinted, b.server_id, o.server_id, COALESCE(lot.line, ''), COALESCE(lot.batch, ''), COALESCE((SELECT id FROM container k WHERE k.code = c.id), 0),
		COALESCE(c.lot, 0) IN (`+p.set.lotList()+`) AND c.id <> (SELECT MAX(id) FROM code) AND c.last <> (SELECT MAX(seq) FROM journal) AND `+p.set.final+`
		FROM code c JOIN product p ON p.id = c.product JOIN block b ON b.id = c.block JOIN orders o ON o.id = b.orders LEFT JOIN lot ON lot.id = c.lot WHERE `+where+" ORDER BY c.id", args...)
	type row struct {
		found
		own int64
	}
	all, err := collect(rows, err, func(s scanner) (r row, err error) {
		c := &archivedCode{}
		var kept sql.NullInt64
		err = s.Scan(&c.ID, &c.Raw, &c.IdentLength, &c.ProductID, &c.State, &c.Evidence, &c.Lot, &c.Claim, &c.Last, &c.Utilisation, &c.Container, &kept,
			&c.Product.Name, &c.Product.GTIN, &c.Product.Group, &c.Product.Type, &c.Product.Preprinted, &c.Block, &c.Order, &c.Line, &c.Batch, &r.own, &r.settled)
		r.archivedCode = c
		if err == nil {
			err = sound(c.ID, c.ProductID, c.IdentLength, c.Raw, kept)
		}
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading codes for the archive: %w", err)
	}
	out := make([]found, len(all))
	for i, r := range all {
		r.Ident, r.StateName = code.Visible(code.Code(r.Raw[:r.IdentLength])), State(r.State).String()
		if r.Journal, err = p.journal(r.ID, r.Last); err != nil {
			return nil, err
		}
		newest := r.Journal[len(r.Journal)-1].Cause
		_, why, _ := strings.Cut(newest, ": ")
		r.Sampled = State(r.State) == Dropped && strings.Contains(samples, "'"+why+"'")
		if r.lives, err = p.lives(r.Utilisation, r.own, r.Container); err != nil {
			return nil, err
		}
		r.Known = len(r.Reports) > 0 && r.Utilisation > 0 && strings.Contains(arrived, "'"+string(r.Reports[0].State)+"'")
		out[i] = r.found
	}
	return out, nil
}

// journal reads a code's chain of entries, oldest first.
func (p *packer) journal(id, seq int64) ([]archivedStep, error) {
	var steps []archivedStep
	for seq != 0 {
		var s archivedStep
		var of, was, now sql.NullInt64
		if err := p.steps.QueryRowContext(p.ctx, seq).Scan(&s.Seq, &s.At, &s.Agent, &s.Place, &of, &was, &now, &s.Cause, &s.Prev); err != nil {
			return nil, fmt.Errorf("reading journal entry %d: %w", seq, err)
		}
		s.Own = of.Int64 == id
		if now.Valid {
			before, after := int(was.Int64), int(now.Int64)
			s.Was, s.Now = &before, &after
		}
		steps = append(steps, s)
		seq = s.Prev
	}
	slices.Reverse(steps)
	return steps, nil
}

// lives tells of reports, parents and children, as Trace does. The first report is the code's own.
func (p *packer) lives(utilisation, own, in int64) (lives, error) {
	var v lives
	ids := []int64{utilisation}
	if own != 0 {
		f, err := p.around(own)
		if err != nil {
			return v, err
		}
		in, ids = max(in, f.parent), append(ids, f.aggregation)
		inside, err := p.l.container(p.ctx, "c.id = ?", own)
		if err != nil {
			return v, err
		}
		v.Children = bytesOf(inside.In)
	}
	for in != 0 {
		f, err := p.around(in)
		if err != nil {
			return v, err
		}
		v.Parents, ids, in = append(v.Parents, []byte(f.own)), append(ids, f.aggregation), f.parent
	}
	for i, id := range ids {
		if id <= 0 || slices.Contains(ids[:i], id) {
			continue
		}
		r, ok := p.reports[id]
		if !ok {
			var err error
			if r, err = p.l.ReportByID(p.ctx, id); err != nil {
				return v, err
			}
			p.reports[id] = r
		}
		v.Reports = append(v.Reports, r)
	}
	return v, nil
}

func (p *packer) around(id int64) (family, error) {
	f, ok := p.family[id]
	if ok {
		return f, nil
	}
	var raw []byte
	err := p.l.reads.QueryRowContext(p.ctx, "SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = k.code), CAST(k.sscc AS BLOB)), COALESCE(parent, 0), aggregation FROM container k WHERE id = ?", id).
		Scan(&raw, &f.parent, &f.aggregation)
	if err != nil {
		return f, fmt.Errorf("reading containers for the archive: %w", err)
	}
	f.own = code.Code(raw)
	p.family[id] = f
	return f, nil
}

func (p *packer) container(id int64) (*archivedContainer, error) {
	c := &archivedContainer{ID: id}
	err := p.l.reads.QueryRowContext(p.ctx, "SELECT line, station, batch, sscc, state, COALESCE(parent, 0), aggregation, edits, opened_at, closed_at, reason FROM container WHERE id = ?", id).
		Scan(&c.Line, &c.Station, &c.Batch, &c.SSCC, &c.State, &c.Parent, &c.Aggregation, &c.Edits, &c.Opened, &c.Closed, &c.Reason)
	if err != nil {
		return nil, fmt.Errorf("reading containers for the archive: %w", err)
	}
	if c.SSCC != "" {
		if c.lives, err = p.lives(0, id, 0); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// bodies packs the bytes of the reports that name what was packed.
func (p *packer) bodies() error {
	rows, err := p.l.reads.QueryContext(p.ctx, "SELECT DISTINCT d.report FROM dropped d JOIN code c ON c.id = d.code WHERE d.report > 0 AND c.lot IN ("+p.set.lotList()+")")
	drops, err := collect(rows, err, scanInt)
	if err != nil {
		return fmt.Errorf("reading reports for the archive: %w", err)
	}
	for _, id := range drops {
		if _, ok := p.reports[id]; !ok {
			if p.reports[id], err = p.l.ReportByID(p.ctx, id); err != nil {
				return err
			}
		}
	}
	for id, r := range p.reports {
		body, err := p.l.ReportBody(p.ctx, id)
		if errors.Is(err, ErrArchived) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading reports for the archive: %w", err)
		}
		if err := p.out.add(record{Report: &archivedReport{Report: r, Body: body}}); err != nil {
			return err
		}
	}
	return nil
}
