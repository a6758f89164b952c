package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"linemark/internal/config"
	"linemark/internal/line"
	"linemark/internal/office"
)

// Held is a line that a person has stopped.
type Held struct {
	By    string    `json:"by"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
	// Fault is why its belt may run all the same; empty: the PLC has taken the stop.
	Fault string `json:"fault,omitempty"`
}

// Moment is by which a start says that it means this stop.
func (h Held) Moment() string { return h.Since.Format(time.RFC3339Nano) }

// held remembers which lines people have stopped in this run of the agent. Behind a restart the PLC's own output still
// says so; a line without one goes on by itself (P9).
type held struct {
	turn  sync.Mutex // one person after the other: else a stop would be lost between a start's outputs and its printers
	mu    sync.Mutex
	of    map[string]Held
	stood map[string]map[string]bool // by line: the stop outputs that were read back as set since
}

func (h *held) get(line string) *Held {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, ok := h.of[line]; ok {
		return &one
	}
	return nil
}

func (h *held) set(line string, one *Held) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of, h.stood = map[string]Held{}, map[string]map[string]bool{}
	}
	delete(h.stood, line)
	if delete(h.of, line); one != nil {
		h.of[line] = *one
	}
}

// cleared takes down how a stop output of a line was read back, and says whether somebody has restarted a line that was
// held. One that was not set since, such as that of a PLC which has only now come, says nothing.
func (h *held) cleared(line, output string, set bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.of[line]; !ok {
		return false
	}
	if set {
		if h.stood[line] == nil {
			h.stood[line] = map[string]bool{}
		}
		h.stood[line][output] = true
		return false
	}
	return h.stood[line][output]
}

// restarted feeds the printers again when a line that was stopped on the page is restarted at its panel: its products
// would come unmarked.
func (a *Agent) restarted(l *line.Line, output string, ev line.Event) {
	if out, ok := ev.(line.StopOutput); ok && a.held.cleared(l.Name(), output, out.Set) {
		a.held.set(l.Name(), nil)
		l.Hold("")
	}
}

// stopWithin is how long the PLCs of a line may take to take a stop.
const stopWithin = 10 * time.Second

var errNoStopOutput = errors.New("none of its stations has a stop output: the belt runs on")

// Held are the lines that people have stopped, to be given to the agent that takes this one's place.
func (a *Agent) Held() map[string]Held {
	a.held.mu.Lock()
	defer a.held.mu.Unlock()
	return maps.Clone(a.held.of)
}

// resume holds what was held under the configuration before.
func (a *Agent) resume(all map[string]Held) {
	for _, l := range a.lines {
		if one, ok := all[l.Name()]; ok {
			a.held.set(l.Name(), &one)
			l.Hold("stopped by " + one.By + ": " + one.Why)
		}
	}
}

// HoldLine stops a line on a person's word: no code goes to its printers any more, and the stop outputs of its stations
// are set. Where a PLC does not take that, the printers are held all the same and the error says so.
func (a *Agent) HoldLine(ctx context.Context, name, by, why string) error {
	l, cfg, err := a.lineOf(name)
	if err != nil {
		return err
	}
	stop := Held{By: by, Why: why, Since: time.Now()}
	hold := func() {
		a.held.set(name, &stop)
		l.Hold("stopped by " + by + ": " + why)
	}
	hold() // at once: a start that is under way may wait for its PLC
	a.held.turn.Lock()
	defer a.held.turn.Unlock()
	if a.held.get(name) == nil { // it has ended meanwhile
		hold()
	}
	// Who has asked may be gone already, as when a tablet loses its network: the line stops all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	var faults []error
	for _, s := range a.stops(cfg) {
		if err := (signals{s.plc}).Set(ctx, s.output, true); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.plc.name, err))
		}
	}
	if len(a.stops(cfg)) == 0 {
		faults = append(faults, errNoStopOutput)
	}
	if err := errors.Join(faults...); err != nil {
		stop.Fault = err.Error()
		a.held.set(name, &stop)
	}
	switch err := errors.Join(faults...); {
	case errors.Is(err, errNoStopOutput):
		return &office.InputError{What: "no more codes go to the printers of line " + name + ", but " + err.Error(), Hint: "stop the line at its own panel"}
	case err != nil:
		return &office.InputError{What: "no more codes go to the printers of line " + name + ", but its PLC did not take the stop: " + err.Error(), Hint: "stop the line at its own panel"}
	}
	return nil
}

// StartLine lets a line go on: the stop outputs of its stations are cleared, whatever they were set for, and its
// printers are fed again. A machine that is held by a PackML command is started at the machine. seen is since when who
// asks has seen it held (zero: by nobody), or nil: a stop that he has not seen stays.
func (a *Agent) StartLine(ctx context.Context, name string, seen *time.Time) error {
	l, cfg, err := a.lineOf(name)
	if err != nil {
		return err
	}
	a.held.turn.Lock()
	defer a.held.turn.Unlock()
	if now := a.held.get(name); seen != nil && now != nil && !now.Since.Equal(*seen) {
		return &office.InputError{What: "line " + name + " was stopped since by " + now.By + ": " + now.Why, Hint: "look why it stands, and start it again"}
	}
	ctx, cancel := context.WithTimeout(ctx, stopWithin) // a stop may wait for its turn
	defer cancel()
	atMachine := ""
	for _, s := range a.stops(cfg) {
		if s.output == s.plc.watch.PackML.Command {
			atMachine = s.plc.name
			continue
		}
		if err := (signals{s.plc}).Set(ctx, s.output, false); err != nil {
			return &office.InputError{What: "line " + name + " still stands: " + s.plc.name + " did not take the start: " + err.Error(), Hint: "start the line at its own panel"}
		}
	}
	a.held.set(name, nil)
	l.Hold("")
	if atMachine != "" {
		return &office.InputError{What: "the printers of line " + name + " are fed again; " + atMachine + " itself was not told to start", Hint: "start the machine at its own panel"}
	}
	return nil
}

func (a *Agent) lineOf(name string) (*line.Line, config.Line, error) {
	for i, l := range a.lines {
		if l.Name() == name {
			return l, a.cfg.Lines[i], nil
		}
	}
	return nil, config.Line{}, &office.InputError{What: fmt.Sprintf("there is no line %q", name), Hint: "linemark status shows the lines"}
}

type stopPoint struct {
	plc    *plc
	output string
}

// stops are the outputs that stop a line, each once.
func (a *Agent) stops(l config.Line) []stopPoint {
	var all []stopPoint
	seen := map[string]bool{}
	for _, s := range l.Stations {
		if name, output, ok := config.SplitPoint(s.Stop); ok && !seen[s.Stop] {
			seen[s.Stop] = true
			all = append(all, stopPoint{a.plcs[name], output})
		}
	}
	return all
}
