package agent

import (
	"linemark/drivers"
	"linemark/internal/config"
	"linemark/internal/line"
)

// handheld takes over what drop and rework stations have.
func (a *Agent) handheld(to *line.StationConfig, s config.Station) {
	a.packing(to, s) // for its outputs
	to.HandheldSettings = line.HandheldSettings{Reason: s.Reason, WithChild: s.WithChild == config.Yes, Every: s.Every, Again: s.ReenterBefore()}
	to.PlainSymbol = s.PlainSymbol == config.Yes
	to.Grade, _ = drivers.ParseGrade(s.Grade)
}
