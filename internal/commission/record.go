package commission

import (
	"slices"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
)

// record is what happened at the devices during a run, each thing with its moment.
type record struct {
	mu       sync.Mutex
	sent     []sent
	printed  []printed
	scanned  []scanned
	wrote    []wrote
	changed  []changed
	troubles []trouble
	up       map[string]bool          // devices that had a session
	points   map[string]drivers.Point // of all PLCs, as plc.name
	over     bool                     // the run is being stopped: what ends now is no trouble
}

type (
	// sent is one label that was handed to a printer.
	sent struct {
		printer       string
		session, n    int // which session of the printer, and which label of it, from 1
		claimed       code.Code
		shown         code.Code // what was printed in its place
		began, finish time.Time
	}
	// printed says that a printer's session has printed so many.
	printed struct {
		printer        string
		session, count int
		at             time.Time
	}
	scanned struct {
		scanner string
		scan    drivers.Scan
		at      time.Time
	}
	// wrote is an output that a PLC has taken.
	wrote struct {
		plc, output   string
		value         uint64
		began, finish time.Time
	}
	// changed is a point of a PLC that reads another value than before.
	changed struct {
		plc, name string
		was, now  uint64
		at        time.Time
	}
	// trouble is a device that failed.
	trouble struct {
		device string
		err    error
		at     time.Time
	}
)

func (r *record) note(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// opened notes how a session began, or why it did not.
func (r *record) opened(device string, err error) {
	r.note(func() {
		if err == nil {
			r.up[device] = true
		} else if !r.over {
			r.troubles = append(r.troubles, trouble{device, err, time.Now()})
		}
	})
}

// failed notes why a session has ended.
func (r *record) failed(device string, err error) {
	r.note(func() {
		if !r.over && err != nil {
			r.troubles = append(r.troubles, trouble{device, err, time.Now()})
		}
	})
}

// copy returns what has happened so far.
func (r *record) copy() *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &record{sent: slices.Clone(r.sent), printed: slices.Clone(r.printed), scanned: slices.Clone(r.scanned), wrote: slices.Clone(r.wrote),
		changed: slices.Clone(r.changed), troubles: slices.Clone(r.troubles), points: r.points, up: map[string]bool{}}
	for name := range r.up {
		c.up[name] = true
	}
	return c
}
