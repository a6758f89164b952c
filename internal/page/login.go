package page

import (
	"errors"
	"net/http"

	"linemark/internal/rights"
	"linemark/internal/words"
)

// loginView is the form by which people log in.
type loginView struct {
	Name string
	To   string // where they go on
	None bool   // nobody has a password yet
}

func (p *Page) showLogin(w http.ResponseWriter, r *http.Request, status int, m loginView, problem ...string) {
	v := p.visit(r)
	m.To = here(m.To)
	s := scene{visit: v, Name: "login", M: m}
	if len(problem) > 0 {
		s.Note = note{Bad: true, Text: problem[0]}
	}
	var err error
	if s.Main, err = p.render("login", s); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.write(w, status, "frame", s)
}

// mostName is how much of a name is looked at: more than any has.
const mostName = 100

// short is the beginning of a text, of so many characters at most.
func short(text string, most int) string {
	if all := []rune(text); len(all) > most {
		return string(all[:most])
	}
	return text
}

func (p *Page) login(w http.ResponseWriter, r *http.Request) {
	if p.o.Door == nil {
		http.NotFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	name, to := short(r.PostFormValue("name"), mostName), here(r.PostFormValue("to")) // it is noted before anybody is let in
	again := loginView{Name: name, To: to}
	cookie, who, err := p.o.Door.Login(r, name, r.PostFormValue("password"), p.o.Secure())
	locked, isLocked := errors.AsType[*rights.LockedError](err)
	switch {
	case err == nil:
		p.o.Note(r, who.Name+" ("+string(who.Role)+") has logged in")
		http.SetCookie(w, cookie)
		http.Redirect(w, r, to, http.StatusSeeOther)
	case isLocked:
		p.o.Note(r, "nobody is let in as "+name+": "+locked.Error())
		w.Header().Set("Retry-After", "60")
		p.showLogin(w, r, http.StatusTooManyRequests, again, locked.Error())
	case errors.Is(err, rights.ErrNone):
		again.None = true
		p.showLogin(w, r, http.StatusForbidden, again, "nobody has a password yet: an administrator of this PC gives the first one with linemark user set --role engineer NAME")
	case errors.Is(err, rights.ErrNoUser):
		p.o.Note(r, "a wrong password for "+name)
		p.showLogin(w, r, http.StatusForbidden, again, "the name or the password is wrong")
	default:
		p.showLogin(w, r, http.StatusInternalServerError, again, err.Error())
	}
}

func (p *Page) logout(w http.ResponseWriter, r *http.Request) {
	if p.o.Door != nil {
		http.SetCookie(w, p.o.Door.Logout(r))
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// language keeps the language that somebody has chosen, for a year.
func (p *Page) language(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	for _, l := range words.Languages() {
		if l.Code == r.PostFormValue("language") {
			http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: l.Code, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 3600, Secure: p.o.Secure != nil && p.o.Secure()})
		}
	}
	http.Redirect(w, r, here(r.PostFormValue(back)), http.StatusSeeOther)
}
