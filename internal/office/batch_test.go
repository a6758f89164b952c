package office_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

const (
	made    = "2026-03-01T08:00:00+05:00"
	expires = "2027-03-01T00:00:00+05:00"
)

// TestStartBatchAsksWhatTheGroupNeeds: with everything but one needed field the batch does not
// begin; with what is needed it does, and carries it.
func TestStartBatchAsksWhatTheGroupNeeds(t *testing.T) {
	full := ledger.Batch{Line: "3", Name: "PO-17", ProductionDate: made, ExpirationDate: expires, Series: "S-1"}
	for group, needs := range map[string][]string{
		"water": nil, "tobacco": nil, "appliances": nil,
		"beer": {"production date"}, "alcohol": {"production date"},
		"pharma": {"production date", "expiration date", "series"},
	} {
		t.Run(group, func(t *testing.T) {
			p := newPlant(t, group)
			for name, without := range map[string]func(*ledger.Batch){
				"production date": func(b *ledger.Batch) { b.ProductionDate = "" },
				"expiration date": func(b *ledger.Batch) { b.ExpirationDate = "" },
				"series":          func(b *ledger.Batch) { b.Series = "" },
			} {
				b := full
				if without(&b); !contains(strings.Join(needs, ","), name) {
					continue
				}
				err := p.StartBatch(p.ctx, b)
				input(t, err, name+" is missing")
				var in *office.InputError
				if errors.As(err, &in) && !contains(in.Hint, "--"+strings.ReplaceAll(name, " ", "-")) {
					t.Errorf("the hint is %q", in.Hint)
				}
			}
			if len(p.changed) > 0 {
				t.Errorf("lines were told of a batch that did not begin: %q", p.changed)
			}
			bare := ledger.Batch{Line: "3", Name: "PO-17"}
			if len(needs) > 0 {
				bare = full
			}
			try(p.StartBatch(p.ctx, bare))
			got := must(p.Ledger.LastBatch(p.ctx, "3"))
			got.StartedAt = bare.StartedAt
			if got != bare || strings.Join(p.changed, ",") != "3" {
				t.Errorf("the batch is %+v, told to %q", got, p.changed)
			}
		})
	}
}

func TestStartBatchRefuses(t *testing.T) {
	long := strings.Repeat("щ", 20)
	tests := []struct {
		name  string
		batch ledger.Batch
		what  string // empty: it begins
	}{
		{"another line", ledger.Batch{Line: "9", Name: "a"}, `no line "9"`},
		{"no line", ledger.Batch{Name: "a"}, `no line ""`},
		{"no name", ledger.Batch{Line: "3"}, "needs a name"},
		{"a date without time", ledger.Batch{Line: "3", Name: "a", ProductionDate: "2026-03-01"}, "no date with time and zone"},
		{"a date without zone", ledger.Batch{Line: "3", Name: "a", ExpirationDate: "2026-03-01T00:00:00"}, "no date with time and zone"},
		{"a day that is not", ledger.Batch{Line: "3", Name: "a", ExpirationDate: "2026-02-30T00:00:00Z"}, "no date with time and zone"},
		{"dates taken for each other", ledger.Batch{Line: "3", Name: "a", ProductionDate: expires, ExpirationDate: made}, "not after the production date"},
		{"one moment for both dates", ledger.Batch{Line: "3", Name: "a", ProductionDate: "2026-03-01T08:00:00+05:00", ExpirationDate: "2026-03-01T03:00:00Z"}, "not after the production date"},
		{"a series of 21 characters", ledger.Batch{Line: "3", Name: "a", Series: long + "1"}, "21 characters"},
		{"a blank series", ledger.Batch{Line: "3", Name: "a", Series: " "}, "the series"},
		{"a blank at the end", ledger.Batch{Line: "3", Name: "a "}, "the name"},
		{"a tab", ledger.Batch{Line: "3", Name: "a\tb"}, "the name"},
		{"a name that is no UTF-8", ledger.Batch{Line: "3", Name: "a\xff"}, "the name"},
		{"a series of 20 characters", ledger.Batch{Line: "3", Name: "a", Series: long}, ""},
		{"a name of words", ledger.Batch{Line: "3", Name: "Заказ 17/2"}, ""},
		{"a line without a product", ledger.Batch{Line: "4", Name: "a"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlant(t, "water")
			err := p.StartBatch(p.ctx, test.batch)
			if test.what == "" {
				try(err)
				return
			}
			input(t, err, test.what)
			if _, err := p.Ledger.LastBatch(p.ctx, "3"); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("a batch began all the same: %v", err)
			}
		})
	}
}

// TestOneBatchAtATime: a second one waits for the end of the first, a name is used once, and an
// end needs a beginning.
func TestOneBatchAtATime(t *testing.T) {
	p := newPlant(t, "water")
	_, err := p.EndBatch(p.ctx, "3")
	input(t, err, "runs no batch")
	_, err = p.EndBatch(p.ctx, "9")
	input(t, err, `no line "9"`)
	_, err = p.Sheet(p.ctx, "3", "")
	input(t, err, "line 3 had no batch yet")
	p.start("PO-17")
	input(t, p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "PO-18"}), "end it first")
	try(p.StartBatch(p.ctx, ledger.Batch{Line: "4", Name: "PO-17"})) // another line's
	_, err = p.EndThisBatch(p.ctx, "3", "PO-16")
	input(t, err, `runs no batch "PO-16"`)
	if s := must(p.EndThisBatch(p.ctx, "3", "PO-17")); s.Batch.Name != "PO-17" || s.Batch.Running() || !s.Equal() {
		t.Errorf("the sheet is %+v", s)
	}
	input(t, p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "PO-17"}), "a name is used once")
	p.start("PO-18")
	if s := must(p.Sheet(p.ctx, "3", "")); s.Batch.Name != "PO-18" {
		t.Errorf("the last batch is %+v", s.Batch)
	}
	if s := must(p.Sheet(p.ctx, "3", "PO-17")); s.Batch.Name != "PO-17" {
		t.Errorf("the named batch is %+v", s.Batch)
	}
	_, err = p.Sheet(p.ctx, "3", "PO-19")
	input(t, err, `no batch "PO-19"`)
	_, err = p.Sheet(p.ctx, "9", "PO-17")
	input(t, err, `no line "9"`)
	if got := strings.Join(p.changed, ","); got != "3,4,3,3" {
		t.Errorf("told to lines %s", got)
	}
}

// TestLineIsTold: what a line says against its new batch comes back; without an agent there is
// no line to tell.
func TestLineIsTold(t *testing.T) {
	p := newPlant(t, "water")
	p.Changed = func(context.Context, string) error { return errors.New("the line has ended") }
	if err := p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "a"}); err == nil || !contains(err.Error(), "the line has ended") {
		t.Errorf("the start says %v", err)
	}
	if _, err := p.EndBatch(p.ctx, "3"); err == nil || !contains(err.Error(), "the line has ended") {
		t.Errorf("the end says %v", err)
	}
	alone := agent.Office(p.Config, p.Ledger)
	try(alone.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "b"}))
	must(alone.EndBatch(p.ctx, "3"))
}

// TestPause: a line whose batch has ended waits for the next, whatever it marks; one that never
// had a batch waits only where reports need to know it.
func TestPause(t *testing.T) {
	for group, why := range map[string]string{"water": "", "tobacco": "", "beer": "reports of beer", "pharma": "reports of pharma"} {
		p := newPlant(t, group)
		if got := office.Pause(p.Config, "3", ledger.Batch{}); !contains(got, why) || (got == "") != (why == "") {
			t.Errorf("%s without a batch: %q", group, got)
		}
		try(p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "PO-17", ProductionDate: made, ExpirationDate: expires, Series: "1"}))
		if got := office.Pause(p.Config, "3", must(p.Ledger.LastBatch(p.ctx, "3"))); got != "" {
			t.Errorf("%s in a batch: %q", group, got)
		}
		if got := office.Pause(p.Config, "3", must(p.EndBatch(p.ctx, "3")).Batch); !contains(got, `"PO-17" has ended`) {
			t.Errorf("%s after a batch: %q", group, got)
		}
	}
}

// TestSheet: every code that was taken for a batch stands on its sheet once, by what became of
// it, and the codes of other batches do not.
func TestSheet(t *testing.T) {
	p := newPlant(t, "water")
	p.start("PO-16")
	p.verified("PO-16", 3)
	must(p.EndBatch(p.ctx, "3"))
	p.start("PO-17")
	p.verified("PO-17", 4)
	sent := p.utilisationOf("PO-17")
	p.mark(sent.ID, ledger.Sent)
	printed := p.claim(p.unit, "PO-17", 2)
	try(p.Ledger.Confirm(p.ctx, "3/mark", []int64{printed[0].ID, printed[1].ID}, ledger.ByCount))
	doubtful := p.claim(p.unit, "PO-17", 5)
	ids := make([]int64, len(doubtful))
	for i, c := range doubtful {
		ids[i] = c.ID
	}
	try(p.Ledger.Doubt(p.ctx, "3/mark", ids[:2], "power cut"))
	try(p.Ledger.Doubt(p.ctx, "3/mark", ids[2:], "no ribbon"))
	must(p.Drop(p.ctx, ledger.Drop{Reason: "QA_SAMPLES"}, p.verified("PO-17", 1)))
	must(p.Drop(p.ctx, ledger.Drop{Reason: "DEFECT"}, p.verified("PO-17", 2)))
	p.claim(p.unit, "PO-17", 1)
	p.claim(p.pack, "PO-17", 1)
	p.stock(p.unit, 7) // nobody's yet

	s := must(p.EndBatch(p.ctx, "3"))
	if len(s.Products) != 2 || !s.Equal() {
		t.Fatalf("the sheet is %+v", s)
	}
	box, unit := s.Products[0], s.Products[1]
	if box.Product != "pack" || box.Received != 1 || box.Left != 1 {
		t.Errorf("the pack's account is %+v", box)
	}
	if unit.Received != 15 || unit.Printed != 2 || unit.Verified != 4 || unit.Sampled != 1 || unit.Dropped != 2 || unit.Left != 1 || unit.Rejected != 0 || unit.Reported != 4 {
		t.Errorf("the unit's account is %+v", unit)
	}
	if len(unit.Doubtful) != 2 || unit.Doubtful["power cut"] != 2 || unit.Doubtful["no ribbon"] != 3 {
		t.Errorf("in doubt are %v", unit.Doubtful)
	}
	if before := must(p.Sheet(p.ctx, "3", "PO-16")); len(before.Products) != 1 || before.Products[0].Verified != 3 || before.Products[0].Received != 3 {
		t.Errorf("the batch before is %+v", before)
	}
	s.Products[1].Received++
	if s.Equal() {
		t.Error("a code too many is called equal")
	}
}

// utilisationOf freezes a report of what was verified in one batch.
func (p *plant) utilisationOf(batch string) ledger.Report {
	for _, due := range must(p.Ledger.DueUtilisation(p.ctx, "VERIFIED")) {
		if due.Batch == batch && due.Product.Type == code.Unit {
			return must(p.Ledger.BuildUtilisation(p.ctx, due, 100_000, p.Papers.Utilisation))
		}
	}
	p.t.Fatalf("nothing of %s is due", batch)
	return ledger.Report{}
}

// On SmartOne without a department reports go by the number of its batch: a line waits for one, and no other name is taken.
func TestBatchByNumber(t *testing.T) {
	p := newPlant(t, "water")
	p.Config.SmartOne = config.SmartOne{URL: "https://smartone.example", Group: "water"}
	if why := office.Pause(p.Config, "3", ledger.Batch{}); !contains(why, "the number of a SmartOne batch") {
		t.Errorf("a line without one: %q", why)
	}
	var input *office.InputError
	if err := p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "PO-17"}); !errors.As(err, &input) || !contains(input.What, `"PO-17" is no number`) {
		t.Errorf("a name is taken: %v", err)
	}
	try(p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "117"}))
	must(p.EndBatch(p.ctx, "3"))
	p.Config.SmartOne.Department = "PLANT-1"
	try(p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: "PO-17"}))
}
