package izkmtest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	caseSSCC   = "00030779729200000015"
	palletSSCC = "00130779729200000029"
)

func dropoutBody(withChild bool, codes ...string) fields {
	return fields{"sntins": codes, "participantId": "301234567", "address": "Ташкент, ул. Навои, 1",
		"dropoutReason": "DEFECT", "withChild": withChild}
}

func (x *site) dropout(body fields) answer {
	x.t.Helper()
	return x.verdict(x.ok("POST", "dropout", text(x.t, body)).ReportID)
}

func TestDropoutsAreRefused(t *testing.T) {
	body := dropoutBody(false, "x")
	for name, tc := range map[string]struct {
		body   any
		code   int
		breach string
	}{
		"no body":             {nil, codeWrong, "JSON object"},
		"no codes":            {with(body, "sntins", absent), codeMissing, "sntins"},
		"empty codes":         {with(body, "sntins", []string{}), codeMissing, "sntins"},
		"empty code":          {with(body, "sntins", []string{"x", ""}), codeWrong, "sntins[1]"},
		"30001 codes":         {with(body, "sntins", slices.Repeat([]string{"x"}, 30001)), codeLimit, "30001 codes, at most 30000"},
		"no participant":      {with(body, "participantId", absent), codeMissing, "participantId"},
		"participant":         {with(body, "participantId", "UZ3"), codeWrong, "tax number"},
		"no address":          {with(body, "address", absent), codeMissing, "address"},
		"empty address":       {with(body, "address", ""), codeMissing, "address"},
		"no reason":           {with(body, "dropoutReason", absent), codeMissing, "dropoutReason"},
		"the sample's reason": {with(body, "dropoutReason", "ДЕФЕКТ"), codeWrong, "ДЕФЕКТ"},
		"reason as a number":  {with(body, "dropoutReason", 32), codeWrong, "dropoutReason: wrong type"},
		"no withChild":        {with(body, "withChild", absent), codeMissing, "withChild"},
		"withChild as text":   {with(body, "withChild", "true"), codeWrong, "withChild: wrong type"},
		"withChild null":      {with(body, "withChild", nil), codeMissing, "withChild"},
		"line a number":       {with(body, "productionLineId", 1), codeWrong, "productionLineId: wrong type"},
		"order a number":      {with(body, "productionOrderId", 1), codeWrong, "productionOrderId: wrong type"},
		"date without zone":   {with(body, "sourceDocDate", "2011-12-03T10:15:30"), codeWrong, "sourceDocDate"},
		"number as a number":  {with(body, "sourceDocNum", 138), codeWrong, "sourceDocNum: wrong type"},
		"a source id":         {with(body, "sourceReportId", "1"), codeWrong, "no such field"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newSite(t, "tobacco", Options{})
			x.refused(x.request("POST", "dropout", text(t, tc.body)), 400, tc.code, tc.breach)
		})
	}
	x := newSite(t, "tobacco", Options{})
	x.refused(x.request("GET", "dropout", ""), 405, codeNoMethod, "not allowed")
}

func TestDropout(t *testing.T) {
	for _, group := range []string{"tobacco", "alcohol", "beer", "water", "pharma", "appliances"} {
		t.Run(group, func(t *testing.T) {
			clk := newClock()
			x := newSite(t, group, Options{Now: clk.now, ReportDelay: 3 * time.Second})
			codes := x.take(x.order(productRow(testGTIN, "UNIT", 10)), testGTIN, 10, 10)
			for i, reason := range []string{"DESTRUCTION", "DEFECT", "EXPIRY", "QA_SAMPLES", "PRODUCT_RECALL",
				"COMPLAINTS", "PRODUCT_TESTING", "DEMO_SAMPLES", "OTHER"} {
				id := x.ok("POST", "dropout", text(t, with(dropoutBody(i%2 == 0, codes[i]), "dropoutReason", reason))).ReportID
				for _, status := range []string{"DRAFT", "READY_TO_SEND", "PENDING", "SENT"} {
					if a := x.verdict(id); a.ReportStatus != status || a.ErrorReason != "" {
						t.Errorf("%s, want %s", a.raw, status)
					}
					clk.pass(time.Second)
				}
				if c := x.srv.History().Codes[i]; c.Dropped != id || c.DropoutReason != reason || c.Full != codes[i] {
					t.Errorf("%+v", c)
				}
			}
			h := x.srv.History()
			if len(h.Breaches) > 0 || h.Codes[9].Dropped != "" || len(h.Accepted(Dropout)) != 9 {
				t.Errorf("%+v", h)
			}
		})
	}
}

func TestDropoutIsKeptAsItCame(t *testing.T) {
	x := newSite(t, "water", Options{Now: newClock().now})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)
	body := dropoutBody(true, codes...)
	body["productionLineId"], body["productionOrderId"] = "L1", "B7"
	body["sourceDocDate"], body["sourceDocNum"] = "2011-12-03T10:15:30+01:00", "138-3"
	a := x.dropout(body)
	h := x.srv.History()
	want := Report{ID: a.ReportID, OMSID: testOMS, Group: "water", Kind: Dropout, Received: h.Reports[0].Received, Status: "SENT", Times: 1,
		ProductionLineID: "L1", ProductionOrderID: "B7", ParticipantID: "301234567", Address: "Ташкент, ул. Навои, 1",
		DropoutReason: "DEFECT", SourceDocDate: "2011-12-03T10:15:30+01:00", SourceDocNum: "138-3", WithChild: true, Codes: codes}
	if !reflect.DeepEqual(h.Reports[0], want) {
		t.Errorf("%+v\nwant %+v", h.Reports[0], want)
	}
}

func TestDropoutIsRejected(t *testing.T) {
	x := newSite(t, "water", Options{})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 10)), testGTIN, 10, 10)
	beer := x.as("beer")
	foreign := beer.take(beer.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)
	beer.utilise(foreign...)
	beer.aggregate(unitRow(palletSSCC, kis(x, foreign)...))
	first := x.dropout(dropoutBody(false, codes[0]))
	for name, tc := range map[string]struct {
		codes []string
		words []string
	}{
		"unknown":            {[]string{codes[1], codes[2][:37] + "\u2116"}, []string{"neither issued here nor an aggregated unit: " + codes[2][:37]}},
		"without GS":         {[]string{strings.ReplaceAll(codes[1], "\x1d", "")}, []string{"neither issued here"}},
		"without check part": {kis(x, codes[1:2]), []string{"without the check part: " + codes[1][:31]}},
		"no unit":            {[]string{caseSSCC}, []string{"nor an aggregated unit: " + caseSSCC}},
		"another's unit":     {[]string{palletSSCC}, []string{"of group beer: " + palletSSCC}},
		"twice":              {[]string{codes[1], codes[1]}, []string{"named twice: " + codes[1]}},
		"dropped before":     {[]string{codes[1], codes[0]}, []string{"dropped already by report " + first.ReportID + ": " + codes[0]}},
		"another's code":     {foreign, []string{"of group beer: " + foreign[0]}},
	} {
		t.Run(name, func(t *testing.T) {
			y := *x
			y.t = t
			rejected(t, &y, y.dropout(dropoutBody(true, tc.codes...)), tc.words...)
		})
	}
	if a := x.dropout(dropoutBody(false, codes[1:]...)); a.ReportStatus != "SENT" { // nothing of the rejected ones was taken
		t.Error(a.ErrorReason)
	}
}

func TestWhatIsDroppedIsOutOfUse(t *testing.T) {
	x := newSite(t, "water", Options{})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 5)), testGTIN, 5, 5)
	ki := kis(x, codes)
	x.utilise(codes[1:]...)
	x.aggregate(unitRow(caseSSCC, ki[2]))
	a := x.dropout(dropoutBody(false, codes[0], codes[1], caseSSCC))
	if a.ReportStatus != "SENT" {
		t.Fatal(a.raw)
	}
	by := "dropped already by report " + a.ReportID + ": "
	rejected(t, x, x.utilise(codes[0]), by+codes[0])
	rejected(t, x, x.aggregate(unitRow(palletSSCC, ki[3], ki[1])), by+ki[1])
	rejected(t, x, x.aggregate(unitRow(palletSSCC, caseSSCC)), by+caseSSCC)
	if a := x.aggregate(unitRow(palletSSCC, ki[3])); a.ReportStatus != "SENT" {
		t.Error(a.raw)
	}
	box := x.take(x.order(productRow(boxGTIN, "GROUP", 1)), boxGTIN, 1, 1)
	x.utilise(box...)
	b := x.dropout(dropoutBody(false, box...))
	rejected(t, x, x.aggregate(unitRow(kis(x, box)[0], ki[4])), "dropped already by report "+b.ReportID+": "+kis(x, box)[0])
}

func TestOnlyWhatIsAppliedCanBeDroppedIfToldSo(t *testing.T) {
	for _, strict := range []bool{false, true} {
		x := newSite(t, "water", Options{DropAppliedOnly: strict})
		codes := x.take(x.order(productRow(testGTIN, "UNIT", 2)), testGTIN, 2, 2)
		x.utilise(codes[0])
		if a := x.dropout(dropoutBody(false, codes[0])); a.ReportStatus != "SENT" {
			t.Error(a.raw)
		}
		a := x.dropout(dropoutBody(false, codes[1]))
		if strict {
			rejected(t, x, a, "no SENT utilisation: "+codes[1])
		} else if a.ReportStatus != "SENT" {
			t.Error(a.raw)
		}
	}
}

// TestChildren packs two units into a group pack, that and one more unit into a case, that
// into a pallet, and drops from the middle and from the top.
func TestChildren(t *testing.T) {
	packed := func(t *testing.T) (x *site, codes []string, box string) {
		x = newSite(t, "water", Options{})
		id := x.order(productRow(testGTIN, "UNIT", 5), productRow(boxGTIN, "GROUP", 1))
		codes, box = x.take(id, testGTIN, 5, 5), x.take(id, boxGTIN, 1, 1)[0]
		x.utilise(append(codes[:5:5], box)...)
		ki, boxKI := kis(x, codes), kis(x, []string{box})[0]
		inner := x.aggregate(unitRow(boxKI, ki[0], ki[1]), unitRow(caseSSCC, boxKI, ki[2]))
		outer := x.aggregate(unitRow(palletSSCC, caseSSCC, ki[3]))
		h := x.srv.History()
		want := []Pack{
			{SerialNumber: boxKI, Group: "water", Aggregation: inner.ReportID, Unit: caseSSCC},
			{SerialNumber: caseSSCC, Group: "water", Aggregation: inner.ReportID, Unit: palletSSCC},
			{SerialNumber: palletSSCC, Group: "water", Aggregation: outer.ReportID},
		}
		if !reflect.DeepEqual(h.Packs, want) {
			t.Errorf("%+v", h.Packs)
		}
		if c := h.Codes[2]; c.Unit != caseSSCC || c.Aggregation != inner.ReportID || h.Codes[4].Unit != "" || h.Codes[5].Unit != caseSSCC {
			t.Errorf("%+v", h.Codes)
		}
		return x, codes, box
	}
	// gone says by which of the reports each code and unit was dropped: 0 for none.
	gone := func(x *site, reports ...answer) (list []int) {
		h := x.srv.History()
		for _, c := range h.Codes {
			list = append(list, 1+slices.IndexFunc(reports, func(a answer) bool { return a.ReportID == c.Dropped }))
		}
		for _, p := range h.Packs {
			list = append(list, 1+slices.IndexFunc(reports, func(a answer) bool { return a.ReportID == p.Dropped }))
		}
		return list
	}
	check := func(t *testing.T, x *site, got, want []int) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v, want %v; breaches %q", got, want, x.srv.History().Breaches)
		}
	}
	t.Run("a group pack alone, then the pallet", func(t *testing.T) {
		x, _, box := packed(t)
		a := x.dropout(dropoutBody(false, box))
		//                       five units     box  box case pallet
		check(t, x, gone(x, a), []int{0, 0, 0, 0, 0, 1, 1, 0, 0})
		b := x.dropout(dropoutBody(true, palletSSCC))
		check(t, x, gone(x, a, b), []int{2, 2, 2, 2, 0, 1, 1, 2, 2})
	})
	t.Run("a unit, then the group pack with its children", func(t *testing.T) {
		x, codes, box := packed(t)
		a := x.dropout(dropoutBody(true, codes[0]))
		b := x.dropout(dropoutBody(true, box))
		check(t, x, gone(x, a, b), []int{1, 2, 0, 0, 0, 2, 2, 0, 0})
		if c := x.srv.History().Codes[1]; c.DropoutReason != "DEFECT" {
			t.Errorf("%+v", c)
		}
		rejected(t, x, x.dropout(dropoutBody(true, codes[1])), "dropped already by report "+b.ReportID)
	})
	t.Run("the case alone", func(t *testing.T) {
		x, _, _ := packed(t)
		a := x.dropout(dropoutBody(false, caseSSCC))
		check(t, x, gone(x, a), []int{0, 0, 0, 0, 0, 0, 0, 1, 0})
		rejected(t, x, x.dropout(dropoutBody(true, caseSSCC)), "dropped already")
		b := x.dropout(dropoutBody(true, palletSSCC))
		check(t, x, gone(x, a, b), []int{2, 2, 2, 2, 0, 2, 2, 1, 2})
	})
	t.Run("the pallet and what is in it by name", func(t *testing.T) {
		x, codes, _ := packed(t)
		a := x.dropout(dropoutBody(true, codes[2], palletSSCC))
		check(t, x, gone(x, a), []int{1, 1, 1, 1, 0, 1, 1, 1, 1})
	})
}

func TestDropoutThatComesAgain(t *testing.T) {
	x := newSite(t, "water", Options{})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 5)), testGTIN, 5, 5)
	numbered := func(n string, codes ...string) fields {
		return with(dropoutBody(false, codes...), "sourceDocNum", n)
	}
	first := x.dropout(numbered("7", codes[0]))
	again := x.dropout(numbered("7", codes[0]))
	if again.ReportStatus != "REJECTED" || again.ErrorReason != "duplicate of report "+first.ReportID+": sourceDocNum 7" {
		t.Error(again.raw)
	}
	if b := x.srv.History().Breaches; len(b) > 0 {
		t.Errorf("the same bytes again are no breach: %q", b)
	}
	other := x.dropout(numbered("7", codes[1]))
	h := x.srv.History()
	if !strings.Contains(other.ErrorReason, "duplicate of report "+first.ReportID) || len(h.Breaches) != 1 ||
		!strings.Contains(h.Breaches[0], "sourceDocNum 7 comes again with another body") {
		t.Errorf("%s, breaches %q", other.raw, h.Breaches)
	}
	if h.Reports[0].Times != 3 || h.Codes[1].Dropped != "" {
		t.Errorf("%+v", h.Reports[0])
	}
	x.dropout(numbered("7", codes[1]))
	x.dropout(numbered("7", codes[0]))
	if b := x.srv.History().Breaches; len(b) != 1 {
		t.Errorf("the other body counts once: %q", b)
	}
	if a := x.dropout(numbered("8", codes[1])); a.ReportStatus != "SENT" {
		t.Error(a.raw)
	}
	beer := x.as("beer") // with papers of its own
	if a := beer.dropout(numbered("7", beer.take(beer.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)...)); a.ReportStatus != "SENT" {
		t.Error(a.raw)
	}
	x.dropout(dropoutBody(false, codes[2])) // without a number: by its bytes
	if a := x.dropout(dropoutBody(false, codes[2])); !strings.HasPrefix(a.ErrorReason, "duplicate of report ") {
		t.Error(a.raw)
	}
	if a := x.dropout(dropoutBody(false, codes[3])); a.ReportStatus != "SENT" {
		t.Error(a.raw)
	}
}
