package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"linemark/internal/rights"
	"linemark/internal/web"
)

// How live a page is. A change is seen within the sum of the first two and the time that it takes to render.
const (
	renderEvery = 700 * time.Millisecond // a live part is rendered at most so often
	lookEvery   = 200 * time.Millisecond // each page that is open looks whether there is another one
	// aliveEvery is how often a page that nothing changes on is told that the agent lives; it shows that it has lost the
	// agent when it has heard nothing for three times as long.
	aliveEvery = time.Second
	writeMost  = 5 * time.Second // a browser that takes no bytes for so long is given up
	mostFrames = 200             // different live parts at a time
	dropFrame  = 10 * time.Second
	comeBack   = 500 * time.Millisecond // after a connection has ended: before the page would say that it hears nothing
	// connectionLife is how long one connection brings events: then the browser comes back, and is looked at again.
	connectionLife = time.Minute
)

// frame is a live part as it was rendered last, for all who look at the same in the same language.
type frame struct {
	mu   sync.Mutex
	at   time.Time // of the rendering
	html []byte
	err  error
	seq  int       // counts the changes
	used time.Time // guarded by frames.mu
}

// shown is a live part as it is given out.
type shown struct {
	html []byte
	seq  int
}

// frames are the live parts that somebody looks at.
type frames struct {
	mu  sync.Mutex
	all map[string]*frame
}

// wanted is a live part: by which name it is kept, and how it is made.
type wanted struct {
	key  string
	make func() ([]byte, error)
}

var errManyViews = errors.New("too many different pages are open at once")

// get returns a live part that is at most renderEvery old. It is rendered once, however many ask.
func (f *frames) get(w wanted) (shown, error) {
	now := time.Now()
	f.mu.Lock()
	if f.all == nil {
		f.all = map[string]*frame{}
	}
	kept := f.all[w.key]
	if kept == nil {
		for k, old := range f.all {
			if now.Sub(old.used) > dropFrame {
				delete(f.all, k)
			}
		}
		if len(f.all) >= mostFrames {
			f.mu.Unlock()
			return shown{}, errManyViews
		}
		kept = &frame{}
		f.all[w.key] = kept
	}
	kept.used = now
	f.mu.Unlock()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.at.IsZero() || time.Since(kept.at) >= renderEvery {
		html, err := w.make()
		kept.at = time.Now()
		if err != nil || kept.err != nil || !bytes.Equal(html, kept.html) {
			kept.seq++
		}
		kept.html, kept.err = html, err
	}
	return shown{kept.html, kept.seq}, kept.err
}

// renew has everything rendered anew for who looks next: a person has just changed something.
func (f *frames) renew() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, old := range f.all {
		old.mu.Lock()
		again := &frame{html: old.html, err: old.err, seq: old.seq, used: old.used}
		old.mu.Unlock()
		f.all[k] = again
	}
}

// frameOf is the live part of a view as somebody sees it. It is the same for all who may look: nothing in it depends on
// who that is.
func (p *Page) frameOf(v view, s *visit) wanted {
	anybody := *s
	anybody.who, anybody.Form = rights.Nobody(), nil
	u, _ := url.Parse(s.LiveFrom(v.name)) // made there
	return wanted{key: s.Language() + " " + u.RequestURI(), make: func() ([]byte, error) {
		a, why := p.o.Agent()
		if a == nil {
			return nil, errors.New("nothing runs: " + strings.Join(why, "; "))
		}
		at := anybody
		at.agent, at.now, at.cfg = a, time.Now(), p.o.Config()
		ctx, cancel := context.WithTimeout(context.Background(), writeMost) // for all who wait for it, not for who asked first
		defer cancel()
		m, err := v.live(ctx, &at)
		if err != nil {
			return nil, err
		}
		text, err := p.render(v.name+"-live", scene{visit: &at, Name: v.name, M: m})
		return []byte(text), err
	}}
}

// events sends the live part of a view whenever it has changed, and a sign of life each second.
func (p *Page) events(v view) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := p.visit(r)
		out := http.NewResponseController(w)
		_ = out.SetReadDeadline(time.Time{}) // the server's own is for requests; one that cannot is asked again by the browser
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		w.WriteHeader(http.StatusOK)
		_, _ = fmt.Fprintf(w, "retry: %d\n", comeBack.Milliseconds()) // before the first event, whose failure is seen
		send := func(event string, data []byte) error {
			_ = out.SetWriteDeadline(time.Now().Add(writeMost))
			if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, bytes.ReplaceAll(data, []byte("\n"), []byte("\ndata: "))); err != nil {
				return err
			}
			return out.Flush()
		}
		wait := rand.N(lookEvery) // pages that all came back at once must not all look at once from then on
		over := time.After(connectionLife)
		part, seen, told := p.frameOf(v, s), -1, time.Time{}
		for {
			f, err := p.frames.get(part)
			now := time.Now()
			switch {
			case err != nil:
				err = send("gone", []byte(s.Say(err.Error())))
				seen = -1
			case f.seq != seen:
				err = send("part", f.html)
				seen = f.seq
			}
			if seen >= 0 && err == nil && now.Sub(told) >= aliveEvery { // also while the part changes: it bears the time
				err = send("alive", []byte(now.Local().Format("15:04:05")))
				told = now
			}
			if err != nil {
				return // the browser has gone, and comes back by itself
			}
			select {
			case <-r.Context().Done():
				return
			case <-web.Closing(r.Context()):
				return
			case <-over:
				return
			case <-time.After(wait):
				wait = lookEvery
			}
		}
	}
}
