package agent

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"linemark/internal/code"
	"linemark/internal/line"
	"linemark/internal/record"
)

// Alarm is something that a person should know.
type Alarm struct {
	At    time.Time `json:"at"`
	Place string    `json:"place"`
	Text  string    `json:"text"`
}

// alarms keeps the newest alarms and logs each.
type alarms struct {
	log *slog.Logger
	rec *record.Recorder
	// heard is told of each with its number; nil: nobody is. Nothing may hold it up.
	heard func(number int, a Alarm)
	mu    sync.Mutex
	all   []Alarm
	n     int // raised since the agent's start
}

// keptAlarms bounds what the status shows; the log has them all.
const keptAlarms = 20

func (a *alarms) add(place, text string) {
	a.log.Warn(text, "at", place, "event", "alarm")
	a.rec.Mark(record.MarkAlarm, place, text)
	a.mu.Lock()
	defer a.mu.Unlock()
	one := Alarm{At: time.Now(), Place: place, Text: text}
	if a.n++; a.heard != nil {
		a.heard(a.n, one)
	}
	a.all = append(a.all, one)
	if extra := len(a.all) - keptAlarms; extra > 0 {
		a.all = slices.Delete(a.all, 0, extra)
	}
}

func (a *alarms) list() []Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// raised says how many there were.
func (a *alarms) raised() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n
}

// reads keeps the newest reading of each scanner.
type reads struct {
	mu   sync.Mutex
	last map[string]string
}

func (r *reads) add(place string, s line.Scan) {
	text := code.Visible(s.Code)
	if s.NoRead {
		text = "no read"
	} else if s.Bad != "" {
		text = s.Bad
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[string]string{}
	}
	r.last[place] = text
}

func (r *reads) of(place string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[place]
}
