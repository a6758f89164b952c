package ledger

import (
	"strings"
	"testing"

	"linemark/internal/code"
)

// A product comes back if its code can be read right now and is on no other product for all that is known.
func TestRework(t *testing.T) {
	for _, test := range []struct {
		name    string
		before  func(p *plant, c Claim) // what happened to the code
		scan    func(c code.Code) code.Code
		outcome Outcome
		now     State // behind the check station
		again   State // in front of it
	}{
		{"rejected since it was read wrong", func(p *plant, c Claim) { p.read(mangle(c.Code)) }, nil, Good, Verified, Printed},
		{"rejected, and still read wrong", func(p *plant, c Claim) { p.read(mangle(c.Code)) }, mangle, Mangled, Rejected, Rejected},
		{"not read, in doubt", func(p *plant, c Claim) { try(p.Doubt(p.ctx, "mark", []int64{c.ID}, "overtaken")) }, nil, Good, Verified, Printed},
		{"not read, printed", func(p *plant, c Claim) { try(p.Confirm(p.ctx, "mark", []int64{c.ID}, ByCount)) }, nil, Good, Verified, Printed},
		{"not read, not counted yet", func(*plant, Claim) {}, nil, Good, Verified, Claimed},
		{"a reader that drops GS", func(*plant, Claim) {}, bare, Good, Verified, Claimed},
		{"P1: a copy of a good one", func(p *plant, c Claim) { p.read(c.Code) }, nil, Duplicate, Verified, Verified},
		{"P1: one that came back already", func(p *plant, c Claim) {
			p.read(mangle(c.Code))
			must(p.Rework(p.ctx, "rework", p.unit.lot, p.unit.profile, []code.Code{c.Code}, false))
		}, nil, Duplicate, Verified, Verified},
		{"a packed one", func(p *plant, c Claim) {
			id := must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 1}))
			must(p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, []code.Code{c.Code}))
		}, nil, Duplicate, Verified, Verified},
		{"a dropped one", func(p *plant, c Claim) { p.read(c.Code); p.dropAll(defect, c.Code) }, nil, Withdrawn, Dropped, Dropped},
		{"a dropped one that had been rejected", func(p *plant, c Claim) { p.read(mangle(c.Code)); p.dropAll(defect, c.Code) }, nil, Withdrawn, Dropped, Dropped},
		{"never had", func(*plant, Claim) {}, func(c code.Code) code.Code { return c[:18] + "never-had-it1\x1d93abcd" }, Unknown, Claimed, Claimed},
		{"nothing", func(*plant, Claim) {}, func(code.Code) code.Code { return "NOREAD" }, Unreadable, Claimed, Claimed},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, again := range []bool{false, true} {
				p := newPlant(t)
				p.stock(p.unit, 3)
				c := p.claim(p.unit, 1)[0]
				test.before(p, c)
				scan, want := c.Code, test.now
				if test.scan != nil {
					scan = test.scan(scan)
				}
				if again {
					want = test.again
				}
				was := p.state(c.ID)
				v := must(p.Rework(p.ctx, "rework", p.unit.lot, p.unit.profile, []code.Code{scan}, again))[0]
				if v.Outcome != test.outcome || v.ID != 0 && v.Was != was {
					t.Fatalf("again %v: %s, was %s; want %s, was %s", again, v.Outcome, v.Was, test.outcome, was)
				}
				if got := p.state(c.ID); got != want {
					t.Errorf("again %v: it is %s, want %s", again, got, want)
				}
				if ev := p.evidence(c.ID); v.Outcome == Good && (ev == ByScan) == again {
					t.Errorf("P3: again %v with evidence %d", again, ev)
				}
				if v.Outcome != Good {
					continue
				}
				life := must(p.Trace(p.ctx, c.Code))
				if last := life.Journal[len(life.Journal)-1]; last.Place != "rework" || !strings.HasPrefix(last.Cause, "rework") {
					t.Errorf("the journal says %+v", last)
				}
				wantCheck := Duplicate
				if again {
					wantCheck = Good
				}
				if v := p.read(c.Code); v.Outcome != wantCheck {
					t.Errorf("again %v, then at the check station: %s", again, v.Outcome)
				}
			}
		})
	}
}

// read is a scan at the check station.
func (p *plant) read(c code.Code) Verdict {
	return must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c}))[0]
}

// A code that nobody here gave to a printer does not come back as a good product, whatever was read of it.
func TestP1_ReworkOfAStockCode(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 2)
	rework := func(c code.Code) Outcome {
		return must(p.Rework(p.ctx, "rework", p.unit.lot, p.unit.profile, []code.Code{c}, false))[0].Outcome
	}
	if o := rework(codes[0]); o != NotIssued {
		t.Errorf("from stock: %s", o)
	}
	p.read(mangle(codes[0])) // it stands as rejected now
	if o := rework(codes[0]); o != NotIssued {
		t.Errorf("from stock, rejected: %s", o)
	}
	if got := p.claim(p.unit, 1)[0].Code; got != codes[1] {
		t.Errorf("claimed %s", code.Visible(got))
	}
}

// A product that goes past the check station again is not taken for one that was passed over, until products
// that were claimed after it have passed.
func TestReworkedIsNotOvertaken(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	c := p.claim(p.unit, 3)
	p.read(mangle(c[0].Code))
	must(p.Rework(p.ctx, "rework", p.unit.lot, p.unit.profile, []code.Code{c[0].Code}, true))
	later := p.claim(p.unit, 2)
	if n := must(p.SetAside(p.ctx, "check", p.unit.lot, c[2].Seq, "overtaken")); n != 1 || p.state(c[0].ID) != Printed || p.state(c[1].ID) != Doubtful {
		t.Errorf("%d set aside, the reworked one is %s", n, p.state(c[0].ID))
	}
	if n := must(p.SetAside(p.ctx, "check", p.unit.lot, later[1].Seq, "overtaken")); n != 3 || p.state(c[0].ID) != Doubtful {
		t.Errorf("%d set aside, the reworked one is %s", n, p.state(c[0].ID))
	}
}

// A label that came printed and is in no batch yet waits for its first scan.
func TestReworkPreprinted(t *testing.T) {
	p := newPlant(t)
	own := bottle
	own.Preprinted = true
	must(p.Product(p.ctx, own))
	codes := p.stock(p.unit, 2)
	for i, again := range []bool{true, false} {
		v := must(p.Rework(p.ctx, "rework", p.unit.lot, p.unit.profile, codes[i:i+1], again))[0]
		check := map[bool]Outcome{true: Good, false: Duplicate}[again]
		if got := p.read(codes[i]).Outcome; v.Outcome != Good || got != check {
			t.Errorf("again %v: %s, then %s", again, v.Outcome, got)
		}
	}
}
