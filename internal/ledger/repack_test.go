package ledger

import (
	"errors"
	"strings"
	"testing"

	"linemark/internal/code"
)

func (p *plant) by() Replacement {
	return Replacement{Lot: p.unit.lot, Profile: p.unit.profile, From: "box"}
}

// reported brings closed containers into an aggregation report of this state.
func (p *plant) reported(s ReportStatus) Report {
	due := must(p.DueAggregation(p.ctx, func(string) bool { return false }))
	r := must(p.BuildAggregation(p.ctx, due[0], false, 1000, func(Report, []AggregationUnit) ([]byte, error) { return []byte("x"), nil }))
	if s != Frozen {
		try(p.MarkReport(p.ctx, r.ID, s, "", ""))
	}
	return r
}

// TestP5_NothingChangesAfterItsReport: from its freezing on a report's containers stay as they are,
// whatever becomes of the report; only what the national system has denied may be changed, and then
// it stands in that report no more, nor does what it is in.
func TestP5_NothingChangesAfterItsReport(t *testing.T) {
	for _, s := range []ReportStatus{Frozen, Sending, InDoubt, Accepted, Sent, Unclear, Probable, Handed, Denied} {
		t.Run(string(s), func(t *testing.T) {
			p := newPlant(t)
			p.stock(p.unit, 9)
			p.stock(p.box, 3)
			id, units, _ := p.closed(2)
			pallet := p.openPallet(2)
			try(p.PutContainer(p.ctx, pallet, id))
			try(p.CloseWithReadSSCC(p.ctx, pallet, must(code.SSCC("0301234567", 7))))
			r := p.reported(s)
			spare := p.verified(p.unit, 1)[0]
			var no *ReportedError
			o, err := p.Replace(p.ctx, "box", id, units[0].Code, spare.Code, p.by(), why)
			if s != Denied {
				if !errors.As(err, &no) || no.Report != r.ID || no.State != s || p.in(units[0].ID) != id {
					t.Errorf("replace: %v, %+v", err, o)
				}
				if _, err := p.Dissolve(p.ctx, "box", pallet, why); !errors.As(err, &no) {
					t.Errorf("dissolve: %v", err)
				}
				return
			}
			if err != nil || !o.Packed || p.in(units[0].ID) != 0 || p.in(spare.ID) != id {
				t.Errorf("replace: %v, %+v", err, o)
			}
			if names := must(p.ReportUnits(p.ctx, must(p.ReportByID(p.ctx, r.ID)))); len(names) != 0 {
				t.Errorf("the denied report still names %+v", names)
			}
			again := p.reported(Frozen)
			if units := must(p.ReportUnits(p.ctx, again)); len(units) != 2 || units[0].Children[1] != spare.Code[:len(units[0].Children[1])] {
				t.Errorf("the next report names %+v", units)
			}
		})
	}
}

// A report that was being built while a person changed a container holds the old contents: it is
// not made.
func TestP5_ChangedWhileItsReportIsBuilt(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	p.stock(p.box, 3)
	id, units, _ := p.closed(2)
	spare := p.verified(p.unit, 1)[0]
	due := must(p.DueAggregation(p.ctx, func(string) bool { return false }))
	var state *StateError
	_, err := p.BuildAggregation(p.ctx, due[0], false, 1000, func(Report, []AggregationUnit) ([]byte, error) {
		must(p.Replace(p.ctx, "box", id, units[0].Code, spare.Code, p.by(), why))
		return []byte("old"), nil
	})
	if all := must(p.Reports(p.ctx)); !errors.As(err, &state) || len(all) != 0 {
		t.Errorf("%v, reports %+v", err, all)
	}
	// The same while a denied one is being divided.
	p.closed(2)
	denied := p.reported(Denied)
	_, err = p.DivideAggregation(p.ctx, must(p.ReportByID(p.ctx, denied.ID)), func(Report, []AggregationUnit) ([]byte, error) {
		_, err := p.Replace(p.ctx, "box", id, spare.Code, units[0].Code, p.by(), why)
		var gone *StateError
		if err != nil && !errors.As(err, &gone) { // the second part is built after the change
			t.Error(err)
		}
		return []byte("old"), nil
	})
	if all := must(p.Reports(p.ctx)); !errors.As(err, &state) || len(all) != 1 {
		t.Errorf("%v, reports %+v", err, all)
	}
}

func TestWhatCannotBeChanged(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 30)
	p.stock(p.box, 5)
	refused := func(err error, what string) {
		t.Helper()
		var state *StateError
		if !errors.As(err, &state) || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
	spare := p.verified(p.unit, 2)
	closed, units, _ := p.closed(2)
	_, err := p.TakeOut(p.ctx, "box", closed, units[0].Code, why)
	refused(err, "is closed")
	_, err = p.TakeLastOut(p.ctx, "box", closed, why)
	refused(err, "is closed")
	_, err = p.EmptyContainer(p.ctx, "box", closed, why)
	refused(err, "is closed")
	_, err = p.Replace(p.ctx, "box", closed, spare[0].Code, spare[1].Code, p.by(), why)
	refused(err, "is not in container")

	full, in := p.container(2)
	try(p.Fill(p.ctx, full))
	_, err = p.Replace(p.ctx, "box", full, in[0].Code, spare[1].Code, p.by(), why)
	refused(err, "is under way")
	_, err = p.Dissolve(p.ctx, "box", full, why)
	refused(err, "is under way")
	try(p.Aside(p.ctx, "box", full, "torn"))
	_, err = p.EmptyContainer(p.ctx, "box", full, why)
	refused(err, "set aside")

	pallet := p.openPallet(2)
	try(p.PutContainer(p.ctx, pallet, closed))
	_, err = p.Dissolve(p.ctx, "box", closed, why)
	refused(err, "is in container")
	_, err = p.Dissolve(p.ctx, "pallet", pallet, why)
	refused(err, "not closed")
	empty := p.openBox(2)
	_, err = p.TakeLastOut(p.ctx, "box", empty, why)
	refused(err, "nothing is in")
	refused(p.CloseWithReadSSCC(p.ctx, empty, must(code.SSCC("0301234567", 3))), "nothing is in")
	_, err = p.EmptyContainer(p.ctx, "box", 999, why)
	refused(err, "there is no container 999")

	dropped, _, label := p.closed(2)
	must(p.Drop(p.ctx, "office", Drop{Reason: "DEFECT", WithChild: true}, []code.Code{label.Code}))
	_, err = p.Dissolve(p.ctx, "box", dropped, why)
	refused(err, "was dropped")
}

// TestDissolve: what was in it is loose, its own code in doubt and never on another container, and
// can be dropped by itself; each life tells who did it.
func TestDissolve(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	p.stock(p.box, 3)
	id, units, label := p.closed(2)
	if n := must(p.Dissolve(p.ctx, "3/box", id, why)); n != 2 {
		t.Errorf("%d units became loose", n)
	}
	if p.in(units[0].ID) != 0 || p.state(units[0].ID) != Verified || p.state(label.ID) != Doubtful || p.containerIs(id) != ContainerAside {
		t.Errorf("unit %s in %d, label %s", p.state(units[0].ID), p.in(units[0].ID), p.state(label.ID))
	}
	for _, c := range []code.Code{units[1].Code, label.Code} {
		life := must(p.Trace(p.ctx, c))
		if last := life.Journal[len(life.Journal)-1]; !strings.Contains(last.Cause, why) || last.Place != "3/box" {
			t.Errorf("the life of %q ends with %+v", c, last)
		}
	}
	again, _ := p.container(2)
	for _, s := range []code.Code{label.Code, mangle(label.Code), units[0].Code} {
		if err := p.CloseWithReadCode(p.ctx, "box", again, p.box.lot, p.box.profile, s); err == nil {
			t.Errorf("%q is on another container", s)
		}
	}
	if out := must(p.Drop(p.ctx, "office", Drop{Reason: "DEFECT"}, []code.Code{label.Code})); out[0].Codes != 1 {
		t.Errorf("its code alone: %+v", out)
	}
	sscc := must(code.SSCC("0301234567", 40))
	try(p.CloseWithReadSSCC(p.ctx, again, sscc))
	try(p.CloseWithReadSSCC(p.ctx, again, sscc)) // a repeat
	must(p.Dissolve(p.ctx, "3/box", again, why))
	third, _ := p.container(2)
	if err := p.CloseWithReadSSCC(p.ctx, third, sscc); err == nil {
		t.Error("the SSCC of a dissolved container is on another one")
	}
}

// P1: a number that was read on a label printed elsewhere is given out no more, and one that was
// given out is not taken for such a label.
func TestP1_ReadSSCC(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	given := must(p.NextSSCC(p.ctx, "0301234567"))
	id, _ := p.container(1)
	if err := p.CloseWithReadSSCC(p.ctx, id, given); err == nil || !strings.Contains(err.Error(), "given out") {
		t.Errorf("a number of this agent's own: %v", err)
	}
	try(p.CloseWithReadSSCC(p.ctx, id, must(code.SSCC("0301234567", 2))))
	if next := must(p.NextSSCC(p.ctx, "0301234567")); next != must(code.SSCC("0301234567", 3)) {
		t.Errorf("the next number is %s", next)
	}
}

func TestPutKeepsToTheCapacity(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	p.stock(p.box, 4)
	units := texts(p.verified(p.unit, 4))
	id := p.openBox(3)
	var state *StateError
	if _, err := p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, units); !errors.As(err, &state) {
		t.Errorf("four into three: %v", err)
	}
	if n := len(must(p.Container(p.ctx, id)).In); n != 0 {
		t.Errorf("%d of them are in it", n)
	}
	p.put(id, units[:3]...)
	if o := p.put(id, units[0])[0]; o.Outcome != Duplicate || o.Note != "in this container already" {
		t.Errorf("a unit of a full one again: %+v", o)
	}
	if _, err := p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, units[3:]); !errors.As(err, &state) {
		t.Errorf("a fourth: %v", err)
	}
	if _, err := p.TakeOut(p.ctx, "box", id, units[1], why); err != nil {
		t.Error(err)
	}
	p.put(id, units[3])
	if got := must(p.Container(p.ctx, id)).In; len(got) != 3 || got[2] != units[3][:len(got[2])] {
		t.Errorf("in it are %q", got)
	}
	pallet := p.openPallet(1)
	a, _, _ := p.closed(1)
	b, _, _ := p.closed(1)
	try(p.PutContainer(p.ctx, pallet, a))
	if err := p.PutContainer(p.ctx, pallet, b); !errors.As(err, &state) {
		t.Errorf("two boxes on a pallet for one: %v", err)
	}
}

// TestPutVerified: a station may be told to pack only what was verified; what it refuses stays.
func TestPutVerified(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	id := p.openBox(3)
	missed, ok := p.claim(p.unit, 1)[0], p.verified(p.unit, 1)[0]
	outs := must(p.PutVerified(p.ctx, "box", id, p.unit.lot, p.unit.profile, []code.Code{missed.Code, ok.Code}))
	if outs[0].Outcome != Unverified || outs[0].Packed || p.state(missed.ID) != Claimed || !outs[1].Packed {
		t.Errorf("%+v, the code is %s", outs, p.state(missed.ID))
	}
}

func TestPutCoded(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 30)
	p.stock(p.box, 9)
	pallet := p.openPallet(9)
	good, units, label := p.closed(1)
	_, _, bareLabel := p.closed(1)
	in, _, inLabel := p.closed(1)
	try(p.PutContainer(p.ctx, p.openPallet(2), in))
	gone, _, goneLabel := p.closed(1)
	must(p.Dissolve(p.ctx, "box", gone, why))
	other := must(p.OpenContainer(p.ctx, NewContainer{Line: "4", Station: "box", Group: "water", Batch: "B1", Capacity: 1}))
	p.put(other, p.verified(p.unit, 1)[0].Code)
	sscc := must(code.SSCC("0301234567", 9))
	try(p.CloseWithReadSSCC(p.ctx, other, sscc))
	loose := p.claim(p.box, 1)[0]
	for _, test := range []struct {
		name   string
		scan   code.Code
		want   Outcome
		packed bool
	}{
		{"a closed box", label.Code, Good, true},
		{"GS lost", bare(bareLabel.Code), Good, true},
		{"again", label.Code, Duplicate, false},
		{"on another pallet", inLabel.Code, Duplicate, false},
		{"mangled", mangle(label.Code), Mangled, false},
		{"dissolved", goneLabel.Code, Withdrawn, false},
		{"of another line", sscc, Foreign, false},
		{"a unit", units[0].Code, Foreign, false},
		{"a label of no box", loose.Code, NotClosed, false},
		{"unknown", must(code.SSCC("0301234567", 99)), Unknown, false},
		{"nonsense", "NOREAD", Unknown, false},
	} {
		if o := must(p.PutCoded(p.ctx, pallet, "box", test.scan)); o.Outcome != test.want || o.Packed != test.packed {
			t.Errorf("%s: %s (%s), packed %v", test.name, o.Outcome, o.Note, o.Packed)
		}
	}
	if c := must(p.Container(p.ctx, pallet)); len(c.In) != 2 || must(p.Container(p.ctx, good)).Parent != pallet {
		t.Errorf("on the pallet are %q", c.In)
	}
}

// TestRecoverLeavesTheBench: the last open container of a bench goes on after a restart, every other
// one is set aside as ever.
func TestRecoverLeavesTheBench(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	old, _ := p.container(2)
	open, units := p.container(3)
	pallet := p.openPallet(2)
	p.reopen()
	if got := must(p.Recover(p.ctx, Bench{"3", "box"}, Bench{"4", "box"}, Bench{"3", "none"})); got.Containers != 2 {
		t.Errorf("recovered %+v", got)
	}
	if p.containerIs(old) != ContainerAside || p.containerIs(pallet) != ContainerAside || p.containerIs(open) != ContainerOpen || p.in(units[0].ID) != open {
		t.Errorf("states %d, %d, %d", p.containerIs(old), p.containerIs(pallet), p.containerIs(open))
	}
	if c := must(p.OpenContainerAt(p.ctx, "3", "box")); c.ID != open || len(c.In) != 3 {
		t.Errorf("open is %+v", c)
	}
	if _, err := p.OpenContainerAt(p.ctx, "3", "pallet"); !errors.Is(err, ErrNotFound) {
		t.Errorf("open at another station: %v", err)
	}
}
