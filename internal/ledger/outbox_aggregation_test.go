package ledger

import (
	"errors"
	"fmt"
	"testing"

	"linemark/internal/code"
)

func byHand(string) bool   { return true }
func bySystem(string) bool { return false }

func (p *plant) dueBoxes(needs func(string) bool) string {
	s := ""
	for _, d := range must(p.DueAggregation(p.ctx, needs)) {
		s += fmt.Sprintf("%s/%s/%s: %d in %d; ", d.Line, d.Group, d.Batch, d.Codes, d.Containers)
	}
	return s
}

// aggregate builds one report of what is due, and returns its units.
func (p *plant) aggregate(needs bool, limit int) (Report, []AggregationUnit) {
	var got []AggregationUnit
	for _, d := range must(p.DueAggregation(p.ctx, func(string) bool { return needs })) {
		r := must(p.BuildAggregation(p.ctx, d, needs, limit, func(r Report, units []AggregationUnit) ([]byte, error) {
			got = units
			return []byte(r.UUID), nil
		}))
		return r, got
	}
	return Report{}, nil
}

func (p *plant) send(r Report) {
	try(p.MarkReport(p.ctx, r.ID, Sending, "", ""))
	try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
}

func TestAggregationWaitsForUtilisation(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	p.stock(p.box, 2)
	_, units, label := p.closed(3)
	open, _ := p.container(2)
	expect := func(when, want string) {
		t.Helper()
		if got := p.dueBoxes(byHand); got != want {
			t.Errorf("%s: due %q, want %q", when, got, want)
		}
	}
	expect("nothing reported", "")
	if got := p.dueBoxes(bySystem); got != "3/water/B1: 4 in 1; " {
		t.Errorf("a group that needs no report: due %q", got)
	}
	dues := must(p.DueUtilisation(p.ctx, "VERIFIED"))
	if len(dues) != 2 {
		t.Fatalf("due %+v", dues)
	}
	var reports []Report
	for _, d := range dues {
		reports = append(reports, must(p.BuildUtilisation(p.ctx, d, 100, frozen)))
	}
	expect("frozen", "")
	for i, r := range reports {
		for _, s := range []ReportStatus{Sending, InDoubt, Accepted, Denied, Accepted} {
			try(p.MarkReport(p.ctx, r.ID, s, "", ""))
			expect(string(s), "")
		}
		try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
		if i == 0 {
			expect("one of two sent", "")
		}
	}
	expect("both sent", "3/water/B1: 4 in 1; ")
	r, got := p.aggregate(true, 100)
	if r.Codes != 4 || r.Kind != Aggregation || r.State != Frozen || len(got) != 1 {
		t.Fatalf("report %+v of %+v", r, got)
	}
	u := got[0]
	if u.Serial != label.Code[:31] || u.Capacity != 3 || len(u.Children) != 3 {
		t.Errorf("unit %+v", u)
	}
	for i, c := range u.Children {
		if c != units[i].Code[:31] {
			t.Errorf("child %d is %s, want %s", i, code.Visible(c), code.Visible(units[i].Code[:31]))
		}
	}
	expect("in a report", "")
	try(p.Aside(p.ctx, "box", open, "by hand"))
	expect("set aside", "")
}

func TestAggregationBoxesBeforePallets(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 4)
	p.stock(p.box, 1)
	box, _, label := p.closed(2)
	second, _ := p.container(2)
	try(p.Fill(p.ctx, second))
	inner := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, second, inner))
	pallet := p.openPallet(2)
	try(p.PutContainer(p.ctx, pallet, box))
	try(p.PutContainer(p.ctx, pallet, second))
	try(p.Fill(p.ctx, pallet))
	outer := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, pallet, outer))
	p.report(p.unit, "VERIFIED")
	if got := p.dueBoxes(byHand); got != "3/water/B1: 3 in 1; " { // the label's own report is not sent yet
		t.Errorf("due %q", got)
	}
	p.report(p.box, "VERIFIED")
	if got := p.dueBoxes(byHand); got != "3/water/B1: 6 in 2; " {
		t.Errorf("due %q", got)
	}
	r, units := p.aggregate(true, 8) // the boxes alone: the pallet makes it 9
	if len(units) != 2 || units[0].Serial != label.Code[:31] || units[1].Serial != inner || r.Codes != 6 {
		t.Fatalf("report %+v of %+v", r, units)
	}
	if got := p.dueBoxes(byHand); got != "" {
		t.Errorf("before the boxes are sent: due %q", got)
	}
	p.send(r)
	if got := p.dueBoxes(byHand); got != "3/water/B1: 3 in 1; " {
		t.Errorf("after the boxes are sent: due %q", got)
	}
	r, units = p.aggregate(true, 100)
	if len(units) != 1 || units[0].Serial != outer || fmt.Sprint(units[0].Children) != fmt.Sprint([]code.Code{label.Code[:31], inner}) || r.Codes != 3 {
		t.Errorf("report %+v of %+v", r, units)
	}
}

// Levels that are due together go in one report, what is inside first.
func TestAggregationNested(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	p.stock(p.box, 3)
	sscc := func(id ContainerID) code.Code {
		try(p.Fill(p.ctx, id))
		c := must(p.NextSSCC(p.ctx, "0301234567"))
		try(p.CloseWithSSCC(p.ctx, id, c))
		return c
	}
	pallet, load, loose := p.openPallet(2), p.openPallet(2), p.openPallet(1)
	first, _, _ := p.closed(2)
	second, _, _ := p.closed(2)
	third, _, _ := p.closed(2)
	try(p.PutContainer(p.ctx, pallet, first))
	try(p.PutContainer(p.ctx, pallet, second))
	inner := sscc(pallet)
	try(p.PutContainer(p.ctx, load, pallet))
	outer := sscc(load)
	try(p.PutContainer(p.ctx, loose, third)) // still open
	r, units := p.aggregate(false, 100)
	if len(units) != 5 || units[3].Serial != inner || units[4].Serial != outer || r.Codes != 9+3+2 || fmt.Sprint(units[4].Children) != fmt.Sprint([]code.Code{inner}) {
		t.Fatalf("report %+v of %+v", r, units)
	}
	// It is denied: the boxes go in halves, the outer ones when what they hold has arrived.
	try(p.MarkReport(p.ctx, r.ID, Denied, "", "bad"))
	build := func(Report, []AggregationUnit) ([]byte, error) { return []byte("x"), nil }
	if ok, err := p.DivideAggregation(p.ctx, r, build); !ok || err != nil {
		t.Fatal(ok, err)
	}
	open := must(p.OpenReports(p.ctx))
	if len(open) != 2 || open[0].Codes != 3 || open[1].Codes != 6 || open[0].Parent != r.ID {
		t.Fatalf("open are %+v", open)
	}
	if got := p.dueBoxes(bySystem); got != "" {
		t.Errorf("due %q", got)
	}
	if ok, err := p.DivideAggregation(p.ctx, open[0], build); ok || err != nil {
		t.Errorf("one container was divided: %v", err)
	}
	p.send(open[0])
	p.send(open[1])
	if got := p.dueBoxes(bySystem); got != "3/water/B1: 3 in 1; " {
		t.Errorf("due %q", got)
	}
	if r, units = p.aggregate(false, 100); len(units) != 2 || units[0].Serial != inner || units[1].Serial != outer {
		t.Errorf("report %+v of %+v", r, units)
	}
}

func TestAggregationLimits(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 30)
	p.stock(p.box, 6)
	for _, n := range []int{2, 3, 4, 2, 5} { // with their parents 3, 4, 5, 3, 6 codes
		p.closed(n)
	}
	if got := p.dueBoxes(bySystem); got != "3/water/B1: 21 in 5; " {
		t.Fatalf("due %q", got)
	}
	for _, want := range []struct{ codes, units int }{{7, 2}, {8, 2}, {6, 1}, {0, 0}} {
		r, units := p.aggregate(false, 11)
		if want.codes == 8 && r.Codes > 11 || r.Codes != want.codes || len(units) != want.units {
			t.Errorf("%d codes in %d containers, want %d in %d", r.Codes, len(units), want.codes, want.units)
		}
	}
	if n := len(must(p.Reports(p.ctx))); n != 3 {
		t.Errorf("%d reports", n)
	}
}

func TestAggregationIsBuiltOnce(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2)
	p.stock(p.box, 1)
	p.closed(2)
	due := must(p.DueAggregation(p.ctx, bySystem))[0]
	if _, err := p.BuildAggregation(p.ctx, due, false, 100, func(Report, []AggregationUnit) ([]byte, error) {
		return nil, errors.ErrUnsupported
	}); !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("build: %v", err)
	}
	body := func(r Report, _ []AggregationUnit) ([]byte, error) { return []byte(r.UUID), nil }
	r, err := p.BuildAggregation(p.ctx, due, false, 100, func(outer Report, u []AggregationUnit) ([]byte, error) {
		// Another report takes the containers while this one's bytes are being made.
		must(p.BuildAggregation(p.ctx, due, false, 100, body))
		return body(outer, u)
	})
	if err == nil {
		t.Errorf("two reports of one container: %+v", r)
	}
	if late := must(p.BuildAggregation(p.ctx, due, false, 100, body)); late.Codes != 0 {
		t.Errorf("a report of nothing: %+v", late)
	}
	if all := must(p.Reports(p.ctx)); len(all) != 1 || all[0].Codes != 3 || string(must(p.ReportBody(p.ctx, all[0].ID))) != all[0].UUID {
		t.Errorf("reports %+v", all)
	}
}
