package ledger

import (
	"errors"
	"maps"
	"testing"

	"linemark/internal/code"
)

// TestP3_TypedIsNoReading: what a person types in the place of a unit is no evidence that it is on
// one. Only what was verified before goes in, and nothing is moved by the look-up.
func TestP3_TypedIsNoReading(t *testing.T) {
	p := newPlant(t)
	stock := p.stock(p.unit, 12)
	p.stock(p.box, 3)
	id, units, _ := p.closed(2)
	claims := p.claim(p.unit, 4)
	try(p.Confirm(p.ctx, "mark", ids(claims[1:2]), ByIdentity))
	try(p.Doubt(p.ctx, "mark", ids(claims[2:3]), "the power was cut"))
	must(p.Drop(p.ctx, "office", Drop{Reason: "DEFECT"}, []code.Code{p.verified(p.unit, 1)[0].Code}))
	gone := stock[6]
	before := must(p.Recount(p.ctx))[0].States
	for _, test := range []struct {
		name string
		text code.Code
		want Outcome
	}{
		{"at the printer", claims[0].Code, Unverified},
		{"at the printer, by its identification code", claims[0].Code[:31], Unverified},
		{"printed", claims[1].Code, Unverified},
		{"in doubt", claims[2].Code, Unverified},
		{"in stock", stock[11], NotIssued},
		{"mangled", mangle(claims[3].Code), Mangled},
		{"dropped", gone, Withdrawn},
		{"in it", units[1].Code, Duplicate},
		{"unknown", "0104780012345677215", Unreadable},
	} {
		o := must(p.Replace(p.ctx, "office", id, units[0].Code, test.text, p.by(), why))
		if o.Packed || o.Outcome != test.want || p.in(units[0].ID) != id {
			t.Errorf("%s: %s, packed %v; want %s", test.name, o.Outcome, o.Packed, test.want)
		}
		if now := must(p.Recount(p.ctx))[0].States; !maps.Equal(now, before) {
			t.Errorf("%s: %v, it was %v", test.name, now, before)
		}
	}
	spare := p.verified(p.unit, 1)[0]
	if o := must(p.Replace(p.ctx, "office", id, units[0].Code, spare.Code, p.by(), why)); !o.Packed || p.in(spare.ID) != id {
		t.Errorf("a verified one: %+v", o)
	}
	if o := must(p.Replace(p.ctx, "office", id, spare.Code, units[0].Code[:31], p.by(), why)); !o.Packed || p.in(units[0].ID) != id {
		t.Errorf("one by its identification code: %+v", o)
	}
}

// TestP5_DroppedWithItsPallet: a box that was dropped with its pallet is changed no more than the
// pallet itself, and a dropped box goes onto no pallet.
func TestP5_DroppedWithItsPallet(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 12)
	p.stock(p.box, 3)
	id, units, _ := p.closed(2)
	pallet := p.openPallet(1)
	try(p.PutContainer(p.ctx, pallet, id))
	sscc := must(code.SSCC("0301234567", 7))
	try(p.CloseWithReadSSCC(p.ctx, pallet, sscc))
	if o := must(p.Drop(p.ctx, "office", Drop{Reason: "DESTRUCTION", WithChild: true}, []code.Code{sscc})); o[0].Why != "" {
		t.Fatalf("%+v", o)
	}
	spare := p.verified(p.unit, 1)[0]
	var no *StateError
	if o, err := p.Replace(p.ctx, "office", id, units[0].Code, spare.Code, p.by(), why); !errors.As(err, &no) || o.Packed || p.in(spare.ID) != 0 {
		t.Errorf("replace in a box of a dropped pallet: %v, %+v", err, o)
	}

	box, _, label := p.closed(1)
	if o := must(p.Drop(p.ctx, "office", Drop{Reason: "DEFECT", WithChild: true}, []code.Code{label.Code})); o[0].Why != "" {
		t.Fatalf("%+v", o)
	}
	empty := p.openPallet(1)
	if err := p.PutContainer(p.ctx, empty, box); !errors.As(err, &no) {
		t.Errorf("a dropped box onto a pallet: %v", err)
	}
	if c := must(p.Container(p.ctx, empty)); len(c.In) != 0 {
		t.Errorf("on it are %q", c.In)
	}
}
