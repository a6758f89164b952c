package office_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// doubt takes n units to a printer and into doubt.
func (p *plant) doubt(batch, cause string, n int) []code.Code {
	claims := p.claim(p.unit, batch, n)
	ids := make([]int64, n)
	for i, c := range claims {
		ids[i] = c.ID
	}
	try(p.Ledger.Doubt(p.ctx, "3/mark", ids, cause))
	return texts(claims)
}

func (p *plant) is(c code.Code) ledger.State { return must(p.Ledger.Trace(p.ctx, c)).State }

func (p *plant) cause(name string) ledger.DoubtfulCause {
	all := must(p.Ledger.DoubtfulCauses(p.ctx))
	i := slices.IndexFunc(all, func(c ledger.DoubtfulCause) bool { return c.Cause == name })
	return all[i]
}

var defect = ledger.Drop{Reason: "DEFECT"}

// TestSettleDoubtfulRefuses: what is wrong with the whole is said before a code is touched.
func TestSettleDoubtfulRefuses(t *testing.T) {
	p := newPlant(t, "water")
	codes := p.doubt("B", "fault", 2)
	of := p.cause("fault").Query()
	good := office.Doubtful{Of: of, By: "N.", Reason: "in the bin"}
	for name, test := range map[string]struct {
		change func(*office.Doubtful, *ledger.Drop)
		what   string
	}{
		"nobody":           {func(w *office.Doubtful, _ *ledger.Drop) { w.By = "" }, "a name is needed"},
		"a blank":          {func(w *office.Doubtful, _ *ledger.Drop) { w.By = " N." }, "a name is needed"},
		"no reason":        {func(w *office.Doubtful, _ *ledger.Drop) { w.Reason = "" }, "a reason is needed"},
		"two lines":        {func(w *office.Doubtful, _ *ledger.Drop) { w.Reason = "a\nb" }, "a reason is needed"},
		"nothing":          {func(w *office.Doubtful, _ *ledger.Drop) { w.Of = ledger.DoubtfulQuery{} }, "no code is given"},
		"both":             {func(w *office.Doubtful, _ *ledger.Drop) { w.Codes = codes }, "a cause together"},
		"a code and half":  {func(w *office.Doubtful, _ *ledger.Drop) { w.Codes, w.Of = codes, ledger.DoubtfulQuery{UpTo: 1} }, "a cause together"},
		"no product":       {func(w *office.Doubtful, _ *ledger.Drop) { w.Of.Product = nil }, "how far it was counted"},
		"no cause":         {func(w *office.Doubtful, _ *ledger.Drop) { w.Of.Cause = nil }, "how far it was counted"},
		"no end":           {func(w *office.Doubtful, _ *ledger.Drop) { w.Of.UpTo = 0 }, "how far it was counted"},
		"a batch alone":    {func(w *office.Doubtful, _ *ledger.Drop) { w.Of = ledger.DoubtfulQuery{Batch: of.Batch} }, "how far it was counted"},
		"with child":       {func(_ *office.Doubtful, d *ledger.Drop) { d.WithChild = true }, "does not go with"},
		"another reason":   {func(_ *office.Doubtful, d *ledger.Drop) { d.Reason = "GOOD" }, `reason "GOOD" is unknown`},
		"a document alone": {func(_ *office.Doubtful, d *ledger.Drop) { d.DocNum = "7" }, "a number and a date"},
	} {
		t.Run(name, func(t *testing.T) {
			which, d := good, defect
			test.change(&which, &d)
			done, err := p.SettleDoubtful(p.ctx, which, d)
			input(t, err, test.what)
			if done.Dropped != 0 || p.is(codes[0]) != ledger.Doubtful {
				t.Errorf("%+v", done)
			}
		})
	}
	p.Config.IZKM.Address = ""
	_, err := p.SettleDoubtful(p.ctx, good, defect)
	input(t, err, "address is missing")
}

// TestSettleDoubtful: all of a cause goes, up to where it was counted, under one paper and with the person's word in
// the journal; nothing else goes, and nothing becomes good.
func TestSettleDoubtful(t *testing.T) {
	p := newPlant(t, "water")
	many := p.doubt("B", "fault", 450)
	other, elsewhere := p.doubt("B", "paper", 1), p.doubt("C", "fault", 1)
	cause := p.cause("fault")
	if cause.Batch != "C" {
		t.Fatalf("%+v", cause)
	}
	batch := "B"
	of := cause.Query()
	of.Batch = &batch
	later := p.doubt("B", "fault", 1)
	p.scan("B", many[7])
	done, err := p.SettleDoubtful(p.ctx, office.Doubtful{Of: of, By: "Н. Каримов", Reason: "сожжены, акт 7"}, defect)
	if err != nil || done.Dropped != 449 || done.KeptAll != 0 || done.Kept != nil {
		t.Errorf("%+v, %v", done, err)
	}
	for c, want := range map[code.Code]ledger.State{many[0]: ledger.Dropped, many[449]: ledger.Dropped, many[7]: ledger.Verified, other[0]: ledger.Doubtful, elsewhere[0]: ledger.Doubtful, later[0]: ledger.Doubtful} {
		if s := p.is(c); s != want {
			t.Errorf("%s is %s, want %s", code.Visible(c), s, want)
		}
	}
	due := must(p.Ledger.DueDropouts(p.ctx, "VERIFIED", func(string) bool { return false }))
	if len(due) != 1 || due[0].Count != 449 || due[0].Batch != "B" || !due[0].Gathering || due[0].Drop.Reason != "DEFECT" {
		t.Errorf("due are %+v", due)
	}
	words := 0
	for _, e := range must(p.Ledger.Journal(p.ctx, ledger.JournalQuery{OnlyPeople: true, Text: "СОЖЖЕНЫ", Limit: 1000})).Entries {
		if e.Place != "office" || !strings.HasSuffix(e.Cause, "codes in doubt dropped as DEFECT: by Н. Каримов: сожжены, акт 7") {
			t.Errorf("%+v", e)
		}
		words += e.Codes
	}
	if words != 449 {
		t.Errorf("the journal tells of %d", words)
	}
}

// TestSettleDoubtfulCodes: single codes, of which each that is kept says why.
func TestSettleDoubtfulCodes(t *testing.T) {
	p := newPlant(t, "water")
	codes := p.doubt("B", "fault", 2)
	good := p.verified("B", 1)[0]
	given := []code.Code{ident(codes[0]), good, "nobody's", codes[1], codes[1]}
	done := must(p.SettleDoubtful(p.ctx, office.Doubtful{Codes: given, By: "N.", Reason: "in the bin"}, defect))
	var kept []string
	for _, o := range done.Kept {
		kept = append(kept, code.Visible(o.Code)+": "+o.Why)
	}
	want := []string{code.Visible(good) + ": it is verified, not in doubt", "nobody's: not known here", code.Visible(codes[1]) + ": it is dropped by now"}
	if done.Dropped != 2 || done.KeptAll != 3 || !slices.Equal(kept, want) {
		t.Errorf("%+v, want kept %q", done, want)
	}
	if p.is(good) != ledger.Verified || p.is(codes[0]) != ledger.Dropped || p.is(codes[1]) != ledger.Dropped {
		t.Error("not as told")
	}
}

// TestSettleDoubtfulGoesOn: ended in between, what was dropped stays so, and another call drops the rest.
func TestSettleDoubtfulGoesOn(t *testing.T) {
	p := newPlant(t, "water")
	p.doubt("B", "fault", 500)
	which := office.Doubtful{Of: p.cause("fault").Query(), By: "N.", Reason: "in the bin"}
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	done, err := p.SettleDoubtful(ctx, which, defect)
	if !errors.Is(err, context.Canceled) || done.Dropped != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	which.Of.After = must(p.Ledger.Doubtful(p.ctx, ledger.DoubtfulQuery{Limit: 300}))[299].Seq
	if done := must(p.SettleDoubtful(p.ctx, which, defect)); done.Dropped != 200 {
		t.Errorf("%+v", done)
	}
	which.Of.After = 0
	if done := must(p.SettleDoubtful(p.ctx, which, defect)); done.Dropped != 300 || done.KeptAll != 0 {
		t.Errorf("%+v", done)
	}
}

// TestScanAt: the stations at which a scan settles a doubt, where one can.
func TestScanAt(t *testing.T) {
	p := newPlant(t, "water")
	p.Config.Lines = []config.Line{
		{Name: "3", Stations: []config.Station{{Name: "mark", Kind: "print", Product: "unit"}, {Name: "check", Kind: "verify"}, {Name: "other", Kind: "verify", Product: "juice"}, {Name: "again", Kind: "rework"}, {Name: "bin", Kind: "drop"},
			{Name: "box", Kind: "pack", Unit: "pack", PackMode: config.PackHand}, {Name: "strict", Kind: "pack", Unverified: "refuse"}, {Name: "pallet", Kind: "pack", Of: "box"}}},
		{Name: "4", Stations: []config.Station{{Name: "mark", Kind: "print", Product: "juice"}, {Name: "check", Kind: "verify"}}},
	}
	for _, test := range []struct {
		cause ledger.DoubtfulCause
		want  string
	}{
		{ledger.DoubtfulCause{Product: "unit", Codes: 2, Unprinted: 1}, "[3/check 3/again 3/box]"},
		{ledger.DoubtfulCause{Product: "unit", Codes: 2, Unprinted: 2}, "[]"},
		{ledger.DoubtfulCause{Product: "pack", Codes: 1}, "[3/box]"},
		{ledger.DoubtfulCause{Product: "juice", Codes: 1}, "[3/other 4/check]"},
		{ledger.DoubtfulCause{Product: "beer", Codes: 1}, "[]"},
	} {
		if got := fmt.Sprint(p.ScanAt(test.cause)); got != test.want {
			t.Errorf("%+v: %s, want %s", test.cause, got, test.want)
		}
	}
}
