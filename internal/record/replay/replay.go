package replay

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"linemark/internal/label"
	"linemark/internal/line"
	"linemark/internal/record"
)

// Options of Run.
type Options struct {
	// Set changes settings of stations: the name of the setting's field, by line/station, to its value
	// as in JSON. What the line would have done with it is shown up to the first difference: what
	// happened after that is not what would have happened.
	Set map[string]map[string]string
	// Most is how many differences are kept; 0: all.
	Most int
}

// Result is what a replay has shown.
type Result struct {
	Stations    []*History
	Differences []Difference
	Different   int // all of them, also those that were not kept
}

// History is one station's part of a recording.
type History struct {
	Name        string
	Steps       int       // that were run
	States      int       // recorded states that were compared with the station's own
	Skipped     int       // steps before the first recorded state, or behind a gap, that could not be run
	First, Last time.Time // the moments of the first and the last step that was run

	run     int64
	live    bool
	next    uint64
	station line.Station
	batch   label.Batch
}

// Difference is a step that this program takes in another way than the recorded one did.
type Difference struct {
	At        time.Time
	Station   string
	N         uint64 // which event of the station, counted from the agent's start
	Event     string // in JSON; empty: the state itself differs
	Then, Now string // the effects in JSON, or the state
}

// Run runs the stations of a recording. An error says that it cannot be read; that it cannot be run in
// whole is told in the histories.
func Run(from *record.Reader, o Options) (Result, error) {
	p := &player{o: o, byName: map[string]*History{}}
	err := from.Each(func(r record.Record) error {
		switch r.Kind {
		case record.KindState:
			return p.state(r)
		case record.KindStep:
			p.step(r)
		case record.KindTicks:
			p.ticks(r)
		}
		return nil
	})
	return p.result, err
}

type player struct {
	o      Options
	result Result
	byName map[string]*History
}

func (p *player) history(name string) *History {
	h := p.byName[name]
	if h == nil {
		h = &History{Name: name}
		p.byName[name] = h
		p.result.Stations = append(p.result.Stations, h)
	}
	return h
}

// stated is a recorded state.
type stated struct {
	Began  bool            `json:"began"`
	N      uint64          `json:"n"`
	Origin json.RawMessage `json:"origin"`
	State  json.RawMessage `json:"state"`
}

func (p *player) state(r record.Record) error {
	h := p.history(r.Source)
	var s stated
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return fmt.Errorf("the state of %s: %w", r.Source, err)
	}
	if !s.Began && h.live && h.run == r.Run && h.next == s.N {
		if len(p.o.Set[h.Name]) > 0 {
			return nil // it goes its own way
		}
		h.States++
		own := string(appendAny(nil, reflect.ValueOf(h.station).Elem(), r.Base()))
		if own == string(s.State) {
			return nil
		}
		p.differ(Difference{At: r.At, Station: h.Name, N: s.N, Then: string(s.State), Now: own})
	}
	h.live = false
	if err := p.takeUp(h, s, r.Base()); err != nil {
		return fmt.Errorf("the state of %s: %w", r.Source, err)
	}
	h.run, h.next, h.live = r.Run, s.N, true
	return nil
}

// takeUp makes the station that was recorded.
func (p *player) takeUp(h *History, s stated, base time.Time) error {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(s.State, &named); err != nil {
		return err
	}
	var origin line.Origin
	if err := readValue(s.Origin, reflect.ValueOf(&origin).Elem(), base); err != nil {
		return err
	}
	for name, state := range named {
		t, ok := stations[name]
		if !ok {
			return fmt.Errorf("this linemark knows no station %s", name)
		}
		v := reflect.New(t)
		if err := readValue(state, v.Elem(), base); err != nil {
			return err
		}
		for field, value := range p.o.Set[h.Name] {
			if err := set(v.Elem(), field, value, base); err != nil {
				return err
			}
		}
		h.station = v.Interface().(line.Station) //nolint:errcheck // all of the table are
	}
	origin.Revive(h.station, func() label.Batch { return h.batch })
	return nil
}

// set changes one setting of a station: a field of the struct cfg in it.
func set(station reflect.Value, field, value string, base time.Time) error {
	for i := range station.NumField() {
		f := open(station.Field(i))
		switch is := station.Type().Field(i); {
		case is.Name == "cfg":
			for j := range f.NumField() {
				if strings.EqualFold(f.Type().Field(j).Name, field) {
					return readValue([]byte(value), f.Field(j), base)
				}
			}
			return fmt.Errorf("the station has no setting %s", field)
		case is.Anonymous && f.Kind() == reflect.Struct:
			if err := set(f, field, value, base); err == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("the station has no setting %s", field)
}

// stepped is a recorded step.
type stepped struct {
	N       uint64          `json:"n"`
	Event   json.RawMessage `json:"event"`
	Batch   json.RawMessage `json:"batch"`
	Effects json.RawMessage `json:"effects"`
}

func (p *player) step(r record.Record) {
	h := p.history(r.Source)
	var s stepped
	if err := json.Unmarshal(r.Data, &s); err != nil {
		h.live = false
		h.Skipped++
		return
	}
	if !h.follows(r, s.N) {
		return
	}
	ev, err := readAny(s.Event, r.Base())
	if err == nil && s.Batch != nil {
		err = readValue(s.Batch, reflect.ValueOf(&h.batch).Elem(), r.Base())
	}
	if err != nil {
		h.live = false
		p.differ(Difference{At: r.At, Station: h.Name, N: s.N, Event: string(s.Event), Then: string(s.Effects), Now: "cannot be read: " + err.Error()})
		return
	}
	p.run(h, r, s.N, r.Base().Add(r.Since), ev, string(s.Event), string(s.Effects))
}

func (p *player) ticks(r record.Record) {
	h := p.history(r.Source)
	n, at, _ := record.UnTick(r)
	for i, since := range at {
		if h.follows(r, n+uint64(i)) {
			p.run(h, r, n+uint64(i), r.Base().Add(since), line.Tick{}, `{"Tick":{}}`, "")
		}
	}
}

// follows says whether the event is the next one of the station that is run.
func (h *History) follows(r record.Record, n uint64) bool {
	if h.live = h.live && h.run == r.Run && h.next == n; !h.live {
		h.Skipped++
	}
	return h.live
}

func (p *player) run(h *History, r record.Record, n uint64, now time.Time, ev line.Event, event, then string) {
	if h.Steps++; h.Steps == 1 {
		h.First = r.At
	}
	h.Last, h.next = r.At, n+1
	own := answered(h.station, now, ev, r.Base())
	if own != then {
		p.differ(Difference{At: r.At.Add(now.Sub(r.Base()) - r.Since), Station: h.Name, N: n, Event: event, Then: then, Now: own})
	}
}

// answered steps the station and writes its effects as the tape does.
func answered(s line.Station, now time.Time, ev line.Event, base time.Time) (effects string) {
	defer func() {
		if why := recover(); why != nil {
			effects = fmt.Sprintf("panic: %v", why)
		}
	}()
	did := s.Step(now, ev)
	if len(did) == 0 {
		return ""
	}
	return string(appendEffects(nil, did, base))
}

func (p *player) differ(d Difference) {
	if p.result.Different++; p.o.Most == 0 || len(p.result.Differences) < p.o.Most {
		p.result.Differences = append(p.result.Differences, d)
	}
}
