// Package replay records what stations do, step by step, and runs a recording against this program's
// own stations.
//
// A station is a pure step, so its state, the events and the moments they came at are all that is
// needed: the same station, put into the recorded state and given the recorded events, must answer
// each as it did. Where it does not, the program has changed, or the recording shows a fault of it.
package replay

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"linemark/internal/label"
	"linemark/internal/line"
	"linemark/internal/record"
)

// Tape records one station. It implements line.Tape.
type Tape struct {
	r       *record.Recorder
	name    string // line/station
	origin  line.Origin
	station line.Station
	steps   uint64 // events so far
	epoch   uint64
}

// NewTape begins to record a station, as it stands now.
func NewTape(r *record.Recorder, name string, o line.Origin, s line.Station) *Tape {
	t := &Tape{r: r, name: name, origin: o, station: s, epoch: r.Epoch()}
	t.state(time.Now(), true)
	return t
}

// Stepped implements line.Tape.
func (t *Tape) Stepped(now time.Time, ev line.Event, effects []line.Effect, b label.Batch) {
	n := t.steps
	t.steps++
	if _, tick := ev.(line.Tick); tick && len(effects) == 0 {
		t.r.Tick(t.name, now, n)
	} else {
		t.r.PutLater(record.KindStep, t.name, now, &step{n: n, ev: ev, effects: effects, batch: b, base: t.r.Base()})
		for _, e := range effects {
			if stop, ok := e.(line.StopLine); ok {
				t.r.Mark(record.MarkStop, t.name, stop.Cause)
			}
		}
	}
	if epoch := t.r.Epoch(); epoch != t.epoch {
		t.epoch = epoch
		t.state(now, false)
	}
}

// Died implements line.Tape.
func (t *Tape) Died(now time.Time, ev line.Event, b label.Batch, why any) {
	if ev != nil {
		t.r.PutLater(record.KindStep, t.name, now, &step{n: t.steps, ev: ev, batch: b, base: t.r.Base()})
	}
	t.r.Mark(record.MarkDeath, t.name, fmt.Sprintf("%v\n%s", why, debug.Stack()))
	t.r.Flush()
}

// state records the station as it stands. It must be made now, since the next step changes it.
func (t *Tape) state(now time.Time, began bool) {
	t.r.Put(record.KindState, t.name, now, appendState(nil, began, t.steps, t.origin, t.station, t.r.Base()))
}

func appendState(b []byte, began bool, n uint64, o line.Origin, s line.Station, base time.Time) []byte {
	b = append(b, '{')
	if began {
		b = append(b, `"began":true,`...)
	}
	b = fmt.Appendf(b, `"n":%d,"origin":`, n)
	b = appendValue(b, reflect.ValueOf(o), base)
	b = append(b, `,"state":`...)
	b = appendAny(b, reflect.ValueOf(s).Elem(), base)
	return append(b, '}')
}

// step is one event and what the station answered. Nobody changes either any more.
type step struct {
	n       uint64
	ev      line.Event
	effects []line.Effect
	batch   label.Batch
	base    time.Time
}

// AppendRecord implements record.Lazy.
func (s *step) AppendRecord(b []byte) []byte {
	b = fmt.Appendf(b, `{"n":%d,"event":`, s.n)
	b = appendAny(b, reflect.ValueOf(s.ev), s.base)
	switch s.ev.(type) {
	case line.Claimed, line.TakenSSCC: // what is on a label is taken from the batch at this moment
		b = append(b, `,"batch":`...)
		b = appendValue(b, reflect.ValueOf(s.batch), s.base)
	}
	if len(s.effects) > 0 {
		b = append(b, `,"effects":`...)
		b = appendEffects(b, s.effects, s.base)
	}
	return append(b, '}')
}

func appendEffects(b []byte, effects []line.Effect, base time.Time) []byte {
	b = append(b, '[')
	for i, e := range effects {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAny(b, reflect.ValueOf(e), base)
	}
	return append(b, ']')
}
