package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"linemark/internal/code"
)

func (p *plant) due(usage string) string {
	s := ""
	for _, d := range must(p.DueUtilisation(p.ctx, usage)) {
		s += fmt.Sprintf("%s/%s %s: %d %s; ", d.Line, d.Batch, d.Product.Name, d.Count, d.Usage)
	}
	return s
}

// report builds a report of all that is due of a product and sees it through.
func (p *plant) report(k *kind, usage string) Report {
	for _, d := range must(p.DueUtilisation(p.ctx, usage)) {
		if d.Lot == k.lot {
			r := must(p.BuildUtilisation(p.ctx, d, 30_000, frozen))
			try(p.MarkReport(p.ctx, r.ID, Sending, "", ""))
			try(p.MarkReport(p.ctx, r.ID, Accepted, "srv-"+r.UUID, ""))
			try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
			return r
		}
	}
	panic("nothing due of " + k.Name)
}

func TestP3_NoReportWithoutEvidence(t *testing.T) {
	verify := func(p *plant, k *kind, c Claim) {
		must(p.Verify(p.ctx, "check", k.lot, k.profile, []code.Code{c.Code}))
	}
	confirm := func(ev Evidence) func(*plant, *kind, Claim) {
		return func(p *plant, k *kind, c Claim) { try(p.Confirm(p.ctx, "mark", []int64{c.ID}, ev)) }
	}
	doubt := func(p *plant, k *kind, c Claim) { try(p.Doubt(p.ctx, "mark", []int64{c.ID}, "fault")) }
	reject := func(p *plant, k *kind, c Claim) {
		must(p.Verify(p.ctx, "check", k.lot, k.profile, []code.Code{mangle(c.Code)}))
	}
	tests := []struct {
		name                            string
		steps                           []func(*plant, *kind, Claim)
		unitPrinted, unitVerified, boxs string // the usage that the code is due with: units by either setting, and a group code
	}{
		{"claimed", nil, "", "", ""},
		{"nothing known, taken as printed", []func(*plant, *kind, Claim){confirm(NoEvidence)}, "", "", ""},
		{"counted only", []func(*plant, *kind, Claim){confirm(ByCount)}, "", "", ""},
		{"confirmed", []func(*plant, *kind, Claim){confirm(ByIdentity)}, "PRINTED", "", "PRINTED"},
		{"scanned", []func(*plant, *kind, Claim){verify}, "PRINTED", "VERIFIED", "VERIFIED"},
		{"counted, scanned", []func(*plant, *kind, Claim){confirm(ByCount), verify}, "PRINTED", "VERIFIED", "VERIFIED"},
		{"confirmed, scanned", []func(*plant, *kind, Claim){confirm(ByIdentity), verify}, "PRINTED", "VERIFIED", "VERIFIED"},
		{"doubtful", []func(*plant, *kind, Claim){doubt}, "", "", ""},
		{"confirmed, doubtful", []func(*plant, *kind, Claim){confirm(ByIdentity), doubt}, "", "", ""},
		{"doubtful, confirmed too late", []func(*plant, *kind, Claim){doubt, confirm(ByIdentity)}, "", "", ""},
		{"doubtful, scanned", []func(*plant, *kind, Claim){doubt, verify}, "PRINTED", "VERIFIED", "VERIFIED"},
		{"confirmed, doubtful, scanned", []func(*plant, *kind, Claim){confirm(ByIdentity), doubt, verify}, "PRINTED", "VERIFIED", "VERIFIED"},
		{"confirmed, rejected", []func(*plant, *kind, Claim){confirm(ByIdentity), reject}, "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlant(t)
			for _, k := range []*kind{p.unit, p.box} {
				p.stock(k, 1)
				c := p.claim(k, 1)[0]
				for _, step := range test.steps {
					step(p, k, c)
				}
			}
			for usage, unit := range map[string]string{"PRINTED": test.unitPrinted, "VERIFIED": test.unitVerified} {
				want := ""
				if unit != "" {
					want += fmt.Sprintf("3/B1 water-05: 1 %s; ", unit)
				}
				if test.boxs != "" {
					want += fmt.Sprintf("3/B1 water-05x6: 1 %s; ", test.boxs)
				}
				if got := p.due(usage); got != want {
					t.Errorf("asked for %s: due %q, want %q", usage, got, want)
				}
			}
		})
	}
}

// What lost its evidence after DueUtilisation was asked does not get into the report.
func TestP3_DueIsLookedAtAgain(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 3)
	c := p.claim(p.unit, 3)
	try(p.Confirm(p.ctx, "mark", ids(c), ByIdentity))
	due := must(p.DueUtilisation(p.ctx, "PRINTED"))[0]
	try(p.Doubt(p.ctx, "mark", []int64{c[1].ID}, "fault"))
	var got []code.Code
	must(p.BuildUtilisation(p.ctx, due, 10, func(r Report, codes []code.Code) ([]byte, error) {
		got = codes
		return []byte("x"), nil
	}))
	if want := []code.Code{c[0].Code, c[2].Code}; !slices.Equal(got, want) {
		t.Errorf("reported %v, want %v", got, want)
	}
	empty := must(p.BuildUtilisation(p.ctx, due, 10, frozen))
	if n := len(must(p.Reports(p.ctx))); n != 1 || empty.Codes != 0 {
		t.Errorf("%d reports, the empty one holds %d codes", n, empty.Codes)
	}
}

func TestDueIsSplitByLotAndUsage(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	p.stock(p.box, 4)
	p.verified(p.unit, 2)
	try(p.Confirm(p.ctx, "mark", ids(p.claim(p.unit, 3)), ByIdentity))
	p.verified(p.box, 1)
	try(p.Confirm(p.ctx, "box", ids(p.claim(p.box, 2)), ByIdentity))
	p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, "B2"))
	p.verified(p.unit, 1)
	if again := must(p.Lot(p.ctx, "3", p.unit.id, "B2")); again != p.unit.lot {
		t.Errorf("one lot has numbers %d and %d", p.unit.lot, again)
	}
	if got, want := p.due("PRINTED"), "3/B1 water-05: 5 PRINTED; 3/B1 water-05x6: 2 PRINTED; 3/B1 water-05x6: 1 VERIFIED; 3/B2 water-05: 1 PRINTED; "; got != want {
		t.Errorf("due %s\nwant %s", got, want)
	}
	if got, want := p.due("VERIFIED"), "3/B1 water-05: 2 VERIFIED; 3/B1 water-05x6: 2 PRINTED; 3/B1 water-05x6: 1 VERIFIED; 3/B2 water-05: 1 VERIFIED; "; got != want {
		t.Errorf("due %s\nwant %s", got, want)
	}
	// A report takes its own usage only.
	for _, d := range must(p.DueUtilisation(p.ctx, "VERIFIED")) {
		r := must(p.BuildUtilisation(p.ctx, d, 100, frozen))
		if r.Codes != d.Count || r.Usage != d.Usage || r.Batch != d.Batch || r.Line != "3" || r.Group != "water" || r.Kind != Utilisation {
			t.Errorf("report %+v of due %+v", r, d)
		}
	}
	if got := p.due("VERIFIED"); got != "" {
		t.Errorf("still due: %s", got)
	}
	if got, want := p.due("PRINTED"), "3/B1 water-05: 3 PRINTED; "; got != want {
		t.Errorf("due %s, want %s", got, want)
	}
}

func TestP5_BuildInSlices(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2600)
	units := texts(p.verified(p.unit, 2600))
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))[0]
	if due.Count != 2600 {
		t.Fatalf("%d due", due.Count)
	}
	var got []code.Code
	var bodies [][]byte
	for i, want := range []struct{ codes, commits int }{{2300, 7}, {300, 3}} { // the report, its slices, its freezing
		before := p.commits.Load()
		r := must(p.BuildUtilisation(p.ctx, due, 2300, func(r Report, codes []code.Code) ([]byte, error) {
			got = append(got, codes...)
			body := must(frozen(r, codes))
			bodies = append(bodies, body)
			return body, nil
		}))
		if r.Codes != want.codes || r.State != Frozen || p.commits.Load()-before != int64(want.commits) {
			t.Errorf("%d codes, %s, %d commits; want %d, %d", r.Codes, r.State, p.commits.Load()-before, want.codes, want.commits)
		}
		if kept := must(p.ReportBody(p.ctx, r.ID)); !bytes.Equal(kept, bodies[i]) {
			t.Error("the frozen bytes are not those that were built")
		}
		stored := must(p.OpenReports(p.ctx))[i]
		if stored.UUID != r.UUID || stored.Codes != want.codes || stored.State != Frozen || stored.Usage != "VERIFIED" {
			t.Errorf("stored %+v", stored)
		}
	}
	slices.Sort(got)
	slices.Sort(units)
	if !slices.Equal(got, units) {
		t.Error("the two reports do not hold every code once")
	}
}

// A crash between two slices leaves a report that holds some codes; it is frozen at the next start.
func TestP5_ResumeBuilding(t *testing.T) {
	for _, crashAt := range []int64{1, 2} { // after the report's own row, after a slice
		t.Run(fmt.Sprint(crashAt), func(t *testing.T) {
			p := newPlant(t)
			p.stock(p.unit, 1100)
			p.verified(p.unit, 1100)
			due := must(p.DueUtilisation(p.ctx, "VERIFIED"))[0]
			ctx, cancel := context.WithCancel(p.ctx)
			last := p.commits.Load() + crashAt
			p.begun = func() {
				if p.commits.Load()+1 == last {
					cancel()
				}
			}
			if _, err := p.BuildUtilisation(ctx, due, 5000, frozen); !errors.Is(err, context.Canceled) {
				t.Fatalf("build: %v", err)
			}
			p.begun = nil
			p.reopen()
			half := must(p.OpenReports(p.ctx))
			if len(half) != 1 || half[0].State != Building {
				t.Fatalf("reports %+v", half)
			}
			if err := p.MarkReport(p.ctx, half[0].ID, Sending, "", ""); err == nil {
				t.Error("a report that is being built was sent")
			}
			if err := p.ResumeBuilding(p.ctx, func(Report, []code.Code) ([]byte, error) { return nil, context.Canceled }); crashAt > 1 && !errors.Is(err, context.Canceled) {
				t.Errorf("resume that is interrupted: %v", err)
			}
			try(p.ResumeBuilding(p.ctx, frozen))
			all := must(p.Reports(p.ctx))
			want := min(1100, int(crashAt-1)*slice)
			if want == 0 {
				if len(all) != 0 {
					t.Errorf("an empty report stayed: %+v", all)
				}
			} else if len(all) != 1 || all[0].State != Frozen || all[0].Codes != want || all[0].UUID != half[0].UUID {
				t.Errorf("reports %+v, want one of %d codes", all, want)
			}
			rest := 0
			for _, d := range must(p.DueUtilisation(p.ctx, "VERIFIED")) {
				rest += d.Count
			}
			if rest != 1100-want {
				t.Errorf("%d still due, want %d", rest, 1100-want)
			}
		})
	}
}

func TestMarkReport(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2)
	p.verified(p.unit, 2)
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))[0]
	r := must(p.BuildUtilisation(p.ctx, due, 1, frozen))
	steps := []struct {
		to             ReportStatus
		server, reason string
		refused        bool
		wantServer     string
		wantReason     string
		attempts       int
		open           bool
	}{
		{Building, "", "", true, "", "", 0, true},
		{Sending, "", "", false, "", "", 1, true},
		{InDoubt, "", "connection reset", false, "", "connection reset", 1, true},
		{Sending, "", "", false, "", "", 2, true},
		{Accepted, "srv-1", "", false, "srv-1", "", 2, true},
		{Denied, "", "bad code", false, "srv-1", "bad code", 2, false},
		{Sending, "", "once more, by hand", false, "srv-1", "once more, by hand", 3, true},
		{Accepted, "srv-2", "", false, "srv-2", "", 3, true},
		{Sent, "", "", false, "srv-2", "", 3, false},
		{Sending, "", "", true, "srv-2", "", 3, false},
		{Denied, "", "", true, "srv-2", "", 3, false},
		{Building, "", "", true, "srv-2", "", 3, false},
	}
	body := must(p.ReportBody(p.ctx, r.ID))
	state := Frozen
	for i, step := range steps {
		err := p.MarkReport(p.ctx, r.ID, step.to, step.server, step.reason)
		if (err != nil) != step.refused {
			t.Fatalf("step %d, %s: %v, refused should be %v", i, step.to, err, step.refused)
		}
		if !step.refused {
			state = step.to
		}
		got := must(p.Reports(p.ctx))[0]
		if got.State != state || got.ServerID != step.wantServer || got.Reason != step.wantReason || got.Attempts != step.attempts {
			t.Errorf("step %d: %+v", i, got)
		}
		if open := len(must(p.OpenReports(p.ctx))) == 1; open != step.open {
			t.Errorf("step %d: open is %v", i, open)
		}
		if now := must(p.ReportBody(p.ctx, r.ID)); !bytes.Equal(now, body) {
			t.Errorf("step %d: the frozen bytes changed", i)
		}
	}
	if err := p.MarkReport(p.ctx, 999, Sending, "", ""); err == nil {
		t.Error("a report that is not there was marked")
	}
	if _, err := p.ReportBody(p.ctx, 999); err == nil {
		t.Error("a report that is not there has a body")
	}
}

// The oldest open report of a kind is the first one whose fate is not known.
func TestOldestOpen(t *testing.T) {
	p := newPlant(t)
	oldest := func() int64 {
		t.Helper()
		all := must(p.OldestOpen(p.ctx))
		if len(all) > 1 {
			t.Errorf("open are %v", all)
		}
		return all[Utilisation]
	}
	build := func() Report {
		p.stock(p.unit, 1)
		must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{p.claim(p.unit, 1)[0].Code}))
		return must(p.BuildUtilisation(p.ctx, must(p.DueUtilisation(p.ctx, "VERIFIED"))[0], 30_000, frozen))
	}
	if oldest() != 0 {
		t.Error("there is one before any was made")
	}
	first, second := build(), build()
	for _, step := range []struct {
		r    Report
		to   ReportStatus
		want int64
	}{
		{first, Sending, first.ID}, {first, InDoubt, first.ID}, {first, Probable, second.ID}, {second, Sending, second.ID}, {second, Accepted, second.ID}, {second, Sent, 0},
	} {
		try(p.MarkReport(p.ctx, step.r.ID, step.to, "", ""))
		if got := oldest(); got != step.want {
			t.Errorf("when report %d is %s the oldest is %d, want %d", step.r.ID, step.to, got, step.want)
		}
	}
}

// Every write of a line is timed, the large ones of supply and reports are not.
func TestTook(t *testing.T) {
	var took []time.Duration
	l := must(Open(context.Background(), t.TempDir(), Options{Agent: "line-3", Took: func(d time.Duration) { took = append(took, d) }}))
	before := len(took)
	try(l.do(context.Background(), func(*tx) error { return nil }))
	if len(took) != before+1 || took[before] < 0 {
		t.Errorf("timed were %v", took[before:])
	}
	try(l.bulk(context.Background(), func(*tx) error { return nil }))
	if len(took) != before+1 {
		t.Errorf("the large one was timed too: %v", took[before:])
	}
	try(l.Close())
}
