package ledger

import (
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// What one place drops for one reason within a time shares a paper, of which no report is made before.
// The clock of these tests moves a second with each commit.
func TestDropGathers(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 12)
	v := p.verified(p.unit, 12)
	p.report(p.unit, "VERIFIED")
	sample := Drop{Reason: "QA_SAMPLES", DocDate: defect.DocDate, Gather: 30 * time.Second, Read: true}
	drop := func(place string, d Drop, i int) string {
		o := must(p.Drop(p.ctx, place, d, []code.Code{v[i].Code}))[0]
		return o.Why
	}
	due := func() (n, gathering int) {
		for _, d := range must(p.DueDropouts(p.ctx, "VERIFIED", byHand)) {
			if n += d.Count; d.Gathering {
				gathering++
			}
		}
		return n, gathering
	}
	papers := func() int {
		return int(must(scanInt(p.reads.QueryRow("SELECT COUNT(*) FROM dropout"))))
	}
	for i := range 3 {
		if why := drop("3/desk", sample, i); why != "" {
			t.Fatal(why)
		}
	}
	if why := drop("3/desk", sample, 0); why != "dropped already" || papers() != 1 {
		t.Errorf("a second time: %q; %d papers", why, papers())
	}
	if n, g := due(); n != 3 || g != 1 {
		t.Errorf("%d codes due, %d papers open", n, g)
	}
	p.reopen() // a restart does not begin another paper
	drop("3/desk", sample, 3)
	if papers() != 1 {
		t.Errorf("%d papers after a restart", papers())
	}
	other := sample
	other.Reason = "DEFECT"
	drop("3/desk", other, 4)
	drop("3/desk-2", sample, 5)
	child := sample
	child.WithChild = true
	drop("3/desk", child, 6)
	alone := sample
	alone.Gather = 0
	drop("3/desk", alone, 7)
	if papers() != 5 {
		t.Errorf("%d papers, want one for each reason, place and way, and one of its own", papers())
	}
	for range 30 {
		try(p.Doubt(p.ctx, "mark", ids(v[:1]), "")) // time passes
	}
	if n, g := due(); n != 8 || g != 0 {
		t.Errorf("%d codes due, %d papers still open after their time", n, g)
	}
	if drop("3/desk", sample, 8); papers() != 6 {
		t.Errorf("%d papers: a code has joined one whose time was over", papers())
	}
	// One that went early, with everything, takes nothing more.
	p.reportDropouts(byHand, 100)
	if drop("3/desk", sample, 9); papers() != 7 {
		t.Errorf("%d papers: a code has joined one that was reported", papers())
	}
}

// A clock that was set back keeps no paper open.
func TestDropGathers_clockSetBack(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2)
	v := p.verified(p.unit, 2)
	p.report(p.unit, "VERIFIED")
	d := defect
	d.Gather = time.Hour
	must(p.Drop(p.ctx, "desk", d, texts(v[:1])))
	p.commits.Add(-1000)
	if due := must(p.DueDropouts(p.ctx, "VERIFIED", byHand)); len(due) != 1 || due[0].Gathering {
		t.Errorf("%+v", due)
	}
	must(p.Drop(p.ctx, "desk", d, texts(v[1:])))
	if due := must(p.DueDropouts(p.ctx, "VERIFIED", byHand)); len(due) != 2 {
		t.Errorf("%+v", due)
	}
}

// What is read at a drop place is on a product: that a printer was given it speaks against nothing, but
// a label whose check part differs does not withdraw the code of a good product.
func TestDropRead(t *testing.T) {
	p := newPlant(t)
	stock := p.stock(p.unit, 8)
	c := p.claim(p.unit, 4)
	p.read(c[1].Code)
	p.read(mangle(c[2].Code))
	d := defect
	d.Read = true
	for _, test := range []struct {
		scan code.Code
		why  string
		id   int64
		now  State
	}{
		{bare(c[0].Code), "", c[0].ID, Dropped}, // not counted by its printer yet
		{mangle(c[1].Code), "its verification part differs, and the right one", c[1].ID, Verified},
		{c[1].Code[:31], "its verification part differs, and the right one", c[1].ID, Verified},
		{mangle(c[2].Code), "", c[2].ID, Dropped}, // the product that was rejected for it
		{mangle(stock[4]), "its verification part differs", 5, InStock},
		{stock[4], "it was still in stock", 5, Doubtful},
		{stock[4], "", 5, Dropped},
	} {
		o := must(p.Drop(p.ctx, "desk", d, []code.Code{test.scan}))[0]
		if (o.Why == "") != (test.why == "") || !strings.HasPrefix(o.Why, test.why) || p.state(test.id) != test.now {
			t.Errorf("%s: %q, now %s; want %q, %s", code.Visible(test.scan), o.Why, p.state(test.id), test.why, test.now)
		}
	}
	if got := p.claim(p.unit, 3); got[0].Code != stock[5] {
		t.Errorf("P1: claimed %s after one in stock was read on a product", code.Visible(got[0].Code))
	}
	own := bottle
	own.Preprinted = true
	must(p.Product(p.ctx, own))
	last := p.stock(p.unit, 1)
	if o := must(p.Drop(p.ctx, "desk", d, last))[0]; o.Why != "" || o.Was != InStock {
		t.Errorf("a label that came printed: %+v", o)
	}
	must(p.Product(p.ctx, bottle))
}
