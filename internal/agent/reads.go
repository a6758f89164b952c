package agent

import (
	"time"

	"linemark/internal/code"
	"linemark/internal/line"
)

// Read is one reading of a station, and what was decided on it.
type Read struct {
	At    time.Time `json:"at"`
	Code  string    `json:"code"` // as read, GS as {GS}; empty for a no-read
	Good  bool      `json:"good"`
	Why   string    `json:"why,omitempty"`   // what spoke against it, in the words of the alarm
	Grade string    `json:"grade,omitempty"` // print quality as the scanner gave it
}

// readsOf returns the newest readings of a station, the newest first.
func readsOf(l *line.Line, station string) []Read {
	newest := l.Reads(station)
	all := make([]Read, len(newest))
	for i, r := range newest {
		all[i] = Read{At: r.At.Round(time.Millisecond), Code: code.Visible(r.Code), Good: r.Why == "", Why: r.Why, Grade: r.Grade}
	}
	return all
}
