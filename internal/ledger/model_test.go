package ledger

import (
	"fmt"
	"io"
	"os"
	"slices"

	"linemark/internal/code"
)

// model is what the promises say of a ledger, in memory and without a word of SQL.
type model struct {
	*plant
	lots    []*modelLot
	codes   []*modelCode // in the order of receipt
	boxes   []*modelBox
	reports []*modelReport
	blocks  []string
	placing int // counts what was put into containers
}

type modelLot struct {
	id    LotID
	kind  *kind
	batch string
}

type modelCode struct {
	text   code.Code
	kind   *kind
	id     int64 // 0 until the ledger told it
	state  State
	ev     Evidence
	lot    *modelLot
	seq    int64
	box    *modelBox
	placed int // order within the box
	report *modelReport
	ready  ready
}

type modelBox struct {
	id     ContainerID
	state  ContainerState
	pallet bool
	label  *modelCode
	sscc   code.Code
	parent *modelBox
	placed int
	report *modelReport
}

// boxSize is how much every container of the model takes.
const boxSize = 4

type modelReport struct {
	id    int64
	state ReportStatus
	codes int
}

func newModel(dir string) *model {
	m := &model{plant: openPlant(dir)}
	m.addLot(m.unit, "B1")
	m.addLot(m.unit, "B2")
	m.addLot(m.box, "B1")
	return m
}

func (m *model) addLot(k *kind, batch string) {
	m.lots = append(m.lots, &modelLot{must(m.Lot(m.ctx, "3", k.id, batch)), k, batch})
}

// crash goes on with a copy of the files as they lie on the disk, without a word to the ledger.
func (m *model) crash(to string) {
	for _, suffix := range []string{"", "-wal"} {
		in, err := os.Open(file(m.dir, suffix))
		if os.IsNotExist(err) {
			continue
		}
		try(err)
		out := must(os.Create(file(to, suffix)))
		must(io.Copy(out, in))
		try(out.Close())
		try(in.Close())
	}
	try(m.Close())
	m.dir = to
	m.open()
}

func (m *model) recovered() Recovered {
	var r Recovered
	for _, c := range m.codes {
		if c.state == Claimed {
			c.state = Doubtful
			r.Codes++
		}
	}
	for _, b := range m.boxes {
		if b.state == ContainerOpen || b.state == ContainerFull {
			m.asided(b)
			r.Containers++
		}
	}
	for _, rep := range m.reports {
		if rep.state == Sending {
			rep.state = InDoubt
			r.Reports++
		}
	}
	return r
}

func (m *model) asided(b *modelBox) {
	b.state = ContainerAside
	for _, c := range m.codes {
		if c.box == b {
			c.box = nil
		}
	}
	for _, inner := range m.boxes {
		if inner.parent == b {
			inner.parent = nil
		}
	}
}

// scan is what a reader shows.
type scan struct {
	text    code.Code
	of      *modelCode // nil: of none
	mangled bool
}

// verified says what a scan at a station of this product means, and settles it.
func (m *model) settled(k *kind, s scan) Outcome {
	c := s.of
	if c == nil {
		if len(s.text) < 20 {
			return Unreadable
		}
		return Unknown
	}
	out := c.state == Claimed || c.state == Printed || c.state == Doubtful
	bad := Good
	switch {
	case c.kind != k:
		bad = Foreign
	case s.mangled:
		bad = Mangled
	}
	switch {
	case bad == Foreign && c.kind.Type == code.Group: // a container is not thrown out with a unit
		return bad
	case bad != Good && out:
		c.state = Rejected
		return bad
	case bad != Good:
		return bad
	case out && c.lot == nil: // it was in stock when it was first read
		return NotIssued
	case out:
		c.state, c.ev = Verified, ByScan
		return Good
	case c.state == InStock:
		c.state = Doubtful
		return NotIssued
	case c.state == Verified:
		return Duplicate
	}
	return Withdrawn
}

// put says whether a pack scan lets the unit into the box, and settles it.
func (m *model) put(k *kind, b *modelBox, s scan) (Outcome, bool) {
	if c := s.of; c != nil && c.kind == k && !s.mangled && c.state == Verified {
		if c.box != nil {
			return Duplicate, false
		}
		m.into(c, b)
		return Good, true
	}
	o := m.settled(k, s)
	if o == Good {
		m.into(s.of, b)
	}
	return o, o == Good
}

func (m *model) into(c *modelCode, b *modelBox) {
	m.placing++
	c.box, c.placed = b, m.placing
}

// usage says with which word a code may be reported now; empty: not at all (P3).
func (c *modelCode) usage(units string) string {
	switch {
	case c.report != nil || c.state != Printed && c.state != Verified && c.state != Dropped || c.ev < ByIdentity:
		return ""
	case c.kind.Type == code.Unit && units != "VERIFIED":
		return units
	case c.ev == ByScan:
		return "VERIFIED"
	case c.kind.Type == code.Group:
		return "PRINTED"
	}
	return ""
}

// due tells whether a container may be aggregated by itself; dueWith, whether it may in one report
// with those that are taken into it.
func (m *model) due(b *modelBox, needs bool) bool { return m.dueWith(b, needs, nil) }

func (m *model) dueWith(b *modelBox, needs bool, taken []*modelBox) bool {
	if b.state != ContainerClosed || b.report != nil {
		return false
	}
	for _, c := range m.codes {
		if needs && (c.box == b || b.label == c) && (c.report == nil || c.report.state != Sent) {
			return false
		}
	}
	for _, inner := range m.boxes {
		if inner.parent == b && !slices.Contains(taken, inner) && (inner.report == nil || inner.report.state != Sent) {
			return false
		}
	}
	return true
}

// check holds the ledger against the model, row by row.
func (m *model) check(t reporter) {
	t.Helper()
	account(t, m.Ledger)
	rows, err := m.reads.QueryContext(m.ctx, "SELECT id, raw, state, evidence, COALESCE(lot, 0), COALESCE(claim, 0), COALESCE(container, 0), utilisation FROM code ORDER BY id")
	got := must(collect(rows, err, func(s scanner) (line string, err error) {
		var id, lot, claim, container, report int64
		var raw []byte
		var c modelCode
		err = s.Scan(&id, &raw, &c.state, &c.ev, &lot, &claim, &container, &report)
		return fmt.Sprintln(code.Visible(code.Code(raw)), c.state, c.ev, lot, claim, container, report), err
	}))
	if len(got) != len(m.codes) {
		t.Errorf("%d codes, want %d", len(got), len(m.codes))
		return
	}
	for i, c := range m.codes {
		var lot LotID
		var box ContainerID
		var report int64
		if c.lot != nil {
			lot = c.lot.id
		}
		if c.box != nil {
			box = c.box.id
		}
		if c.report != nil {
			report = c.report.id
		}
		if want := fmt.Sprintln(code.Visible(c.text), c.state, c.ev, lot, c.seq, box, report); got[i] != want {
			t.Errorf("code %d is\n%swant\n%s", i, got[i], want)
		}
	}
	for _, b := range m.boxes {
		if s := m.containerIs(b.id); s != b.state {
			t.Errorf("container %d is in state %d, want %d", b.id, s, b.state)
		}
	}
	stored := must(m.Reports(m.ctx))
	if len(stored) != len(m.reports) {
		t.Errorf("%d reports, want %d", len(stored), len(m.reports))
		return
	}
	for i, r := range m.reports {
		if s := stored[i]; s.ID != r.id || s.State != r.state || s.Codes != r.codes {
			t.Errorf("report %+v, want %+v", s, *r)
		}
	}
	var blocks []string
	for _, b := range must(m.Blocks(m.ctx, m.unit.order)) {
		blocks = append(blocks, b.ServerID)
	}
	if !slices.Equal(blocks, m.blocks) {
		t.Errorf("blocks %v, want %v", blocks, m.blocks)
	}
}
