package web

import (
	"embed"
	"errors"
	"html/template"
	"net/http"

	"linemark/internal/rights"
)

//go:embed login.html page.css
var loginFiles embed.FS

var loginPage = template.Must(template.ParseFS(loginFiles, "login.html"))

// Login answers /login and /logout.
type Login struct {
	Door   *rights.Door
	Secure func() bool // whether the page is HTTPS
	Note   func(r *http.Request, text string)
}

// Routes adds them to a mux.
func (l Login) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { l.show(w, http.StatusOK, loginView{}) })
	mux.HandleFunc("GET /assets/page.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, loginFiles, "page.css")
	})
	mux.HandleFunc("POST /login", l.login)
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, l.Door.Logout(r))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
}

type loginView struct{ Name, Problem string }

func (l Login) show(w http.ResponseWriter, status int, v loginView) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = loginPage.Execute(w, v) // the reader has gone: nobody is left to tell
}

func (l Login) login(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	cookie, who, err := l.Door.Login(r, name, r.PostFormValue("password"), l.Secure())
	locked, isLocked := errors.AsType[*rights.LockedError](err)
	switch {
	case err == nil:
		l.Note(r, who.Name+" ("+string(who.Role)+") has logged in")
		http.SetCookie(w, cookie)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case isLocked:
		l.Note(r, "nobody is let in as "+name+": "+locked.Error())
		w.Header().Set("Retry-After", "60")
		l.show(w, http.StatusTooManyRequests, loginView{name, locked.Error()})
	case errors.Is(err, rights.ErrNone):
		l.show(w, http.StatusForbidden, loginView{name, "nobody has a password yet: an administrator of this PC gives the first one with linemark user set --role engineer NAME"})
	case errors.Is(err, rights.ErrNoUser):
		l.Note(r, "a wrong password for "+name)
		l.show(w, http.StatusForbidden, loginView{name, "the name or the password is wrong"})
	default:
		l.show(w, http.StatusInternalServerError, loginView{name, err.Error()})
	}
}
