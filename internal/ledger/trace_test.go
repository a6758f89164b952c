package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

func TestTrace(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 3)
	p.stock(p.box, 1)
	c := p.claim(p.unit, 2)
	try(p.Confirm(p.ctx, "mark", ids(c), ByIdentity))
	must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, texts(c)))
	box := p.openBox(2)
	p.put(box, texts(c)...)
	try(p.Fill(p.ctx, box))
	label := p.claim(p.box, 1)[0]
	try(p.CloseWithCode(p.ctx, "box", box, label.ID, ByScan))
	pallet := p.openPallet(1)
	try(p.PutContainer(p.ctx, pallet, box))
	try(p.Fill(p.ctx, pallet))
	sscc := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, pallet, sscc))
	units, labels := p.report(p.unit, "VERIFIED"), p.report(p.box, "VERIFIED")
	boxes, _ := p.aggregate(true, 100) // the pallet with it

	ident := func(c Claim) code.Code { return c.Code[:31] }
	tests := []struct {
		name     string
		text     code.Code
		code     code.Code
		state    State
		journal  string
		reports  []Report
		parents  []code.Code
		children []code.Code
	}{
		{"a unit by its full code", c[0].Code, c[0].Code, Verified,
			"supply: received block block-1: 3 codes | mark: claim in_stock claimed | mark: confirmed by the printer claimed printed | check: scan printed verified",
			[]Report{units, boxes}, []code.Code{ident(label), sscc}, nil},
		{"by its identification code", ident(c[1]), c[1].Code, Verified, "", []Report{units, boxes}, []code.Code{ident(label), sscc}, nil},
		{"with GS lost", bare(c[0].Code), c[0].Code, Verified, "", []Report{units, boxes}, []code.Code{ident(label), sscc}, nil},
		{"a box", label.Code, label.Code, Verified,
			"supply: received block block-1: 1 codes | mark: claim in_stock claimed | box: scan of the label claimed verified",
			[]Report{labels, boxes}, []code.Code{sscc}, []code.Code{ident(c[0]), ident(c[1])}},
		{"a pallet", sscc, sscc, Printed, "", []Report{boxes}, nil, []code.Code{ident(label)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			life := must(p.Trace(p.ctx, test.text))
			if life.Code != test.code || life.State != test.state || life.Line != "3" || life.Batch != "B1" {
				t.Errorf("%s is %s on line %s, batch %s", code.Visible(life.Code), life.State, life.Line, life.Batch)
			}
			if test.journal != "" {
				var entries []string
				for _, e := range life.Journal {
					s := e.Place + ": " + e.Cause
					if e.HasStates {
						s += " " + e.Was.String() + " " + e.Now.String()
					}
					if entries = append(entries, s); e.Agent != "line-3" || e.At.Year() != 2026 {
						t.Errorf("entry %+v", e)
					}
				}
				if got := strings.Join(entries, " | "); got != test.journal {
					t.Errorf("journal %s\nwant %s", got, test.journal)
				}
				if life.Order != "order-"+life.Product.Name || life.Block != "block-1" || life.Product.Group != "water" || life.Evidence != ByScan {
					t.Errorf("order %s, block %s, product %+v, evidence %d", life.Order, life.Block, life.Product, life.Evidence)
				}
			}
			var got, want []string
			for _, r := range life.Reports {
				got = append(got, r.UUID)
			}
			for _, r := range test.reports {
				want = append(want, r.UUID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("reports %v, want %v", got, want)
			}
			if !slices.Equal(life.Parents, test.parents) || !slices.Equal(life.Children, test.children) {
				t.Errorf("parents %v, children %v; want %v, %v", life.Parents, life.Children, test.parents, test.children)
			}
		})
	}
	unused := must(p.NextSSCC(p.ctx, "0301234567"))
	for _, text := range []code.Code{"", "NOREAD", c[0].Code[:18] + "never-had-it1", unused} {
		if _, err := p.Trace(p.ctx, text); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", text, err)
		}
	}
}

// Whoever may ask could ask for a text of any length: it costs no more than a code does.
func TestTraceOfALongText(t *testing.T) {
	p := newPlant(t)
	c := p.stock(p.unit, 1)[0]
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	long := code.Code(strings.Repeat("0104780012345677", 1<<16))
	if _, err := p.Trace(ctx, long); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
	if life, err := p.Trace(ctx, c+long); err != nil || life.Code != c {
		t.Errorf("behind a code: %v, %q", err, life.Code)
	}
	// Nor does it hold up the commits of the lines.
	begun := time.Now()
	if out, err := p.Drop(p.ctx, "page", Drop{Reason: "QA_SAMPLES"}, []code.Code{long}); err != nil || out[0].Why != "not known here" {
		t.Errorf("dropping it: %+v, %v", out, err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("dropping it took %s", took)
	}
}

// A ledger of the first version, which knows no lengths of codes, is read as it is.
func TestTraceInTheFirstVersion(t *testing.T) {
	p := newPlant(t)
	c := p.stock(p.unit, 1)[0]
	must(p.w.conn.ExecContext(p.ctx, "ALTER TABLE idlen RENAME TO other"))
	defer func() { must(p.w.conn.ExecContext(p.ctx, "ALTER TABLE other RENAME TO idlen")) }()
	if life, err := p.Trace(p.ctx, c[:31]); err != nil || life.Code != c {
		t.Errorf("%v, %q", err, life.Code)
	}
}

func TestEachCode(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 3)
	p.verified(p.unit, 1)
	p.report(p.unit, "VERIFIED")
	var got []Held
	try(p.EachCode(p.ctx, func(h Held) error { got = append(got, h); return nil }))
	want := []Held{
		{1, codes[0], codes[0][:31], Verified, ByScan, "block-1", true, bottle.Name, got[0].Claim, got[0].Last},
		{2, codes[1], codes[1][:31], InStock, NoEvidence, "block-1", false, bottle.Name, 0, got[1].Last},
		{3, codes[2], codes[2][:31], InStock, NoEvidence, "block-1", false, bottle.Name, 0, got[1].Last},
	}
	life := must(p.Trace(p.ctx, codes[0])).Journal
	if got[0].Claim != life[1].Seq || got[0].Last != life[len(life)-1].Seq || got[1].Last >= got[0].Claim {
		t.Errorf("claimed by entry %d, last %d; its life %+v", got[0].Claim, got[0].Last, life)
	}
	if !slices.Equal(got, want) {
		t.Errorf("codes %+v", got)
	}
	stop := errors.New("enough")
	if err := p.EachCode(p.ctx, func(Held) error { return stop }); err != stop {
		t.Errorf("stopped with %v", err)
	}
}

func TestP2_BalanceAndRecount(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	p.stock(p.box, 3)
	p.verified(p.unit, 2)
	c := p.claim(p.unit, 4)
	try(p.Confirm(p.ctx, "mark", ids(c[:1]), ByCount))
	try(p.Doubt(p.ctx, "mark", ids(c[1:2]), "fault"))
	must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{mangle(c[2].Code)}))
	b := must(p.Balance(p.ctx))
	want := "map[in_stock:4 claimed:1 printed:1 verified:2 rejected:1 doubtful:1]"
	if got := fmt.Sprint(b[0].States); got != want || b[0].Received != 10 || b[0].Product != bottle || b[1].States[InStock] != 3 {
		t.Errorf("balance %s of %d, want %s", got, b[0].Received, want)
	}
	b[0].States[Dropped]++
	if b[0].Equal() {
		t.Error("a code too many and the two sides are equal")
	}
	// A tally that is wrong is found by counting.
	for _, spoil := range []string{
		"UPDATE tally SET n = n + 1 WHERE product = 1 AND state = 0",
		"INSERT INTO tally (product, state, n) VALUES (2, 6, 1)",
		"DELETE FROM tally WHERE product = 1 AND state = 3",
	} {
		must(p.w.conn.ExecContext(p.ctx, "BEGIN; CREATE TABLE kept AS SELECT * FROM tally; "+spoil+"; COMMIT"))
		if _, err := p.Recount(p.ctx); err == nil {
			t.Errorf("%s: recount finds no difference", spoil)
		}
		must(p.w.conn.ExecContext(p.ctx, "BEGIN; DELETE FROM tally; INSERT INTO tally SELECT * FROM kept; DROP TABLE kept; COMMIT"))
	}
}

func TestWords(t *testing.T) {
	for _, s := range States() {
		if strings.Contains(s.String(), " ") {
			t.Errorf("state %d has the name %q", int(s), s)
		}
	}
	if State(99).String() != "state 99" || State(-1).String() != "state -1" {
		t.Error("a state that is none")
	}
	seen := map[string]bool{}
	for o := Good; o <= Unreadable; o++ {
		seen[o.String()] = true
	}
	if len(seen) != 8 {
		t.Errorf("outcomes %v", seen)
	}
}
