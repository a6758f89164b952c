package host

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/page"
	"linemark/internal/rights"
	"linemark/internal/web"
)

// guarded is the page and the API behind their door. Who is known lies beside the configuration, so it is the same whatever the
// configuration says.
func (h *Host) guarded(serving http.Handler) http.Handler {
	door := rights.NewDoor(rights.Beside(filepath.Dir(h.o.Config)), h.word, time.Now)
	g := web.Guard{Door: door, Log: h.o.Log, Note: h.note, Named: h.named, Free: h.free}
	seen := page.New(page.Options{Agent: h.running, Config: h.config, Log: h.o.Log, Door: door, Secure: h.secure, Note: h.loggedIn})
	g.Refused = seen.Refused
	return g.Wrap(web.WithPage(serving, seen))
}

// running is the agent that runs, or why none does.
func (h *Host) running() (*agent.Agent, []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.agent, h.why
}

// config is the configuration in force.
func (h *Host) config() *config.Config {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.file.cfg
}

// free lets anybody on this PC have the file looked at again while nothing runs: the host does so by itself every few
// seconds, and a command may have no word to say, since there is no data folder yet.
func (h *Host) free(r *http.Request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.agent == nil && r.URL.Path == web.ReloadPath && rights.Loopback(r.RemoteAddr)
}

func (h *Host) secure() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.file.cfg.HTTP.Secure()
}

// loggedIn notes who came, and who was not let in.
func (h *Host) loggedIn(r *http.Request, text string) {
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	text = strings.ToValidUTF8(text[:min(len(text), 200)], "?") + ", from " + from
	h.o.Log.Info(text)
	if err := h.note(r.Context(), text); err != nil && !errors.Is(err, web.ErrNoJournal) {
		h.o.Log.Warn("the journal does not have it", "error", err)
	}
}

// named says whether this PC is called so.
func (h *Host) named(name string) bool {
	if own, err := os.Hostname(); err == nil && strings.EqualFold(own, name) {
		return true
	}
	h.mu.Lock()
	names := h.file.cfg.HTTP.Names
	h.mu.Unlock()
	for _, own := range names {
		if strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}
