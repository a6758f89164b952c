package agent

import (
	"context"
	"slices"
	"time"

	"linemark/internal/config"
	"linemark/internal/line"
	"linemark/internal/trend"
)

// Trend returns what a line did in the time back from now, a day at most, and its speeds. ok is false if there is
// no such line.
func (a *Agent) Trend(name string, back time.Duration) (s trend.Shift, ok bool) {
	t := a.trends[name]
	if t == nil {
		return trend.Shift{}, false
	}
	s = t.Last(back)
	s.Line = name
	return s, true
}

// watchTrends looks at the lines once a second until ctx ends.
func (a *Agent) watchTrends(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		for i, l := range a.lines {
			stations := l.Status()
			a.trends[l.Name()].Look(passed(a.cfg.Lines[i], stations), stands(stations))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// passed is what the line has counted of its products: at its check, else where its units are packed, else where
// they are printed.
func passed(l config.Line, stations []line.StationStatus) trend.Counts {
	var checked, packed, printed trend.Counts
	var checks, packs bool
	for i, s := range stations {
		switch n := s.Count; {
		case s.Kind == line.KindVerify:
			checks = true
			checked.Read += n["read"]
			checked.Verified += n["verified"]
			checked.Rejected += n["rejected"]
		case s.Kind == line.KindPack && l.Stations[i].Of == "":
			packs = true
			packed.Read += n["read"]
			packed.Verified += n["packed"]
			packed.Rejected += n["refused"]
			packed.Packed += n["packed"]
		case s.Kind == line.KindPrint:
			printed.Read += n["printed"]
			printed.Verified += n["printed"]
		}
	}
	switch {
	case checks:
		checked.Packed = packed.Packed
		return checked
	case packs:
		return packed
	}
	return printed
}

// stands is how the line stands: by the stations that hold up the products, if it has any.
func stands(stations []line.StationStatus) trend.State {
	holds := func(s line.StationStatus) bool { return s.Kind == line.KindPrint || s.Kind == line.KindVerify }
	belt := slices.ContainsFunc(stations, holds)
	state := trend.Running
	for _, s := range stations {
		switch {
		case belt && !holds(s):
		case s.State == "stopped":
			state = trend.Stopped
		case s.State == "waiting":
			state = max(state, trend.Waiting)
		}
	}
	return state
}

// grades says whether the grades of a station's scanner are those of the line: where a second scanner looks at the
// same symbols, only the first one's count.
func grades(l config.Line, s config.Station) bool {
	checks := slices.ContainsFunc(l.Stations, func(s config.Station) bool { return line.Kind(s.Kind) == line.KindVerify })
	if checks {
		return line.Kind(s.Kind) == line.KindVerify
	}
	return line.Kind(s.Kind) == line.KindPack && s.Of == ""
}
