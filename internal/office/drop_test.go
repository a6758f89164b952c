package office_test

import (
	"encoding/json"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// dropBody is what these tests look at of a dropout report.
type dropBody struct {
	Codes   []string `json:"sntins"`
	Reason  string   `json:"dropoutReason"`
	DocNum  string   `json:"sourceDocNum"`
	DocDate string   `json:"sourceDocDate"`
	Child   bool     `json:"withChild"`
	Address string   `json:"address"`
}

func (p *plant) dropped(r ledger.Report) dropBody {
	var b dropBody
	try(json.Unmarshal(must(p.Ledger.ReportBody(p.ctx, r.ID)), &b))
	return b
}

// TestDropRefuses: what is wrong with the whole is said before a code is touched.
func TestDropRefuses(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		drop  ledger.Drop
		set   func(*plant)
		empty bool
		what  string
	}{
		"no reason":                {ledger.Drop{}, nil, false, `reason "" is unknown`},
		"a reason of nobody":       {ledger.Drop{Reason: "Брак"}, nil, false, `reason "Брак" is unknown`},
		"a reason in small":        {ledger.Drop{Reason: "defect"}, nil, false, `reason "defect" is unknown`},
		"no code":                  {ledger.Drop{Reason: "DEFECT"}, nil, true, "no code is given"},
		"no address":               {ledger.Drop{Reason: "DEFECT"}, func(p *plant) { p.Config.IZKM.Address = " " }, false, "address is missing"},
		"no participant":           {ledger.Drop{Reason: "DEFECT"}, func(p *plant) { p.Config.IZKM.ParticipantID = "" }, false, "participant_id is missing"},
		"a document without date":  {ledger.Drop{Reason: "DEFECT", DocNum: "A-1"}, nil, false, "a number and a date"},
		"a date without document":  {ledger.Drop{Reason: "DEFECT", DocDate: day}, nil, false, "a number and a date"},
		"a document of line ends":  {ledger.Drop{Reason: "DEFECT", DocNum: "A\n1", DocDate: day}, nil, false, "does not print"},
		"a document of bare bytes": {ledger.Drop{Reason: "DEFECT", DocNum: "A\xff1", DocDate: day}, nil, false, "does not print"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, "water")
			codes := p.verified("PO-17", 1)
			if test.set != nil {
				test.set(p)
			}
			if test.empty {
				codes = nil
			}
			_, err := p.Drop(p.ctx, test.drop, codes)
			input(t, err, test.what)
			if n := must(p.Ledger.Recount(p.ctx))[0].States[ledger.Dropped]; n != 0 {
				t.Errorf("%d codes are dropped", n)
			}
		})
	}
}

// TestDropTellsEachCode: one code that cannot go keeps no other back, and the report names
// exactly those that went, by the paper that was given.
func TestDropTellsEachCode(t *testing.T) {
	p := newPlant(t, "water")
	good := p.verified("PO-17", 2)
	units, box := p.box("PO-17", 3)
	stock := p.stock(p.unit, 1)[0]
	d := ledger.Drop{Reason: "DEFECT", DocNum: "Акт 7", DocDate: time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 5*3600))}
	given := []code.Code{good[0], ident(good[1]), good[0], units[0], box, stock, "nobody's"}
	outs := must(p.Drop(p.ctx, d, given))
	for i, why := range []string{"", "", "dropped already", "it is in a container", "only together", "still in stock", "not known here"} {
		if out := outs[i]; out.Code != given[i] || (out.Why == "") != (why == "") || !contains(out.Why, why) || (out.Codes == 1) != (why == "") {
			t.Errorf("%s: %+v, want %q", code.Visible(given[i]), out, why)
		}
	}
	b := p.dropped(p.dropout())
	if len(b.Codes) != 2 || b.Codes[0] != string(good[0]) || b.Codes[1] != string(good[1]) {
		t.Errorf("the report names %q, want %q", b.Codes, good)
	}
	if b.Reason != "DEFECT" || !contains(b.DocNum, "Акт 7") || b.DocDate != "2026-03-01T09:00:00+05:00" || b.Child || b.Address != "Tashkent" {
		t.Errorf("the report says %+v", b)
	}
}

// TestDropWithChild: a container goes with all that is in it, and its report names it alone.
// Without a document the report's own id stands for one.
func TestDropWithChild(t *testing.T) {
	p := newPlant(t, "water")
	units, box := p.box("PO-17", 3)
	p.mark(p.utilisation().ID, ledger.Sent)
	before := time.Now().Add(-time.Second)
	outs := must(p.Drop(p.ctx, ledger.Drop{Reason: "DESTRUCTION", WithChild: true}, []code.Code{box}))
	if outs[0].Codes != 4 || outs[0].Why != "" {
		t.Fatalf("the box: %+v", outs[0])
	}
	for _, u := range units {
		if life := must(p.Ledger.Trace(p.ctx, u)); life.State != ledger.Dropped {
			t.Errorf("a unit of the box is %s", life.State)
		}
	}
	p.mark(p.aggregation().ID, ledger.Sent)
	r := p.dropout()
	b := p.dropped(r)
	if len(b.Codes) != 1 || b.Codes[0] != string(box) || !b.Child || b.DocNum != r.UUID {
		t.Errorf("the report is %+v", b)
	}
	if at := must(time.Parse(time.RFC3339, b.DocDate)); at.Before(before) || at.After(time.Now()) {
		t.Errorf("the document's date is %s", b.DocDate)
	}
}
