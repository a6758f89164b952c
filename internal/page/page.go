// Package page is what people see of the agent in a browser: what each line is doing, and what they decide about
// batches, reports, codes in doubt, containers and devices. Everything is rendered here. A page that is open is kept up
// to date by events that bring its live part anew, which is rendered once for all who look at the same.
package page

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/rights"
	"linemark/internal/web"
)

//go:embed html
var htmlFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Options of New.
type Options struct {
	// Agent returns the agent that runs, or why none does; neither: linemark is starting.
	Agent func() (*agent.Agent, []string)
	// Config is the configuration in force.
	Config func() *config.Config
	Log    *slog.Logger
	// Door lets people log in; nil: nobody can, and the page only shows.
	Door   *rights.Door
	Secure func() bool                        // whether the page is HTTPS
	Note   func(r *http.Request, text string) // takes down who came, and who was not let in
}

// Page answers people's browsers.
type Page struct {
	o      Options
	mux    *http.ServeMux
	html   *template.Template
	notes  notes
	frames frames
	kept   kept
}

// New makes the page.
func New(o Options) *Page {
	p := &Page{o: o, mux: http.NewServeMux(), html: template.Must(template.New("").Funcs(functions).ParseFS(htmlFiles, "html/*.html"))}
	p.routes(p.mux)
	return p
}

// Of is the page of an agent that runs by itself: it shows, and nobody can log in.
func Of(a *agent.Agent, log *slog.Logger) *Page {
	return New(Options{Agent: func() (*agent.Agent, []string) { return a, nil }, Config: a.Config, Log: log})
}

// ServeHTTP implements http.Handler.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// router takes routes: a mux, or what lists them.
type router interface {
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
}

type listed []string

func (l *listed) HandleFunc(pattern string, _ func(http.ResponseWriter, *http.Request)) {
	*l = append(*l, pattern)
}

// Routes returns all patterns that the page answers.
func Routes() []string {
	var all listed
	(&Page{}).routes(&all)
	return all
}

func (p *Page) routes(mux router) {
	for _, v := range views {
		mux.HandleFunc("GET "+v.path, p.show(v))
		if v.live != nil {
			mux.HandleFunc("GET /live/"+v.name, p.events(v))
		}
	}
	for _, a := range actions {
		mux.HandleFunc("POST "+a.path, p.act(a))
	}
	for _, d := range downloads {
		mux.HandleFunc("GET "+d.path, p.download(d))
	}
	mux.HandleFunc("GET /assets/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		http.ServeFileFS(w, r, assetFiles, "assets/"+r.PathValue("file"))
	})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		p.showLogin(w, r, http.StatusOK, loginView{To: r.URL.Query().Get("to")})
	})
	mux.HandleFunc("POST /login", p.login)
	mux.HandleFunc("POST /logout", p.logout)
	mux.HandleFunc("POST /language", p.language)
}

// scene is what a template is given.
type scene struct {
	*visit
	Name string
	M    any           // what the view shows
	Live template.HTML // its live part; empty: it has none
	Main template.HTML // of the frame around a view: the view
	Note note          // what came of the last thing that was asked for
}

// show answers with a view.
func (p *Page) show(v view) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := p.visit(r)
		if s.agent == nil {
			p.showDegraded(w, s)
			return
		}
		out := scene{visit: s, Name: v.name, Note: p.notes.take(r.URL.Query().Get(noteParameter))}
		s.Form = out.Note.Form
		status := http.StatusOK
		fail := func(err error) {
			status = statusOf(err)
			out.Note = problem(err)
			out.Live = ""
		}
		if v.live != nil {
			part := p.frameOf(v, s)
			f, err := p.frames.get(part)
			if errors.Is(err, errManyViews) { // it is not kept, and shown all the same
				f.html, err = part.make()
			}
			if err != nil {
				fail(err)
			}
			out.Live = template.HTML(f.html) //nolint:gosec // a template has made it
		}
		// Where the state of things cannot be told the line can still be stopped, and the page comes back by itself.
		can := status == http.StatusOK || status == http.StatusInternalServerError
		var err error
		if v.rest != nil && can {
			if out.M, err = v.rest(r.Context(), s); err != nil {
				fail(err)
				can = false
			}
		}
		if can && (v.live != nil || status == http.StatusOK) {
			if out.Main, err = p.render(v.name, out); err != nil {
				fail(err)
			}
		}
		p.write(w, status, "frame", out)
	}
}

// render makes a template's text.
func (p *Page) render(name string, s scene) (template.HTML, error) {
	var b bytes.Buffer
	err := p.html.ExecuteTemplate(&b, name, s)
	return template.HTML(b.String()), err //nolint:gosec // a template has made it
}

// write answers with a whole page.
func (p *Page) write(w http.ResponseWriter, status int, name string, s scene) {
	text, err := p.render(name, s)
	if err != nil {
		p.o.Log.Error("the page could not be made", "view", s.Name, "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the reader has gone: nobody is left to tell
}

// statusOf is how an error is answered.
func statusOf(err error) int {
	var input *office.InputError
	var state *ledger.StateError
	var device *web.DeviceError
	switch {
	case errors.As(err, &device) && device.Trouble == web.NoDevice:
		return http.StatusNotFound
	case errors.As(err, &device):
		return http.StatusConflict
	case errors.As(err, &input):
		return http.StatusBadRequest
	case errors.As(err, &state):
		return http.StatusConflict
	case errors.Is(err, ledger.ErrNotFound):
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}

// showDegraded says why nothing runs.
func (p *Page) showDegraded(w http.ResponseWriter, s *visit) {
	out := scene{visit: s, Name: "degraded", M: s.why}
	out.Main, _ = p.render("degraded", out) // its template is tried by the tests
	p.write(w, http.StatusServiceUnavailable, "frame", out)
}

// Refused answers a person whom the guard does not let through.
func (p *Page) Refused(w http.ResponseWriter, r *http.Request, status int, what, hint string) {
	s := p.visit(r)
	out := scene{visit: s, Name: "refused", Note: note{Bad: true, Text: what, Hint: hint}}
	p.write(w, status, "frame", out)
}

// here is a path of this page and nothing else, however it was asked for.
func here(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
		return "/"
	}
	return u.RequestURI()
}
