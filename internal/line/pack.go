package line

import (
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Pack fills containers, one unit after another as they pass, and gives each full one its own code.
// A container whose contents are not certain (an unknown or unreadable unit lies in it) is never
// closed: it gets no label, its known units stay loose, and a person is told.
type Pack struct {
	packing
	backlog []item
	busy    []item // the items of the ledger call under way
	asked   []Asked
	asking  bool // the first of them is under way
	opening bool
	heard   bool // the scanner was there since the start
	gap     bool // it went away since the last reading
}

// item is something that goes into a container: a reading of a unit, or a closed container.
type item struct {
	scan      Scan
	gap       bool // before this reading the scanner was away
	container ledger.ContainerID
}

// NewPack returns a pack station that products pass.
func NewPack(c PackConfig) *Pack { return &Pack{packing: newPacking(c)} }

// Step implements Station.
func (p *Pack) Step(now time.Time, ev Event) []Effect {
	var effects []Effect
	switch ev := ev.(type) {
	case Scans:
		for _, s := range ev.Scans {
			p.backlog = append(p.backlog, item{scan: s, gap: p.gap})
			p.heard, p.gap = true, false
		}
	case Packed:
		p.backlog = append(p.backlog, item{container: ev.Container})
	case Asked:
		p.asked = append(p.asked, ev)
	case Opened:
		p.opening = false
		if ev.Err != nil {
			p.set(now, "stopped", ev.Err.Error())
			return nil // tried again at the next tick
		}
		p.box = box{id: ev.Container}
	case Puts:
		effects = p.puts(now, ev)
	case Repacked:
		effects = p.replied(ev)
	case Recorded:
		var mine bool
		if effects, mine = p.recorded(now, ev); mine {
			effects = p.stacked(now, ev)
		}
	case Failed:
		effects = p.failed(ev)
	case ScannerState:
		if !ev.Up {
			p.set(now, "waiting", "the scanner: "+ev.Why)
			p.gap = p.heard // a scanner that has not been there yet has missed nothing
		} else {
			p.set(now, "running", "")
			p.heard = true
		}
	case Tick:
		if effects = p.remake(); len(effects) > 0 {
			return effects
		}
		effects = p.label.step(now, ev, &p.packing)
	default:
		effects = p.label.step(now, ev, &p.packing)
	}
	return append(effects, p.advance()...)
}

// advance begins the next call to the ledger, if none is under way and there is work.
func (p *Pack) advance() []Effect {
	var effects []Effect
	for len(p.asked) > 0 && !p.under() {
		effects = append(effects, p.answer(p.asked[0])...)
	}
	if len(p.backlog) == 0 || p.under() {
		return effects
	}
	if p.box.id == 0 {
		p.opening = true
		return append(effects, OpenContainer{})
	}
	n := min(p.cfg.Capacity-p.box.in, len(p.backlog))
	if first := p.backlog[0]; first.container != 0 {
		p.busy, p.backlog = p.backlog[:1:1], p.backlog[1:]
		return append(effects, PutContainer{Parent: p.box.id, Child: first.container})
	}
	p.busy, p.backlog = p.backlog[:n:n], p.backlog[n:]
	var codes []code.Code
	for _, it := range p.busy {
		if !it.scan.NoRead && it.scan.Bad == "" {
			codes = append(codes, it.scan.Code)
		}
	}
	return append(effects, PutUnits{Container: p.box.id, Codes: codes})
}

// under says that a call to the ledger is under way, or must be made again first.
func (p *Pack) under() bool { return len(p.busy) > 0 || p.opening || p.asking || p.held() }

// answer begins what a person asks for, or says why it cannot be. What lies in a spoiled container
// nobody knows: it is emptied, or set aside.
func (p *Pack) answer(a Asked) []Effect {
	switch {
	case p.another(a.Ask):
		return p.reply("", a.openNoMore())
	case p.box.in == 0:
		return p.reply("", nothingIn)
	case a.Do == CloseNow && p.box.spoiled != "":
		why := fmt.Sprintf("container %d is set aside: %s", p.box.id, p.box.spoiled)
		return append(p.fill(), p.reply("", why)...)
	case a.Do == CloseNow:
		said := fmt.Sprintf("container %d is closed with %d of %d", p.box.id, p.box.in, p.cfg.Capacity)
		return append(p.fill(), p.reply(said, "")...)
	case a.Do != EmptyNow && p.box.spoiled != "":
		return p.reply("", fmt.Sprintf("what lies in container %d is not certain (%s): empty it", p.box.id, p.box.spoiled))
	}
	p.asking = true
	return []Effect{Repack{Container: p.box.id, Ask: a.exact()}}
}

// reply ends the first of what was asked.
func (p *Pack) reply(said, why string) []Effect {
	no := p.asked[0].No
	p.asked, p.asking = p.asked[1:], false
	return []Effect{Reply{No: no, Said: said, Why: why}}
}

func (p *Pack) replied(ev Repacked) []Effect {
	said, why, known := p.repacked(p.asked[0].Ask, ev)
	var effects []Effect
	if !known {
		effects = p.spoil(why)
	}
	return append(effects, p.reply(said, why)...)
}

func (p *Pack) puts(now time.Time, ev Puts) []Effect {
	batch := p.busy
	p.busy = nil
	var effects []Effect
	if ev.Err != nil {
		// The units lie in the box and nobody can say which they are.
		p.set(now, "stopped", ev.Err.Error())
		p.box.in += len(batch)
		p.count("read", len(batch))
		why := "the ledger did not answer: " + ev.Err.Error()
		for _, it := range batch {
			p.judged(now, it.scan, why)
		}
		effects = p.spoil(why)
		return append(effects, p.full()...)
	}
	answers := ev.Outcomes
	for _, it := range batch {
		p.box.in++
		p.count("read", 1)
		if it.gap {
			effects = append(effects, p.spoil("the scanner was away: units may have passed unread")...)
		}
		why := ""
		switch {
		case it.scan.NoRead:
			why = "a unit could not be read"
		case it.scan.Bad != "":
			why = it.scan.Bad
		default:
			o := answers[0]
			answers = answers[1:]
			if o.Packed {
				p.box.packed++
				p.count("packed", 1)
				p.judged(now, it.scan, "")
				effects = append(append(effects, p.unverified(o)...), p.accept()...)
				continue
			}
			why = "unit refused: " + o.Outcome.String()
		}
		p.count("refused", 1)
		p.judged(now, it.scan, why)
		effects = append(append(effects, p.refuse()...), p.spoil(why)...)
	}
	effects = append(effects, p.full()...)
	why := ""
	if p.box.spoiled != "" {
		why = fmt.Sprintf("container %d will be set aside: %s", p.box.id, p.box.spoiled)
	}
	p.set(now, "running", why)
	return effects
}

func (p *Pack) spoil(why string) []Effect {
	if p.box.id == 0 || p.box.spoiled != "" {
		return nil
	}
	p.box.spoiled = why
	return []Effect{Alarm{Text: fmt.Sprintf("container %d will be set aside: %s", p.box.id, why)}}
}

// full ends the container when nothing more fits in.
func (p *Pack) full() []Effect {
	if p.box.in < p.cfg.Capacity {
		return nil
	}
	return p.fill()
}

// stacked is the answer to a container that was put into another.
func (p *Pack) stacked(now time.Time, ev Recorded) []Effect {
	e := ev.Effect.(PutContainer)
	p.busy = nil
	p.box.in++
	var no *ledger.StateError
	if errors.As(ev.Err, &no) {
		effects := append([]Effect{impossible(ev.Err)}, p.spoil(fmt.Sprintf("container %d could not be put into it", e.Child))...)
		return append(effects, p.full()...)
	}
	p.box.packed++
	p.count("packed", 1)
	p.set(now, "running", "")
	return p.full()
}
