package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/escape"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

const first = "010478001234567721abcdefghijkl1\x1d93AAAA"

// doubt puts the plant's first code into doubt.
func (p *plant) doubt(t *testing.T, cause string) {
	t.Helper()
	var id int64
	if err := p.ledger.EachCode(t.Context(), func(h ledger.Held) error {
		if h.Code == first {
			id = h.ID
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.ledger.Doubt(t.Context(), "3/mark", []int64{id}, cause); err != nil {
		t.Fatal(err)
	}
}

func TestJournal(t *testing.T) {
	p := newPlant(t)
	p.doubt(t, `сбой & <b> + 100%`)
	h := handlerOf(p)
	page := read[web.JournalPage](t, get(h, "GET", "/api/v1/journal?limit=2"))
	if len(page.Entries) != 2 || page.More != page.Entries[1].Seq || page.Entries[0].Seq <= page.Entries[1].Seq {
		t.Fatalf("%+v", page)
	}
	e := page.Entries[0]
	if e.Code != "010478001234567721abcdefghijkl1" || e.Was != "claimed" || e.Now != "doubtful" || e.Place != "3/mark" || e.Agent != "line-3" || e.Cause != `сбой & <b> + 100%` || e.At.IsZero() || e.Codes != 0 {
		t.Errorf("%+v", e)
	}
	var all []int64
	for query := "limit=2"; ; query = fmt.Sprintf("limit=2&before=%d", page.More) {
		page = read[web.JournalPage](t, get(h, "GET", "/api/v1/journal?"+query))
		for _, e := range page.Entries {
			all = append(all, e.Seq)
			if strings.HasPrefix(e.Cause, "received block") && (e.Codes != 3 || e.Code != "") {
				t.Errorf("%+v", e)
			}
		}
		if page.More == 0 {
			break
		}
	}
	if !slices.IsSortedFunc(all, func(a, b int64) int { return int(b - a) }) || len(all) != len(read[web.JournalPage](t, get(h, "GET", "/api/v1/journal?limit=5000")).Entries) {
		t.Errorf("all pages: %v", all)
	}
	at := e.At
	for query, want := range map[string]int{
		"text=" + url.QueryEscape("СБОЙ & <B> + 100%"):                                  1,
		"text=" + url.QueryEscape("сбой_"):                                              0,
		"place=3&text=scan":                                                             1,
		"place=3/box&text=scan":                                                         1,
		"place=3/mark&text=scan":                                                        0,
		"people=1":                                                                      0,
		"people=0&place=3/mark":                                                         3,
		"code=" + escape.URLCode(first):                                                 3,
		"limit=1&code=" + escape.URLCode(first):                                         1,
		"code=" + escape.URLCode(hostile) + "&text=scan":                                1,
		"place=3%2Fmark&code=" + escape.URLCode(hostile) + "&limit=9":                   1,
		"from=" + url.QueryEscape(at.Add(time.Second).Format(time.RFC3339)):             0,
		"place=3/mark&from=" + url.QueryEscape(at.Add(-time.Hour).Format(time.RFC3339)): 3,
		"to=" + url.QueryEscape(at.Add(-time.Hour).Format(time.RFC3339)):                0,
	} {
		if n := len(read[web.JournalPage](t, get(h, "GET", "/api/v1/journal?"+query)).Entries); n != want {
			t.Errorf("%s: %d entries, want %d", query, n, want)
		}
	}
}

func TestDoubtful(t *testing.T) {
	p := newPlant(t)
	h := handlerOf(p)
	if all := read[[]web.DoubtfulCause](t, get(h, "GET", "/api/v1/doubtful")); all == nil || len(all) != 0 {
		t.Errorf("without a doubt: %+v", all)
	}
	p.doubt(t, "fault")
	all := read[[]web.DoubtfulCause](t, get(h, "GET", "/api/v1/doubtful"))
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	c := all[0]
	if c.Product != "water-05" || c.GTIN != bottle.GTIN || c.Line != "3" || c.Batch != "B1" || c.Cause != "fault" || c.Codes != 1 || !c.Oldest.Equal(c.Newest) || c.UpTo == 0 || len(c.ScanAt) != 1 || c.ScanAt[0] != "3/box" {
		t.Errorf("%+v", c)
	}
	codes := read[[]web.DoubtfulCode](t, get(h, "GET", "/api/v1/doubtful/codes"))
	if len(codes) != 1 || codes[0].Code != code.Visible(first) || codes[0].Ident != "010478001234567721abcdefghijkl1" || codes[0].Seq != c.UpTo || codes[0].Cause != "fault" || codes[0].Unprinted || codes[0].Recovered {
		t.Errorf("%+v", codes)
	}
	for query, want := range map[string]int{"product=water-05&line=3&batch=B1&cause=fault": 1, "product=" + bottle.GTIN: 1, "cause=Fault": 0, "batch=": 0, "line=4": 0, fmt.Sprintf("after=%d", c.UpTo): 0, fmt.Sprintf("up_to=%d&limit=7", c.UpTo): 1, "up_to=1": 0} {
		if codes := read[[]web.DoubtfulCode](t, get(h, "GET", "/api/v1/doubtful/codes?"+query)); codes == nil || len(codes) != want {
			t.Errorf("%s: %+v", query, codes)
		}
	}
	body := fmt.Sprintf(`{"product": "water-05", "line": "3", "batch": "B1", "cause": "fault", "up_to": %d, "reason": "DEFECT", "doc_num": "A 7", "doc_date": "2026-03-01T00:00:00Z", "by": "Н. <1>", "because": "burnt"}`, c.UpTo)
	refused(t, post(h, "/api/v1/doubtful/drop", strings.Replace(body, "DEFECT", "GOOD", 1), nil), 400, "unknown", true)
	refused(t, post(h, "/api/v1/doubtful/drop", strings.Replace(body, "T00:00:00Z", "", 1), nil), 400, "no date", true)
	if done := read[web.DroppedDoubtful](t, post(h, "/api/v1/doubtful/drop", strings.Replace(body, `"B1"`, `""`, 1), nil)); done.Dropped != 0 || done.Kept == nil {
		t.Errorf("of no batch: %+v", done)
	}
	if done := read[web.DroppedDoubtful](t, post(h, "/api/v1/doubtful/drop", body, nil)); done.Dropped != 1 || len(done.Kept) != 0 {
		t.Errorf("%+v", done)
	}
	if life := must(p.ledger.Trace(t.Context(), first)); life.State != ledger.Dropped {
		t.Errorf("it is %s", life.State)
	}
	single := fmt.Sprintf(`{"codes": [%s, "x"], "reason": "DEFECT", "by": "N.", "because": "burnt"}`, must(escape.JSONString(first)))
	done := read[web.DroppedDoubtful](t, post(h, "/api/v1/doubtful/drop", single, nil))
	if done.Dropped != 0 || done.KeptAll != 2 || done.Kept[0].Code != code.Visible(first) || !strings.Contains(done.Kept[0].Why, "is dropped") || done.Kept[1].Why != "not known here" {
		t.Errorf("%+v", done)
	}
	page := read[web.JournalPage](t, get(h, "GET", "/api/v1/journal?people=1"))
	if len(page.Entries) != 2 || page.Entries[0].Cause != "1 codes in doubt dropped as DEFECT: by Н. <1>: burnt" || page.Entries[0].Codes != 1 || page.Entries[1].Now != "dropped" {
		t.Errorf("%+v", page)
	}
}

func TestLists(t *testing.T) {
	p := newPlant(t)
	h := handlerOf(p)
	if all := read[[]web.Batch](t, get(h, "GET", "/api/v1/batches?line=3")); all == nil || len(all) != 0 {
		t.Errorf("%+v", all)
	}
	for _, name := range []string{"A", "B"} {
		read[web.Batch](t, post(h, "/api/v1/batch/start", fmt.Sprintf(`{"line":"3","name":%q}`, name), nil))
		read[web.Sheet](t, post(h, "/api/v1/batch/end", `{"line":"3"}`, nil))
	}
	if all := read[[]web.Batch](t, get(h, "GET", "/api/v1/batches?line=3")); len(all) != 2 || all[0].Name != "B" || all[1].EndedAt == nil {
		t.Errorf("%+v", all)
	}
	if all := read[[]web.Batch](t, get(h, "GET", "/api/v1/batches?limit=1")); len(all) != 1 || all[0].Line != "3" {
		t.Errorf("%+v", all)
	}
	must(p.ledger.OpenContainer(t.Context(), ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 6}))
	page := read[web.ContainerPage](t, get(h, "GET", "/api/v1/containers?line=3&station=box"))
	if len(page.Containers) != 2 || page.More != 0 {
		t.Fatalf("%+v", page)
	}
	if c := page.Containers[0]; c.ID != 2 || c.State != "open" || c.Capacity != 6 || c.Count != 0 || c.ClosedAt != nil || c.Code != "" || c.OpenedAt.IsZero() {
		t.Errorf("%+v", c)
	}
	if c := page.Containers[1]; c.ID != 1 || c.State != "closed" || c.Count != 1 || c.ClosedAt == nil || c.Code == "" || c.Batch != "B1" {
		t.Errorf("%+v", c)
	}
	for query, want := range map[string]int{"": 2, "line=4": 0, "state=closed": 1, "state=aside": 0, "state=open&limit=1": 1, "before=2": 1} {
		if page := read[web.ContainerPage](t, get(h, "GET", "/api/v1/containers?"+query)); page.Containers == nil || len(page.Containers) != want {
			t.Errorf("%s: %+v", query, page)
		}
	}
	if page := read[web.ContainerPage](t, get(h, "GET", "/api/v1/containers?limit=1")); page.More != 2 {
		t.Errorf("%+v", page)
	}
	must(p.ledger.PlaceOrder(t.Context(), must(p.ledger.Product(t.Context(), bottle)), 70))
	all := read[[]web.Order](t, get(h, "GET", "/api/v1/orders"))
	if len(all) != 2 || all[0].State != "placing" || all[0].Quantity != 70 || all[0].Received != 0 || all[1].Server != "order-1" || all[1].Received != 3 || all[1].Product != "water-05" || all[1].GTIN != bottle.GTIN || all[1].PlacedAt.IsZero() {
		t.Errorf("%+v", all)
	}
}

// TestLookFaults: what cannot be read of a question is said, and nothing of it is guessed.
func TestLookFaults(t *testing.T) {
	p := newPlant(t)
	h := handlerOf(p)
	for path, test := range map[string]struct {
		status int
		what   string
		hint   bool
	}{
		"journal?limit=many":                       {400, "limit=many is no number", true},
		"journal?before=-1":                        {400, "before=-1 is no number", true},
		"journal?from=yesterday":                   {400, "no date", true},
		"journal?to=2026-03-01T00:00:00+05:00":     {400, "no date", true}, // a bare plus is a blank
		"journal?people=perhaps":                   {400, "neither 0 nor 1", true},
		"journal?text=%G":                          {400, "query cannot be read", false},
		"journal?text=" + strings.Repeat("x", 501): {400, "501 bytes", true},
		"journal?limit=3&code=":                    {400, "code is empty", false},
		"journal?code=01%2":                        {400, "not percent-encoded", false},
		"journal?code=01":                          {404, "no such code", false},
		"doubtful/codes?after=x":                   {400, "after=x is no number", true},
		"doubtful/codes?a;b":                       {400, "query cannot be read", false},
		"batches?limit=1.5":                        {400, "no number", true},
		"containers?state=broken":                  {400, "no state of a container", true},
		"containers?before=x":                      {400, "no number", true},
	} {
		t.Run(path[:min(len(path), 40)], func(t *testing.T) { refused(t, get(h, "GET", "/api/v1/"+path), test.status, test.what, test.hint) })
	}
	if err := p.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"journal", "journal?code=0104780012345677211", "doubtful", "doubtful/codes", "batches", "containers", "orders"} {
		t.Run("a ledger that fails "+path, func(t *testing.T) { refused(t, get(h, "GET", "/api/v1/"+path), 500, "", false) })
	}
}
