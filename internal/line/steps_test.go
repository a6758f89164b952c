package line

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// rule is one rule of a station: after a history, this event has these effects. An Alarm
// without text stands for any alarm.
type rule struct {
	name    string
	history []Event
	event   Event
	want    []Effect
	state   string // of the view afterwards; empty: not looked at
}

// later is an event that comes some time after the one before it.
type later struct {
	after time.Duration
	Event
}

var errDisk = errors.New("the disk is full")

// clock is where the steps' monotonic clock begins.
var clock = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

func try(t *testing.T, newStation func() Station, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			station, now := newStation(), clock
			step := func(ev Event) []Effect {
				if l, ok := ev.(later); ok {
					now, ev = now.Add(l.after), l.Event
				}
				return station.Step(now, ev)
			}
			for _, ev := range r.history {
				step(ev)
			}
			got := step(r.event)
			if !sameEffects(got, r.want) {
				t.Errorf("after %s\n got %s\nwant %s", shown(r.event), shown(got), shown(r.want))
			}
			if view := station.View(); r.state != "" && view.State != r.state {
				t.Errorf("the station is %q (%s), want %q", view.State, view.Why, r.state)
			}
		})
	}
}

func sameEffects(got, want []Effect) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if _, ok := got[i].(Alarm); ok && want[i] == any(Alarm{}) {
			continue
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			return false
		}
	}
	return true
}

func shown(v any) string {
	effects, ok := v.([]Effect)
	if !ok {
		return fmt.Sprintf("%T%+v", v, v)
	}
	s := ""
	for _, e := range effects {
		s += fmt.Sprintf("\n\t%T%+v", e, e)
	}
	return s
}

// claims are n claims with the given first number.
func claims(first, n int) []ledger.Claim {
	all := make([]ledger.Claim, n)
	for i := range all {
		all[i] = claim(first + i)
	}
	return all
}

func claim(id int) ledger.Claim {
	return ledger.Claim{ID: int64(id), Code: codeNo(id), Seq: int64(id)}
}

func codeNo(id int) code.Code { return code.Code(fmt.Sprintf("code-%d", id)) }

// bare is a label with nothing but its code.
func bare(c ledger.Claim) Label { return Label{Code: c.Code} }

func labels(ids ...int) []Label {
	all := make([]Label, len(ids))
	for i, id := range ids {
		all[i] = Label{Code: codeNo(id)}
	}
	return all
}

// scans are readings of the codes with these numbers; their Seq are their places from 1.
func scans(ids ...int) Scans {
	s := Scans{}
	for i, id := range ids {
		s.Scans = append(s.Scans, Scan{Seq: int64(i + 1), Code: codeNo(id)})
	}
	return s
}

// carryAll steps a station through an event and the answers to its effects, as the runner does.
func carryAll(station Station, now time.Time, ev Event, before func(Event), carry func(Effect) Event) {
	queue := []Event{ev}
	for len(queue) > 0 {
		ev, queue = queue[0], queue[1:]
		before(ev)
		for _, e := range station.Step(now, ev) {
			if answer := carry(e); answer != nil {
				queue = append(queue, answer)
			}
		}
	}
}

// reached counts what the random histories came to, so that a promise cannot be kept by
// histories in which nothing happens.
type reached map[string]int

func (r reached) require(t *testing.T, steps int, what ...string) {
	t.Helper()
	t.Log(r)
	if t.Failed() || r["steps"] < steps {
		return // a single history is being replayed
	}
	for _, w := range what {
		if r[w] == 0 {
			t.Errorf("no history has reached %q in %d steps", w, r["steps"])
		}
	}
}

// records are the effects of a station that only record, and what becomes of them in a ledger
// that fails at times.
type records struct {
	failed []Effect // not on disk yet, in order
	asked  []Effect // while the present event is handled
	again  int      // made again, and the station does not know the answer yet
	told   bool     // the station knows of one that is not on disk
}

// blocked says that the station may begin nothing new.
func (r *records) blocked() bool { return r.told || r.again > 0 }

// begin takes out what must be made again at this event: everything at a tick.
func (r *records) begin(ev Event) (due []Effect) {
	r.asked = nil
	if _, ok := ev.(Tick); ok {
		due, r.failed, r.told = r.failed, nil, false
		r.again = len(due)
	}
	return due
}

// tell notes what the station is told next.
func (r *records) tell(ev Event) {
	if recorded, ok := ev.(Recorded); ok {
		r.again = max(0, r.again-1)
		r.told = r.told || recorded.Err != nil
	}
}

// answer is the ledger's to a record.
func (r *records) answer(e Effect, fails bool) Event {
	r.asked = append(r.asked, e)
	if fails {
		r.failed = append(r.failed, e)
		return Recorded{Effect: e, Err: errDisk}
	}
	return Recorded{Effect: e}
}

// end says which of those that were due were not made again in their order, or nil.
func (r *records) end(due []Effect) []Effect {
	if len(due) <= len(r.asked) && reflect.DeepEqual(due, r.asked[:len(due)]) {
		return nil
	}
	return due
}

// happening is one thing that may happen in a random history. Earlier ones in a list come more often.
type happening struct {
	name string
	do   func()
}

func (h happening) GoString() string { return h.name }

func random(t *rapid.T, all []happening) { rapid.SampledFrom(all).Draw(t, "then").do() }
