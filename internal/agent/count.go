package agent

import (
	"time"

	"linemark/internal/config"
	"linemark/internal/line"
)

// counterOf returns the PLC that counts the products of a line; nil where there is none.
func (a *Agent) counterOf(l config.Line) *plc { return a.plcs[a.cfg.CounterOf(l)] }

// counted tells the line's account what its PLCs count, and when they cannot be heard. counter may be nil.
func (a *Agent) counted(built *line.Line, l config.Line, counter *plc) {
	for name := range l.StopPLCs() {
		p := a.plcs[name]
		onState, onJump := p.onState, p.onJump
		p.onState = func(up bool, why string) {
			built.CountsUp(p.name, up)
			onState(up, why)
		}
		p.onJump = func(input string) {
			built.CountsLost()
			onJump(input)
		}
	}
	if counter == nil {
		return
	}
	counter.bits[productsInput] = counter.driver.Points()[productsInput].Bits
	onCount := counter.onCount
	counter.onCount = func(input string, delta int) {
		if input == productsInput {
			built.CountProducts(delta)
		}
		onCount(input, delta)
	}
}

// CountStatus is what the parts of a line have counted.
type CountStatus struct {
	Limit    int        `json:"limit"` // how many products may lie between two neighbours; 0: not watched
	Hour     line.Sums  `json:"hour"`
	LastHour *line.Sums `json:"last_hour"` // null: the agent did not run, or the line does not
	Batch    *line.Sums `json:"batch"`     // the one that runs, or the last; null: there was none since the agent's start
}

// countStatus returns nil while the line does not run.
func (a *Agent) countStatus(l *line.Line) *CountStatus {
	hour, last, batch, ok := l.Counted()
	if !ok {
		return nil
	}
	s := CountStatus{Limit: l.CountLimit(), Hour: hour, LastHour: last, Batch: batch}
	for _, sums := range []*line.Sums{&s.Hour, s.LastHour, s.Batch} {
		if sums != nil {
			sums.Since = sums.Since.Round(time.Second)
		}
	}
	return &s
}
