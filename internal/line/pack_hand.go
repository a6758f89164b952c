package line

import (
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Bench is a pack station where a person packs by hand: each reading is taken or refused at once, and
// what is refused the person puts away, so it never spoils the container. When that is full its label
// is printed, or the code of a label that was printed before is read. Nothing moves here by itself:
// the open container goes on after a restart, with what the ledger has in it, if the bench still fills
// such containers for this batch.
type Bench struct {
	packing
	tasks  []task
	busy   bool   // a call to the ledger is under way, for the first task or to look what is open
	pause  bool   // until the next tick: the ledger did not answer
	known  bool   // what is open is known
	told   bool   // that a container goes on was told, or there was none at the start
	ending bool   // a person has closed the container: its own label is read next
	away   string // why the scanner is not there; empty while it is
	last   string // why the last thing was refused; empty if it was taken
}

// task is something that the operator does: a reading, or what is asked for.
type task struct {
	scan Scan
	ask  *Asked
}

// NewBench returns a pack station where a person packs by hand.
func NewBench(c PackConfig) *Bench { return &Bench{packing: newPacking(c)} }

// Step implements Station.
func (b *Bench) Step(now time.Time, ev Event) []Effect {
	var effects []Effect
	switch ev := ev.(type) {
	case Scans:
		for _, s := range ev.Scans {
			b.tasks = append(b.tasks, b.task(s))
		}
	case Asked:
		b.tasks = append(b.tasks, task{ask: &ev})
	case FoundOpen:
		effects = b.found(now, ev)
	case Opened:
		b.busy = false
		if ev.Err != nil {
			b.unsure(now, ev.Err)
		} else {
			b.box = box{id: ev.Container}
		}
	case Puts:
		effects = b.puts(now, ev)
	case Repacked:
		effects = b.replied(now, ev)
	case Recorded:
		var mine bool
		if effects, mine = b.recorded(now, ev); mine {
			effects = b.closed(now, ev)
		}
	case Failed:
		effects = b.failed(ev)
	case ScannerState:
		if b.away = ""; !ev.Up {
			b.away = "the scanner: " + ev.Why
		}
		b.settle(now)
	case BatchChanged:
		b.known, b.ending = false, false // what is open may be of the batch before
	case Tick:
		b.pause = false
		if effects = b.remake(); len(effects) > 0 {
			return effects
		}
		if effects = b.label.step(now, ev, &b.packing); !b.known && !b.busy {
			b.busy = true
			return append(effects, FindOpen{})
		}
	default:
		effects = b.label.step(now, ev, &b.packing)
	}
	return append(effects, b.advance(now)...)
}

// task is what a reading stands for.
func (b *Bench) task(s Scan) task {
	if do, ok := b.cfg.Cards[s.Code]; ok && s.Code != "" {
		return task{ask: &Asked{Ask: Ask{Do: do, Because: "by the card at the bench"}}}
	}
	return task{scan: s}
}

// advance does what waits, one thing after another, until the ledger is asked for something.
func (b *Bench) advance(now time.Time) []Effect {
	var effects []Effect
	for len(b.tasks) > 0 && !b.busy && !b.pause && !b.held() {
		switch t := b.tasks[0]; {
		case !b.known:
			b.busy = true
			effects = append(effects, FindOpen{})
		case t.ask != nil:
			effects = append(effects, b.answer(now, *t.ask)...)
		default:
			effects = append(effects, b.read(now, t.scan)...)
		}
	}
	return effects
}

// found is what the ledger has open at this bench.
func (b *Bench) found(now time.Time, ev FoundOpen) []Effect {
	b.busy = false
	if ev.Err != nil {
		b.unsure(now, ev.Err)
		return nil
	}
	b.known, b.box = true, box{id: ev.Container, in: ev.In, packed: ev.In}
	var effects []Effect
	if ev.Aside != "" {
		b.count("aside", 1)
		effects = append(effects, Alarm{Text: ev.Aside})
	}
	if !b.told && ev.In > 0 {
		effects = append(effects, Alarm{Text: fmt.Sprintf("container %d goes on after the restart: the ledger has %d of %d in it, compare", ev.Container, ev.In, b.cfg.Capacity)})
	}
	b.told = true
	if b.box.in >= b.cfg.Capacity && b.box.id != 0 && b.cfg.Own == nil {
		effects = append(effects, b.fill()...) // it was full when the answer, or the power, was lost
	}
	b.settle(now)
	return effects
}

// unsure begins anew with what the ledger has open: whether it has done the last thing is not known.
func (b *Bench) unsure(now time.Time, err error) {
	b.known, b.pause, b.ending = false, true, false
	b.set(now, "stopped", err.Error())
}

// settle shows how the bench stands, and why the last thing was refused.
func (b *Bench) settle(now time.Time) {
	state, why := "running", "no container is open"
	switch {
	case b.away != "":
		b.set(now, "waiting", b.away)
		return
	case b.box.id == 0:
	case b.ending, b.box.in >= b.cfg.Capacity:
		state, why = "waiting", fmt.Sprintf("the code of container %d, which holds %d of %d", b.box.id, b.box.in, b.cfg.Capacity)
	default:
		why = fmt.Sprintf("container %d: %d of %d", b.box.id, b.box.in, b.cfg.Capacity)
	}
	if b.last != "" {
		why += "; refused: " + b.last
	}
	b.set(now, state, why)
}

// done ends the first task.
func (b *Bench) done() task {
	t := b.tasks[0]
	b.tasks, b.busy = b.tasks[1:], false
	return t
}

// read begins what a reading is for: a unit, a closed container, or the open container's own label.
func (b *Bench) read(now time.Time, s Scan) []Effect {
	switch full := b.box.in >= b.cfg.Capacity && b.box.id != 0; {
	case s.NoRead:
		return b.no(now, "it could not be read")
	case s.Bad != "":
		return b.no(now, s.Bad)
	case b.own(s.Code) && (!b.cfg.OfContainers || full || b.ending):
		return b.closing(now, s.Code)
	case full:
		return b.no(now, fmt.Sprintf("container %d is full: its own code comes first", b.box.id))
	case b.ending:
		return b.no(now, fmt.Sprintf("container %d is being closed: its own code comes first", b.box.id))
	}
	b.busy = true
	switch {
	case b.box.id == 0:
		return []Effect{OpenContainer{}}
	case b.cfg.OfContainers:
		return []Effect{PutCoded{Parent: b.box.id, Code: s.Code}}
	}
	return []Effect{PutUnits{Container: b.box.id, Codes: []code.Code{s.Code}}}
}

func (b *Bench) own(c code.Code) bool { return b.cfg.Own != nil && b.cfg.Own(c) }

// closing is the reading of a label that was printed before.
func (b *Bench) closing(now time.Time, c code.Code) []Effect {
	switch {
	case b.box.in == 0:
		return b.no(now, "a container's code, and "+nothingIn)
	case b.box.in < b.cfg.Capacity && !b.cfg.Partial && !b.ending:
		return b.no(now, fmt.Sprintf("a container's code, and container %d holds %d of %d", b.box.id, b.box.in, b.cfg.Capacity))
	}
	b.busy = true
	return []Effect{CloseRead{Container: b.box.id, Code: c, SSCC: b.cfg.Label.SSCC}}
}

// no refuses the first reading.
func (b *Bench) no(now time.Time, why string) []Effect {
	s := b.done().scan
	b.last = code.Visible(s.Code) + ": " + why
	b.judged(now, s, why)
	b.count("read", 1)
	b.count("refused", 1)
	b.settle(now)
	return append(b.refuse(), Alarm{Text: "refused: " + b.last})
}

// puts is what became of a reading.
func (b *Bench) puts(now time.Time, ev Puts) []Effect {
	if ev.Err != nil {
		effects := b.no(now, "the ledger did not answer: "+ev.Err.Error())
		b.unsure(now, ev.Err)
		return effects
	}
	o := ev.Outcomes[0]
	if s := b.tasks[0].scan; b.cfg.OfContainers && o.Outcome == ledger.Unknown && b.own(s.Code) {
		return b.closing(now, s.Code) // no container that is known: its own label
	}
	if !o.Packed {
		return b.no(now, reason(o))
	}
	b.judged(now, b.done().scan, "")
	b.last = ""
	b.box.in++
	b.box.packed++
	b.count("read", 1)
	b.count("packed", 1)
	effects := b.accept()
	if !b.cfg.OfContainers {
		effects = append(b.unverified(o), effects...)
	}
	if b.box.in == b.cfg.Capacity && b.cfg.Own == nil {
		effects = append(effects, b.fill()...)
	}
	b.settle(now)
	return effects
}

// closed is what became of the reading of the container's own label. What the ledger did not take it
// is told again, and the bench waits for it.
func (b *Bench) closed(now time.Time, ev Recorded) []Effect {
	e, ok := ev.Effect.(CloseRead)
	if !ok {
		return nil
	}
	var no *ledger.StateError
	if errors.As(ev.Err, &no) {
		return b.no(now, no.What)
	}
	b.judged(now, b.done().scan, "")
	b.box, b.ending, b.last = box{}, false, ""
	b.count("read", 1)
	b.count("closed", 1)
	b.settle(now)
	return append(b.accept(), Announce{Container: e.Container})
}

// answer begins what a person asks for.
func (b *Bench) answer(now time.Time, a Asked) []Effect {
	switch {
	case b.another(a.Ask):
		return b.reply(now, "", a.openNoMore())
	case a.Do == Undo && b.ending:
		b.ending = false
		return b.reply(now, fmt.Sprintf("container %d goes on", b.box.id), "")
	case b.box.in == 0 && b.box.id != 0 && a.Do == EmptyNow:
		a.Do, b.tasks[0].ask.Do = GiveUp, GiveUp
	case b.box.in == 0:
		return b.reply(now, "", nothingIn)
	case a.Do == CloseNow && b.cfg.Own != nil:
		b.ending = true
		return b.reply(now, fmt.Sprintf("container %d holds %d of %d: read its own code now", b.box.id, b.box.in, b.cfg.Capacity), "")
	case a.Do == CloseNow:
		said := fmt.Sprintf("container %d is closed with %d of %d", b.box.id, b.box.in, b.cfg.Capacity)
		return append(b.fill(), b.reply(now, said, "")...)
	}
	b.busy = true
	return []Effect{Repack{Container: b.box.id, Ask: a.exact()}}
}

// reply ends the first task, something that was asked for. A card at the bench is answered by the
// signals.
func (b *Bench) reply(now time.Time, said, why string) []Effect {
	a := b.done().ask
	if b.last = ""; why != "" {
		b.last = string(a.Do) + ": " + why
	}
	b.settle(now)
	switch {
	case a.No != 0:
		return []Effect{Reply{No: a.No, Said: said, Why: why}}
	case why != "":
		b.count("refused", 1)
		return append(b.refuse(), Alarm{Text: "refused: " + b.last})
	}
	return b.accept()
}

func (b *Bench) replied(now time.Time, ev Repacked) []Effect {
	said, why, known := b.repacked(b.tasks[0].ask.Ask, ev)
	if b.box.in == 0 {
		b.ending = false
	}
	effects := b.reply(now, said, why)
	if !known {
		b.unsure(now, ev.Err)
	}
	return effects
}
