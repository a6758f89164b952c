package service

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/windows/svc"
)

const (
	accepted = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptParamChange

	pending    = 10 * time.Second // the next checkpoint comes well within it
	stopWithin = time.Minute      // after that the program is ended as it is, which is as safe
)

// Exit codes that a service which has ended by itself leaves with service control.
const (
	exitError = 1 // with an error
	exitEarly = 2 // without one, and nobody had asked it to
)

// eventLog is Windows' event log under the service's name.
type eventLog interface {
	EventWriter
	Close() error
}

// scm is the program as the service control manager meets it.
type scm struct {
	program    func(context.Context, *Life) error
	openEvents func() (eventLog, error)
	tick       <-chan time.Time // nil: every second
	crash      func()           // ends the process with what every goroutine is doing

	err error // how the program has ended

	mu      sync.Mutex
	state   svc.State
	most    time.Duration // what the start under way may take
	events  []event       // to be written
	silent  int           // ticks since the program was last heard to be alive
	changed chan struct{}
}

// event is a record that waits for the event log.
type event struct{ name, text string }

func newSCM(program func(context.Context, *Life) error) *scm {
	return &scm{program: program, state: svc.StartPending, changed: make(chan struct{}, 1), crash: func() {
		debug.SetTraceback("all")
		panic(eventOf("no progress").About)
	}}
}

// tell is part of teller.
func (h *scm) tell(what change, text string, most time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	up := h.state == svc.Running
	switch what {
	case starting:
		h.most = most
	case ready:
		name := "started"
		if up {
			name = "reloaded"
		}
		h.events = append(h.events, event{name, text})
		up = true
	case degraded:
		h.events = append(h.events, event{"degraded", text})
		up = true
	}
	if up && h.state == svc.StartPending {
		h.state, h.silent = svc.Running, 0
	}
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// alive is part of teller.
func (h *scm) alive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent = 0
}

// Execute is part of svc.Handler: the life of the service from its start to its end.
func (h *scm) Execute(_ []string, requests <-chan svc.ChangeRequest, told chan<- svc.Status) (bool, uint32) {
	now := svc.Status{State: svc.StartPending, CheckPoint: 1, WaitHint: millis(pending)}
	told <- now
	write, closeLog := h.eventLog()
	defer closeLog()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	life := newLife(&unrepeated{to: h})
	done := make(chan error, 1)
	go func() { done <- h.program(ctx, life) }()

	tick := h.tick
	if tick == nil {
		seconds := time.NewTicker(time.Second)
		defer seconds.Stop()
		tick = seconds.C
	}
	overdue := 0 // ticks since the program was asked to stop
	for {
		h.write(write)
		select {
		case h.err = <-done:
			h.write(write)
			return h.end(now.State == svc.StopPending, write)
		case <-h.changed:
			if state, _ := h.look(); state != now.State && now.State == svc.StartPending {
				now = svc.Status{State: svc.Running, Accepts: accepted}
				told <- now
			}
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				told <- now
			case svc.ParamChange:
				life.askReload()
			case svc.Stop, svc.Shutdown, svc.PreShutdown:
				if now.State != svc.StopPending {
					now = svc.Status{State: svc.StopPending, CheckPoint: 1, WaitHint: millis(pending)}
					told <- now
					stop()
				}
			}
		case <-tick:
			switch now.State {
			case svc.Running:
				if h.overlooked() {
					_ = report(write, "no progress", eventOf("no progress").About)
					h.crash()
				}
				continue
			case svc.StopPending:
				if overdue++; time.Duration(overdue)*time.Second >= stopWithin {
					_ = report(write, "stop overdue", eventOf("stop overdue").About)
					return false, 0
				}
			}
			_, most := h.look()
			now.CheckPoint++
			now.WaitHint = millis(max(pending, most))
			told <- now
		}
	}
}

// look returns what the program has told of itself.
func (h *scm) look() (svc.State, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, h.most
}

// overlooked counts one more tick without a sign of life. Ticks are counted and not time, so that a machine
// that has slept finds its service well.
func (h *scm) overlooked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent++
	return time.Duration(h.silent)*time.Second >= NoProgress
}

// end is how the service leaves. Who was asked to stop leaves without a code, whatever came in between:
// a code would have it started again.
func (h *scm) end(asked bool, w EventWriter) (specific bool, code uint32) {
	switch {
	case asked && h.err == nil:
		_ = report(w, "stopped", "linemark has stopped")
	case asked:
		_ = report(w, "stopped", "linemark has stopped: "+h.err.Error())
	case h.err != nil:
		_ = report(w, "ended", "linemark has ended and is started again: "+h.err.Error())
		return true, exitError
	default:
		h.err = errEarly
		_ = report(w, "ended", "linemark has ended and is started again: "+h.err.Error())
		return true, exitEarly
	}
	return false, 0
}

var errEarly = errors.New("nobody had asked it to")

// write writes what the program has told since the last time.
func (h *scm) write(w EventWriter) {
	h.mu.Lock()
	events := h.events
	h.events = nil
	h.mu.Unlock()
	for _, e := range events {
		_ = report(w, e.name, e.text)
	}
}

// eventLog opens the event log. A service runs on without it.
func (h *scm) eventLog() (EventWriter, func()) {
	l, err := h.openEvents()
	if err != nil {
		return noEvents{}, func() {}
	}
	return l, func() { _ = l.Close() }
}

// noEvents stands for an event log that cannot be opened.
type noEvents struct{}

func (noEvents) Info(uint32, string) error    { return nil }
func (noEvents) Warning(uint32, string) error { return nil }
func (noEvents) Error(uint32, string) error   { return nil }

func millis(d time.Duration) uint32 { return uint32(d / time.Millisecond) }
