package page

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"linemark/internal/office"
	"linemark/internal/rights"
	"linemark/internal/web"
)

// note is what came of something that a person has asked for.
type note struct {
	Bad  bool
	Text string     // in English, or a key of the page's own texts
	Hint string     // what to do
	More []string   // further lines, in the reader's language
	Form url.Values // what was filled in and not taken
	at   time.Time
}

// Said says whether there is anything to show.
func (n note) Said() bool { return n.Text != "" }

// problem is an error as a note.
func problem(err error) note {
	var input *office.InputError
	if errors.As(err, &input) {
		return note{Bad: true, Text: input.What, Hint: input.Hint}
	}
	var device *web.DeviceError
	if errors.As(err, &device) {
		return note{Bad: true, Text: device.What, Hint: device.Hint}
	}
	return note{Bad: true, Text: err.Error()}
}

// notes keeps notes for the page that is shown next. Only who has the word of one is shown it: an address that somebody
// else has made up shows nothing.
type notes struct {
	mu  sync.Mutex
	all map[string]note
}

const (
	noteParameter = "note"
	keepNote      = 10 * time.Minute
	mostNotes     = 500
)

func (n *notes) put(one note) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[string]note{}
	}
	for k, old := range n.all {
		if time.Since(old.at) > keepNote || len(n.all) >= mostNotes {
			delete(n.all, k)
		}
	}
	word := rights.Word()
	one.at = time.Now()
	n.all[word] = one
	return word
}

// take returns a note; it can be looked at again, as when a page is loaded anew.
func (n *notes) take(word string) note {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[word]
}

// goOn sends the browser to a page that shows the note.
func (p *Page) goOn(w http.ResponseWriter, r *http.Request, to string, n note) {
	u, err := url.Parse(here(to))
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Del(noteParameter)
	if n.Said() {
		q.Set(noteParameter, p.notes.put(n))
	}
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.RequestURI(), http.StatusSeeOther)
}
