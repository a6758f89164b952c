package ledger

import (
	"strings"
	"testing"

	"linemark/internal/code"
)

// Labels that came printed: the first scan applies the code, by its own evidence; the second is a
// copy; and no printer ever gets one.
func TestPreprinted(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 6)
	own := bottle
	own.Preprinted = true
	must(p.Product(p.ctx, own))
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
	// Once the line marks again by itself, a label of unknown origin is no good product.
	must(p.Product(p.ctx, bottle))
	if v := verify(string(codes[3])); v.Outcome != NotIssued {
		t.Errorf("a code in stock of a product that is marked here: %+v", v)
	}
}
