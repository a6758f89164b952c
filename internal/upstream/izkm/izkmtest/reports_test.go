package izkmtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReportsAreRefused(t *testing.T) {
	use := fields{"sntins": []string{"x"}}
	full := fields{"sntins": []string{"x"}, "productionDate": "2026-03-01T08:00:00Z",
		"expirationDate": "2028-03-01T08:00:00Z", "seriesNumber": "A1"}
	unit := unitRow("00030779729200000015", "x")
	pack := fields{"participantId": "301234567", "aggregationUnits": []fields{unit}}
	units := func(list ...fields) fields { return with(pack, "aggregationUnits", list) }
	for name, tc := range map[string]struct {
		group, method string
		body          any
		code          int
		breach        string
	}{
		"no body":             {"water", "utilisation", nil, codeWrong, "JSON object"},
		"no codes":            {"water", "utilisation", fields{}, codeMissing, "sntins"},
		"empty codes":         {"water", "utilisation", fields{"sntins": []string{}}, codeMissing, "sntins"},
		"empty code":          {"water", "utilisation", fields{"sntins": []string{"x", ""}}, codeWrong, "sntins[1]"},
		"a number for a code": {"water", "utilisation", fields{"sntins": []any{"x", 5}}, codeWrong, "sntins: wrong type"},
		"null for a code":     {"water", "utilisation", fields{"sntins": []any{"x", nil}}, codeWrong, "sntins[1]"},
		"30001 codes":         {"water", "utilisation", fields{"sntins": slices.Repeat([]string{"x"}, 30001)}, codeLimit, "30001"},
		"usage":               {"water", "utilisation", with(use, "usageType", "DONE"), codeWrong, "DONE"},
		"tobacco usage":       {"water", "utilisation", with(use, "usageType", "USED_FOR_PRODUCTION"), codeWrong, "usageType"},
		"line a number":       {"water", "utilisation", with(use, "productionLineId", 1), codeWrong, "productionLineId: wrong type"},
		"order a number":      {"water", "utilisation", with(use, "productionOrderId", 1), codeWrong, "productionOrderId: wrong type"},
		"misspelt":            {"water", "utilisation", with(use, "sourceReportID", "1"), codeWrong, "no such field"},
		"date without zone":   {"water", "utilisation", with(use, "productionDate", "2026-03-01T08:00:00"), codeWrong, "productionDate"},
		"appliances":          {"appliances", "utilisation", use, codeState, "takes no utilisation reports"},
		"alcohol, no date":    {"alcohol", "utilisation", use, codeMissing, "productionDate"},
		"beer, no date":       {"beer", "utilisation", use, codeMissing, "productionDate"},
		"pharma, no date":     {"pharma", "utilisation", with(full, "productionDate", absent), codeMissing, "productionDate"},
		"pharma, no expiry":   {"pharma", "utilisation", with(full, "expirationDate", absent), codeMissing, "expirationDate"},
		"pharma, bad expiry":  {"pharma", "utilisation", with(full, "expirationDate", "2028-03-01"), codeWrong, "expirationDate"},
		"pharma, no series":   {"pharma", "utilisation", with(full, "seriesNumber", ""), codeMissing, "seriesNumber"},
		"pharma, long series": {"pharma", "utilisation", with(full, "seriesNumber", strings.Repeat("я", 21)), codeWrong, "21 characters"},
		"no participant":      {"water", "aggregation", with(pack, "participantId", absent), codeMissing, "participantId"},
		"participant":         {"water", "aggregation", with(pack, "participantId", "UZ3"), codeWrong, "tax number"},
		"participant number":  {"water", "aggregation", with(pack, "participantId", 301234567), codeWrong, "participantId: wrong type"},
		"tobacco, no line":    {"tobacco", "aggregation", pack, codeMissing, "productionLineId"},
		"date in seconds":     {"water", "aggregation", with(pack, "dateDoc", 1772352000), codeWrong, "dateDoc"},
		"date as text":        {"water", "aggregation", with(pack, "dateDoc", "2026-03-01"), codeWrong, "dateDoc: wrong type"},
		"a source id":         {"water", "aggregation", with(pack, "sourceReportId", "1"), codeWrong, "no such field"},
		"no units":            {"water", "aggregation", units(), codeMissing, "aggregationUnits"},
		"no unit serial":      {"water", "aggregation", units(with(unit, "unitSerialNumber", absent)), codeMissing, "aggregationUnits[0].unitSerialNumber"},
		"no children":         {"water", "aggregation", units(unit, with(unit, "sntins", []string{})), codeMissing, "aggregationUnits[1].sntins"},
		"no count":            {"water", "aggregation", units(with(unit, "aggregatedItemsCount", absent)), codeMissing, "aggregatedItemsCount"},
		"no capacity":         {"water", "aggregation", units(with(unit, "aggregationUnitCapacity", absent)), codeMissing, "aggregationUnitCapacity"},
		"no type":             {"water", "aggregation", units(with(unit, "aggregationType", absent)), codeMissing, "aggregationType"},
		"other type":          {"water", "aggregation", units(with(unit, "aggregationType", "UPDATE")), codeWrong, "UPDATE"},
		"count a string":      {"water", "aggregation", units(with(unit, "aggregatedItemsCount", "1")), codeWrong, "aggregatedItemsCount: wrong type"},
		"11001 with parents":  {"water", "aggregation", units(with(unit, "sntins", slices.Repeat([]string{"x"}, 10999)), unit), codeLimit, "11002"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newSite(t, tc.group, Options{})
			x.refused(x.request("POST", tc.method, text(t, tc.body)), 400, tc.code, tc.breach)
		})
	}
}

// rejected expects a verdict whose reason has all of the words, and a breach of it.
func rejected(t *testing.T, x *site, a answer, words ...string) {
	t.Helper()
	if a.ReportStatus != "REJECTED" {
		t.Errorf("%s %q, want REJECTED for %q", a.ReportStatus, a.ErrorReason, words)
		return
	}
	breaches := x.srv.History().Breaches
	for _, w := range words {
		if !strings.Contains(a.ErrorReason, w) {
			t.Errorf("reason %q lacks %q", a.ErrorReason, w)
		}
		if len(breaches) == 0 || !strings.Contains(breaches[len(breaches)-1], w) {
			t.Errorf("breaches %q lack %q", breaches, w)
		}
	}
}

func TestUtilisationIsRejected(t *testing.T) {
	x := newSite(t, "water", Options{})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 10)), testGTIN, 10, 10)
	beer := x.as("beer")
	foreign := beer.take(beer.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1)
	changed := codes[0][:len(codes[0])-1] + "\u2116"
	first := x.utilise(codes[0])
	if first.ReportStatus != "SENT" {
		t.Fatal(first.raw)
	}
	for _, tc := range []struct {
		codes []string
		words []string
	}{
		{[]string{codes[1], changed}, []string{"not issued here: " + changed}},
		{[]string{strings.ReplaceAll(codes[1], "\x1d", "")}, []string{"not issued here"}},
		{[]string{"\x1d" + codes[1]}, []string{"not issued here"}},
		{[]string{codes[1] + " "}, []string{"not issued here"}},
		{kis(x, codes[1:2]), []string{"not issued here"}},
		{[]string{"x"}, []string{"not issued here: x"}},
		{[]string{codes[1], codes[1]}, []string{"named twice: " + codes[1]}},
		{[]string{codes[1], codes[0]}, []string{"applied already by report " + first.ReportID + ": " + codes[0]}},
		{foreign, []string{"issued for group beer: " + foreign[0]}},
		{[]string{codes[0], "y"}, []string{"applied already", "; not issued here: y"}},
	} {
		rejected(t, x, x.utilise(tc.codes...), tc.words...)
	}
	if a := x.utilise(codes[1:]...); a.ReportStatus != "SENT" { // nothing of the rejected ones was taken
		t.Error(a.ErrorReason)
	}
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf("n%02d", i)
	}
	rejected(t, x, x.utilise(many...), "n19 and 30 more")
}

func TestReportThatComesAgain(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now, ReportDelay: time.Second})
	codes := x.take(x.order(productRow(testGTIN, "UNIT", 4)), testGTIN, 4, 4)
	report := func(source string, codes ...string) answer {
		t.Helper()
		body := text(t, fields{"sntins": codes, "sourceReportId": source, "usageType": "VERIFIED", "productionLineId": "L1"})
		id := x.ok("POST", "utilisation", body).ReportID
		clk.pass(time.Second)
		return x.verdict(id)
	}
	first := report("a", codes[0])
	second := report("a", codes[0])
	if second.ReportStatus != "REJECTED" || !strings.Contains(second.ErrorReason, "duplicate") || !strings.Contains(second.ErrorReason, first.ReportID) {
		t.Errorf("repeat: %s", second.raw)
	}
	if b := x.srv.History().Breaches; len(b) > 0 {
		t.Errorf("the same bytes again are no breach: %q", b)
	}
	third := report("a", codes[1])
	if third.ReportStatus != "REJECTED" || !strings.Contains(third.ErrorReason, first.ReportID) {
		t.Errorf("another body: %s", third.raw)
	}
	h := x.srv.History()
	if len(h.Breaches) != 1 || !strings.Contains(h.Breaches[0], "another body") {
		t.Errorf("breaches %q", h.Breaches)
	}
	want := Report{ID: first.ReportID, OMSID: testOMS, Group: "water", Kind: Utilisation, Received: h.Reports[0].Received, Status: "SENT",
		SourceReportID: "a", Times: 3, UsageType: "VERIFIED", ProductionLineID: "L1", Codes: codes[:1]}
	if !reflect.DeepEqual(h.Reports[0], want) {
		t.Errorf("%+v\nwant %+v", h.Reports[0], want)
	}
	if h.Codes[0].Utilisation != first.ReportID || h.Codes[1].Utilisation != "" {
		t.Errorf("codes %+v", h.Codes[:2])
	}
}

func TestAggregationIsRejected(t *testing.T) {
	clk := newClock()
	x := newSite(t, "water", Options{Now: clk.now})
	id := x.order(productRow(testGTIN, "UNIT", 20), productRow(boxGTIN, "GROUP", 6))
	codes := x.take(id, testGTIN, 20, 20)
	full := x.take(id, boxGTIN, 6, 6)
	ki, box := kis(x, codes), kis(x, full)
	pharma := x.as("pharma")
	foreign := kis(x, pharma.take(pharma.order(productRow(testGTIN, "UNIT", 1)), testGTIN, 1, 1))
	x.utilise(append(codes[:15:15], full[:5]...)...)
	x.srv.opt.ReportDelay = time.Minute
	x.utilise(codes[15]) // PENDING
	x.srv.opt.ReportDelay = 0

	good := "00030779729200000015"
	if a := x.aggregate(unitRow(good, ki[0]), unitRow(box[0], ki[1])); a.ReportStatus != "SENT" {
		t.Fatal(a.ErrorReason)
	}
	free := "00130779729200000029"
	for _, tc := range []struct {
		name  string
		units []fields
		words []string
	}{
		{"check digit", []fields{unitRow("00130779729200000028", ki[2])}, []string{"neither an SSCC", "00130779729200000028"}},
		{"no 00", []fields{unitRow(free[2:], ki[2])}, []string{"neither an SSCC"}},
		{"unit code as parent", []fields{unitRow(ki[3], ki[2])}, []string{"neither an SSCC", ki[3]}},
		{"full box code", []fields{unitRow(full[1], ki[2])}, []string{"neither an SSCC"}},
		{"box not applied", []fields{unitRow(box[5], ki[2])}, []string{"GROUP code without a SENT utilisation: " + box[5]}},
		{"unit again", []fields{unitRow(good, ki[2])}, []string{"aggregated before: " + good}},
		{"unit twice", []fields{unitRow(free, ki[2]), unitRow(free, ki[3])}, []string{"aggregated before: " + free}},
		{"child with check part", []fields{unitRow(free, codes[2])}, []string{"with the check part"}},
		{"unknown child", []fields{unitRow(free, "x")}, []string{"neither an issued code nor an earlier unit: x"}},
		{"unknown unit as child", []fields{unitRow(free, "00106141411234567897")}, []string{"nor an earlier unit"}},
		{"later unit as child", []fields{unitRow(free, "00106141411234567897"), unitRow("00106141411234567897", ki[2])}, []string{"nor an earlier unit"}},
		{"child of another group", []fields{unitRow(free, foreign...)}, []string{"issued for group pharma"}},
		{"child not applied", []fields{unitRow(free, ki[19])}, []string{"no SENT utilisation: " + ki[19]}},
		{"child's report pending", []fields{unitRow(free, ki[15])}, []string{"no SENT utilisation: " + ki[15]}},
		{"child taken", []fields{unitRow(free, ki[0])}, []string{"in another unit already: " + ki[0]}},
		{"child in two", []fields{unitRow(free, ki[2]), unitRow(box[1], ki[2])}, []string{"in another unit already: " + ki[2]}},
		{"child twice", []fields{unitRow(free, ki[2], ki[2])}, []string{"in another unit already: " + ki[2]}},
		{"itself", []fields{unitRow(box[1], box[1])}, []string{"inside itself: " + box[1]}},
		{"circle", []fields{unitRow(box[1], box[2]), unitRow(box[2], box[1])}, []string{"inside itself: " + box[1]}},
		{"count", []fields{with(unitRow(free, ki[2], ki[3]), "aggregatedItemsCount", 1)}, []string{"not the number of children: " + free}},
		{"capacity", []fields{with(unitRow(free, ki[2], ki[3]), "aggregationUnitCapacity", 1)}, []string{"aggregationUnitCapacity: " + free}},
	} {
		t.Run(tc.name, func(t *testing.T) { rejected(t, x, x.aggregate(tc.units...), tc.words...) })
	}
	clk.pass(time.Minute)
	if a := x.aggregate(unitRow(free, ki[2], ki[15], good, box[0])); a.ReportStatus != "SENT" {
		t.Error(a.ErrorReason)
	}
	before := len(x.srv.History().Breaches)
	again := x.aggregate(unitRow(free, ki[2], ki[15], good, box[0]))
	h := x.srv.History()
	if first := h.Reports[len(h.Reports)-2]; again.ErrorReason != "duplicate of report "+first.ID || first.Times != 2 || len(h.Breaches) != before {
		t.Errorf("the same bytes again: %s, %d times, %q", again.raw, first.Times, h.Breaches[before:])
	}
}
