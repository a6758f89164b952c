package host

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// port is where the page and the API are. It can be moved while it answers.
type port struct {
	handler http.Handler
	log     *slog.Logger
	tell    func(address string, secure bool) // before it is open
	address string
	secure  bool // by TLS
	shown   atomic.Pointer[tls.Certificate]
	leaving []func()           // the addresses before, where whoever asked for the change still waits for his answer
	stop    context.CancelFunc // nil: not open
	done    chan struct{}
}

var errPort = errors.New("opening the page's port")

// open goes to a configuration's address. The one before is left only when that works.
func (p *port) open(ctx context.Context, cfg *config.Config) error {
	address, secure := cfg.HTTP.Listen, cfg.HTTP.Secure()
	if p.stop != nil && address == p.address && secure == p.secure && !secure {
		return nil
	}
	var t *tls.Config
	if secure {
		c, err := certificate(cfg)
		if err != nil {
			return fmt.Errorf("%w: %w", errPort, err)
		}
		if had := p.shown.Swap(&c); had == nil || !bytes.Equal(had.Certificate[0], c.Certificate[0]) {
			p.log.Info("the page has a certificate", "sha256", Fingerprint(c))
		}
		if p.stop != nil && address == p.address && p.secure {
			return nil // the next connection has it; whoever waits for an answer keeps his
		}
		t = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.shown.Load(), nil }}
	}
	return p.listen(ctx, address, t)
}

// listen goes to an address, with TLS where there is a configuration of it.
func (p *port) listen(ctx context.Context, address string, t *tls.Config) error {
	if p.stop != nil && address == p.address && t == nil && !p.secure {
		return nil
	}
	if p.stop != nil && portOf(address) == portOf(p.address) { // the port is ours: it is let go first
		p.close()
	}
	l, err := net.Listen("tcp", address)
	if err != nil && len(p.leaving) > 0 { // it may be one of those before
		p.leave()
		l, err = net.Listen("tcp", address)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errPort, err)
	}
	if p.stop != nil {
		stop, done := p.stop, p.done
		p.leaving = append(p.leaving, func() { stop(); <-done })
	}
	p.tell(address, t != nil)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	p.address, p.secure, p.stop, p.done = address, t != nil, stop, done
	go func() {
		defer close(done)
		if err := web.ServeHandler(serving, l, t, p.handler); err != nil {
			p.log.Error("the page is gone", "error", err)
		}
	}()
	return nil
}

// leave closes the addresses before: everybody has his answer.
func (p *port) leave() {
	for _, close := range p.leaving {
		close()
	}
	p.leaving = nil
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func (p *port) close() {
	p.leave()
	if p.stop != nil {
		p.stop()
		<-p.done
		p.stop = nil
	}
}

// openReaders opens the port of [metrics], or closes it. A line does not wait for who looks at it: a port that is
// taken is logged, and tried at the next start.
func (h *Host) openReaders(ctx context.Context) {
	address := h.file.cfg.Metrics.Listen
	if address == "" {
		h.readers.close()
		return
	}
	if err := h.readers.listen(ctx, address, nil); err != nil {
		h.o.Log.Error("nobody can read the metrics at "+address, "error", err)
	}
	h.readers.leave()
}

// note writes into the journal who asks for what.
func (h *Host) note(ctx context.Context, text string) error {
	a, _ := h.running()
	if a == nil {
		return web.ErrNoJournal
	}
	return a.Ledger().Note(ctx, ledger.PlacePage, text)
}

// serve gives each request to the agent that runs, or says why none does.
func (h *Host) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == web.ReloadPath {
		web.Reload(h.reload).ServeHTTP(w, r)
		return
	}
	a, why := h.running()
	if a != nil {
		a.Handler().ServeHTTP(w, r)
		return
	}
	if len(why) == 0 {
		http.Error(w, "linemark is starting", http.StatusServiceUnavailable)
		return
	}
	web.Degraded(h.status(why), why).ServeHTTP(w, r)
}

// measured is what the metrics are made of: the agent that runs, or what is known without one.
type measured struct{ *Host }

// Status implements metrics.Source. While linemark starts, nothing is said of a ledger.
func (m measured) Status(ctx context.Context) (agent.Status, error) {
	a, why := m.running()
	if a != nil {
		return a.Status(ctx)
	}
	s := m.status(why)
	if len(why) == 0 {
		s.Ledger = ""
	}
	return s, nil
}

// Delays implements metrics.Source.
func (m measured) Delays() []agent.Delay {
	if a, _ := m.running(); a != nil {
		return a.Delays()
	}
	return nil
}

// status is the agent's status while there is no agent.
func (h *Host) status(why []string) agent.Status {
	h.mu.Lock()
	name := h.file.cfg.Agent.Name
	h.mu.Unlock()
	return agent.Status{Agent: name, Started: h.started, Ledger: "not open", Degraded: why, Config: h.configStatus()}
}

// reload waits until the configuration was taken over, or refused.
func (h *Host) reload(ctx context.Context) error {
	r := request{answer: make(chan error, 1)}
	select {
	case h.asked <- r:
	case <-ctx.Done():
		return errors.New("linemark is busy starting or stopping: ask again")
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the configuration is being taken over: %w", ctx.Err())
	}
}

// configStatus says which configuration is in force and whether another one waits in the file.
func (h *Host) configStatus() *agent.ConfigStatus {
	now := stampOf(h.o.Config)
	h.mu.Lock()
	in, later := h.file, h.later
	h.mu.Unlock()
	s := &agent.ConfigStatus{File: h.o.Config, Loaded: in.at}
	if now == in.stamp {
		return s
	}
	if later.cfg == nil || later.stamp != now {
		later = load(h.o.Config)
		h.mu.Lock()
		h.later = later
		h.mu.Unlock()
	}
	changed := later.stamp.at
	if changed.IsZero() {
		changed = time.Now() // the file is gone
	}
	s.Changed = &changed
	if err := later.whole(); err != nil {
		s.Problems = reasons(err, h.o.Config)
	}
	return s
}
