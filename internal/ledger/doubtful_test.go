package ledger

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// doubt takes n units of a batch to a printer and into doubt.
func (p *plant) doubt(batch, cause string, n int) []Claim {
	p.stock(p.unit, n)
	claims := must(p.Claim(p.ctx, "3/mark", must(p.Lot(p.ctx, "3", p.unit.id, batch)), n))
	try(p.Doubt(p.ctx, "3/mark", ids(claims), cause))
	return claims
}

// TestDoubtfulCauses: codes in doubt are counted by product, batch and cause, and with what a scan and a person can
// still say of them.
func TestDoubtfulCauses(t *testing.T) {
	p := newPlant(t)
	if all := must(p.DoubtfulCauses(p.ctx)); len(all) != 0 {
		t.Errorf("without a doubt: %+v", all)
	}
	p.doubt("B1", "fault", 3)
	p.doubt("B2", "fault", 2)
	p.doubt("B1", "paper", 1)
	last := p.doubt("B1", "fault", 1)
	stock := p.stock(p.unit, 1)
	must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, stock))
	order := must(p.RecoverOrder(p.ctx, p.unit.id, "old", 2, Active, time.Unix(0, 0)))
	must(p.ReceiveRecovered(p.ctx, order, "old-1", p.unit.profile, p.unit.issue(2)))

	all := must(p.DoubtfulCauses(p.ctx))
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s/%s %s: %d, %d unprinted, %d recovered", c.Line, c.Batch, strings.Fields(c.Cause)[0], c.Codes, c.Unprinted, c.Recovered))
		if c.Product != p.unit.Name || c.GTIN != p.unit.GTIN || c.Oldest.After(c.Newest) || c.Newest.IsZero() {
			t.Errorf("%+v", c)
		}
		listed := must(p.Doubtful(p.ctx, c.Query()))
		if len(listed) != c.Codes || !listed[0].At.Equal(c.Oldest) || !listed[c.Codes-1].At.Equal(c.Newest) || listed[c.Codes-1].Seq != c.UpTo {
			t.Errorf("%+v is of %+v", c, listed)
		}
		for _, d := range listed {
			if d.Cause != c.Cause || d.Batch != c.Batch || d.Unprinted != (c.Unprinted > 0) || d.Recovered != (c.Recovered > 0) {
				t.Errorf("%+v of %+v", d, c)
			}
		}
	}
	if want := []string{"/ recovered: 2, 0 unprinted, 2 recovered", "/ read: 1, 1 unprinted, 0 recovered", "3/B1 fault: 4, 0 unprinted, 0 recovered", "3/B1 paper: 1, 0 unprinted, 0 recovered", "3/B2 fault: 2, 0 unprinted, 0 recovered"}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	more := p.doubt("B1", "fault", 5)
	if n := len(must(p.Doubtful(p.ctx, all[2].Query()))); n != 4 {
		t.Errorf("%d codes of a cause that counted 4, after 5 more", n)
	}
	if c := must(p.DoubtfulCode(p.ctx, last[0].Code)); c.Seq != all[2].UpTo || c.Code != last[0].Code || c.Ident != last[0].Code[:31] {
		t.Errorf("%+v", c)
	}
	must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, []code.Code{more[0].Code}))
	if n := must(p.DoubtfulCauses(p.ctx))[0].Codes; n != 8 {
		t.Errorf("%d codes of the cause, of which one was read", n)
	}
}

// TestDoubtfulCausesFollow: what was counted before is never told where other codes are in doubt by now.
func TestDoubtfulCausesFollow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := openPlant(must(os.MkdirTemp(t.TempDir(), "")))
		defer func() { try(p.Close()) }()
		var open []Claim
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			for range rapid.IntRange(1, 2).Draw(rt, "at once") {
				if len(open) > 0 && rapid.Bool().Draw(rt, "settles") {
					i := rapid.IntRange(0, len(open)-1).Draw(rt, "which")
					must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, []code.Code{open[i].Code}))
					open = slices.Delete(open, i, i+1)
					continue
				}
				open = append(open, p.doubt(rapid.SampledFrom([]string{"B1", "B2"}).Draw(rt, "batch"), rapid.SampledFrom([]string{"fault", "paper"}).Draw(rt, "cause"), rapid.IntRange(1, 2).Draw(rt, "codes"))...)
			}
			got := must(p.DoubtfulCauses(p.ctx))
			fresh := must(OpenReader(p.ctx, p.dir))
			want := must(fresh.DoubtfulCauses(p.ctx))
			try(fresh.Close())
			if !slices.Equal(got, want) {
				rt.Fatalf("got %+v, want %+v", got, want)
			}
		}
	})
}

// TestDoubtfulPages: pages of the list are what all codes, looked at one by one, hold.
func TestDoubtfulPages(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := openPlant(must(os.MkdirTemp(t.TempDir(), "")))
		defer func() { try(p.Close()) }()
		some := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "of") }
		for range rapid.IntRange(1, 8).Draw(rt, "doubts") {
			p.doubt(some("", "B1", "B2"), some("fault", "Сбой", "fault 2"), rapid.IntRange(1, 4).Draw(rt, "codes"))
			if rapid.Bool().Draw(rt, "read") {
				must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, p.stock(p.unit, 1)))
			}
		}
		maybe := func(of ...string) *string {
			if rapid.Bool().Draw(rt, "any") {
				return nil
			}
			text := some(of...)
			return &text
		}
		entries := map[int64]Entry{}
		try(p.EachStep(p.ctx, func(s Step) error { entries[s.Seq] = s.Entry; return nil }))
		for range 8 {
			q := DoubtfulQuery{Product: maybe(p.unit.Name, p.unit.GTIN, "nobody"), Line: maybe("", "3", "4"), Batch: maybe("", "B1", "B2"), Cause: maybe("fault", "Сбой", "FAULT", "read on a product while in stock"),
				UpTo: rapid.Int64Range(0, int64(len(entries))).Draw(rt, "up to"), Limit: rapid.IntRange(1, 5).Draw(rt, "limit")}
			var want, got []int64
			try(p.EachCode(p.ctx, func(h Held) error {
				life := must(p.Trace(p.ctx, h.Code))
				is := func(w *string, of ...string) bool { return w == nil || slices.Contains(of, *w) }
				if h.State == Doubtful && is(q.Product, life.Product.Name, life.Product.GTIN) && is(q.Line, life.Line) && is(q.Batch, life.Batch) && is(q.Cause, entries[h.Last].Cause) && (q.UpTo == 0 || h.Last <= q.UpTo) {
					want = append(want, h.Last)
				}
				return nil
			}))
			slices.Sort(want)
			for {
				page := must(p.Doubtful(p.ctx, q))
				for _, c := range page {
					if e := entries[c.Seq]; c.Cause != e.Cause || !c.At.Equal(e.At) {
						rt.Fatalf("%+v of %+v", c, e)
					}
					got, q.After = append(got, c.Seq), c.Seq
				}
				if len(page) > q.Limit {
					rt.Fatalf("%d codes where %d were asked for", len(page), q.Limit)
				}
				if len(page) == 0 {
					break
				}
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%+v: got %v, want %v", q, got, want)
			}
		}
	})
}

var burnt = Drop{Reason: "DEFECT", DocDate: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Gather: time.Minute}

// TestP3_DropDoubtful: a person's word settles what it was said of, and nothing of which more is known since.
func TestP3_DropDoubtful(t *testing.T) {
	p := newPlant(t)
	claims := p.doubt("B1", "fault", 6)
	listed := must(p.Doubtful(p.ctx, DoubtfulQuery{}))
	must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, []code.Code{claims[1].Code}))
	must(p.Drop(p.ctx, "office", burnt, []code.Code{claims[2].Code}))
	try(p.do(p.ctx, func(x *tx) error { return x.note(must(x.held(claims[3].ID)), "3/desk", "somebody has seen it") }))
	box := p.openBox(1)
	try(p.do(p.ctx, func(x *tx) error { // no station brings this about
		_, err := x.exec("UPDATE container SET code = ? WHERE id = ?", claims[4].ID, int64(box))
		return err
	}))
	word := burnt
	word.WithChild, word.Read = true, true // are not of this
	outs := must(p.DropDoubtful(p.ctx, "office", word, "by N.: in the bin", listed))
	for i, why := range []string{"", "it is verified by now", "it is dropped by now", "the journal says something new of it", "it is on a container", ""} {
		if o := outs[i]; o.Why != why || o.Code != claims[i].Code || o.Codes != map[bool]int{true: 1}[why == ""] {
			t.Errorf("%d: %+v, want %q", i, o, why)
		}
	}
	if got, want := p.states(claims), []State{Dropped, Verified, Dropped, Doubtful, Doubtful, Dropped}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	newest := must(p.Journal(p.ctx, JournalQuery{Limit: 1, OnlyPeople: true})).Entries[0]
	if newest.Cause != "2 codes in doubt dropped as DEFECT: by N.: in the bin" || newest.Place != "office" || newest.Codes != 2 {
		t.Errorf("%+v", newest)
	}
	before := must(p.LastEntry(p.ctx))
	if outs := must(p.DropDoubtful(p.ctx, "office", burnt, "by N.: again", listed)); len(outs) != 6 || !must(p.LastEntry(p.ctx)).Equal(before) {
		t.Errorf("a second time: %+v", outs)
	}
	if n := must(scanInt(p.reads.QueryRow("SELECT COUNT(DISTINCT dropout) FROM dropped"))); n != 1 {
		t.Errorf("%d papers", n)
	}
	if _, err := p.DropDoubtful(p.ctx, "office", burnt, "by N.", make([]DoubtfulCode, MostDropped+1)); err == nil {
		t.Error("more than one commit may hold")
	}
	unread := p.stock(p.unit, 1)
	must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, unread))
	c := must(p.DoubtfulCode(p.ctx, unread[0]))
	if !c.Unprinted {
		t.Errorf("%+v", c)
	}
	if o := must(p.DropDoubtful(p.ctx, "office", burnt, "by N.", []DoubtfulCode{c})); o[0].Why != "" {
		t.Errorf("%+v", o)
	}
	if _, err := p.DoubtfulCode(p.ctx, unread[0]); !isState(err) {
		t.Errorf("of a dropped code: %v", err)
	}
	if _, err := p.DoubtfulCode(p.ctx, "0104780012345677210000"); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nobody's: %v", err)
	}
}

func isState(err error) bool {
	_, is := errors.AsType[*StateError](err)
	return is
}
