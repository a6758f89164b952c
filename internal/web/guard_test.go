package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/rights"
)

// watched is a guard before a handler that says who came through, with a person and a token that it knows.
type watched struct {
	Guard
	book  rights.Book
	notes []string
	fails error
	hangs bool // the journal neither takes nor refuses anything
	http.Handler
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{book: rights.Beside(t.TempDir())}
	w.Guard = Guard{Door: rights.NewDoor(w.book, "local-word", time.Now), Log: slog.New(slog.DiscardHandler), Named: func(name string) bool { return name == "line3.plant" },
		Note: func(ctx context.Context, text string) error {
			if w.hangs {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Hour):
				}
			}
			w.notes = append(w.notes, text)
			return w.fails
		}}
	w.Handler = w.Wrap(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(out, rights.From(r.Context()).Name+" "+string(body))
	}))
	return w
}

func (w *watched) ask(change func(*http.Request), method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8480"+path, strings.NewReader(body))
	r.RemoteAddr = "10.0.0.5:99"
	if change != nil {
		change(r)
	}
	out := httptest.NewRecorder()
	w.ServeHTTP(out, r)
	return out
}

func (w *watched) login(t *testing.T, name string, role rights.Role) (*http.Cookie, rights.Who) {
	t.Helper()
	if err := w.book.Set(name, role, "longer than eight", time.Now()); err != nil {
		t.Fatal(err)
	}
	cookie, who, err := w.Door.Login(httptest.NewRequest("POST", "/login", nil), name, "longer than eight", false)
	if err != nil {
		t.Fatal(err)
	}
	return cookie, who
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// Every route that there is refuses whoever has no right to it.
func TestEveryRouteRefuses(t *testing.T) {
	w := watch(t)
	viewer, err := w.book.NewToken("viewer", rights.Look, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, pattern := range Routes() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "1", "{name}", "S-1", "{file}", "f", "{$}", "").Replace(path)
		r := httptest.NewRequest(method, path, nil)
		need := Needs(r)
		open := path == "/healthz" || path == "/readyz"
		if (need == rights.Open) != open || method == "POST" && need < rights.Operate {
			t.Errorf("%s needs %v", pattern, need)
		}
		status := w.ask(nil, method, path, "{}").Code
		if refused := status == http.StatusUnauthorized || status == http.StatusSeeOther; refused == open {
			t.Errorf("%s answers nobody with %d", pattern, status)
		}
		if status := w.ask(bearer(viewer), method, path, "{}").Code; (status == http.StatusForbidden) != (method == "POST") {
			t.Errorf("%s answers a viewer with %d", pattern, status)
		}
		n++
	}
	if n < 25 {
		t.Errorf("only %d routes were looked at", n)
	}
	for _, odd := range []string{"PUT", "DELETE", "PATCH", "BREW"} {
		if status := w.ask(bearer(viewer), odd, "/api/v1/status", "").Code; status != http.StatusForbidden {
			t.Errorf("%s answers a viewer with %d", odd, status)
		}
	}
	if len(w.notes) > 0 {
		t.Errorf("what was refused is noted: %q", w.notes)
	}
}

func TestGuardLooksAtNames(t *testing.T) {
	w := watch(t)
	for host, good := range map[string]bool{"127.0.0.1:8480": true, "localhost": true, "[::1]:8480": true, "10.0.0.7": true, "line3.plant:8480": true, "LOCALHOST.": true,
		"evil.example:8480": false, "127.0.0.1.evil.example": false, "": false} {
		status := w.ask(func(r *http.Request) { r.Host, r.RemoteAddr = host, "127.0.0.1:9" }, "GET", "/api/v1/status", "").Code
		if (status == http.StatusOK) != good {
			t.Errorf("%q: %d", host, status)
		}
	}
}

func TestGuardWantsTheFormsOwnWord(t *testing.T) {
	w := watch(t)
	cookie, who := w.login(t, "A", rights.Operator)
	form := func(word string) (string, func(*http.Request)) {
		return url.Values{"csrf": {word}, "line": {"3"}}.Encode(), func(r *http.Request) {
			r.AddCookie(cookie)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	for word, good := range map[string]bool{"": false, "x": false, who.CSRF: true} {
		body, change := form(word)
		if status := w.ask(change, "POST", "/batch/end", body).Code; (status == http.StatusOK) != good {
			t.Errorf("a form with %q: %d", word, status)
		}
		scripts := func(r *http.Request) { r.AddCookie(cookie); r.Header.Set(CSRFHeader, word) }
		if status := w.ask(scripts, "POST", "/api/v1/batch/end", "{}").Code; (status == http.StatusOK) != good {
			t.Errorf("a script with %q: %d", word, status)
		}
	}
	body, change := form(who.CSRF)
	crossed := func(r *http.Request) { change(r); r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if status := w.ask(crossed, "POST", "/batch/end", body).Code; status != http.StatusForbidden {
		t.Errorf("from another site: %d", status)
	}
	if len(w.notes) != 2 || strings.Contains(w.notes[0], who.CSRF) || strings.Contains(w.notes[1], who.CSRF) {
		t.Errorf("noted: %q", w.notes)
	}
}

// Nothing is changed that the journal cannot tell of.
func TestGuardNotes(t *testing.T) {
	w := watch(t)
	token, err := w.book.NewToken("1C", rights.Operate, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := w.ask(bearer(token), "POST", "/api/v1/batch/end", `{"line": "3"}`); got.Code != http.StatusOK || got.Body.String() != `token 1C {"line": "3"}` {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if len(w.notes) != 1 || w.notes[0] != `token 1C at 10.0.0.5 asks for /api/v1/batch/end: {"line": "3"}` {
		t.Errorf("noted: %q", w.notes)
	}
	w.fails = errors.New("disk full")
	if got := w.ask(bearer(token), "POST", "/api/v1/batch/end", `{"line": "3"}`); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "disk full") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := w.ask(bearer(token), "POST", "/api/v1/reload", `{}`); got.Code != http.StatusForbidden {
		t.Errorf("an operator's token reloads: %d", got.Code)
	}
	if got := w.ask(bearer("local-word"), "GET", "/api/v1/status", ``); got.Code != http.StatusOK || got.Header().Get("X-Frame-Options") != "DENY" || strings.Contains(got.Header().Get("Content-Security-Policy"), "unsafe") {
		t.Errorf("%d %v", got.Code, got.Header())
	}
	w.fails = ErrNoJournal // no agent runs: then the configuration may be taken over
	if got := w.ask(bearer("local-word"), "POST", "/api/v1/reload", `{}`); got.Code != http.StatusOK {
		t.Errorf("%d", got.Code)
	}
	large := strings.Repeat("x", MaxBody+2)
	if got := w.ask(bearer(token), "POST", "/api/v1/drop", large); got.Code == http.StatusInternalServerError {
		t.Errorf("%d", got.Code)
	}
}

// What a form said can be read in the journal, and found there, in any script.
func TestGuardNotesForms(t *testing.T) {
	w := watch(t)
	cookie, who := w.login(t, "A", rights.Operator)
	form := url.Values{"csrf": {who.CSRF}, "back": {"/?line=3"}, "reason": {"чистка \"линзы\"\n" + strings.Repeat("ы", mostNoted)}, "line": {"3"}, "series": {""}}
	w.ask(func(r *http.Request) {
		r.AddCookie(cookie)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}, "POST", "/batch/end", form.Encode())
	if len(w.notes) != 1 || !strings.Contains(w.notes[0], `asks for /batch/end: line="3" reason="чистка \"линзы\"\nы`) || len([]rune(w.notes[0])) > mostNoted+100 {
		t.Errorf("noted: %q", w.notes)
	}
}

// A stop does not wait for a journal that takes nothing and refuses nothing.
func TestGuardStopsWithoutAJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		token, err := w.book.NewToken("1C", rights.Operate, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.hangs = true
		began := time.Now()
		if got := w.ask(bearer(token), "POST", "/api/v1/lines/3/stop", `{"reason": "x"}`); got.Code != http.StatusOK || time.Since(began) > stopNoted {
			t.Errorf("%d after %v", got.Code, time.Since(began))
		}
	})
}

// Whose session is over comes back to the form that was not taken.
func TestGuardLeadsBackToTheForm(t *testing.T) {
	w := watch(t)
	got := w.ask(func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, "POST", "/lines/3/stop", url.Values{"back": {"/?line=3"}}.Encode())
	if to := got.Header().Get("Location"); got.Code != http.StatusSeeOther || to != "/login?to=%2F%3Fline%3D3" {
		t.Errorf("%d to %q", got.Code, to)
	}
}
