// Package service is being a Windows service or a systemd unit: what the running program tells the
// machine's service control and hears from it, where its log goes, and how it is installed, removed,
// started, stopped and asked.
package service

import (
	"sync"
	"time"
)

// What the service is called, by the service control of every system and in packages.
const (
	Name        = "linemark"
	DisplayName = "linemark"
	Description = "linemark, the agent beside the marking line"
)

// NoProgress is how long a program may go without Alive before it is ended and started again. Under
// systemd it is WatchdogSec of the unit.
const NoProgress = time.Minute

// Life is what a running program tells the machine's service control. In a program that a person has
// started nobody listens. Its methods may be called from several goroutines; texts are one line for people.
type Life struct {
	t      teller
	reload chan struct{}
}

// Starting says what a long start is at, and that it may take so long from now: a migration.
func (l *Life) Starting(text string, most time.Duration) { l.t.tell(starting, text, most) }

// Ready says that the lines run.
func (l *Life) Ready(text string) { l.t.tell(ready, text, 0) }

// Degraded says that nothing runs, and that the page is up and says why. Service control counts it as ready.
func (l *Life) Degraded(why string) { l.t.tell(degraded, why, 0) }

// Status says how the program does.
func (l *Life) Status(text string) { l.t.tell(status, text, 0) }

// Reloading says that another configuration is being taken over, until the next Ready or Degraded.
func (l *Life) Reloading() { l.t.tell(reloading, "", 0) }

// Stopping says that the program finishes what it has begun. Run says it too, when it ends the program.
func (l *Life) Stopping() { l.t.tell(stopping, "", 0) }

// Alive says that there is progress: the ledger takes writes and the stations work, or there is nothing to
// do. It is to be called every few seconds; without it for NoProgress the program is ended and started again.
func (l *Life) Alive() { l.t.alive() }

// Reload has a value when somebody asks for the configuration to be read again.
func (l *Life) Reload() <-chan struct{} { return l.reload }

func newLife(t teller) *Life { return &Life{t: t, reload: make(chan struct{}, 1)} }

// askReload asks once, however often it is called before the program looks.
func (l *Life) askReload() {
	select {
	case l.reload <- struct{}{}:
	default:
	}
}

// teller is one machine's service control.
type teller interface {
	// tell passes on a change, or with status only a text. most is 0 but for starting.
	tell(what change, text string, most time.Duration)
	alive()
}

type change int

const (
	starting change = iota
	ready
	degraded
	status
	reloading
	stopping
)

// nobody listens.
type nobody struct{}

func (nobody) tell(change, string, time.Duration) {}
func (nobody) alive()                             {}

// unrepeated passes on what is new: programs say how they do every second.
type unrepeated struct {
	to teller

	mu   sync.Mutex
	what change
	text string
	said bool
}

func (u *unrepeated) tell(what change, text string, most time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case what == stopping && u.said && u.what == stopping:
		return
	case what == status && u.said && text == u.text:
		return
	case (what == ready || what == degraded) && u.said && what == u.what && text == u.text:
		return
	}
	if what != status { // a status changes the text of what it was before
		u.what = what
	}
	u.text, u.said = text, true
	u.to.tell(what, text, most)
}

func (u *unrepeated) alive() { u.to.alive() }
