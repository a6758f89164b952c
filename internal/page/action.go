package page

import (
	"context"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"linemark/internal/web"
)

// action is something that a person asks for with a form. The guard has looked at his rights and at the form's own word
// before, and has noted in the journal who asks.
type action struct {
	path string
	do   func(ctx context.Context, v *visit, form url.Values) (done, error)
}

// done is what came of it, and where the browser goes on.
type done struct {
	Key  string // a text of the page's own, with
	Args []any
	Text string // or a sentence of the agent
	More []string
	To   string
}

// actions are all there are.
var actions = []action{
	{"/lines/{name}/stop", stopLine},
	{"/lines/{name}/start", startLine},
	{"/batch/start", startBatch},
	{"/batch/end", endBatch},
	{"/reports/{id}/retry", retryReport},
	{"/reports/{id}/resolve", resolveReport},
	{"/reports/{id}/hand", handReport},
	{"/doubtful/drop", dropDoubtful},
	{"/trace/drop", dropCode},
	{"/packing/{do}", repack},
	{"/devices/{name}/print", testPrint},
	{"/devices/{name}/scan", testScan},
}

// back is the field of a form that says where it stood.
const back = "back"

// mostForm is the most bytes of a form.
const mostForm = 1 << 20

func (p *Page) act(a action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r)
		if !v.who.Known() || !v.who.May(web.Needs(r)) { // also where no guard stands before the page
			p.Refused(w, r, http.StatusForbidden, "nobody says who asks: this needs the right to "+web.Needs(r).String(), "log in on the page")
			return
		}
		if v.agent == nil {
			p.showDegraded(w, v)
			return
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
			p.Refused(w, r, http.StatusUnsupportedMediaType, "this is no form of the page", "load the page again")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if err := r.ParseForm(); err != nil {
			p.Refused(w, r, http.StatusBadRequest, "the form cannot be read: "+err.Error(), "load the page again")
			return
		}
		form := r.PostForm
		d, err := a.do(r.Context(), v, form)
		p.kept.renew()
		p.frames.renew()
		if err != nil {
			if statusOf(err) == http.StatusInternalServerError {
				p.o.Log.Warn("what was asked for on the page failed", "path", r.URL.Path, "error", err)
			}
			n := problem(err)
			n.Form = form
			p.goOn(w, r, form.Get(back), n)
			return
		}
		n := note{Text: d.Text, More: d.More}
		if d.Key != "" {
			n.Text = v.T("done."+d.Key, d.Args...)
		}
		if d.To == "" {
			d.To = form.Get(back)
		}
		p.goOn(w, r, d.To, n)
	}
}

func stopLine(ctx context.Context, v *visit, form url.Values) (done, error) {
	line := v.r.PathValue("name")
	why := strings.TrimSpace(short(strings.TrimSpace(form.Get("reason")), mostReason))
	if why == "" { // first the line stands, then there is time to say why
		why = v.T("reason.none")
	}
	return done{Key: "line.stopped", Args: []any{line}}, v.agent.Office().StopLine(ctx, line, v.who.Name, why)
}

// mostReason is as much as the form takes: a longer one is cut, since no stop is refused for that.
const mostReason = 200

func startLine(ctx context.Context, v *visit, form url.Values) (done, error) {
	line := v.r.PathValue("name")
	var seen *string
	if form.Has("held") { // what the page showed when it was sent
		text := form.Get("held")
		seen = &text
	}
	return done{Key: "line.started", Args: []any{line}}, v.agent.Office().StartLine(ctx, line, seen)
}

// file is something to keep: its bytes, or a table that is written row by row as it is read, however long it is.
type file struct {
	name, kind string
	data       []byte
	rows       iter.Seq2[[]string, error]
}

type download struct {
	path string
	make func(ctx context.Context, v *visit) (file, error)
}

// downloads are all there are.
var downloads = []download{
	{"/batch/sheet.csv", sheetCSV},
	{"/reports/{id}/files/{file}", reportFile},
	{"/doubtful.csv", doubtfulCSV},
	{"/journal.csv", journalCSV},
}

func (p *Page) download(d download) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r)
		if v.agent == nil {
			p.showDegraded(w, v)
			return
		}
		f, err := d.make(r.Context(), v)
		if err != nil {
			n := problem(err)
			p.Refused(w, r, statusOf(err), n.Text, n.Hint)
			return
		}
		w.Header().Set("Content-Type", f.kind)
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
		if f.rows != nil {
			p.writeTable(w, r, f.rows)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
		_, _ = w.Write(f.data) // the reader has gone: nobody is left to tell
	}
}
