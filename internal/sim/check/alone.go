package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Span is a stretch of time by the plant's clock.
type Span struct{ From, To time.Time }

// Went judges a span in which nothing but the national system was away (P7): by the belts' logs in folder
// dir every line has made products all through it. No line may stand still for longer than stall, its product
// distance and what a printer takes to be fed, but from a stop to the restart behind it, or from the moment
// in which the PLC's watchdog held it until its next product. It returns what it finds, each beginning with
// "P7: ", and an error if nothing can be decided.
func Went(dir string, span Span, stall time.Duration) (found []string, err error) {
	if !span.From.Before(span.To) || stall <= 0 {
		return nil, fmt.Errorf("from %s to %s nothing can be judged with a stall of %s", span.From, span.To, stall)
	}
	files, err := filepath.Glob(filepath.Join(dir, "conveyor-*.jsonl"))
	if err != nil {
		return nil, err
	}
	belts := 0
	for _, f := range files {
		g := going{name: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "conveyor-"), ".jsonl"), span: span, stall: stall, since: span.From}
		if err := eachLine(f, g.line); err != nil {
			return nil, fmt.Errorf("reading %s: %w", f, err)
		}
		if !g.belt {
			continue // a line that prints nothing has no belt of its own
		}
		belts++
		found = append(found, g.end()...)
	}
	if belts == 0 {
		return nil, errors.New("no belt has logged anything")
	}
	return found, nil
}

// going follows one line through a span.
type going struct {
	name   string
	span   Span
	stall  time.Duration
	belt   bool
	made   int
	since  time.Time // it has gone until then, or nobody let it go before
	stands bool      // something has said why
	late   bool      // one product was made since: it was under way when the stop came
	found  []string
}

func (g *going) line(line []byte) error {
	var e beltEntry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	g.belt = true
	if e.At.After(g.span.To) {
		return nil
	}
	switch e.Event {
	case "stopped", "held":
		g.reach(e.At)
		g.stands, g.late = true, e.Event == "held"
	case "restarted", "started":
		g.goes(e.At)
	case "made":
		if !e.At.Before(g.span.From) {
			g.made++
		}
		if g.stands && !g.late {
			g.late = true
			break
		}
		g.goes(e.At)
	}
	return nil
}

// goes says that the line goes at a moment.
func (g *going) goes(at time.Time) {
	g.reach(at)
	g.stands = false
	if at.After(g.since) {
		g.since = at
	}
}

// reach looks at the time since the line was seen to go.
func (g *going) reach(at time.Time) {
	if still := at.Sub(g.since); !g.stands && still > g.stall {
		g.found = append(g.found, fmt.Sprintf("P7: line %s made nothing for %s from %s on, and nothing stopped or held it", g.name, still.Round(time.Millisecond), g.since.Format("15:04:05.000")))
	}
}

func (g *going) end() []string {
	g.reach(g.span.To)
	if g.made == 0 {
		return []string{fmt.Sprintf("P7: line %s made nothing from %s to %s", g.name, g.span.From.Format("15:04:05.000"), g.span.To.Format("15:04:05.000"))}
	}
	return g.found
}
