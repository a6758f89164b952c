package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"linemark/internal/rights"
)

// Guard stands before the page and the API: it lets through who may, notes who changes something, and says to
// browsers what a page of ours may do.
type Guard struct {
	Door  *rights.Door
	Named func(name string) bool // whether this PC is called so; addresses and localhost need not be asked for
	Log   *slog.Logger
	// Free says whether a request needs no right now; nil: none is free.
	Free func(*http.Request) bool
	// Refused answers a person's browser what was refused; nil: it gets the API's answer.
	Refused func(w http.ResponseWriter, r *http.Request, status int, what, hint string)
	// Note writes into the journal who asks for what. Without it nothing is changed. It returns ErrNoJournal where no
	// agent runs.
	Note func(ctx context.Context, text string) error
}

// ErrNoJournal says that there is no journal to write into: then there is nothing to change but the configuration.
var ErrNoJournal = errors.New("no agent runs")

// CSRFHeader is the header by which a script of the page brings its session's word along; a form has the field csrf.
const CSRFHeader = "X-CSRF-Token"

// formField is the same in a form; backField says where the browser goes on, and is of no interest to anybody.
const (
	formField = "csrf"
	backField = "back"
)

// Needs says what right a request needs. What changes something needs a person's, if nothing else is said here.
func Needs(r *http.Request) rights.Right {
	looks := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch path := r.URL.Path; {
	case looks && (path == "/healthz" || path == "/readyz" || path == "/login" || strings.HasPrefix(path, "/assets/")):
		return rights.Open
	case r.Method == http.MethodPost && (path == "/login" || path == "/logout" || path == "/language"):
		return rights.Open
	case looks:
		return rights.Look
	case path == ReloadPath || strings.HasPrefix(strings.TrimPrefix(path, "/api/v1"), "/devices/"):
		return rights.Maintain
	}
	return rights.Operate
}

// Wrap puts the guard before a handler.
func (g Guard) Wrap(h http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		if !g.called(r.Host) {
			g.refuse(w, r, http.StatusMisdirectedRequest, fmt.Sprintf("%q is not this PC's name", r.Host), "call it by its address, or add the name to http.names")
			return
		}
		need, who := Needs(r), g.Door.Who(r)
		if g.Free != nil && g.Free(r) {
			need = rights.Open
		}
		if !who.May(need) {
			g.turnAway(w, r, need, who)
			return
		}
		r = r.WithContext(rights.With(r.Context(), who))
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			h.ServeHTTP(w, r)
			return
		}
		if err := foreign.Check(r); err != nil {
			g.refuse(w, r, http.StatusForbidden, "another site's page asks for this", "use this page, or a token")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody+1))
		if err != nil && len(body) <= MaxBody {
			g.refuse(w, r, http.StatusBadRequest, "the body cannot be read: "+err.Error(), "")
			return
		}
		again := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
		if need != rights.Open {
			r.Body = again()
			if !rights.SameForm(who, given(r)) {
				g.refuse(w, r, http.StatusForbidden, "the form's own word is missing or old", "load the page again")
				return
			}
			if err := g.note(r, who, body); err != nil && stops(r.URL.Path) {
				g.Log.Error("a line is stopped without an entry in the journal", "who", who.Name, "error", err)
			} else if err != nil {
				g.refuse(w, r, http.StatusServiceUnavailable, "the journal cannot be written: "+err.Error(), "nothing was changed; see linemark status")
				return
			}
		}
		r.Body = again()
		h.ServeHTTP(w, r)
	})
}

// stops says whether a request stops a line: that is never refused for want of a journal.
func stops(path string) bool {
	return strings.HasPrefix(strings.TrimPrefix(path, "/api/v1"), "/lines/") && strings.HasSuffix(path, "/stop")
}

// headers say to a browser what a page of ours may do: load what comes from here, and nothing else.
func headers(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// called says whether a browser that was sent here by this name may be answered. A name that somebody else lets point
// here would make his page one of ours.
func (g Guard) called(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if net.ParseIP(name) != nil || strings.EqualFold(name, "localhost") {
		return true
	}
	return g.Named(name)
}

// given is the word that a request of a session brings along.
func given(r *http.Request) string {
	if word := r.Header.Get(CSRFHeader); word != "" {
		return word
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return r.PostFormValue(formField)
	}
	return ""
}

// mostNoted is how much of a request the journal keeps; stopNoted, how long a stop waits until it is written.
const (
	mostNoted = 400
	stopNoted = 2 * time.Second
)

func (g Guard) note(r *http.Request, who rights.Who, body []byte) error {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), mostNoted)]), "?")), " ")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form := r.PostForm
		if form == nil {
			_ = r.ParseForm() // what cannot be read is refused by who wants it
			form = r.PostForm
		}
		form.Del(formField)
		text = filledIn(form)
	}
	as := ""
	if who.Role != "" {
		as = " (" + string(who.Role) + ")"
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ctx := r.Context()
	if stops(r.URL.Path) { // it does not wait for a disk that hangs
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stopNoted)
		defer cancel()
	}
	err := g.Note(ctx, fmt.Sprintf("%s%s at %s asks for %s: %s", who.Name, as, host, r.URL.Path, text))
	if errors.Is(err, ErrNoJournal) {
		g.Log.Info("asked for without a journal", "who", who.Name, "what", r.URL.Path)
		return nil
	}
	return err
}

// filledIn is a form as people read it: an encoded one could neither be read nor found in the journal.
func filledIn(form url.Values) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			if value != "" && name != backField {
				all = append(all, fmt.Sprintf("%s=%q", name, strings.ToValidUTF8(value, "?")))
			}
		}
	}
	text := []rune(strings.Join(all, " "))
	return string(text[:min(len(text), mostNoted)])
}

// turnAway answers who may not. A person who looks at the page is shown where to say who he is.
func (g Guard) turnAway(w http.ResponseWriter, r *http.Request, need rights.Right, who rights.Who) {
	if !strings.HasPrefix(r.URL.Path, "/api/") && !who.Known() && (r.Method == http.MethodGet || r.Method == http.MethodPost) {
		to := "/login"
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?to=" + url.QueryEscape(r.URL.RequestURI())
		} else if where := r.PostFormValue(backField); r.Method == http.MethodPost && where != "" { // the form was not taken: there it stands
			to += "?to=" + url.QueryEscape(where)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if who.Known() {
		g.refuse(w, r, http.StatusForbidden, fmt.Sprintf("%s may not do this: it needs the right to %s", who.Name, need), "ask somebody who has it")
		return
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	g.refuse(w, r, http.StatusUnauthorized, "nobody says who asks: this needs the right to "+need.String(),
		"log in on the page, or send Authorization: Bearer with a token (linemark user token); commands on this PC need an administrator's rights")
}

func (g Guard) refuse(w http.ResponseWriter, r *http.Request, status int, what, hint string) {
	g.Log.Debug("a request is refused", "path", r.URL.Path, "from", r.RemoteAddr, "why", what)
	if g.Refused != nil && !strings.HasPrefix(r.URL.Path, "/api/") && status != http.StatusMisdirectedRequest {
		g.Refused(w, r, status, what, hint)
		return
	}
	writeJSON(w, status, Fault{Error: what, Hint: hint})
}
