package agent

import (
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/internal/line"
)

// stopValue is what sets a stop output: 1, or the command that holds a machine with PackML.
func (p *plc) stopValue(output string) uint64 {
	if output == p.watch.PackML.Command {
		return p.watch.PackML.Hold
	}
	return 1
}

// watchStop tells a station how the line stands: by the stop output as it is read back, or by the
// state of a machine with PackML.
func (p *plc) watchStop(post line.Post, output string) {
	onState, onRead, onSet := p.onState, p.onRead, p.onSet
	p.onState = func(up bool, why string) {
		onState(up, why)
		post(line.PLCState{Up: up, Why: why})
	}
	last := false
	stands := func(now bool) {
		if now != last {
			last = now
			post(line.StopOutput{Set: now})
		}
	}
	if output == p.watch.PackML.Command {
		p.watchMachine(output, stands)
		return
	}
	p.onRead = func(v drivers.Values) {
		onRead(v)
		stands(v[output] != 0)
	}
	// A PLC that latches the stop may take the output back before the next poll: that it was set
	// is known from its own answer to the write.
	p.onSet = func(name string, value uint64) {
		onSet(name, value)
		if name == output {
			stands(value != 0)
		}
	}
}

// holdWithin is how long a machine may take to leave its state of work after it was told to hold.
const holdWithin = 5 * time.Second

// watchMachine takes the line to stand while the machine's state is not that of work. A machine that
// was told to hold and works on is an alarm: its products still get their verdicts.
func (p *plc) watchMachine(command string, stands func(bool)) {
	onRead, onSet := p.onRead, p.onSet
	var told time.Time // when it was told to hold, and has not done so; zero: it need not
	p.onRead = func(v drivers.Values) {
		onRead(v)
		works := v[p.watch.PackML.State] == p.watch.PackML.Execute
		stands(!works)
		switch {
		case !works:
			told = time.Time{}
		case !told.IsZero() && time.Since(told) > holdWithin:
			p.alarm(fmt.Sprintf("the machine was told to hold %s ago and is in state %d (execute) still", holdWithin, v[p.watch.PackML.State]))
			told = time.Time{}
		}
	}
	p.onSet = func(name string, value uint64) {
		onSet(name, value)
		if name == command && value == p.watch.PackML.Hold {
			told = time.Now()
		}
	}
}
