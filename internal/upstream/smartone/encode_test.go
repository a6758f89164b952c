package smartone

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

func on(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func ext(s string) ID { return ID{Ext: s} }

// shift is a good document by department: two packs in an outer, the outer in a case.
func shift() Document {
	return Document{
		RequestID: "r-1", Department: ext("1000001"), Line: ext("L1"), Today: on("2026-03-02"), Date: on("2026-03-01"),
		Rows: []Row{
			{Product: ext("P"), Unit: ext("pack"), Pack: ext("outer"), Codes: []Item{{"01␝\"1", "O1"}, {"02", "O1"}}},
			{Product: ext("P"), Unit: ext("outer"), Pack: ext("case"), Count: 1, Codes: []Item{{"O1", "C1"}}},
		},
	}
}

func TestEncodeBytes(t *testing.T) {
	byBatch := shift()
	byBatch.Batch, byBatch.Department, byBatch.Line = 54321, ID{}, ID{System: 7}
	byBatch.Date, byBatch.Emission, byBatch.Estimated = time.Time{}, Import, on("2026-01-01")
	byBatch.Rows = []Row{{Product: ID{System: 1}, Unit: ID{System: 2}, Pack: ID{System: 3}, Count: 10}}
	pallet := shift()
	pallet.Rows = []Row{
		{Product: ext("P"), Unit: ext("MC"), Codes: []Item{{"1", "TP"}, {"2", "TP"}}},
		{Product: ext("Q"), Unit: ext("MC"), Codes: []Item{{"3", "TP"}, {Code: "4"}}},
	}
	packs := shift()
	packs.Rows[0].Codes[0].Code = code.Code(strings.ReplaceAll(string(packs.Rows[0].Codes[0].Code), "␝", "\x1d"))
	for name, tc := range map[string]struct {
		d    Document
		want string
	}{
		"department": {packs, `{"request_id":"r-1","depart_ext_id":"1000001","product_line_ext_id":"L1","dat":"2026-03-01","doc_type":1,"items":[` +
			`{"assort_ext_id":"P","unit_ext_id":"pack","pack_ext_id":"outer","cnt":2,"items":[{"code":"01\u001d\"1","parent_code":"O1"},{"code":"02","parent_code":"O1"}]},` +
			`{"assort_ext_id":"P","unit_ext_id":"outer","pack_ext_id":"case","cnt":1,"items":[{"code":"O1","parent_code":"C1"}]}]}`},
		"batch, import, quantity": {byBatch, `{"request_id":"r-1","batch_id":54321,"product_line_id":7,"dat":"2026-03-02","doc_type":2,"items":[` +
			`{"assort_id":1,"unit_id":2,"pack_id":3,"cnt":10}]}`},
		"transport pallet": {pallet, `{"request_id":"r-1","depart_ext_id":"1000001","product_line_ext_id":"L1","dat":"2026-03-01","doc_type":1,"items":[` +
			`{"assort_ext_id":"P","unit_ext_id":"MC","cnt":2,"items":[{"code":"1","parent_code":"TP"},{"code":"2","parent_code":"TP"}]},` +
			`{"assort_ext_id":"Q","unit_ext_id":"MC","cnt":2,"items":[{"code":"3","parent_code":"TP"},{"code":"4"}]}]}`},
	} {
		got, err := EncodeAggregation(tc.d)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, tc.want)
		}
	}
}

func TestEncodeLimits(t *testing.T) {
	long := strings.Repeat("щ", 250)
	for name, tc := range map[string]struct {
		change func(*Document)
		says   string // empty: accepted
	}{
		"good":                      {func(*Document) {}, ""},
		"no request id":             {func(d *Document) { d.RequestID = "" }, "request_id is not given"},
		"request id at the limit":   {func(d *Document) { d.RequestID = long }, ""},
		"request id over":           {func(d *Document) { d.RequestID = long + "x" }, "request_id has 251 characters; at most 250"},
		"department at the limit":   {func(d *Document) { d.Department = ext(long) }, ""},
		"department over":           {func(d *Document) { d.Department = ext(long + "x") }, "depart_ext_id has 251 characters"},
		"line over":                 {func(d *Document) { d.Line = ext(long + "x") }, "product_line_ext_id has 251"},
		"product over":              {func(d *Document) { d.Rows[1].Product = ext(long + "x") }, "items[1].assort_ext_id has 251"},
		"unit over":                 {func(d *Document) { d.Rows[0].Unit = ext(long + "x") }, "items[0].unit_ext_id has 251"},
		"pack over":                 {func(d *Document) { d.Rows[0].Pack = ext(long + "x") }, "items[0].pack_ext_id has 251"},
		"id with a line end":        {func(d *Document) { d.Line = ext("a\nb") }, "holds a control character"},
		"id not UTF-8":              {func(d *Document) { d.Line = ext("a\xff") }, "product_line_ext_id is not UTF-8"},
		"both ids of a department":  {func(d *Document) { d.Department.System = 3 }, "depart_ext_id and depart_id are both given"},
		"both ids of a product":     {func(d *Document) { d.Rows[0].Product.System = 3 }, "items[0].assort_ext_id and assort_id are both given"},
		"negative id":               {func(d *Document) { d.Line = ID{System: -1} }, "product_line_id is -1"},
		"no case":                   {func(d *Document) { d.Department = ID{} }, "neither batch_id nor a department"},
		"both cases":                {func(d *Document) { d.Batch = 1 }, "both given"},
		"negative batch":            {func(d *Document) { d.Batch = -1 }, "batch_id is -1"},
		"department without a line": {func(d *Document) { d.Line = ID{} }, "production line is needed"},
		"batch without a line":      {func(d *Document) { d.Batch, d.Department, d.Line = 1, ID{}, ID{} }, ""},
		"emission":                  {func(d *Document) { d.Emission = 3 }, "doc_type is 3"},
		"no rows":                   {func(d *Document) { d.Rows = nil }, "no products"},
		"no product":                {func(d *Document) { d.Rows[0].Product = ID{} }, "items[0]: neither assort_ext_id nor assort_id"},
		"no unit":                   {func(d *Document) { d.Rows[1].Unit = ID{} }, "items[1]: neither unit_ext_id nor unit_id"},
		"no today":                  {func(d *Document) { d.Today = time.Time{} }, "today's date is not given"},
		"today":                     {func(d *Document) { d.Date = on("2026-03-02") }, ""},
		"tomorrow":                  {func(d *Document) { d.Date = on("2026-03-03") }, "cannot be after today"},
		"late in the same day":      {func(d *Document) { d.Date = on("2026-03-02").Add(23 * time.Hour) }, ""},
		"a year after the estimate": {func(d *Document) { inBatch(d, "2025-03-01") }, ""},
		"a day more":                {func(d *Document) { inBatch(d, "2025-02-28") }, "more than a year after the batch's estimated date, 2025-02-28"},
		"estimate of a leap day":    {func(d *Document) { inBatch(d, "2024-02-29"); d.Date = on("2025-03-01") }, "more than a year"},
		"the leap day's year":       {func(d *Document) { inBatch(d, "2024-02-29"); d.Date = on("2025-02-28") }, ""},
		"estimate not of a batch":   {func(d *Document) { d.Estimated = on("2020-01-01") }, ""},
		"nothing in a row":          {func(d *Document) { d.Rows[0].Codes = nil }, "neither codes nor a quantity"},
		"negative quantity":         {func(d *Document) { d.Rows[0].Codes, d.Rows[0].Count = nil, -2 }, "cnt is -2"},
		"quantity too high":         {func(d *Document) { d.Rows[0].Count = 3 }, "cnt is 3, but there are 2 codes"},
		"quantity too low":          {func(d *Document) { d.Rows[0].Count = 1 }, "cnt is 1, but there are 2 codes"},
		"empty code":                {func(d *Document) { d.Rows[0].Codes[1].Code = "" }, "items[0].items[1].code is empty"},
		"code at the limit":         {func(d *Document) { d.Rows[0].Codes[1].Code = code.Code(strings.Repeat("щ", 1024)) }, ""},
		"code over":                 {func(d *Document) { d.Rows[0].Codes[1].Code = code.Code(strings.Repeat("щ", 1025)) }, "code has 1025 characters; at most 1024"},
		"parent over":               {func(d *Document) { d.Rows[1].Codes[0].Parent = code.Code(strings.Repeat("x", 1025)) }, "parent_code has 1025"},
		"code not UTF-8":            {func(d *Document) { d.Rows[0].Codes[1].Code = "a\xe8" }, "is not UTF-8"},
		"code twice in a row":       {func(d *Document) { d.Rows[0].Codes[1].Code = d.Rows[0].Codes[0].Code }, "already in items[0].items[0]"},
		"code in two packages":      {func(d *Document) { d.Rows[1].Codes[0].Code = "02" }, `code "02" is already in items[0].items[1]`},
		"in itself":                 {func(d *Document) { d.Rows[1].Codes[0].Parent = "O1" }, `package "O1" would be in itself`},
		"a ring":                    {func(d *Document) { d.Rows[1].Codes[0].Parent = "02" }, "would be in itself"},
		"outside before inside":     {func(d *Document) { d.Rows[0], d.Rows[1] = d.Rows[1], d.Rows[0] }, "must come after it"},
		"package in its own row":    {func(d *Document) { d.Rows[0].Codes[1] = Item{"O1", "C1"}; d.Rows = d.Rows[:1] }, "must come after it"},
		"over 1 MB": {func(d *Document) {
			d.Rows[0].Codes = nil
			for i := range 20_000 {
				d.Rows[0].Codes = append(d.Rows[0].Codes, Item{code.Code(fmt.Sprintf("%040d", i)), "O1"})
			}
		}, "before gzip; at most 1000000: split it"},
	} {
		d := shift()
		tc.change(&d)
		_, err := EncodeAggregation(d)
		var wrong *InvalidError
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.says != "" && (!errors.As(err, &wrong) || len(wrong.Problems) > 2 || !strings.Contains(err.Error(), tc.says)):
			t.Errorf("%s: got %v, want %q", name, err, tc.says)
		case err != nil && strings.ContainsAny(err.Error(), "\n\r"):
			t.Errorf("%s: more than one line: %q", name, err)
		}
	}
}

func inBatch(d *Document, estimated string) {
	d.Batch, d.Department, d.Estimated = 5, ID{}, on(estimated)
}

// All that is wrong is said at once, and the line stays short.
func TestEncodeSaysAll(t *testing.T) {
	d := Document{Rows: make([]Row, 30)}
	_, err := EncodeAggregation(d)
	var wrong *InvalidError
	if !errors.As(err, &wrong) || len(wrong.Problems) != 3+30*3 {
		t.Fatalf("got %d problems in %v", len(wrong.Problems), err)
	}
	if !strings.HasSuffix(err.Error(), fmt.Sprintf("; and %d more", len(wrong.Problems)-shownProblems)) {
		t.Fatalf("it does not say how many more: %v", err)
	}
}
