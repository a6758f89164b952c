package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

var defect = Drop{Reason: "DEFECT", DocDate: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}

// dropAll drops texts and returns what became of each, "1 " or "0 why".
func (p *plant) dropAll(d Drop, texts ...code.Code) string {
	var all []string
	for _, o := range must(p.Drop(p.ctx, "by hand", d, texts)) {
		all = append(all, fmt.Sprintf("%d %s", o.Codes, o.Why))
	}
	return strings.Join(all, "; ")
}

// reportDropouts builds what is due and returns the codes of each report.
func (p *plant) reportDropouts(needs func(string) bool, limit int) (reports []Report, codes [][]code.Code) {
	for _, d := range must(p.DueDropouts(p.ctx, "VERIFIED", needs)) {
		r := must(p.BuildDropout(p.ctx, d, needs(d.Group), limit, func(r Report, of Drop, all []code.Code) ([]byte, error) {
			if of.Reason != d.Drop.Reason || of.WithChild != d.Drop.WithChild || !of.DocDate.Equal(defect.DocDate) {
				panic(fmt.Sprintf("%+v", of))
			}
			codes = append(codes, all)
			return []byte("x"), nil
		}))
		reports = append(reports, r)
	}
	return reports, codes
}

// A unit is withdrawn at once; its dropout goes after the report of its application, if there is one.
func TestDropUnits(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	v := p.verified(p.unit, 2)
	c := p.claim(p.unit, 2)
	try(p.Doubt(p.ctx, "mark", []int64{c[0].ID}, "head open"))
	got := p.dropAll(defect, v[0].Code, v[1].Code[:31], c[0].Code, c[1].Code, "01nothing", v[0].Code)
	if want := "1 ; 1 ; 1 ; 0 it is with a printer now; 0 not known here; 0 dropped already"; got != want {
		t.Errorf("dropped: %s\nwant     %s", got, want)
	}
	stock := must(p.Trace(p.ctx, v[0].Code))
	if stock.State != Dropped || stock.Journal[len(stock.Journal)-1].Cause != "dropped: DEFECT" {
		t.Errorf("%+v", stock)
	}
	// The one in doubt was never applied for all that is known: it goes by itself.
	reports, codes := p.reportDropouts(byHand, 100)
	if len(reports) != 1 || reports[0].Codes != 1 || codes[0][0] != c[0].Code || reports[0].Kind != Dropout || reports[0].Line != "3" {
		t.Fatalf("%+v of %v", reports, codes)
	}
	if more, _ := p.reportDropouts(byHand, 100); len(more) != 0 {
		t.Errorf("before their application is known: %+v", more)
	}
	p.report(p.unit, "VERIFIED") // of what was dropped too: it was applied
	reports, codes = p.reportDropouts(byHand, 1)
	if len(reports) != 1 || !slices.Equal(codes[0], []code.Code{v[0].Code}) {
		t.Fatalf("%+v of %v", reports, codes)
	}
	if _, codes = p.reportDropouts(byHand, 100); !slices.Equal(codes[0], []code.Code{v[1].Code}) {
		t.Errorf("the rest is %v", codes)
	}
	if got := must(p.ReportCodes(p.ctx, reports[0])); !slices.Equal(got, []code.Code{v[0].Code}) {
		t.Errorf("the report names %v", got)
	}
	// A scan of a withdrawn code lets nothing pass.
	if v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{v[0].Code})); v[0].Outcome != Withdrawn {
		t.Errorf("%+v", v)
	}
}

// A container goes with all that is in it, and is reported by its own code alone.
func TestDropContainers(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 6)
	p.stock(p.box, 2)
	box, units, label := p.closed(2)
	second, more := p.container(2)
	try(p.Fill(p.ctx, second))
	sscc := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, second, sscc))
	pallet := p.openPallet(1)
	try(p.PutContainer(p.ctx, pallet, box))
	if got := p.dropAll(defect, label.Code, units[0].Code, sscc); got != "0 a container: what is in it goes only together with it; 0 it is in a container; 0 a container: what is in it goes only together with it" {
		t.Errorf("dropped: %s", got)
	}
	with := defect
	with.WithChild = true
	if got := p.dropAll(with, label.Code, sscc, sscc); got != "0 it is in another container; 2 ; 0 dropped already" {
		t.Errorf("dropped: %s", got)
	}
	try(p.Fill(p.ctx, pallet))
	outer := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, pallet, outer))
	if got := p.dropAll(with, outer); got != "3 " { // two units and the box's own code
		t.Errorf("dropped: %s", got)
	}
	for _, c := range []code.Code{units[1].Code, more[0].Code, label.Code} {
		if life := must(p.Trace(p.ctx, c)); life.State != Dropped || !strings.HasPrefix(life.Journal[len(life.Journal)-1].Cause, "dropped with its container: DEFECT") {
			t.Errorf("%+v", life)
		}
	}
	if reports, _ := p.reportDropouts(byHand, 100); len(reports) != 0 {
		t.Errorf("before the aggregation: %+v", reports)
	}
	p.report(p.unit, "VERIFIED")
	p.report(p.box, "VERIFIED")
	r, _ := p.aggregate(true, 100)
	p.send(r)
	_, codes := p.reportDropouts(byHand, 100)
	if got := fmt.Sprint(codes); got != fmt.Sprint([][]code.Code{{sscc}, {outer}}) {
		t.Errorf("reported as dropped: %s", got)
	}
}

// A denied dropout is divided in one commit.
func TestDivideDropout(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 5)
	v := p.verified(p.unit, 5)
	p.report(p.unit, "VERIFIED")
	p.dropAll(defect, texts(v)...)
	reports, _ := p.reportDropouts(byHand, 100)
	try(p.MarkReport(p.ctx, reports[0].ID, Accepted, "s", ""))
	var sizes []int
	build := func(r Report, d Drop, all []code.Code) ([]byte, error) {
		if r.Parent != reports[0].ID || d.Reason != "DEFECT" {
			t.Errorf("%+v, %+v", r, d)
		}
		sizes = append(sizes, len(all))
		return []byte("x"), nil
	}
	r := reports[0]
	r.Reason = "bad"
	if err := p.DivideDropout(p.ctx, r, func(i int, _ code.Code) bool { return i < 2 }, build); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sizes, []int{2, 3}) {
		t.Errorf("parts of %v", sizes)
	}
	all := must(p.Reports(p.ctx))
	if old := all[len(all)-3]; old.State != Divided || old.Reason != "bad" {
		t.Errorf("%+v", old)
	}
	if open := must(p.OpenReports(p.ctx)); len(open) != 2 || open[0].Kind != Dropout || open[1].Dropout != r.Dropout {
		t.Errorf("open are %+v", open)
	}
}

// A unit that the printer confirmed and no camera read is reported as applied by nobody: its dropout goes alone.
func TestDropUnread(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 1)
	c := p.claim(p.unit, 1)
	try(p.Confirm(p.ctx, "mark", []int64{c[0].ID}, ByIdentity))
	p.dropAll(defect, c[0].Code)
	if _, codes := p.reportDropouts(byHand, 10); len(codes) != 1 {
		t.Errorf("reported are %v", codes)
	}
}
