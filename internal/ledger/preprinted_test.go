package ledger

import (
	"errors"
	"strings"
	"testing"

	"linemark/internal/code"
)

// Labels that came printed: the first scan applies the code, by its own evidence; the second is a
// copy; and no printer ever gets one.
func TestPreprinted(t *testing.T) {
	p := newPlant(t)
	own := bottle
	own.Preprinted = true
	must(p.Product(p.ctx, own))
	codes := p.stock(p.unit, 6)
	if got := must(p.Claim(p.ctx, "mark", p.unit.lot, 3)); len(got) != 0 {
		t.Errorf("P1: %d codes that came printed were claimed for a printer", len(got))
	}
	verify := func(scan string) Verdict {
		return must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{code.Code(scan)}))[0]
	}
	if v := verify(string(codes[0])); v.Outcome != Good || v.Was != InStock {
		t.Errorf("the first scan: %+v", v)
	}
	if v := verify(string(codes[0])); v.Outcome != Duplicate {
		t.Errorf("the second scan of one label: %+v", v)
	}
	if v := verify(string(codes[1][:len(codes[1])-1]) + "!"); v.Outcome != Mangled {
		t.Errorf("a label with another check part: %+v", v)
	}
	if v := verify(strings.ReplaceAll(string(codes[1]), "\x1d", "")); v.Outcome != Good {
		t.Errorf("a label whose GS the scanner drops: %+v", v)
	}
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))
	if len(due) != 1 || due[0].Count != 2 {
		t.Errorf("P3: due for a report: %+v", due)
	}
	p.reopen()
	if v := verify(string(codes[1])); v.Outcome != Duplicate {
		t.Errorf("after a restart: %+v", v)
	}
	if sheet := must(p.BatchBalance(p.ctx, "3", "B1")); len(sheet) != 1 || sheet[0].Received != 2 || sheet[0].Verified != 2 || !sheet[0].Equal() {
		t.Errorf("P2: the batch sheet is %+v", sheet)
	}
	for _, b := range must(p.Recount(p.ctx)) {
		if !b.Equal() || b.ID == p.unit.id && (b.States[InStock] != 4 || b.States[Verified] != 2) {
			t.Errorf("P2: %+v", b)
		}
	}
}

// TestP1_PreprintedStays: as long as codes are in stock it cannot be changed whether they come on
// labels; then none of them could get onto a second one.
func TestP1_PreprintedStays(t *testing.T) {
	p := newPlant(t)
	own := bottle
	own.Preprinted = true
	refused := func(of Product, stock int) {
		t.Helper()
		var no *PreprintedError
		if _, err := p.Product(p.ctx, of); !errors.As(err, &no) || *no != (PreprintedError{of.Name, stock, !of.Preprinted}) {
			t.Errorf("preprinted = %v: %v", of.Preprinted, err)
		}
	}
	must(p.Product(p.ctx, own)) // nothing is in stock yet
	codes := p.stock(p.unit, 2)
	refused(bottle, 2)
	renamed := own
	renamed.Name = "still-05"
	must(p.Product(p.ctx, renamed))
	if got := must(p.Claim(p.ctx, "mark", p.unit.lot, 2)); len(got) != 0 {
		t.Errorf("%d codes that came printed were claimed for a printer", len(got))
	}
	p.read(codes[0])
	refused(bottle, 1)
	p.read(codes[1])
	must(p.Product(p.ctx, bottle)) // they are used up
	p.stock(p.unit, 3)
	refused(own, 3)
	if got := must(p.Claim(p.ctx, "mark", p.unit.lot, 3)); len(got) != 3 {
		t.Errorf("%d codes claimed for the printer", len(got))
	}
	must(p.Product(p.ctx, own))
}
