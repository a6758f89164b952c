package office_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

const (
	unitGTIN = "04780012345677"
	packGTIN = "14780012345674"
)

// plant is an office over a ledger of its own, with a unit and a group pack of one product group
// on line 3. Its methods stop the test at the first error.
type plant struct {
	office.Office
	t       *testing.T
	ctx     context.Context
	group   string
	unit    kind
	pack    kind
	issued  int
	changed []string // lines that were told of another batch
}

// kind is one product with its order.
type kind struct {
	id      ledger.ProductID
	order   ledger.OrderID
	profile code.Profile
	gtin    string
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func try(err error) {
	if err != nil {
		panic(err)
	}
}

func newPlant(t *testing.T, group string) *plant {
	t.Helper()
	cfg := &config.Config{
		IZKM: config.IZKM{Group: group, ParticipantID: "301234567", Address: "Tashkent"},
		Products: []config.Product{
			{Name: "unit", GTIN: unitGTIN, CISType: string(code.Unit)},
			{Name: "pack", GTIN: packGTIN, CISType: string(code.Group)},
		},
		Lines: []config.Line{
			{Name: "3", Stations: []config.Station{{Name: "mark", Kind: "print", Product: "unit"}, {Name: "box", Kind: "pack", Unit: "pack"}}},
			{Name: "4", Stations: []config.Station{{Name: "check", Kind: "verify"}}},
		},
	}
	l := must(ledger.Open(t.Context(), t.TempDir(), ledger.Options{Agent: "line-3"}))
	p := &plant{Office: agent.Office(cfg, l), t: t, ctx: t.Context(), group: group}
	p.Changed = func(_ context.Context, line string) error { p.changed = append(p.changed, line); return nil }
	t.Cleanup(func() {
		for _, b := range must(l.Recount(context.Background())) {
			if !b.Equal() {
				t.Errorf("the balance is not equal: %+v", b)
			}
		}
		try(l.Close())
	})
	p.unit = p.kind("unit", unitGTIN, code.Unit)
	if _, err := cfg.Table.Profile(group, code.Group); err == nil {
		p.pack = p.kind("pack", packGTIN, code.Group)
	}
	return p
}

func (p *plant) kind(name, gtin string, typ code.Type) kind {
	k := kind{gtin: gtin, profile: must(code.Table{}.Profile(p.group, typ))}
	k.id = must(p.Ledger.Product(p.ctx, ledger.Product{Name: name, GTIN: gtin, Group: p.group, Type: typ}))
	k.order = must(p.Ledger.PlaceOrder(p.ctx, k.id, 100_000))
	try(p.Ledger.SetOrder(p.ctx, k.order, "order-"+name, ledger.Active, ""))
	return k
}

// start begins a batch of line 3 that needs nothing more.
func (p *plant) start(name string) { try(p.StartBatch(p.ctx, ledger.Batch{Line: "3", Name: name})) }

func (p *plant) lot(k kind, batch string) ledger.LotID {
	return must(p.Ledger.Lot(p.ctx, "3", k.id, batch))
}

// stock receives n new codes. Their serials hold what a careless file would break.
func (p *plant) stock(k kind, n int) []code.Code {
	codes := make([]code.Code, n)
	for i := range codes {
		p.issued++
		codes[i] = code.Code(fmt.Sprintf(`01%s21,"'&<%08d%c93%04X`, k.gtin, p.issued, code.GS, p.issued&0xffff))
	}
	try(p.Ledger.Receive(p.ctx, k.order, fmt.Sprintf("block-%d", p.issued), k.profile, codes))
	return codes
}

// claim takes n new codes to a printer.
func (p *plant) claim(k kind, batch string, n int) []ledger.Claim {
	p.stock(k, n)
	return must(p.Ledger.Claim(p.ctx, "3/mark", p.lot(k, batch), n))
}

func (p *plant) scan(batch string, codes ...code.Code) {
	p.t.Helper()
	for _, v := range must(p.Ledger.Verify(p.ctx, "3/check", p.lot(p.unit, batch), p.unit.profile, codes)) {
		if v.Outcome != ledger.Good {
			p.t.Fatalf("a scan is %s", v.Outcome)
		}
	}
}

// verified takes n new units through to a good scan.
func (p *plant) verified(batch string, n int) []code.Code {
	p.t.Helper()
	codes := texts(p.claim(p.unit, batch, n))
	p.scan(batch, codes...)
	return codes
}

// box packs n new units into a box that bears a group code.
func (p *plant) box(batch string, n int) (units []code.Code, own code.Code) {
	p.t.Helper()
	id := must(p.Ledger.OpenContainer(p.ctx, ledger.NewContainer{Line: "3", Station: "box", Group: p.group, Batch: batch, Capacity: n}))
	units = p.verified(batch, n)
	for _, o := range must(p.Ledger.Put(p.ctx, "3/box", id, p.lot(p.unit, batch), p.unit.profile, units)) {
		if !o.Packed {
			p.t.Fatalf("a unit is not packed: %s", o.Outcome)
		}
	}
	try(p.Ledger.Fill(p.ctx, id))
	label := p.claim(p.pack, batch, 1)[0]
	try(p.Ledger.CloseWithCode(p.ctx, "3/box", id, label.ID, ledger.ByIdentity))
	return units, label.Code
}

// utilisation freezes a report of all that was verified.
func (p *plant) utilisation() ledger.Report {
	p.t.Helper()
	for _, due := range must(p.Ledger.DueUtilisation(p.ctx, "VERIFIED")) {
		if due.Product.GTIN == unitGTIN {
			return must(p.Ledger.BuildUtilisation(p.ctx, due, 100_000, p.Papers.Utilisation))
		}
	}
	p.t.Fatal("nothing is due")
	return ledger.Report{}
}

// aggregation freezes a report of all closed boxes. The system is taken to need no utilisation.
func (p *plant) aggregation() ledger.Report {
	p.t.Helper()
	due := must(p.Ledger.DueAggregation(p.ctx, func(string) bool { return false }))
	if len(due) != 1 {
		p.t.Fatalf("%d sets of containers are due", len(due))
	}
	return must(p.Ledger.BuildAggregation(p.ctx, due[0], false, 11_000, p.Papers.Aggregation))
}

// dropout freezes a report of all that was dropped.
func (p *plant) dropout() ledger.Report {
	p.t.Helper()
	due := must(p.Ledger.DueDropouts(p.ctx, "VERIFIED", func(string) bool { return false }))
	if len(due) != 1 {
		p.t.Fatalf("%d sets of dropped codes are due", len(due))
	}
	return must(p.Ledger.BuildDropout(p.ctx, due[0], false, 30_000, p.Papers.Dropout))
}

func (p *plant) mark(id int64, s ledger.ReportStatus) {
	try(p.Ledger.MarkReport(p.ctx, id, s, "", "the server's word"))
}

func (p *plant) state(id int64) ledger.ReportStatus {
	return must(p.Ledger.ReportByID(p.ctx, id)).State
}

// input wants an *InputError with a text and a hint.
func input(t *testing.T, err error, what string) {
	t.Helper()
	var in *office.InputError
	switch {
	case !errors.As(err, &in):
		t.Fatalf("%v is no InputError, want %q", err, what)
	case !contains(in.What, what):
		t.Errorf("the error is %q, want %q in it", in.What, what)
	case in.Hint == "":
		t.Errorf("%q has no hint", in.What)
	}
}

func texts(claims []ledger.Claim) []code.Code {
	codes := make([]code.Code, len(claims))
	for i, c := range claims {
		codes[i] = c.Code
	}
	return codes
}

// ident is the identification code of a code of this fixture.
func ident(c code.Code) code.Code { return c[:len(c)-len("x93AAAA")] }
