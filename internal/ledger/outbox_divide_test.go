package ledger

import (
	"context"
	"errors"
	"slices"
	"testing"

	"linemark/internal/code"
)

// A denied report is divided until the bad code stands alone; every code is in one report, always.
func TestP5_DivideUtilisation(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 7)
	v := p.verified(p.unit, 7)
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))[0]
	sizes := map[int64]int{}
	build := func(r Report, codes []code.Code) ([]byte, error) {
		sizes[r.ID] = len(codes)
		return []byte(r.UUID), nil
	}
	r := must(p.BuildUtilisation(p.ctx, due, 100, build))
	bad := v[4].Code
	r.Reason = "a code is wrong"
	try(p.MarkReport(p.ctx, r.ID, Accepted, "s", ""))
	if err := p.DivideUtilisation(p.ctx, r, func(_ int, c code.Code) bool { return c == bad }, build); err != nil {
		t.Fatal(err)
	}
	open := must(p.OpenReports(p.ctx))
	if len(open) != 2 || open[0].Codes != 1 || open[1].Codes != 6 || open[0].UUID == open[1].UUID || open[0].Parent != r.ID || open[0].Usage != "VERIFIED" || open[1].State != Frozen {
		t.Fatalf("%+v", open)
	}
	if got := must(p.ReportCodes(p.ctx, open[0])); !slices.Equal(got, []code.Code{bad}) {
		t.Errorf("alone is %v", got)
	}
	if old := must(p.Reports(p.ctx))[0]; old.State != Divided || old.Reason != "a code is wrong" || len(must(p.ReportBody(p.ctx, old.ID))) == 0 {
		t.Errorf("%+v", old)
	}
	var state *StateError
	if err := p.MarkReport(p.ctx, r.ID, Sent, "", ""); !errors.As(err, &state) {
		t.Errorf("a divided report was marked: %v", err)
	}
	if more := must(p.DueUtilisation(p.ctx, "VERIFIED")); len(more) != 0 {
		t.Errorf("due again: %+v", more)
	}
	// The whole of it under a new id, on a person's word.
	try(p.MarkReport(p.ctx, open[0].ID, Denied, "", "bad"))
	if err := p.DivideUtilisation(p.ctx, open[0], func(int, code.Code) bool { return true }, build); err != nil {
		t.Fatal(err)
	}
	if again := must(p.OpenReports(p.ctx)); len(again) != 2 || again[1].Codes != 1 || again[1].Parent != open[0].ID {
		t.Errorf("%+v", again)
	}
}

// The agent is killed between the division and the moving of the codes: none is lost, none is in two reports.
func TestP5_DivisionSurvivesACrash(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 5)
	p.verified(p.unit, 5)
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))[0]
	total := 0
	build := func(_ Report, codes []code.Code) ([]byte, error) {
		total += len(codes)
		return []byte("x"), nil
	}
	r := must(p.BuildUtilisation(p.ctx, due, 100, build))
	try(p.MarkReport(p.ctx, r.ID, Denied, "", "bad"))
	stop := context.Canceled // nothing more is done
	err := p.DivideUtilisation(p.ctx, r, func(i int, _ code.Code) bool { return i < 2 }, func(Report, []code.Code) ([]byte, error) { return nil, stop })
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	p.reopen()
	total = 0
	if err := p.ResumeBuilding(p.ctx, build); err != nil {
		t.Fatal(err)
	}
	if open := must(p.OpenReports(p.ctx)); len(open) == 0 || total != 5 {
		t.Errorf("%d codes in %+v", total, open)
	}
	if left := must(p.ReportCodes(p.ctx, r)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A report that cannot be made leaves its codes due, and holds up no other.
func TestUnbuildable(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 3)
	p.verified(p.unit, 3)
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))[0]
	if _, err := p.BuildUtilisation(p.ctx, due, 100, func(Report, []code.Code) ([]byte, error) { return nil, errors.ErrUnsupported }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if all := must(p.Reports(p.ctx)); len(all) != 0 {
		t.Errorf("reports %+v", all)
	}
	if due := p.due("VERIFIED"); due == "" {
		t.Error("its codes are due no more")
	}
}
