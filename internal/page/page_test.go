package page

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/rights"
	"linemark/internal/web"
	"linemark/internal/words"
)

// desk is the page of an agent whose devices answer nowhere, behind its guard.
type desk struct {
	t     testing.TB
	page  *Page
	agent *agent.Agent
	why   []string
	door  *rights.Door
	book  rights.Book
	notes []string
	http.Handler
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata", "linemark.toml"))
	if err == nil { // its token is for nobody else's eyes
		err = os.WriteFile(filepath.Join(dir, "linemark.toml"), text, 0o600)
	}
	if err := errors.Join(err, os.CopyFS(filepath.Join(dir, "labels"), config.Labels())); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(filepath.Join(dir, "linemark.toml"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Agent.DataDir = filepath.Join(dir, "data")
	d := &desk{t: t, book: rights.Beside(t.TempDir())}
	log := slog.New(slog.DiscardHandler)
	if d.agent, err = agent.New(context.Background(), cfg, agent.Options{Log: log, NoPage: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.agent.Close(); err != nil {
			t.Error(err)
		}
	})
	d.door = rights.NewDoor(d.book, "", time.Now)
	d.page = New(Options{Agent: func() (*agent.Agent, []string) {
		if d.why != nil {
			return nil, d.why
		}
		return d.agent, nil
	}, Config: func() *config.Config { return cfg }, Log: log, Door: d.door, Secure: func() bool { return false }, Note: func(_ *http.Request, text string) { d.notes = append(d.notes, text) }})
	g := web.Guard{Door: d.door, Log: log, Named: func(string) bool { return false }, Note: func(_ context.Context, text string) error { d.notes = append(d.notes, text); return nil }, Refused: d.page.Refused}
	d.Handler = g.Wrap(web.WithPage(d.agent.Handler(), d.page))
	return d
}

// run has the agent work until the test ends.
func (d *desk) run() {
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = d.agent.Run(ctx) // ends with ctx
	}()
	d.t.Cleanup(func() {
		end()
		<-ended
	})
}

// person is somebody's browser.
type person struct {
	*desk
	cookies []*http.Cookie
	csrf    string
}

// login lets somebody in, with the word that his forms bring along.
func (d *desk) login(name string, role rights.Role) *person {
	d.t.Helper()
	if err := d.book.Set(name, role, "longer than eight", time.Now()); err != nil {
		d.t.Fatal(err)
	}
	p := &person{desk: d}
	answer := p.send(http.MethodPost, "/login", url.Values{"name": {name}, "password": {"longer than eight"}, "to": {"/batch"}})
	if answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != "/batch" {
		d.t.Fatalf("logging in: %d to %q\n%s", answer.Code, answer.Header().Get("Location"), answer.Body)
	}
	p.cookies = answer.Result().Cookies()
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(p.get("/batch").Body.String())
	if found == nil {
		d.t.Fatal("no form has the session's word")
	}
	p.csrf = found[1]
	return p
}

func (p *person) send(method, path string, form url.Values) *httptest.ResponseRecorder {
	var body io.Reader
	if form != nil {
		if p.csrf != "" && !form.Has("csrf") {
			form.Set("csrf", p.csrf)
		}
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://127.0.0.1:8480"+path, body)
	r.RemoteAddr = "127.0.0.1:9"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func (p *person) get(path string) *httptest.ResponseRecorder {
	return p.send(http.MethodGet, path, nil)
}

// follow does what a form asks for and looks at the page behind it.
func (p *person) follow(path string, form url.Values) string {
	p.t.Helper()
	answer := p.send(http.MethodPost, path, form)
	if answer.Code != http.StatusSeeOther {
		p.t.Fatalf("%s: %d\n%s", path, answer.Code, answer.Body)
	}
	return p.get(answer.Header().Get("Location")).Body.String()
}

// paths are addresses of all views.
var paths = []string{"/", "/?line=3", "/batch", "/batch/sheet?line=3&name=B1", "/stock", "/reports", "/doubtful", "/trace", "/trace?code=nothing", "/packing", "/packing?line=3&station=box", "/devices", "/devices/tij-1", "/journal", "/journal?people=1&text=batch"}

// Every view can be seen in every language, by whoever sits at the PC and by who has logged in, and no text is missing.
func TestViewsInAllLanguages(t *testing.T) {
	d := newDesk(t)
	missing := regexp.MustCompile(`\b(ui|notice|advice)\.[a-z]+(\.[a-z_]+)*\b`)
	for name, p := range map[string]*person{"nobody": {desk: d}, "anna": d.login("anna", rights.Engineer)} {
		for _, l := range words.Languages() {
			who := *p
			who.cookies = append(who.cookies[:len(who.cookies):len(who.cookies)], &http.Cookie{Name: languageCookie, Value: l.Code})
			for _, path := range paths {
				answer := who.get(path)
				text := answer.Body.String()
				if answer.Code != http.StatusOK || !strings.Contains(text, `<html lang="`+l.Code+`"`) || !strings.HasSuffix(text, "</html>\n") {
					t.Errorf("%s in %s for %s: %d\n%s", path, l.Code, name, answer.Code, text)
				}
				if keys := missing.FindAllString(text, -1); keys != nil {
					t.Errorf("%s in %s lacks %q", path, l.Code, keys)
				}
				if strings.Contains(text, "style=") || strings.Contains(text, "onclick") {
					t.Errorf("%s has what its own policy forbids", path)
				}
				if acts := strings.Contains(text, `name="csrf"`); acts && name == "nobody" {
					t.Errorf("%s offers nobody a form", path)
				}
			}
		}
	}
}

// Every form without the session's own word, or with another's, changes nothing.
func TestFormsNeedTheirWord(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Engineer)
	before := len(d.notes)
	for _, a := range actions {
		path := strings.NewReplacer("{name}", "3", "{id}", "1", "{do}", "undo").Replace(a.path)
		for _, word := range []string{"", "another"} {
			if answer := anna.send(http.MethodPost, path, url.Values{"csrf": {word}, "line": {"3"}, "name": {"B9"}, "reason": {"none"}}); answer.Code != http.StatusForbidden {
				t.Errorf("%s with the word %q: %d", path, word, answer.Code)
			}
		}
		if answer := (&person{desk: d}).send(http.MethodPost, path, url.Values{"line": {"3"}}); answer.Code != http.StatusSeeOther || !strings.HasPrefix(answer.Header().Get("Location"), "/login") {
			t.Errorf("%s by nobody: %d to %q", path, answer.Code, answer.Header().Get("Location"))
		}
		if w := httptest.NewRecorder(); true { // no guard before the page
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("line=3"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if d.page.ServeHTTP(w, r); w.Code != http.StatusForbidden {
				t.Errorf("%s without a guard: %d", path, w.Code)
			}
		}
	}
	if len(d.notes) != before {
		t.Errorf("what was refused is noted: %q", d.notes[before:])
	}
}

// A batch is asked for what its group needs, what is wrong is said with what was filled in, and it can be ended.
func TestBatchOnThePage(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	if text := anna.follow("/batch/end", url.Values{"line": {"3"}, back: {"/batch"}}); !strings.Contains(text, "B1") || !strings.Contains(text, "✓") {
		t.Errorf("the sheet is\n%s", text)
	}
	text := anna.follow("/batch/start", url.Values{"line": {"3"}, "name": {"B1"}, "series": {"S-7"}, back: {"/batch"}})
	if !strings.Contains(text, "a name is used once") || !strings.Contains(text, `value="S-7"`) {
		t.Errorf("a name that was used is answered with\n%s", text)
	}
	text = anna.follow("/batch/start", url.Values{"line": {"3"}, "name": {"<b>2"}, "production_date": {"2026-03-01T08:00"}, back: {"/batch"}})
	if !strings.Contains(text, "&lt;b&gt;2") || strings.Contains(text, "<b>2") {
		t.Errorf("a new batch is answered with\n%s", text)
	}
	b, err := d.agent.Ledger().LastBatch(context.Background(), "3")
	if err != nil || b.Name != "<b>2" || !strings.HasPrefix(b.ProductionDate, "2026-03-01T08:00:00") {
		t.Errorf("it is %+v, %v", b, err)
	}
	file := anna.get("/batch/sheet.csv?line=3&name=B1")
	if file.Code != http.StatusOK || !strings.HasPrefix(file.Body.String(), "\ufeffline;batch;") || !strings.Contains(file.Header().Get("Content-Disposition"), "batch-3-B1.csv") {
		t.Errorf("the file is %d %v\n%s", file.Code, file.Header(), file.Body)
	}
}

// Whoever ends a batch on an old page does not end the one that was started since.
func TestOldPageEndsNoOtherBatch(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	old := regexp.MustCompile(`action="/batch/end">.*?</form>`).FindString(anna.get("/batch").Body.String())
	form := url.Values{}
	for _, field := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(old, -1) {
		form.Set(field[1], field[2])
	}
	anna.follow("/batch/end", form)
	anna.follow("/batch/start", url.Values{"line": {"3"}, "name": {"B2"}, back: {"/batch"}})
	if text := anna.follow("/batch/end", form); !strings.Contains(text, "note bad") {
		t.Errorf("the old form is answered with\n%s", text)
	}
	if b, err := d.agent.Ledger().LastBatch(context.Background(), "3"); err != nil || b.Name != "B2" || !b.Running() {
		t.Errorf("the last batch is %+v, %v", b, err)
	}
}

// What is done to a box is meant for the one that is shown.
func TestFormsOfTheOpenBox(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	open, err := d.agent.Ledger().OpenContainer(context.Background(), ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 6})
	if err != nil {
		t.Fatal(err)
	}
	const where = "/packing?line=3&station=box"
	text := anna.get(where).Body.String()
	for _, do := range doneToWhole {
		if field := fmt.Sprintf(`name="container" form="do-%s" value="%d"`, do, open); !strings.Contains(text, field) || !strings.Contains(text, `<form id="do-`+do+`"`) {
			t.Errorf("no %s in\n%s", field, text)
		}
		for _, old := range []string{fmt.Sprint(open + 1), "x"} {
			form := url.Values{"line": {"3"}, "station": {"box"}, "container": {old}, "reason": {"torn"}, back: {where}}
			if text := anna.follow("/packing/"+do, form); !strings.Contains(text, "note bad") || !strings.Contains(text, "is open here no more") && old != "x" {
				t.Errorf("%s of box %s is answered with\n%s", do, old, text)
			}
		}
	}
	last := packingView{Whole: doneToWhole, Open: &ledger.Container{ID: 7, In: []code.Code{"first", "a\x1db"}}}
	shown, err := d.page.render("packing-live", scene{visit: d.page.visit(httptest.NewRequest(http.MethodGet, where, nil)), M: last})
	if err != nil || !strings.Contains(string(shown), `name="code" form="do-undo" value="a{GS}b"`) {
		t.Errorf("%v\n%s", err, shown)
	}
}

// A form that was refused is answered with a page whose links lead where the form stood, and not where it was sent to.
func TestRefusedLeadsBack(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	answer := anna.send(http.MethodPost, "/lines/3/stop", url.Values{"csrf": {"old"}, "reason": {"x"}, back: {"/?line=3"}})
	if text := answer.Body.String(); answer.Code != http.StatusForbidden || strings.Contains(text, `value="/lines/3/stop"`) || !strings.Contains(text, `name="back" value="/?line=3"`) {
		t.Errorf("%d\n%s", answer.Code, text)
	}
}

// Where the state of a line cannot be told it can be stopped all the same, and the page goes on asking.
func TestStopWithoutAState(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	for _, v := range views {
		if v.name != "lines" {
			continue
		}
		v.live = func(context.Context, *visit) (any, error) { return nil, errors.New("disk I/O error") }
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8480/", nil)
		for _, c := range anna.cookies {
			r.AddCookie(c)
		}
		r = r.WithContext(rights.With(r.Context(), d.door.Who(r)))
		w := httptest.NewRecorder()
		d.page.show(v)(w, r)
		if text := w.Body.String(); w.Code != http.StatusInternalServerError || !strings.Contains(text, "disk I/O error") || !strings.Contains(text, `action="/lines/3/stop"`) || !strings.Contains(text, `data-live="/live/lines"`) {
			t.Errorf("%d\n%s", w.Code, text)
		}
	}
}

// However many different addresses are asked for, everybody is shown the lines.
func TestManyAddresses(t *testing.T) {
	d := newDesk(t)
	nobody := &person{desk: d}
	for i := range mostFrames {
		nobody.get(fmt.Sprint("/?x=", i))
		nobody.get(fmt.Sprint("/devices/tij-1?kind=", i))
	}
	if n := len(d.page.frames.all); n > mostFrames {
		t.Errorf("%d are kept", n)
	}
	if answer := nobody.get("/batch"); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `id="batches"`) {
		t.Errorf("%d\n%s", answer.Code, answer.Body)
	}
	d.page.frames.mu.Lock()
	defer d.page.frames.mu.Unlock()
	for key := range d.page.frames.all {
		if strings.Contains(key, "x=") {
			t.Fatalf("%s is kept by itself", key)
		}
	}
}

// What hinders a device whose name has a slash or a percent sign links to it.
func TestNoticeLinks(t *testing.T) {
	for _, n := range notices(agent.Status{Ledger: "ok", Devices: []agent.DeviceStatus{{Name: "box/1 50%?", Error: "gone"}}}, time.Now()) {
		if n.Link != "/devices/box%2F1%2050%25%3F" {
			t.Errorf("it links to %q", n.Link)
		}
	}
}

// A line that is stopped on the page says by whom and why, and goes on when it is started.
func TestStopOnThePage(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	for _, reason := range []string{"", "  "} { // nobody has to type before a line stands
		if text := anna.follow("/lines/3/stop", url.Values{"reason": {reason}, back: {"/"}}); !strings.Contains(text, "no reason given") {
			t.Errorf("without a reason it is answered with\n%s", text)
		}
	}
	text := anna.follow("/lines/3/stop", url.Values{"reason": {"a pack is stuck"}, back: {"/"}})
	if !strings.Contains(text, "a pack is stuck") || !strings.Contains(text, "anna") {
		t.Errorf("the page shows\n%s", text)
	}
	s, err := d.agent.Status(context.Background())
	if err != nil || s.Lines[0].Held == nil || s.Lines[0].Held.By != "anna" {
		t.Fatalf("the line is %+v, %v", s.Lines[0].Held, err)
	}
	// Who starts it means the stop that he sees.
	held := func() string {
		t.Helper()
		found := regexp.MustCompile(`name="held" form="start-3" value="([^"]*)"`).FindStringSubmatch(anna.get("/").Body.String())
		if found == nil {
			t.Fatal("the page does not say which stop a start would end")
		}
		return html.UnescapeString(found[1])
	}
	before := held()
	anna.follow("/lines/3/stop", url.Values{"reason": {"a hand is in the machine"}, back: {"/"}})
	if text := anna.follow("/lines/3/start", url.Values{"held": {before}, back: {"/"}}); !strings.Contains(text, "note bad") {
		t.Errorf("a start for the stop before is answered with\n%s", text)
	}
	if s, err := d.agent.Status(context.Background()); err != nil || s.Lines[0].Held == nil {
		t.Errorf("the line goes on, %v", err)
	}
	d.page.frames.renew()
	anna.follow("/lines/3/start", url.Values{"held": {held()}, back: {"/"}})
}

// What is shown to all, or kept of people who are not let in, is short, whatever they send.
func TestLongWords(t *testing.T) {
	d := newDesk(t)
	anna := d.login("anna", rights.Operator)
	nobody := &person{desk: d}
	nobody.send(http.MethodPost, "/login", url.Values{"name": {strings.Repeat("я", 100_000)}, "password": {"x"}})
	if n := len(d.notes[len(d.notes)-1]); n > 4*mostName {
		t.Errorf("%d bytes are noted of who was not let in", n)
	}
	anna.follow("/lines/3/stop", url.Values{"reason": {strings.Repeat("я", 100_000)}, back: {"/"}})
	if s, err := d.agent.Status(context.Background()); err != nil || s.Lines[0].Held == nil || len([]rune(s.Lines[0].Held.Why)) != mostReason {
		t.Errorf("the line is held: %v, %v", s.Lines[0].Held != nil, err)
	}
}

// A page that is opened goes nowhere but to this PC's own pages.
func TestHere(t *testing.T) {
	for to, want := range map[string]string{"/": "/", "/batch?line=3": "/batch?line=3", "": "/", "//evil.example/": "/", "https://evil.example": "/", "/\\evil.example": "/", "javascript:alert(1)": "/", "batch": "/", "/a%2fb": "/a%2fb"} {
		if got := here(to); got != want {
			t.Errorf("%q goes to %q, want %q", to, got, want)
		}
	}
}

// While nothing runs the page says why.
func TestDegradedPage(t *testing.T) {
	d := newDesk(t)
	d.why = []string{"linemark.toml:3: <nothing> is good"}
	for _, path := range []string{"/", "/reports"} {
		if answer := (&person{desk: d}).get(path); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "&lt;nothing&gt; is good") {
			t.Errorf("%s: %d\n%s", path, answer.Code, answer.Body)
		}
	}
}

// Every address refuses whoever has no right to it.
func TestEveryPathRefuses(t *testing.T) {
	d := newDesk(t)
	viewer := d.login("vera", rights.Viewer)
	open := []string{"/login", "/logout", "/language", "/assets/page.css"}
	for _, pattern := range Routes() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{name}", "3", "{id}", "1", "{do}", "undo", "{file}", "page.css", "{$}", "").Replace(path)
		if strings.HasPrefix(path, "/live/") {
			continue // goes on and on for who may look; see TestLiveRefuses
		}
		ask := func(change func(*http.Request)) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "http://127.0.0.1:8480"+path, strings.NewReader("csrf="+viewer.csrf))
			r.RemoteAddr = "10.0.0.5:99"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			change(r)
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			return w
		}
		free := slices.Contains(open, path)
		if w := ask(func(*http.Request) {}); (w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/login")) == free {
			t.Errorf("%s answers nobody with %d", pattern, w.Code)
		}
		w := ask(func(r *http.Request) {
			for _, c := range viewer.cookies {
				r.AddCookie(c)
			}
		})
		if refused := w.Code == http.StatusForbidden; refused != (method == http.MethodPost && !free) && path != "/login" {
			t.Errorf("%s answers a viewer with %d", pattern, w.Code)
		}
	}
}

// Events go to whoever may look, and to nobody else.
// A live part is rendered once for all who look at the same, comes anew when it has changed, and a sign of life comes when
// it has not.
// What many look at is made once in a while, not once for each.
// The page takes nothing from outside and runs nothing, whatever a code, a device, a person or a server says.
func TestPageIsSafe(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	d := newDesk(t)
	v := d.page.visit(httptest.NewRequest(http.MethodGet, "/?line="+url.QueryEscape(evil), nil))
	now := time.Now()
	status := agent.Status{Agent: evil, Ledger: evil, National: agent.Access{Error: evil}, Reports: agent.ReportStatus{Trouble: evil},
		Products: []agent.ProductStatus{{Name: evil, GTIN: evil, Doing: evil, Trouble: evil, States: map[string]int{}}},
		Config:   &agent.ConfigStatus{File: evil, Changed: &now, Problems: []string{evil}}, Backup: &agent.BackupStatus{Trouble: evil},
		Lines: []agent.LineStatus{{Name: evil, Batch: agent.BatchStatus{Name: evil, Waits: evil}, Held: &agent.Held{By: evil, Why: evil},
			Stations: []agent.StationStatus{{Name: evil, Kind: evil, State: "stopped", Why: evil, Reads: []agent.Read{{Code: evil, Why: evil, Grade: evil}}}}}}}
	line := lineOf(status.Lines[0])
	line.Recent = recentOf(status.Lines[0])
	report := ledger.Report{Kind: evil, State: evil, Reason: evil, Line: evil, Batch: evil, UUID: evil, ServerID: evil}
	device := web.DeviceDetail{Device: web.Device{Name: evil, Kind: evil, Driver: evil, Address: evil, Error: evil}, Pieces: []web.Piece{{Text: evil}}, Points: []web.Point{{Name: evil, Where: evil, Type: evil}}}
	box := ledger.Container{Code: evil, Reason: evil, In: []code.Code{evil}}
	for name, model := range map[string]any{
		"lines-live":   linesView{Notices: notices(status, now), Lines: []lineView{line}, Whole: true, Left: []left{{"left.stock", evil, 1, true}}},
		"batch-live":   []batchLine{{status.Lines[0], "stopped"}},
		"stock-live":   stockView{Products: status.Products, National: status.National, Orders: []orderView{{ledger.Order{GTIN: evil, ServerID: evil, State: evil, Reason: evil}, evil}}},
		"reports-live": reportsView{Waiting: []ledger.Report{report}, Trouble: evil},
		"report":       reportView{Paper: office.Paper{Report: report, Names: []code.Code{evil}}, Shown: 1, Files: []string{evil}},
		"devices-live": []web.Device{device.Device},
		"device-live":  device,
		"packing-live": packingView{Open: &box, Containers: []ledger.ListedContainer{{Container: box}}},
		"doubtful":     doubtfulView{Causes: []doubtfulCause{{ledger.DoubtfulCause{Product: evil, Line: evil, Batch: evil, Cause: evil}, []string{evil}}}},
		"trace":        &traceView{Life: web.Life{Code: evil, Ident: evil, Product: evil, State: evil, Journal: []web.Entry{{Place: evil, Cause: evil}}, Parents: []string{evil}}, Children: []string{evil}, Reports: []ledger.Report{report}},
		"journal":      journalView{Entries: []ledger.JournalEntry{{Entry: ledger.Entry{Place: evil, Cause: evil}, Code: evil}}, CSV: evil, Older: evil},
		"degraded":     []string{evil},
	} {
		text, err := d.page.render(name, scene{visit: v, Name: name, M: model, Note: note{Text: evil, Hint: evil, More: []string{evil}}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(text), "<script") || strings.Contains(string(text), "<img") || !strings.Contains(string(text), "alert") {
			t.Errorf("%s repeats what it was told, or leaves it out:\n%s", name, text)
		}
	}
}

// Whatever somebody types, pastes or scans into the field for a code is looked for and shown, and nothing else happens.
// Whatever comes as a form of somebody who may do everything is refused, or done as it says.
