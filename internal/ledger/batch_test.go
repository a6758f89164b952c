package ledger

import (
	"errors"
	"maps"
	"testing"
	"time"

	"linemark/internal/code"
)

func TestBatches(t *testing.T) {
	p := newPlant(t)
	if _, err := p.LastBatch(p.ctx, "3"); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the first: %v", err)
	}
	var state *StateError
	if _, err := p.EndBatch(p.ctx, "3"); !errors.As(err, &state) {
		t.Errorf("ended without one: %v", err)
	}
	b := Batch{Line: "3", Name: "17", ProductionDate: "2026-03-01T00:00:00+05:00", ExpirationDate: "2027-03-01T00:00:00+05:00", Series: "S17"}
	try(p.StartBatch(p.ctx, b))
	if err := p.StartBatch(p.ctx, Batch{Line: "3", Name: "18"}); !errors.As(err, &state) {
		t.Errorf("two at a time: %v", err)
	}
	try(p.StartBatch(p.ctx, Batch{Line: "4", Name: "17"})) // another line
	p.reopen()
	got := must(p.LastBatch(p.ctx, "3"))
	if b.StartedAt = got.StartedAt; got != b || !got.Running() || got.StartedAt.IsZero() {
		t.Errorf("running is %+v", got)
	}
	ended := must(p.EndBatch(p.ctx, "3"))
	if last := must(p.LastBatch(p.ctx, "3")); last.Running() || last != ended || !ended.EndedAt.After(ended.StartedAt) {
		t.Errorf("ended is %+v, returned %+v", last, ended)
	}
	if err := p.StartBatch(p.ctx, b); !errors.As(err, &state) {
		t.Errorf("a name twice: %v", err)
	}
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "18"}))
	if old := must(p.BatchOf(p.ctx, "3", "17")); old != ended {
		t.Errorf("17 is %+v", old)
	}
}

// P2: every code that was taken for a batch is on its balance sheet once.
func TestP2_BatchBalance(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 12)
	p.verified(p.unit, 3)
	c := p.claim(p.unit, 7)
	try(p.Doubt(p.ctx, "mark", []int64{c[0].ID}, "head open"))
	try(p.Doubt(p.ctx, "mark", []int64{c[1].ID, c[2].ID}, "the agent stopped"))
	try(p.Confirm(p.ctx, "mark", []int64{c[3].ID}, ByCount))
	p.report(p.unit, "VERIFIED")
	v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c[4].Code[:31] + "\x1d93xxxx", c[5].Code}))
	if v[0].Outcome != Mangled || v[1].Outcome != Good {
		t.Fatal(v)
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for reason, text := range map[string]code.Code{"QA_SAMPLES": c[5].Code, "DEFECT": c[0].Code} {
		if outs := must(p.Drop(p.ctx, "by hand", Drop{Reason: reason, DocDate: at}, []code.Code{text})); outs[0].Codes != 1 {
			t.Fatalf("%+v", outs)
		}
	}
	all := must(p.BatchBalance(p.ctx, "3", "B1"))
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	a := all[0]
	if a.Product != bottle.Name || a.Received != 10 || a.Left != 1 || a.Printed != 1 || a.Verified != 3 || a.Rejected != 1 || a.Sampled != 1 || a.Dropped != 1 || a.Reported != 3 ||
		!maps.Equal(a.Doubtful, map[string]int{"the agent stopped": 2}) || !a.Equal() {
		t.Errorf("%+v", a)
	}
	if a.Left++; a.Equal() {
		t.Error("two different sides are equal")
	}
	if none := must(p.BatchBalance(p.ctx, "3", "B2")); len(none) != 0 {
		t.Errorf("another batch has %+v", none)
	}
}

// What a batch left at the printer is overtaken by the codes of the next one too.
func TestSetAsideAcrossBatches(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	old := p.claim(p.unit, 2)
	try(p.Confirm(p.ctx, "mark", []int64{old[0].ID}, ByCount))
	next := must(p.Lot(p.ctx, "3", p.unit.id, "B2"))
	other := must(p.Lot(p.ctx, "4", p.unit.id, "B1")) // another line
	elsewhere := must(p.Claim(p.ctx, "mark", other, 1))
	now := must(p.Claim(p.ctx, "mark", next, 2))
	if n := must(p.SetAside(p.ctx, "check", next, now[1].Seq, "overtaken")); n != 3 {
		t.Errorf("%d set aside", n)
	}
	for i, c := range []Claim{old[0], old[1], now[0], now[1], elsewhere[0]} {
		want := []State{Doubtful, Doubtful, Doubtful, Claimed, Claimed}[i]
		if life := must(p.Trace(p.ctx, c.Code)); life.State != want {
			t.Errorf("code %d is %s, want %s", i, life.State, want)
		}
	}
}
