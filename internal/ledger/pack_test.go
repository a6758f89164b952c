package ledger

import (
	"fmt"
	"testing"

	"linemark/internal/code"
)

func (p *plant) openBox(capacity int) ContainerID {
	return must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: capacity}))
}

func (p *plant) openPallet(capacity int) ContainerID {
	return must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: "pallet", Group: "water", Batch: "B1", Capacity: capacity, OfContainers: true}))
}

func (p *plant) put(id ContainerID, scans ...code.Code) []PutOutcome {
	return must(p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, scans))
}

// closed fills a box with n units and closes it with a group code.
func (p *plant) closed(n int) (ContainerID, []Claim, Claim) {
	id, units := p.container(n)
	try(p.Fill(p.ctx, id))
	label := p.claim(p.box, 1)[0]
	try(p.CloseWithCode(p.ctx, "box", id, label.ID, ByIdentity))
	return id, units, label
}

func (p *plant) containerIs(id ContainerID) ContainerState {
	var s ContainerState
	try(p.reads.QueryRow("SELECT state FROM container WHERE id = ?", int64(id)).Scan(&s))
	return s
}

func (p *plant) in(id int64) ContainerID {
	var c ContainerID
	try(p.reads.QueryRow("SELECT COALESCE(container, 0) FROM code WHERE id = ?", id).Scan(&c))
	return c
}

func TestPut(t *testing.T) {
	p := newPlant(t)
	stock := p.stock(p.unit, 12)
	p.stock(p.box, 1)
	ok := p.verified(p.unit, 2)
	missed := p.claim(p.unit, 6)
	try(p.Confirm(p.ctx, "mark", []int64{missed[1].ID}, ByIdentity))
	try(p.Doubt(p.ctx, "mark", []int64{missed[2].ID}, "fault"))
	label := p.claim(p.box, 1)[0]
	first, second := p.openBox(6), p.openBox(6)
	tests := []struct {
		name    string
		into    ContainerID
		scan    code.Code
		packed  bool
		outcome Outcome
		was     State
		now     State
		in      ContainerID
	}{
		{"verified", first, ok[0].Code, true, Good, Verified, Verified, first},
		{"GS lost", first, bare(ok[1].Code), true, Good, Verified, Verified, first},
		{"a second time", first, ok[0].Code, false, Duplicate, Verified, Verified, first},
		{"into another container", second, ok[0].Code, false, Duplicate, Verified, Verified, first},
		{"missed by the check station", first, missed[0].Code, true, Good, Claimed, Verified, first},
		{"confirmed, missed", second, missed[1].Code, true, Good, Printed, Verified, second},
		{"doubtful", second, missed[2].Code, true, Good, Doubtful, Verified, second},
		{"missed one again", second, missed[0].Code, false, Duplicate, Verified, Verified, first},
		{"mangled", first, mangle(missed[3].Code), false, Mangled, Claimed, Rejected, 0},
		{"rejected", first, missed[3].Code, false, Withdrawn, Rejected, Rejected, 0},
		{"mangled in a container", first, mangle(ok[0].Code), false, Mangled, Verified, Verified, first},
		{"in stock", first, stock[10], false, NotIssued, InStock, Doubtful, 0},
		{"a container's label", first, label.Code, false, Foreign, Claimed, Claimed, 0},
		{"unreadable", first, "NOREAD", false, Unreadable, 0, 0, 0},
		{"unknown", first, ok[0].Code[:18] + "never-had-it1\x1d93abcd", false, Unknown, 0, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := p.put(test.into, test.scan)[0]
			if o.Packed != test.packed || o.Outcome != test.outcome || o.Was != test.was {
				t.Fatalf("packed %v, %s, was %s; want %v, %s, was %s", o.Packed, o.Outcome, o.Was, test.packed, test.outcome, test.was)
			}
			if o.ID != 0 && (p.state(o.ID) != test.now || p.in(o.ID) != test.in) {
				t.Errorf("%s in container %d; want %s in %d", p.state(o.ID), p.in(o.ID), test.now, test.in)
			}
		})
	}
	twice := p.put(second, missed[4].Code, missed[4].Code)
	if !twice[0].Packed || twice[1].Packed || twice[1].Outcome != Duplicate {
		t.Errorf("one unit read twice in one call: %+v", twice)
	}
}

func TestPutIntoWhatIsNotOpen(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 9)
	p.stock(p.box, 1)
	closed, _, _ := p.closed(2)
	aside := p.openBox(2)
	try(p.Aside(p.ctx, "box", aside, "by hand"))
	full := p.openBox(2)
	try(p.Fill(p.ctx, full))
	unit := p.claim(p.unit, 1)[0]
	for name, id := range map[string]ContainerID{"closed": closed, "set aside": aside, "full": full, "pallet": p.openPallet(2), "none": 999} {
		if _, err := p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, []code.Code{unit.Code}); err == nil {
			t.Errorf("%s: it took a unit", name)
		}
	}
	if p.state(unit.ID) != Claimed {
		t.Errorf("the refused calls left the unit %s", p.state(unit.ID))
	}
}

func TestCloseWithCode(t *testing.T) {
	tests := []struct {
		name    string
		before  func(*plant, Claim)
		ev      Evidence
		refused bool
		now     State
		has     Evidence
	}{
		{"by the printer's word", nil, ByIdentity, false, Printed, ByIdentity},
		{"by a scan", nil, ByScan, false, Verified, ByScan},
		{"by a count", nil, ByCount, true, Claimed, NoEvidence},
		{"by nothing", nil, NoEvidence, true, Claimed, NoEvidence},
		{"counted, then its own word", func(p *plant, c Claim) { try(p.Confirm(p.ctx, "box", []int64{c.ID}, ByCount)) }, ByIdentity, false, Printed, ByIdentity},
		{"scanned before", func(p *plant, c Claim) {
			must(p.Verify(p.ctx, "box", p.box.lot, p.box.profile, []code.Code{c.Code}))
		}, ByIdentity, false, Verified, ByScan},
		{"doubtful, scanned", func(p *plant, c Claim) { try(p.Doubt(p.ctx, "box", []int64{c.ID}, "fault")) }, ByScan, false, Verified, ByScan},
		{"doubtful, the printer's word", func(p *plant, c Claim) { try(p.Doubt(p.ctx, "box", []int64{c.ID}, "fault")) }, ByIdentity, true, Doubtful, NoEvidence},
		{"rejected", func(p *plant, c Claim) {
			must(p.Verify(p.ctx, "box", p.box.lot, p.box.profile, []code.Code{mangle(c.Code)}))
		}, ByScan, true, Rejected, NoEvidence},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlant(t)
			p.stock(p.unit, 2)
			p.stock(p.box, 1)
			id, _ := p.container(2)
			label := p.claim(p.box, 1)[0]
			if test.before != nil {
				test.before(p, label)
			}
			if err := p.CloseWithCode(p.ctx, "box", id, label.ID, test.ev); err == nil {
				t.Fatal("a container that is not full was closed")
			}
			try(p.Fill(p.ctx, id))
			err := p.CloseWithCode(p.ctx, "box", id, label.ID, test.ev)
			if (err != nil) != test.refused {
				t.Fatalf("close: %v, refused should be %v", err, test.refused)
			}
			if p.state(label.ID) != test.now || p.evidence(label.ID) != test.has {
				t.Errorf("label %s with evidence %d; want %s, %d", p.state(label.ID), p.evidence(label.ID), test.now, test.has)
			}
			want := ContainerClosed
			if test.refused {
				want = ContainerFull
			}
			if s := p.containerIs(id); s != want {
				t.Errorf("container in state %d, want %d", s, want)
			}
		})
	}
}

func TestOneLabelOneContainer(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 4)
	p.stock(p.box, 2)
	_, _, label := p.closed(2)
	second, _ := p.container(2)
	try(p.Fill(p.ctx, second))
	if err := p.CloseWithCode(p.ctx, "box", second, label.ID, ByScan); err == nil || p.Fault() != nil {
		t.Errorf("one code on two boxes: %v, fault %v", err, p.Fault())
	}
	if p.state(label.ID) != Printed {
		t.Errorf("the refused call left the label %s", p.state(label.ID))
	}
	sscc := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, second, sscc))
	third := p.openBox(1)
	try(p.Fill(p.ctx, third))
	if err := p.CloseWithSSCC(p.ctx, third, sscc); err == nil || p.Fault() != nil {
		t.Errorf("one transport code on two boxes: %v, fault %v", err, p.Fault())
	}
	var stock int64
	try(p.reads.QueryRow("SELECT id FROM code WHERE product = ? AND state = 0", int64(p.box.id)).Scan(&stock))
	refused := func(name string, id int64) {
		t.Helper()
		if err := p.CloseWithCode(p.ctx, "box", third, id, ByScan); err == nil {
			t.Errorf("closed with a code that is %s", name)
		}
	}
	refused("in stock", stock)
	refused("not there", 999)
	// Read somewhere, it is in doubt; still no printer of this plant had it.
	var raw []byte
	try(p.reads.QueryRow("SELECT raw FROM code WHERE id = ?", stock).Scan(&raw))
	must(p.Verify(p.ctx, "box", p.box.lot, p.box.profile, []code.Code{code.Code(raw)}))
	refused("never printed", stock)
}

func TestContainersTakeContainers(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	p.stock(p.box, 3)
	a, _, _ := p.closed(2)
	b, _, _ := p.closed(2)
	open, _ := p.container(2)
	pallet, other := p.openPallet(3), p.openPallet(3)
	try(p.PutContainer(p.ctx, pallet, a))
	for name, put := range map[string][2]ContainerID{
		"a second time":         {pallet, a},
		"into another pallet":   {other, a},
		"an open one":           {pallet, open},
		"into a box":            {open, b},
		"into itself":           {pallet, pallet},
		"one that is not there": {pallet, 999},
		"into nothing":          {999, b},
	} {
		if err := p.PutContainer(p.ctx, put[0], put[1]); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	try(p.Fill(p.ctx, pallet))
	if err := p.PutContainer(p.ctx, pallet, b); err == nil {
		t.Error("a full pallet took a box")
	}
	try(p.Aside(p.ctx, "pallet", pallet, "fell over"))
	try(p.PutContainer(p.ctx, other, a)) // loose again
	counts := must(p.Containers(p.ctx))
	if got := fmt.Sprint(counts); got != "[{3 box false open 1} {3 box false closed 2} {3 pallet true open 1} {3 pallet true aside 1}]" {
		t.Errorf("containers %s", got)
	}
}

func TestAside(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 4)
	p.stock(p.box, 1)
	id, units := p.container(2)
	try(p.Aside(p.ctx, "box", id, "label torn"))
	if got := fmt.Sprint(p.states(units)); got != "[verified verified]" || p.in(units[0].ID) != 0 {
		t.Errorf("units %s in container %d", got, p.in(units[0].ID))
	}
	closed, _, _ := p.closed(2)
	for name, id := range map[string]ContainerID{"twice": id, "a closed one": closed, "one that is not there": 999} {
		if err := p.Aside(p.ctx, "box", id, "again"); err == nil {
			t.Errorf("%s: it was set aside", name)
		}
		if err := p.Fill(p.ctx, id); err == nil {
			t.Errorf("%s: it was filled", name)
		}
	}
}

func TestP1_NextSSCCNeverRepeats(t *testing.T) {
	p := newPlant(t)
	seen := map[code.Code]bool{}
	for round := range 4 {
		for _, prefix := range []string{"0301234567", "1301234567"} {
			for range 5 {
				sscc := must(p.NextSSCC(p.ctx, prefix))
				if err := code.ValidSSCC(sscc); err != nil || sscc[2:12] != code.Code(prefix) {
					t.Errorf("%s of prefix %s: %v", sscc, prefix, err)
				}
				if seen[sscc] {
					t.Errorf("round %d: %s was given before", round, sscc)
				}
				seen[sscc] = true
			}
		}
		if _, err := p.NextSSCC(p.ctx, "12345"); err == nil {
			t.Error("a prefix of five digits was taken")
		}
		p.reopen()
	}
	must(p.w.conn.ExecContext(p.ctx, "UPDATE sscc SET next = 10000000 WHERE prefix = '0301234567'"))
	for range 2 {
		if sscc, err := p.NextSSCC(p.ctx, "0301234567"); err == nil {
			t.Errorf("after the last number: %s", sscc)
		}
	}
}
