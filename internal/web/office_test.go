package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/escape"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/web"
	"linemark/internal/web/apidoc/apitest"
)

// post sends a body as linemark does; change may spoil the request.
func post(h http.Handler, path, body string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("X-Linemark", "1")
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// handlerOf is the whole API, whose answers are compared with their description; the plant's status is none of an agent.
func handlerOf(p *plant) http.Handler {
	return apitest.Watch(web.Handler(p, slog.New(slog.DiscardHandler)), "GET /api/v1/status")
}

// read wants a good answer and decodes it.
func read[T any](t *testing.T, r *http.Response) T {
	t.Helper()
	var v T
	body := text(r)
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %s: %s", r.StatusCode, r.Header.Get("Content-Type"), body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// refused wants this status with a reason, and a hint where there is something to do.
func refused(t *testing.T, r *http.Response, status int, what string, hint bool) {
	t.Helper()
	var f web.Fault
	body := text(r)
	if err := json.Unmarshal([]byte(body), &f); err != nil || r.StatusCode != status || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %s: %s, want %d", r.StatusCode, r.Header.Get("Content-Type"), body, status)
	}
	if !strings.Contains(f.Error, what) || (f.Hint != "") != hint {
		t.Errorf("the fault is %+v, want %q in it, with a hint: %v", f, what, hint)
	}
}

// freeze brings a report of the plant's only verified code into a state.
func (p *plant) freeze(t *testing.T, s ledger.ReportStatus) int64 {
	t.Helper()
	ctx := t.Context()
	due := must(p.ledger.DueUtilisation(ctx, "VERIFIED"))
	if len(due) != 1 {
		t.Fatalf("due are %+v", due)
	}
	r := must(p.ledger.BuildUtilisation(ctx, due[0], 10, p.Office().Papers.Utilisation))
	if s != ledger.Frozen {
		if err := p.ledger.MarkReport(ctx, r.ID, s, "srv-1", "why\nnot"); err != nil {
			t.Fatal(err)
		}
	}
	return r.ID
}

// calls are all that change something, each with a body that would be taken.
func calls(id int64) map[string]string {
	return map[string]string{
		"/api/v1/batch/start":                         `{"line": "3", "name": "PO-17"}`,
		"/api/v1/batch/end":                           `{"line": "3"}`,
		"/api/v1/pack/close":                          `{"line": "3", "station": "box", "by": "N.", "reason": "x"}`,
		"/api/v1/pack/undo":                           `{"line": "3", "station": "box", "by": "N.", "reason": "x"}`,
		"/api/v1/pack/empty":                          `{"line": "3", "station": "box", "by": "N.", "reason": "x"}`,
		"/api/v1/pack/out":                            `{"code": "010478001234567721abcdefghijkl1", "by": "N.", "reason": "x"}`,
		"/api/v1/pack/replace":                        `{"code": "010478001234567721abcdefghijkl1", "for": "010478001234567721abcdefghijkl3", "by": "N.", "reason": "x"}`,
		"/api/v1/pack/dissolve":                       `{"code": "00030123456700000014", "by": "N.", "reason": "x"}`,
		"/api/v1/drop":                                `{"codes": ["010478001234567721abcdefghijkl1"], "reason": "DEFECT"}`,
		"/api/v1/doubtful/drop":                       `{"codes": ["010478001234567721abcdefghijkl1"], "reason": "DEFECT", "by": "N.", "because": "x"}`,
		fmt.Sprintf("/api/v1/reports/%d/retry", id):   `{}`,
		fmt.Sprintf("/api/v1/reports/%d/resolve", id): `{"as": "sent", "reason": "seen"}`,
		fmt.Sprintf("/api/v1/reports/%d/hand", id):    `{"reason": "by N."}`,
	}
}

// TestWhatChangesIsGuarded: a request that a page of somebody else could make the browser send, or
// whose body is not what it seems, changes nothing, whichever call it is.
func TestWhatChangesIsGuarded(t *testing.T) {
	p := newPlant(t)
	id := p.freeze(t, ledger.InDoubt)
	all := calls(id)
	all["/api/v1/devices/tij-1/print"], all["/api/v1/devices/cam-1/scan"] = `{"reason": "new ribbon"}`, `{}`
	for path, good := range all {
		for _, test := range []struct {
			name, body string
			change     func(*http.Request)
			status     int
			what       string
			hint       bool
		}{
			{"no header", good, func(r *http.Request) { r.Header.Del("X-Linemark") }, 403, "X-Linemark", true},
			{"another header", good, func(r *http.Request) { r.Header.Set("X-Linemark", "0") }, 403, "X-Linemark", true},
			{"a form", good, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "must be JSON", true},
			{"plain text", good, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, "must be JSON", true},
			{"no type", good, func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "must be JSON", true},
			{"too much", good[:len(good)-1] + strings.Repeat(" ", web.MaxBody) + "}", nil, 413, "longer than 8388608 bytes", true},
			{"a connection that breaks", good, func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{})) }, 400, "the cable is out", false},
			{"no UTF-8", good[:1] + `"x": "` + "\xff" + `", ` + good[1:], nil, 400, "not UTF-8", true},
			{"nothing", "", nil, 400, "not the JSON", false},
			{"half", good[:len(good)-1], nil, 400, "not the JSON", false},
			{"an array", "[" + good + "]", nil, 400, "not the JSON", false},
			{"two", good + good, nil, 400, "more than one", false},
			{"a field too many", `{"force": true}`, nil, 400, "force", false},
		} {
			t.Run(path+" "+test.name, func(t *testing.T) {
				refused(t, post(handlerOf(p), path, test.body, test.change), test.status, test.what, test.hint)
			})
		}
	}
	if len(p.bench.asked) != 0 {
		t.Errorf("devices were asked to %q", p.bench.asked)
	}
	if _, err := p.ledger.LastBatch(t.Context(), "3"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a batch has begun: %v", err)
	}
	if r := must(p.ledger.ReportByID(t.Context(), id)); r.State != ledger.InDoubt {
		t.Errorf("the report is %s", r.State)
	}
	if n := must(p.ledger.Recount(t.Context()))[0].States[ledger.Dropped]; n != 0 {
		t.Errorf("%d codes are dropped", n)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the cable is out") }

// TestFaults: what was given, what the ledger does not allow, and what fails are told apart.
func TestFaults(t *testing.T) {
	p := newPlant(t)
	id := p.freeze(t, ledger.Accepted)
	h := handlerOf(p)
	for path, test := range map[string]struct {
		body, what string
		hint       bool
	}{
		"/api/v1/batch/start?1":                         {`{"line": "9", "name": "a"}`, `no line "9"`, true},
		"/api/v1/batch/start?2":                         {`{"line": "5", "name": "a"}`, "production date is missing", true},
		"/api/v1/batch/start?3":                         {`{"line": "3", "name": 17}`, "not the JSON", false},
		"/api/v1/batch/start?4":                         {`{"line": "3", "name": "\ud800"}`, "not the JSON", false},
		"/api/v1/batch/end":                             {`{"line": "3"}`, "runs no batch", true},
		"/api/v1/drop?1":                                {`{"codes": [], "reason": "DEFECT"}`, "no code is given", true},
		"/api/v1/drop?2":                                {`{"codes": ["01"], "reason": "Брак"}`, "unknown", true},
		"/api/v1/drop?3":                                {`{"codes": ["01"], "reason": "DEFECT", "doc_num": "1", "doc_date": "yesterday"}`, "no date", true},
		"/api/v1/drop?4":                                {`{"codes": ["01\ud800"], "reason": "DEFECT"}`, "not the JSON", false},
		"/api/v1/drop?5":                                {`{"codes": [null], "reason": "DEFECT"}`, "not the JSON", false},
		"/api/v1/reports/x/retry":                       {`{}`, `"x" is no number`, true},
		"/api/v1/reports/99/retry":                      {`{}`, "no report 99", true},
		fmt.Sprintf("/api/v1/reports/%d/retry", id):     {`{}`, "is accepted", true},
		fmt.Sprintf("/api/v1/reports/%d/hand", id):      {`{"reason": "by N."}`, "is accepted", true},
		fmt.Sprintf("/api/v1/reports/%d/resolve", id):   {`{"as": "sent"}`, "a reason is needed", true},
		fmt.Sprintf("/api/v1/reports/%d/resolve?2", id): {`{"as": "gone", "reason": "a"}`, "settles nothing", true},
	} {
		t.Run(path, func(t *testing.T) { refused(t, post(h, path, test.body, nil), 400, test.what, test.hint) })
	}
	for path, test := range map[string]struct {
		what string
		hint bool
	}{
		"/api/v1/batch?line=3":          {"no batch yet", true},
		"/api/v1/batch?line=3&name=%G":  {"query cannot be read", false},
		"/api/v1/batch?line=3;name=a":   {"query cannot be read", false},
		"/api/v1/batch":                 {`no line ""`, true},
		"/api/v1/pack?line=3":           {`no pack station ""`, true},
		"/api/v1/pack?line=3&station=%": {"query cannot be read", false},
		"/api/v1/pack?code=%":           {"not percent-encoded", false},
		"/api/v1/pack?code=01":          {"is in no container", true},
		"/api/v1/reports?all=maybe":     {"neither 0 nor 1", false},
		"/api/v1/reports/99":            {"no report 99", true},
		"/api/v1/reports/x":             {"no number", true},
		"/api/v1/reports/99/files":      {"no report 99", true},
	} {
		t.Run(path, func(t *testing.T) { refused(t, get(h, "GET", path), 400, test.what, test.hint) })
	}
	if r := get(h, "GET", "/api/v1/batch/start"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a GET of what changes something: %d", r.StatusCode)
	}
	if err := p.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	for path, body := range calls(id) {
		t.Run("a ledger that fails "+path, func(t *testing.T) { refused(t, post(h, path, body, nil), 500, "", false) })
	}
	for _, path := range []string{"/api/v1/reports", "/api/v1/reports/1", "/api/v1/reports/1/files", "/api/v1/batch?line=3"} {
		t.Run("a ledger that fails "+path, func(t *testing.T) { refused(t, get(h, "GET", path), 500, "", false) })
	}
}

// TestBatch: a batch begins, shows its sheet and ends.
func TestBatch(t *testing.T) {
	h := handlerOf(newPlant(t))
	b := read[web.Batch](t, post(h, "/api/v1/batch/start", `{"line":"5","name":"Заказ <17>","production_date":"2026-03-01T08:00:00+05:00","series":"A"}`, nil))
	if b.Line != "5" || b.Name != "Заказ <17>" || b.ProductionDate != "2026-03-01T08:00:00+05:00" || b.Series != "A" || b.StartedAt.IsZero() || b.EndedAt != nil {
		t.Errorf("the batch is %+v", b)
	}
	s := read[web.Sheet](t, get(h, "GET", "/api/v1/batch?line=5&name=%D0%97%D0%B0%D0%BA%D0%B0%D0%B7+%3C17%3E"))
	if s.Batch.Name != b.Name || s.Products == nil || !s.Equal {
		t.Errorf("the sheet is %+v", s)
	}
	read[web.Batch](t, post(h, "/api/v1/batch/start", `{"line":"3","name":"B1"}`, nil))
	refused(t, post(h, "/api/v1/batch/start", `{"line":"3","name":"B2"}`, nil), 400, "end it first", true)
	refused(t, post(h, "/api/v1/batch/end", `{"line":"3","name":"B2"}`, nil), 400, `runs no batch "B2"`, true)
	s = read[web.Sheet](t, post(h, "/api/v1/batch/end", `{"line":"3","name":"B1"}`, nil))
	if s.Batch.EndedAt == nil || len(s.Products) != 1 || !s.Equal {
		t.Fatalf("the sheet is %+v", s)
	}
	want := web.Account{Product: "water-05", Received: 2, Verified: 1, Left: 1, Equal: true}
	if a := s.Products[0]; a.Product != want.Product || a.Received != 2 || a.Verified != 1 || a.Left != 1 || !a.Equal || a.Doubtful == nil {
		t.Errorf("the account is %+v, want %+v", a, want)
	}
}

// TestStartOfOneStop: a start says which stop it ends, that nobody had stopped the line, or nothing.
func TestStartOfOneStop(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC)
	var seen []*time.Time
	h := web.Office(office.Office{Start: func(_ context.Context, _ string, s *time.Time) error { seen = append(seen, s); return nil }}, slog.New(slog.DiscardHandler))
	for _, body := range []string{`{}`, `{"held": ""}`, `{"held": "2026-03-01T13:00:00.123456789+05:00"}`} {
		read[struct{}](t, post(h, "/api/v1/lines/3/start", body, nil))
	}
	refused(t, post(h, "/api/v1/lines/3/start", `{"held": "yesterday"}`, nil), 400, "is no moment", true)
	if len(seen) != 3 || seen[0] != nil || seen[1] == nil || !seen[1].IsZero() || seen[2] == nil || !seen[2].Equal(at) {
		t.Errorf("meant are %v", seen)
	}
}

// TestDropTakesTheExactBytes: a code reaches the ledger as the bytes that its JSON string means,
// however it is escaped there.
func TestDropTakesTheExactBytes(t *testing.T) {
	p := newPlant(t)
	claimed := code.Code("010478001234567721abcdefghijkl1\x1d93AAAA")
	lot := must(p.ledger.Lot(t.Context(), "3", must(p.ledger.Product(t.Context(), bottle)), "B1"))
	profile := must(code.Table{}.Profile(bottle.Group, bottle.Type))
	must(p.ledger.Verify(t.Context(), "3/check", lot, profile, []code.Code{claimed}))
	escaped := strings.ReplaceAll(string(must(escape.JSONString(claimed))), "a", `\u0061`)
	body := fmt.Sprintf(`{"codes": [%s, "010478001234567721abcdefghijkl3", "0104780012345677219&<x>{GS}93"], "reason": "DEMO_SAMPLES", "doc_num": "1", "doc_date": "2026-03-01T00:00:00Z"}`, escaped)
	all := read[[]web.Withdrawn](t, post(handlerOf(p), "/api/v1/drop", body, nil))
	want := []web.Withdrawn{{Code: code.Visible(claimed), Codes: 1}, {Code: "010478001234567721abcdefghijkl3", Why: "it is still in stock"}, {Code: "0104780012345677219&<x>{GS}93", Why: "not known here"}}
	if !slices.Equal(all, want) {
		t.Errorf("the outcome is %+v, want %+v", all, want)
	}
	if life := must(p.ledger.Trace(t.Context(), claimed)); life.State != ledger.Dropped {
		t.Errorf("the code is %s", life.State)
	}
}

// TestReports: the list, one report with its codes, its files, and a person's words on it.
func TestReports(t *testing.T) {
	p := newPlant(t)
	h := handlerOf(p)
	if all := read[[]web.OutboxReport](t, get(h, "GET", "/api/v1/reports?all=1")); all == nil || len(all) != 0 {
		t.Errorf("without a report: %v", all)
	}
	id := p.freeze(t, ledger.Denied)
	path := fmt.Sprintf("/api/v1/reports/%d", id)
	all := read[[]web.OutboxReport](t, get(h, "GET", "/api/v1/reports"))
	if len(all) != 1 || all[0].ID != id || all[0].Kind != "utilisation" || all[0].State != "rejected" || all[0].Codes != 1 || all[0].Line != "3" || all[0].Batch != "B1" ||
		all[0].Server != "srv-1" || all[0].Reason != "why\nnot" || all[0].Usage != "VERIFIED" || all[0].Group != "water" || all[0].CreatedAt.IsZero() {
		t.Errorf("the list is %+v", all)
	}
	one := read[web.Paper](t, get(h, "GET", path))
	if one.ID != id || len(one.Names) != 1 || one.Names[0] != code.Visible(hostile) || len(one.Parts) != 0 {
		t.Errorf("the report is %+v", one)
	}
	files := read[[]web.File](t, get(h, "GET", path+"/files"))
	if len(files) != 2 || !bytes.Equal(files[0].Data, must(p.ledger.ReportBody(t.Context(), id))) || string(files[1].Data) != string(must(p.ledger.Trace(t.Context(), hostile)).Ident)+"\n" {
		t.Errorf("the files are %s", files)
	}
	again := read[web.Paper](t, post(h, path+"/retry", `{}`, nil))
	if again.State != "split" || len(again.Parts) != 1 || again.Parts[0] == id {
		t.Fatalf("the report is %+v", again)
	}
	part := fmt.Sprintf("/api/v1/reports/%d", again.Parts[0])
	if one := read[web.Paper](t, get(h, "GET", part)); one.Parent != id || len(one.Names) != 1 {
		t.Errorf("the part is %+v", one)
	}
	if one := read[web.Paper](t, post(h, part+"/resolve", `{"as": "rejected", "reason": "seen by N."}`, nil)); one.State != "rejected" || one.Reason != "resolved by hand: seen by N." {
		t.Errorf("resolved it is %+v", one)
	}
	if one := read[web.Paper](t, post(h, part+"/hand", `{"reason": "by N."}`, nil)); one.State != "handed" {
		t.Errorf("handed it is %+v", one)
	}
	if all := read[[]web.OutboxReport](t, get(h, "GET", "/api/v1/reports")); len(all) != 0 {
		t.Errorf("what has arrived or is divided is listed: %+v", all)
	}
	if all := read[[]web.OutboxReport](t, get(h, "GET", "/api/v1/reports?all=true")); len(all) != 2 {
		t.Errorf("all are %+v", all)
	}
}

// TestReportsInDoubtFirst: what waits for a person stands above the rest, each part in the order of
// its making.
func TestReportsInDoubtFirst(t *testing.T) {
	p := newPlant(t)
	ctx := t.Context()
	lot := must(p.ledger.Lot(ctx, "3", must(p.ledger.Product(ctx, bottle)), "B1"))
	profile := must(code.Table{}.Profile(bottle.Group, bottle.Type))
	order := must(p.ledger.PlaceOrder(ctx, must(p.ledger.Product(ctx, bottle)), 10))
	if err := p.ledger.SetOrder(ctx, order, "order-2", ledger.Active, ""); err != nil {
		t.Fatal(err)
	}
	states := []ledger.ReportStatus{ledger.Frozen, ledger.Denied, ledger.Sent, ledger.InDoubt, ledger.Accepted, ledger.Denied, ledger.Handed, ledger.InDoubt, ledger.Sending}
	for i, s := range states {
		if i > 0 { // the first report is of the code that the plant has verified already
			c := []code.Code{code.Code(fmt.Sprintf("010478001234567721serial%07d\x1d93AAAA", i))}
			if err := p.ledger.Receive(ctx, order, fmt.Sprint("b", i), profile, c); err != nil {
				t.Fatal(err)
			}
			must(p.ledger.Claim(ctx, "3/mark", lot, 2))
			must(p.ledger.Verify(ctx, "3/check", lot, profile, c))
		}
		p.freeze(t, s)
	}
	for query, want := range map[string]string{
		"":       "doubt doubt rejected rejected frozen accepted sending",
		"?all=1": "doubt doubt rejected rejected frozen sent accepted handed sending",
	} {
		var got []string
		last := map[string]time.Time{}
		for _, r := range read[[]web.OutboxReport](t, get(handlerOf(p), "GET", "/api/v1/reports"+query)) {
			got = append(got, r.State)
			if r.CreatedAt.Before(last[r.State]) {
				t.Errorf("%s: a report of %s stands behind one of %s", r.State, r.CreatedAt, last[r.State])
			}
			last[r.State] = r.CreatedAt
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
}

// FuzzDrop: no body brings anything but the outcome of each code or a fault, and none withdraws a
// code that it does not name.
func FuzzDrop(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"codes":["01"],"reason":"DEFECT"}`, `{"codes":["\ud800"]}`, `{"codes":[1]}`, `{"Codes":["\u001d"],"reason":"OTHER","with_child":true}`, "{\"codes\":[\"\xff\"]}", `{"codes":null}{}`} {
		f.Add(seed)
	}
	l := must(ledger.Open(f.Context(), f.TempDir(), ledger.Options{Agent: "line-3"}))
	f.Cleanup(func() {
		if err := l.Close(); err != nil {
			f.Error(err)
		}
	})
	h := web.Handler(&plant{ledger: l}, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, body string) {
		r := post(h, "/api/v1/drop", body, nil)
		var all []web.Withdrawn
		switch answer := text(r); {
		case r.StatusCode == http.StatusBadRequest:
		case r.StatusCode != http.StatusOK || json.Unmarshal([]byte(answer), &all) != nil || len(all) == 0:
			t.Errorf("%q brings %d %s", body, r.StatusCode, answer)
		}
		for _, w := range all {
			if w.Why == "" || w.Codes != 0 {
				t.Errorf("%q withdraws %+v of an empty ledger", body, w)
			}
		}
	})
}
