package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"linemark/internal/retry"
)

// device is what all devices have in common: a name, how it stands, and that a session which
// has ended is followed by another, with backoff, for ever.
type device struct {
	name   string
	kind   string // printer, scanner, plc
	driver string
	where  string // its address
	log    *slog.Logger
	state  *deviceState
}

type deviceState struct {
	mu     sync.Mutex
	status DeviceStatus
	mark   func(up bool, why string) // records a change
	short  int                       // short sessions in a row: after a few of them its comings and goings are not logged
}

// DeviceStatus tells how a device stands.
type DeviceStatus struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Driver  string    `json:"driver"`
	Address string    `json:"address"`
	Up      bool      `json:"up"`
	Since   time.Time `json:"since"`
	Error   string    `json:"error,omitempty"` // why it is down
}

func newDevice(kind, name, driver, address string, log *slog.Logger) device {
	return device{name: name, kind: kind, driver: driver, where: address, log: log, state: &deviceState{
		status: DeviceStatus{Name: name, Kind: kind, Driver: driver, Address: address, Since: time.Now(), Error: "not connected yet"},
	}}
}

func (d device) Status() DeviceStatus {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	return d.state.status
}

// set records whether the device is there and says whether that is a change.
func (d device) set(up bool, why string) bool {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	s := &d.state.status
	changed := s.Up != up || (s.Error == "not connected yet" && why != "")
	if changed {
		s.Up, s.Since = up, time.Now()
		if d.state.mark != nil {
			d.state.mark(up, why)
		}
	}
	s.Error = why
	return changed
}

func (d device) up() {
	d.set(true, "")
	if !d.isShaky() {
		d.log.Info(d.kind+" is up", "name", d.name, "address", d.where)
	}
}

func (d device) isShaky() bool {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	return d.state.short >= shakyAfter
}

// ended notes how long a session lasted that has ended, and says whether its end is to be logged.
func (d device) ended(up bool, lasted time.Duration) bool {
	d.state.mu.Lock()
	defer d.state.mu.Unlock()
	was := d.state.short
	switch {
	case lasted >= longSession:
		d.state.short = 0
	case up:
		d.state.short++
	}
	return was < shakyAfter || d.state.short == 0
}

// shakyAfter is how many short sessions in a row make a device shaky: one that accepts and hangs
// up would fill the log.
const shakyAfter = 3

// longSession is how long a session must have lasted for the next pause to be short again.
const longSession = 10 * time.Second

// keep runs session after session until ctx ends. session returns why it ended; nil: it was ended on purpose, and
// the next one begins at once.
func (d device) keep(ctx context.Context, session func(ctx context.Context, number int) error) {
	pause := retry.Backoff{First: 200 * time.Millisecond, Most: 5 * time.Second}
	for number := 1; ctx.Err() == nil; number++ {
		began := time.Now()
		err := session(ctx, number)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		wasUp := d.Status().Up
		if logged := d.ended(wasUp, time.Since(began)); d.set(false, err.Error()) && logged {
			d.log.Warn(d.kind+" is down and is tried again", "name", d.name, "address", d.where, "error", err)
		}
		if time.Since(began) > longSession {
			pause.Reset()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause.Next(err)):
		}
	}
}
