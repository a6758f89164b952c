// Package host is the process around the agent. It loads the configuration, holds the page's port, runs
// the agent, and takes a changed configuration over. While there is no agent, since the configuration
// or the ledger is broken, the page and the API are up and say why, and the host tries again by itself.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/metrics"
	"linemark/internal/rights"
	"linemark/internal/web"
)

// Life is whoever has started this process and watches over it: a service manager, or nobody.
type Life interface {
	// Starting is said before the first Ready or Degraded: what takes long, and how long at most.
	Starting(status string, most time.Duration)
	Ready(status string)  // the lines run
	Degraded(why string)  // nothing runs, and the page is up and says why
	Status(status string) // one line for people
	Reloading()           // until the next Ready
	Stopping()
	Alive() // there is progress: the ledger takes writes and the stations work, or there is nothing to do
}

// Options of Run.
type Options struct {
	Config string // path of the configuration
	Log    *slog.Logger
	Life   Life            // nil: nobody
	Reload <-chan struct{} // each value asks for the configuration to be taken over, as the API does
	Agent  agent.Options   // what the agent is given besides
	// Stay lets the page be up while nothing can run, as a service does; else Run returns why at the start, to
	// the person who has started it.
	Stay  bool
	Every time.Duration // how often a broken configuration or ledger is looked at again; 0: 5 s
}

// Host is one running process.
type Host struct {
	o       Options
	word    string // lets the commands on this PC in
	started time.Time
	asked   chan request
	shown   bool   // the page or the lines have been up
	fault   string // of the ledger, as it was told last
	readers *port  // for those who only read

	mu    sync.Mutex
	file  file         // in force
	later file         // the newest that was looked at beside it
	agent *agent.Agent // nil: none runs
	why   []string     // none runs
}

// request asks for the configuration to be taken over.
type request struct{ answer chan error }

// Run works until ctx ends. It returns an error when the page's port is taken or another linemark has the
// ledger at the start, and when the agent itself has failed. Everything else it waits out if it is to Stay.
func Run(ctx context.Context, o Options) error {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Life == nil {
		o.Life = nobody{}
	}
	if o.Every == 0 {
		o.Every = 5 * time.Second
	}
	h := &Host{o: o, word: rights.Word(), started: time.Now(), asked: make(chan request), file: load(o.Config)}
	h.o.Agent.Log, h.o.Agent.NoPage, h.o.Agent.Config = o.Log, true, h.configStatus
	told := metrics.Handler(measured{h}, metrics.Options{Version: o.Agent.Program, Log: o.Log})
	serving := web.WithMetrics(http.HandlerFunc(h.serve), told)
	p := &port{handler: h.guarded(serving), log: o.Log, tell: h.tellAddress}
	h.readers = &port{handler: web.ReadOnly(serving), log: o.Log, tell: func(string, bool) {}}
	defer func() { h.readers.close() }()
	if err := p.open(ctx, h.file.cfg); err != nil {
		if dir := h.file.cfg.Agent.DataDir; dir != "" && ledger.Locked(dir) {
			return fmt.Errorf("%w, in %s, and has the page's port", ledger.ErrInUse, dir)
		}
		return err
	}
	defer p.close()
	defer o.Life.Stopping()
	return h.run(ctx, p)
}

// run goes from one configuration to the next.
func (h *Host) run(ctx context.Context, p *port) error {
	var turn *turn // the change that is under way
	for first := true; ctx.Err() == nil; first = false {
		if h.file.err == nil { // it may have been mended while nothing ran
			if err := p.open(ctx, h.file.cfg); err != nil {
				h.o.Log.Error("the page stays at "+p.address, "error", err)
			}
			h.openReaders(ctx)
		}
		a, err := h.start(ctx)
		switch {
		case err != nil && turn != nil: // back to what worked
			h.o.Log.Error("the new configuration does not work: the old one goes on", "event", "config", "error", err)
			h.set(turn.old, nil)
			if err := p.open(ctx, turn.old.cfg); err != nil {
				h.o.Log.Error("the page stays at its new address", "error", err)
			}
			turn.answer(fmt.Errorf("%w; the lines have started anew with the old one", err))
			turn = nil
			p.leave()
			continue
		case err != nil && ctx.Err() != nil:
			return nil // it was told to end while it started
		case err != nil && first && (!h.o.Stay || errors.Is(err, ledger.ErrInUse)):
			return err
		case err != nil:
			h.degrade(err)
			p.leave()
			h.wait(ctx)
			continue
		}
		h.tellAddress(p.address, p.secure)
		if turn != nil {
			turn.answer(nil)
		}
		p.leave()
		next, err := h.work(ctx, a, p)
		if next == nil {
			return err
		}
		turn = next
	}
	return nil
}

// turn is a change from one configuration to another.
type turn struct {
	old    file
	answer func(error)
}

// start puts an agent together by the file in force.
func (h *Host) start(ctx context.Context) (*agent.Agent, error) {
	if h.file.err != nil {
		return nil, h.file.err
	}
	for _, p := range h.file.warnings {
		h.o.Log.Warn(p.String()) // its station waits, the others run
	}
	o := h.o.Agent
	o.Progress = h.patience
	return agent.New(ctx, h.file.cfg, o)
}

// longStep is what one step of a start may take: a copy of a ledger of gigabytes on a slow disk.
const longStep = 15 * time.Minute

// patience asks whoever watches over the process to wait for what takes long at the start.
func (h *Host) patience(what string) {
	if h.shown {
		h.o.Life.Status(what)
		h.o.Life.Alive()
		return
	}
	h.o.Life.Starting(what, longStep)
}

// work runs the agent until ctx ends or a good configuration is to be taken over, which it returns.
func (h *Host) work(ctx context.Context, a *agent.Agent, p *port) (*turn, error) {
	h.set(h.file, a)
	h.shown = true
	h.o.Log.Info("linemark is up", "agent", h.file.cfg.Agent.Name, "ledger", a.Ledger().Path(), "page", urlOf(p.address, p.secure)+"/")
	working, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- a.Run(working) }()
	end := func() error {
		stop()
		err := <-done
		h.set(h.file, nil)
		h.o.Agent.Held = a.Held()
		return errors.Join(err, a.Close())
	}
	look := time.NewTicker(min(time.Second, h.o.Every))
	defer look.Stop()
	ready := false
	for {
		select {
		case err := <-done:
			h.set(h.file, nil)
			return nil, errors.Join(err, a.Close())
		case <-look.C:
			ready = h.tell(a, ready)
		case <-h.o.Reload:
			next := load(h.o.Config)
			if err := h.accept(ctx, a, next, p); err != nil {
				h.o.Log.Error("the configuration is not taken over: the old one goes on", "event", "config", "error", err)
				continue
			}
			return h.change(next, end, func(error) {})
		case r := <-h.asked:
			next := load(h.o.Config)
			if err := h.accept(ctx, a, next, p); err != nil {
				r.answer <- err
				continue
			}
			return h.change(next, end, func(err error) { r.answer <- err })
		}
	}
}

// accept checks a configuration that is to be taken over, with what the ledger says of it, and its page's port,
// while the old one works.
func (h *Host) accept(ctx context.Context, a *agent.Agent, next file, p *port) error {
	h.mu.Lock()
	h.later = next
	h.mu.Unlock()
	if err := next.whole(); err != nil {
		return err
	}
	if err := a.MayBecome(ctx, next.cfg); err != nil {
		return err
	}
	return p.open(ctx, next.cfg)
}

// change ends the agent and puts the new configuration in force.
func (h *Host) change(next file, end func() error, answer func(error)) (*turn, error) {
	h.o.Log.Info("the configuration is taken over: the lines start anew", "file", h.o.Config)
	h.o.Life.Reloading()
	t := &turn{old: h.file, answer: answer}
	if err := end(); err != nil {
		answer(err)
		return nil, err
	}
	h.set(next, nil)
	return t, nil
}

// tell says how the agent does to who watches over the process.
func (h *Host) tell(a *agent.Agent, ready bool) bool {
	h.noteFault(a.Ledger().Fault())
	if c := a.Ledger().Copy(); c != nil { // a person's word is missing, and to start again would not help
		if !ready {
			h.o.Life.Degraded(c.Error())
		}
		h.o.Life.Alive()
		return true
	}
	if !a.Alive() {
		h.o.Life.Status("not all parts work: see the page")
		return ready
	}
	if ready {
		h.o.Life.Status(a.Summary())
	} else {
		h.o.Life.Ready(a.Summary())
	}
	h.o.Life.Alive()
	return true
}

// noteFault tells once when the ledger has stopped taking writes, and when it does again.
func (h *Host) noteFault(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch text {
	case h.fault:
	case "":
		h.o.Log.Info("the ledger takes writes again", "event", "ledger well")
	default:
		h.o.Log.Error("the ledger takes no writes, and nothing is printed", "event", "ledger", "error", text)
	}
	h.fault = text
}

// degrade says why nothing runs.
func (h *Host) degrade(err error) {
	h.shown = true
	why := reasons(err, h.o.Config)
	h.mu.Lock()
	same := len(h.why) == len(why)
	for i := range why {
		same = same && h.why[i] == why[i]
	}
	h.why = why
	h.mu.Unlock()
	if !same {
		for _, w := range why {
			h.o.Log.Error("nothing runs: "+w, "event", "config")
		}
	}
	h.o.Life.Degraded(why[0])
}

// wait returns when it is worth another try: the file was changed or has become good, somebody asks for it, or
// time has passed and it is the ledger that does not open.
func (h *Host) wait(ctx context.Context) {
	tick := time.NewTicker(h.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.o.Life.Alive()
			if h.file.err == nil {
				return
			}
			// What the file names, such as its token, may have come without a change of the file itself.
			if next := load(h.o.Config); next.stamp != h.file.stamp || next.err == nil {
				h.set(next, nil)
				return
			}
		case <-h.o.Reload:
			h.set(load(h.o.Config), nil)
			return
		case r := <-h.asked:
			next := load(h.o.Config)
			h.set(next, nil)
			r.answer <- next.err
			return
		}
	}
}

func (h *Host) set(f file, a *agent.Agent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.file, h.agent = f, a
	if a != nil {
		h.why = nil
	}
}

// nobody watches over a process that a person has started.
type nobody struct{}

func (nobody) Starting(string, time.Duration) {}
func (nobody) Ready(string)                   {}
func (nobody) Degraded(string)                {}
func (nobody) Status(string)                  {}
func (nobody) Reloading()                     {}
func (nobody) Stopping()                      {}
func (nobody) Alive()                         {}
