package ledger

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"linemark/internal/code"
)

func TestClaim(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 3)
	p.stock(p.box, 3)
	codes = append(codes, p.stock(p.unit, 4)...)
	if n := len(must(p.Claim(p.ctx, "mark", p.unit.lot, 0))) + len(must(p.Claim(p.ctx, "mark", p.unit.lot, -1))); n != 0 {
		t.Fatalf("%d codes claimed where none were asked for", n)
	}
	var got []code.Code
	last, number := int64(0), 0
	for _, step := range []struct{ ask, get int }{{2, 2}, {3, 3}, {4, 2}, {3, 0}} {
		claims := must(p.Claim(p.ctx, "mark", p.unit.lot, step.ask))
		if len(claims) != step.get {
			t.Fatalf("%d codes claimed of %d asked for, want %d", len(claims), step.ask, step.get)
		}
		for _, c := range claims {
			if c.Seq <= last {
				t.Errorf("claim number %d after %d", c.Seq, last)
			}
			last = c.Seq
			if number++; c.Number != number {
				t.Errorf("the claim has number %d in its lot, want %d", c.Number, number)
			}
			if p.state(c.ID) != Claimed {
				t.Errorf("code %d is %s", c.ID, p.state(c.ID))
			}
		}
		got = append(got, texts(claims)...)
	}
	if !slices.Equal(got, codes) {
		t.Errorf("claimed %v, want the codes in the order of receipt %v", got, codes)
	}
	if p.Stock(p.box.id) != 3 {
		t.Error("codes of another product went too")
	}
}

// The labels of a batch are numbered from 1 without a gap, over restarts and calls that share a
// commit, and each batch and each station with labels of its own counts for itself.
func TestNumbersOfLabels(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 40)
	other := must(p.Lot(p.ctx, "3", p.unit.id, "next"))
	seen := map[int]bool{}
	claim := func(lot LotID, n int) (numbers []int) {
		for _, c := range must(p.Claim(p.ctx, "mark", lot, n)) {
			numbers = append(numbers, c.Number)
		}
		return numbers
	}
	for _, n := range claim(p.unit.lot, 3) {
		seen[n] = true
	}
	if got := claim(other, 2); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("the next batch begins with %v", got)
	}
	p.reopen()
	if got := claim(other, 2); !slices.Equal(got, []int{3, 4}) {
		t.Errorf("after a restart it goes on with %v", got)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			got := claim(p.unit.lot, 2)
			mu.Lock()
			defer mu.Unlock()
			for _, n := range got {
				if seen[n] {
					t.Errorf("number %d was given twice", n)
				}
				seen[n] = true
			}
		})
	}
	wg.Wait()
	for n := 1; n <= 23; n++ {
		if !seen[n] {
			t.Errorf("number %d was left out", n)
		}
	}
	must(p.Recount(p.ctx)) // the numbers are no codes
	for _, step := range []struct {
		place, batch string
		want         int
	}{{"3/box", "B1", 1}, {"3/box", "B1", 2}, {"3/pallet", "B1", 1}, {"3/box", "B2", 1}, {"3/box", "B1", 3}} {
		if n := must(p.NextLabel(p.ctx, step.place, step.batch)); n != step.want {
			t.Errorf("label %d of %s in batch %s, want %d", n, step.place, step.batch, step.want)
		}
	}
}

// settle is what became of one code after what a test did with it.
type settle struct {
	State
	Evidence
}

// TestMoves does one thing to a code in every state and looks what became of it.
func TestMoves(t *testing.T) {
	ways := []struct {
		name string
		from State
		make func(*plant, Claim)
	}{
		{"claimed", Claimed, func(*plant, Claim) {}},
		{"counted", Printed, func(p *plant, c Claim) { try(p.Confirm(p.ctx, "mark", []int64{c.ID}, ByCount)) }},
		{"confirmed", Printed, func(p *plant, c Claim) { try(p.Confirm(p.ctx, "mark", []int64{c.ID}, ByIdentity)) }},
		{"verified", Verified, func(p *plant, c Claim) {
			must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c.Code}))
		}},
		{"rejected", Rejected, func(p *plant, c Claim) {
			must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{c.Code[:len(c.Code)-1] + "~"}))
		}},
		{"doubtful", Doubtful, func(p *plant, c Claim) { try(p.Doubt(p.ctx, "mark", []int64{c.ID}, "fault")) }},
	}
	acts := []struct {
		name string
		do   func(*plant, Claim) error
		want map[string]settle // of those that it moves
	}{
		{"confirm by count", func(p *plant, c Claim) error { return p.Confirm(p.ctx, "mark", []int64{c.ID}, ByCount) },
			map[string]settle{"claimed": {Printed, ByCount}}},
		{"confirm by identity", func(p *plant, c Claim) error { return p.Confirm(p.ctx, "mark", []int64{c.ID}, ByIdentity) },
			map[string]settle{"claimed": {Printed, ByIdentity}}},
		{"doubt", func(p *plant, c Claim) error { return p.Doubt(p.ctx, "mark", []int64{c.ID}, "fault") },
			map[string]settle{"claimed": {Doubtful, NoEvidence}, "counted": {Doubtful, ByCount}, "confirmed": {Doubtful, ByIdentity}}},
		{"set aside", func(p *plant, c Claim) error {
			_, err := p.SetAside(p.ctx, "check", p.unit.lot, c.Seq+1, "overtaken")
			return err
		}, map[string]settle{"claimed": {Doubtful, NoEvidence}, "counted": {Doubtful, ByCount}, "confirmed": {Doubtful, ByIdentity}}},
		{"set aside before it", func(p *plant, c Claim) error {
			_, err := p.SetAside(p.ctx, "check", p.unit.lot, c.Seq, "overtaken")
			return err
		}, nil},
		{"set aside in another lot", func(p *plant, c Claim) error {
			_, err := p.SetAside(p.ctx, "check", p.box.lot, c.Seq+1, "overtaken")
			return err
		}, nil},
		{"recover", func(p *plant, c Claim) error {
			_, err := p.Recover(p.ctx)
			return err
		}, map[string]settle{"claimed": {Doubtful, NoEvidence}}},
	}
	evidence := map[string]Evidence{"counted": ByCount, "confirmed": ByIdentity, "verified": ByScan}
	for _, act := range acts {
		t.Run(act.name, func(t *testing.T) {
			p := newPlant(t)
			for _, way := range ways {
				p.stock(p.unit, 1)
				c := p.claim(p.unit, 1)[0]
				way.make(p, c)
				before := settle{way.from, evidence[way.name]}
				if got := (settle{p.state(c.ID), p.evidence(c.ID)}); got != before {
					t.Fatalf("%s: %v to begin with, want %v", way.name, got, before)
				}
				entries := len(must(p.Trace(p.ctx, c.Code)).Journal)
				try(act.do(p, c))
				want, moves := act.want[way.name]
				if !moves {
					want = before
				} else {
					entries++
				}
				if got := (settle{p.state(c.ID), p.evidence(c.ID)}); got != want {
					t.Errorf("%s: %v, want %v", way.name, got, want)
				}
				if n := len(must(p.Trace(p.ctx, c.Code)).Journal); n != entries {
					t.Errorf("%s: %d journal entries, want %d", way.name, n, entries)
				}
				try(p.Doubt(p.ctx, "mark", []int64{c.ID}, "out of the next one's way"))
			}
		})
	}
}

func TestUnknownIDFailsTheWholeCall(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2)
	claims := p.claim(p.unit, 2)
	for name, call := range map[string]func([]int64) error{
		"confirm": func(ids []int64) error { return p.Confirm(p.ctx, "mark", ids, ByIdentity) },
		"doubt":   func(ids []int64) error { return p.Doubt(p.ctx, "mark", ids, "fault") },
	} {
		if err := call([]int64{claims[0].ID, 99_999, claims[1].ID}); err == nil {
			t.Errorf("%s of a code that is not there went well", name)
		}
		if err := call(nil); err != nil {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
	if got := fmt.Sprint(p.states(claims)); got != "[claimed claimed]" {
		t.Errorf("states %s", got)
	}
}

func TestSetAsideCounts(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	claims := p.claim(p.unit, 6)
	try(p.Confirm(p.ctx, "mark", ids(claims[:2]), ByIdentity))
	v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{claims[0].Code, claims[3].Code}))
	n := must(p.SetAside(p.ctx, "check", p.unit.lot, v[1].Claim, "overtaken"))
	if got := fmt.Sprint(p.states(claims)); n != 2 || got != "[verified doubtful doubtful verified claimed claimed]" {
		t.Errorf("%d set aside: %s", n, got)
	}
	if n := must(p.SetAside(p.ctx, "check", p.unit.lot, v[1].Claim, "overtaken")); n != 0 {
		t.Errorf("%d set aside the second time", n)
	}
}

func TestP9_Recover(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	p.stock(p.box, 2)
	sent := p.verified(p.unit, 2)
	open, loose := p.container(3)
	full := must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 6}))
	try(p.Fill(p.ctx, full))
	label := p.claim(p.box, 1)
	claims := p.claim(p.unit, 3)
	try(p.Confirm(p.ctx, "mark", ids(claims[:1]), ByIdentity))
	var reports []int64
	for range 2 {
		due := must(p.DueUtilisation(p.ctx, "VERIFIED"))
		r := must(p.BuildUtilisation(p.ctx, due[0], 1, frozen))
		reports = append(reports, r.ID)
		try(p.MarkReport(p.ctx, r.ID, Sending, "", ""))
	}
	try(p.MarkReport(p.ctx, reports[1], Accepted, "srv", ""))
	p.reopen()
	got := must(p.Recover(p.ctx))
	if want := (Recovered{Codes: 3, Containers: 2, Reports: 1}); got != want {
		t.Errorf("recovered %+v, want %+v", got, want)
	}
	for name, check := range map[string]string{
		fmt.Sprint(p.states(claims)): "[printed doubtful doubtful]",
		fmt.Sprint(p.states(label)):  "[doubtful]",
		fmt.Sprint(p.states(loose)):  "[verified verified verified]",
		fmt.Sprint(p.states(sent)):   "[verified verified]",
	} {
		if name != check {
			t.Errorf("states %s, want %s", name, check)
		}
	}
	all := must(p.Reports(p.ctx))
	if all[0].State != InDoubt || all[0].Reason == "" || all[1].State != Accepted {
		t.Errorf("reports %+v", all)
	}
	if _, err := p.Put(p.ctx, "box", open, p.unit.lot, p.unit.profile, texts(loose)); err == nil {
		t.Error("the container that was set aside took units")
	}
	// The units are loose again: another container takes them.
	next := must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 3}))
	for i, o := range must(p.Put(p.ctx, "box", next, p.unit.lot, p.unit.profile, texts(loose))) {
		if !o.Packed {
			t.Errorf("unit %d: %s", i, o.Outcome)
		}
	}
	try(p.Aside(p.ctx, "box", next, "end of the test"))
	if got := must(p.Recover(p.ctx)); got != (Recovered{}) {
		t.Errorf("the second time: %+v", got)
	}
}

// frozen is a report's body for tests: its codes, one a line.
func frozen(r Report, codes []code.Code) ([]byte, error) {
	body := []byte(r.UUID + "\n")
	for _, c := range codes {
		body = append(append(body, c...), '\n')
	}
	return body, nil
}
