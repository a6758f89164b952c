package line

import (
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// PackConfig is what a pack station is told.
type PackConfig struct {
	Capacity int
	Label    LabelConfig
}

// Pack fills containers, one unit after another, and gives each full one its own code. A
// container whose contents are not certain (an unknown or unreadable unit lies in it) is never
// closed: it gets no label, its known units stay loose, and a person is told.
type Pack struct {
	status
	cfg     PackConfig
	label   labelling
	backlog []item
	busy    []item // the items of the ledger call under way
	opening bool
	box     box
	heard   bool // the scanner was there since the start
	gap     bool // it went away since the last reading
	troubled
}

// item is something that goes into a container: a reading of a unit, or a closed container.
type item struct {
	scan      Scan
	gap       bool // before this reading the scanner was away
	container ledger.ContainerID
}

// box is the container being filled.
type box struct {
	id      ledger.ContainerID
	in      int    // things that lie in it, known or not
	packed  int    // known ones
	spoiled string // why its contents are not certain; empty while they are
}

// troubled keeps effects that the ledger did not take, in order: nothing goes on before they are in.
type troubled struct {
	retry []Effect
	again int // effects made again whose answers are under way
}

// NewPack returns a pack station.
func NewPack(c PackConfig) *Pack {
	p := &Pack{cfg: c, label: labelling{cfg: c.Label}}
	p.set(time.Time{}, "running", "")
	return p
}

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
	case Opened:
		p.opening = false
		if ev.Err != nil {
			p.set(now, "stopped", ev.Err.Error())
			return nil // tried again at the next tick
		}
		p.box = box{id: ev.Container}
	case Puts:
		effects = p.puts(now, ev)
	case Recorded:
		effects = p.recorded(now, ev)
	case ScannerState:
		if !ev.Up {
			p.set(now, "waiting", "the scanner: "+ev.Why)
			p.gap = p.heard // a scanner that has not been there yet has missed nothing
		} else {
			p.set(now, "running", "")
			p.heard = true
		}
	case Tick:
		effects, p.retry = p.retry, nil
		if p.again = len(effects); p.again > 0 {
			return effects
		}
		effects = append(effects, p.label.step(now, ev, p)...)
	default:
		effects = p.label.step(now, ev, p)
	}
	return append(effects, p.advance()...)
}

// advance begins the next call to the ledger, if none is under way and there is work.
func (p *Pack) advance() []Effect {
	if len(p.backlog) == 0 || len(p.busy) > 0 || p.opening || len(p.retry) > 0 || p.again > 0 {
		return nil
	}
	if p.box.id == 0 {
		p.opening = true
		return []Effect{OpenContainer{}}
	}
	n := min(p.cfg.Capacity-p.box.in, len(p.backlog))
	if first := p.backlog[0]; first.container != 0 {
		p.busy, p.backlog = p.backlog[:1:1], p.backlog[1:]
		return []Effect{PutContainer{Parent: p.box.id, Child: first.container}}
	}
	p.busy, p.backlog = p.backlog[:n:n], p.backlog[n:]
	var codes []code.Code
	for _, it := range p.busy {
		if !it.scan.NoRead && it.scan.Bad == "" {
			codes = append(codes, it.scan.Code)
		}
	}
	return []Effect{PutUnits{Container: p.box.id, Codes: codes}}
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
		effects = p.spoil("the ledger did not answer: " + ev.Err.Error())
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
				if o.Was != ledger.Verified {
					p.count("verified_here", 1)
					effects = append(effects, Alarm{Text: "unit " + code.Visible(o.Ident) + " was not verified before packing: the check station should have rejected it"})
				}
				continue
			}
			why = "unit refused: " + o.Outcome.String()
		}
		p.count("refused", 1)
		effects = append(effects, p.spoil(why)...)
	}
	p.set(now, "running", "")
	return append(effects, p.full()...)
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
	b := p.box
	p.box = box{}
	if b.spoiled != "" {
		p.count("aside", 1)
		return []Effect{AsideContainer{Container: b.id, Cause: b.spoiled}}
	}
	return []Effect{FillContainer{Container: b.id}}
}

func (p *Pack) recorded(now time.Time, ev Recorded) []Effect {
	p.again = max(0, p.again-1)
	if ev.Err != nil {
		p.set(now, "stopped", ev.Err.Error())
		var no *ledger.StateError
		if errors.As(ev.Err, &no) {
			return p.impossible(ev)
		}
		p.retry = append(p.retry, ev.Effect)
		return nil
	}
	switch e := ev.Effect.(type) {
	case PutContainer:
		p.busy = nil
		p.box.in++
		p.box.packed++
		p.count("packed", 1)
		p.set(now, "running", "")
		return p.full()
	case FillContainer:
		return p.label.add(e.Container)
	case CloseContainer:
		p.count("closed", 1)
		p.set(now, "running", "")
		return append([]Effect{Announce{Container: e.Container}}, p.label.next()...)
	}
	return nil
}

// impossible gives up a record that the ledger can never take: repeating it would hold the
// station for ever. The container goes to a person.
func (p *Pack) impossible(ev Recorded) []Effect {
	effects := []Effect{Alarm{Text: "the ledger says no, a person must look: " + ev.Err.Error()}}
	switch e := ev.Effect.(type) {
	case PutContainer:
		p.busy = nil
		p.box.in++
		effects = append(effects, p.spoil(fmt.Sprintf("container %d could not be put into it", e.Child))...)
		return append(effects, p.full()...)
	case CloseContainer:
		p.count("aside", 1)
		effects = append(effects, AsideContainer{Container: e.Container, Cause: "its code could not be taken: " + ev.Err.Error()})
		if e.Claim.ID != 0 {
			effects = append(effects, DoubtCodes{IDs: []int64{e.Claim.ID}, Cause: "on a container that was set aside"})
		}
		return append(effects, p.label.next()...)
	}
	return effects
}

// Permit says whether products may be marked: whether their containers could be labelled.
func (p *Pack) Permit() Permit { return p.label.permit() }
