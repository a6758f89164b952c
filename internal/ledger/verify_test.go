package ledger

import (
	"strings"
	"testing"

	"linemark/internal/code"
)

// bare is the code as a reader shows it that drops GS.
func bare(c code.Code) code.Code { return code.Code(strings.ReplaceAll(string(c), "\x1d", "")) }

// mangle changes the last byte of the check part.
func mangle(c code.Code) code.Code { return c[:len(c)-1] + "~" }

func TestVerify(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 20)
	p.stock(p.box, 2)
	boxes := p.claim(p.box, 1)
	c := p.claim(p.unit, 14)
	confirm := func(i int, ev Evidence) { try(p.Confirm(p.ctx, "mark", []int64{c[i].ID}, ev)) }
	confirm(1, ByCount)
	confirm(2, ByIdentity)
	try(p.Doubt(p.ctx, "mark", []int64{c[3].ID}, "fault"))
	confirm(7, ByIdentity)
	stock := must(p.Trace(p.ctx, c[0].Code[:18]+"xa93_00000017")).Code // ident alone finds it
	inStock := must(p.Trace(p.ctx, stock[:p.unit.profile.KI-1]+"8")).Code
	second := must(p.Product(p.ctx, Product{Name: "other", GTIN: gtin("0478009999999"), Group: "water", Type: code.Unit}))
	otherLot := must(p.Lot(p.ctx, "3", second, "B1"))
	tests := []struct {
		name    string
		scan    code.Code
		outcome Outcome
		was     State
		now     State // of the code, where it is known
		id      int64
	}{
		{"claimed", c[0].Code, Good, Claimed, Verified, c[0].ID},
		{"counted", c[1].Code, Good, Printed, Verified, c[1].ID},
		{"confirmed", c[2].Code, Good, Printed, Verified, c[2].ID},
		{"doubtful", c[3].Code, Good, Doubtful, Verified, c[3].ID},
		{"a second time", c[0].Code, Duplicate, Verified, Verified, c[0].ID},
		{"GS lost", bare(c[4].Code), Good, Claimed, Verified, c[4].ID},
		{"GS lost, a second time", bare(c[0].Code), Duplicate, Verified, Verified, c[0].ID},
		{"GS lost and another byte too", mangle(bare(c[5].Code)), Mangled, Claimed, Rejected, c[5].ID},
		{"mangled", mangle(c[6].Code), Mangled, Claimed, Rejected, c[6].ID},
		{"mangled after the printer's word", mangle(c[7].Code), Mangled, Printed, Rejected, c[7].ID},
		{"mangled after a good scan", mangle(c[0].Code), Mangled, Verified, Verified, c[0].ID},
		{"without its check part", c[8].Code[:31], Mangled, Claimed, Rejected, c[8].ID},
		{"another code's check part", c[9].Code[:32] + c[10].Code[32:], Mangled, Claimed, Rejected, c[9].ID},
		{"rejected before", c[6].Code, Withdrawn, Rejected, Rejected, c[6].ID},
		{"a container's label", boxes[0].Code, Foreign, Claimed, Claimed, boxes[0].ID},
		{"in stock", stock, NotIssued, InStock, Doubtful, 0},
		{"in stock, a second time", stock, NotIssued, Doubtful, Doubtful, 0},
		{"in stock, mangled", mangle(inStock), Mangled, InStock, InStock, 0},
		{"never had", c[0].Code[:18] + "never-had-it1\x1d93abcd", Unknown, InStock, 0, 0},
		{"no code", "NOREAD", Unreadable, InStock, 0, 0},
		{"empty", "", Unreadable, InStock, 0, 0},
		{"a byte more", c[11].Code + "x", Mangled, Claimed, Rejected, c[11].ID},
		{"GS doubled", c[12].Code[:31] + "\x1d" + c[12].Code[31:], Mangled, Claimed, Rejected, c[12].ID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{test.scan}))[0]
			if v.Outcome != test.outcome || v.Was != test.was {
				t.Fatalf("%s, was %s (%s); want %s, was %s", v.Outcome, v.Was, v.Note, test.outcome, test.was)
			}
			if test.id != 0 && v.ID != test.id {
				t.Errorf("code %d, want %d", v.ID, test.id)
			}
			known := test.outcome != Unknown && test.outcome != Unreadable
			if known != (v.ID != 0) || known && p.state(v.ID) != test.now {
				t.Errorf("code %d is %s, want %s", v.ID, p.state(v.ID), test.now)
			}
			if test.outcome != Unreadable && v.Ident == "" {
				t.Error("no identification code")
			}
			if test.outcome == Good && (v.Claim == 0 || p.evidence(v.ID) != ByScan) {
				t.Errorf("claim %d, evidence %d", v.Claim, p.evidence(v.ID))
			}
			if (test.was == Doubtful && test.outcome == Good || test.outcome == Unreadable) != (v.Note != "") {
				t.Errorf("note %q", v.Note)
			}
		})
	}
	v := must(p.Verify(p.ctx, "check", otherLot, p.unit.profile, []code.Code{c[0].Code}))
	if v[0].Outcome != Foreign || p.state(c[0].ID) != Verified {
		t.Errorf("at another product's station: %s, now %s", v[0].Outcome, p.state(c[0].ID))
	}
	if _, err := p.Verify(p.ctx, "check", 999, p.unit.profile, []code.Code{c[13].Code}); err == nil || p.state(c[13].ID) != Claimed {
		t.Errorf("a lot that does not exist: %v, %s", err, p.state(c[13].ID))
	}
}

// A code that was found on a product while in stock is never printed after that.
func TestP1_StockCodeSeenOnAProductIsNotIssued(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 3)
	must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, codes[1:2]))
	claims := must(p.Claim(p.ctx, "mark", p.unit.lot, 5))
	if len(claims) != 2 || claims[0].Code != codes[0] || claims[1].Code != codes[2] {
		t.Errorf("claimed %v", claims)
	}
}

// Scans of one call are settled in order: the second of two equal ones is the duplicate.
func TestP6_VerifyInOrder(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2)
	c := texts(p.claim(p.unit, 2))
	want := []Outcome{Good, Duplicate, Unreadable, Good, Duplicate}
	for i, v := range must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c[1], bare(c[1]), "?", c[0], c[1]})) {
		if v.Outcome != want[i] {
			t.Errorf("scan %d: %s, want %s", i, v.Outcome, want[i])
		}
	}
}

// A scan without GS is one code only: its own. The tail of one and the head of the other are
// two codes whose bytes agree but for where GS stood.
func TestGSLostEqualsOnlyItsOwnCode(t *testing.T) {
	p := newPlant(t)
	pharma := must(code.Table{}.Profile("pharma", code.Unit))
	product := must(p.Product(p.ctx, Product{Name: "pills", GTIN: gtin("0460714356059"), Group: "pharma", Type: code.Unit}))
	order := must(p.PlaceOrder(p.ctx, product, 10))
	lot := must(p.Lot(p.ctx, "3", product, "B1"))
	head := "01" + gtin("0460714356059") + "21FGXEAGA5A1GAH"
	tail := strings.Repeat("k", 43) + "="
	issued := code.Code(head + "\x1d91EE06\x1d92" + tail)
	try(p.Receive(p.ctx, order, "b", pharma, []code.Code{issued}))
	claims := must(p.Claim(p.ctx, "mark", lot, 1))
	if len(claims) != 1 {
		t.Fatal("nothing claimed")
	}
	for _, scan := range []code.Code{
		code.Code(head + "91EE069" + "3" + tail),       // another identifier
		code.Code(head + "\x1d91EE0692" + tail),        // one GS of two: no reader does that
		code.Code(head + "91EE06" + tail + "92"),       // the parts in another place
		code.Code(head[:30] + "I" + "91EE0692" + tail), // another serial number
	} {
		v := must(p.Verify(p.ctx, "check", lot, pharma, []code.Code{scan}))[0]
		if v.Outcome == Good {
			t.Errorf("%s passes for %s", code.Visible(scan), code.Visible(issued))
		}
	}
	if p.state(claims[0].ID) != Rejected {
		t.Errorf("state %s", p.state(claims[0].ID))
	}
}
