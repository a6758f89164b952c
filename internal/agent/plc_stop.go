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
	last, known := false, false // what was posted; a new session posts again
	p.onState = func(up bool, why string) {
		known = known && up
		onState(up, why)
		post(line.PLCState{Up: up, Why: why})
	}
	stands := func(now bool) {
		if now != last || !known {
			last, known = now, true
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
	// is known from its own answer to the write. It is said each time: a stop that is set while the
	// output stands already is cleared by the same hand.
	p.onSet = func(name string, value uint64) {
		onSet(name, value)
		if name == output {
			known = known && value == 0
			stands(value != 0)
		}
	}
}

// holdWithin is how long a machine may take to leave its state of work after it was told to hold.
const holdWithin = 5 * time.Second

// machine follows a machine with PackML after it was told to hold.
type machine struct {
	works  bool
	told   time.Time // when it was told to hold, and has not been seen to do so; zero: it need not
	worked bool      // it did work then, or has since
}

// watchMachine takes the line to stand while the machine's state is not that of work. Only a return
// to work after it was seen to hold is a person's restart: one that was starting when it was told to
// hold is told again. A machine that works on is an alarm: its products still get their verdicts.
func (p *plc) watchMachine(command string, stands func(bool)) {
	onRead, onSet := p.onRead, p.onSet
	var m machine
	p.onRead = func(v drivers.Values) {
		onRead(v)
		m.works = v[p.watch.PackML.State] == p.watch.PackML.Execute
		switch {
		case m.told.IsZero():
			stands(!m.works)
		case !m.works:
			stands(true)
			if m.worked {
				m.told = time.Time{}
			}
		case !m.worked:
			p.orders[command] = p.watch.PackML.Hold
		case time.Since(m.told) > holdWithin:
			p.alarm(fmt.Sprintf("the machine was told to hold %s ago and is in state %d (execute) still: it is told again", holdWithin, v[p.watch.PackML.State]))
			p.orders[command] = p.watch.PackML.Hold
		}
	}
	p.onSet = func(name string, value uint64) {
		onSet(name, value)
		if name == command && value == p.watch.PackML.Hold {
			m.told, m.worked = time.Now(), m.works
		}
	}
}
