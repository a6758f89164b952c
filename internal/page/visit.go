package page

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/rights"
	"linemark/internal/words"
)

// visit is somebody who looks at something.
type visit struct {
	*words.Book
	agent *agent.Agent // nil: none runs
	why   []string     // none runs
	cfg   *config.Config
	r     *http.Request
	who   rights.Who
	now   time.Time
	can   bool // people can log in
	kept  *kept
	// Form is what a person has filled in, when it was not taken.
	Form url.Values
}

func (p *Page) visit(r *http.Request) *visit {
	v := &visit{r: r, who: rights.From(r.Context()), now: time.Now(), can: p.o.Door != nil, kept: &p.kept, cfg: p.o.Config()}
	v.agent, v.why = p.o.Agent()
	v.Book = words.Of(languageOf(r, v.cfg))
	return v
}

// languageCookie holds the language that somebody has chosen.
const languageCookie = "language"

func languageOf(r *http.Request, cfg *config.Config) string {
	if c, err := r.Cookie(languageCookie); err == nil {
		for _, l := range words.Languages() {
			if l.Code == c.Value {
				return c.Value
			}
		}
	}
	return cfg.Agent.Language
}

// T is a text of the page.
func (v *visit) T(key string, args ...any) string { return v.Text("ui."+key, args...) }

// W is a word that comes as a value: W "state" "running".
func (v *visit) W(kind string, value any) string {
	word := fmt.Sprint(value)
	if word == "" {
		return ""
	}
	if text := v.Text(kind + "." + word); text != kind+"."+word {
		return text
	}
	return word
}

// Agent is this PC's name in reports and journal.
func (v *visit) Agent() string { return v.cfg.Agent.Name }

// Languages are those that can be chosen.
func (v *visit) Languages() []words.Language { return words.Languages() }

// Who is who has logged in; empty: nobody.
func (v *visit) Who() string {
	if v.who.Role == "" {
		return ""
	}
	return v.who.Name
}

// CanLogin says whether there is anything to log in to.
func (v *visit) CanLogin() bool { return v.can }

// Role is what the one who has logged in is.
func (v *visit) Role() string { return string(v.who.Role) }

// CSRF is the word that every form must bring along.
func (v *visit) CSRF() string { return v.who.CSRF }

// MayOperate and MayMaintain say what the one who looks may do. A page without a door does nothing.
func (v *visit) MayOperate() bool  { return v.who.Known() && v.who.May(rights.Operate) }
func (v *visit) MayMaintain() bool { return v.who.Known() && v.who.May(rights.Maintain) }

// Here is where this page is, to come back to.
func (v *visit) Here() string {
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		return here(v.r.PostFormValue(back)) // there is nothing to look at where a form was sent to
	}
	u := *v.r.URL
	q := u.Query()
	q.Del(noteParameter)
	u.RawQuery = q.Encode()
	return u.RequestURI()
}

// Query is a parameter of the address.
func (v *visit) Query(name string) string { return v.r.URL.Query().Get(name) }

// Path is the path of the address, without what follows the first part.
func (v *visit) Path() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(v.r.URL.Path, "/"), "/")
	return "/" + first
}

// LiveFrom is where the events of this page's live part come from.
func (v *visit) LiveFrom(name string) string {
	u := url.URL{Path: "/live/" + name}
	q := url.Values{} // what nobody asks for here must not make another page of it: only so many are kept
	for _, part := range []string{"line", "station", "kind", "id", "name"} {
		if value := v.Query(part); value != "" {
			q.Set(part, value)
		}
	}
	for _, part := range []string{"id", "name"} { // a part of the path is a parameter there
		if value := v.r.PathValue(part); value != "" {
			q.Set(part, value)
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// param is a part of the path, or a parameter of the address.
func (v *visit) param(name string) string {
	if value := v.r.PathValue(name); value != "" {
		return value
	}
	return v.Query(name)
}

// Clock is a moment on this PC's clock: the time alone if it was today.
func (v *visit) Clock(t any) string {
	at, ok := moment(t)
	if !ok {
		return ""
	}
	at = at.Local()
	if now := v.now.Local(); at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04:05")
	}
	return at.Format("02.01.2006 15:04")
}

// Moment is a moment with its date.
func (v *visit) Moment(t any) string {
	at, ok := moment(t)
	if !ok {
		return ""
	}
	return at.Local().Format("02.01.2006 15:04:05")
}

func moment(t any) (time.Time, bool) {
	switch t := t.(type) {
	case time.Time:
		return t, !t.IsZero()
	case *time.Time:
		if t != nil {
			return *t, !t.IsZero()
		}
	}
	return time.Time{}, false
}

// functions are those of the templates that need nobody.
var functions = template.FuncMap{
	"n":     number,
	"join":  strings.Join,
	"lower": strings.ToLower,
	"code":  func(c code.Code) string { return code.Visible(c) },
	"path":  url.PathEscape,
	"map":   pairs,
}

// number groups the digits of a number in threes: 1 234 567.
func number(v any) string {
	text := fmt.Sprint(v)
	if f, ok := v.(float64); ok {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	digits, rest, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString("\u202f")
		}
		b.WriteRune(d)
	}
	if rest != "" {
		rest = "." + rest
	}
	return sign + b.String() + rest
}

// pairs makes what a template gives to another one.
func pairs(all ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(all); i += 2 {
		m[fmt.Sprint(all[i])] = all[i+1]
	}
	return m
}
