package agent

import (
	"slices"
	"time"

	"linemark/internal/config"
	"linemark/internal/delay"
	"linemark/internal/line"
)

// Delayed is something that takes time.
type Delayed string

// What is timed.
const (
	DelayCommit      Delayed = "commit"        // a write of a line until it was on disk, with the wait for others
	DelayVerdict     Delayed = "verdict"       // from a reading until all that follows from it was done
	DelayPrintToScan Delayed = "print_to_scan" // from a label's way to the printer until its product was read as good
)

// Delay is how long one thing has taken at one place since the agent's start.
type Delay struct {
	What          Delayed
	Line, Station string // empty: it belongs to none
	delay.Counts
}

// The steps of the histograms. 33 products a second leave 30 ms for a verdict; a product may lie on a belt for minutes.
var (
	shortSteps = []time.Duration{time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second}
	beltSteps = []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
		10 * time.Second, 20 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute}
)

// delays are all that are measured. They are made before the agent runs, and none is added later.
type delays struct{ all []timed }

type timed struct {
	what          Delayed
	line, station string
	counts        *delay.Histogram
}

// of makes one and returns what counts it.
func (d *delays) of(what Delayed, line, station string, steps []time.Duration) func(time.Duration) {
	h := delay.New(steps)
	d.all = append(d.all, timed{what, line, station, h})
	return h.Add
}

// timing is what the stations of a line are timed by.
func (a *Agent) timing(l config.Line) func(station string, kind line.Kind) line.Timing {
	prints := slices.ContainsFunc(l.Stations, func(s config.Station) bool { return line.Kind(s.Kind) == line.KindPrint })
	reads := func(station string) bool {
		return slices.ContainsFunc(l.Stations, func(s config.Station) bool { return s.Name == station && s.Scanner != "" })
	}
	return func(station string, kind line.Kind) (t line.Timing) {
		if reads(station) {
			t.Verdict = a.delays.of(DelayVerdict, l.Name, station, shortSteps)
		}
		if kind == line.KindVerify && prints {
			count, trend := a.delays.of(DelayPrintToScan, l.Name, station, beltSteps), a.trends[l.Name]
			t.PrintToScan = func(d time.Duration) {
				count(d)
				trend.Delay(d)
			}
		}
		return t
	}
}

// Delays returns how long things have taken since the agent's start.
func (a *Agent) Delays() []Delay {
	all := make([]Delay, len(a.delays.all))
	for i, t := range a.delays.all {
		all[i] = Delay{What: t.what, Line: t.line, Station: t.station, Counts: t.counts.Counts()}
	}
	return all
}
