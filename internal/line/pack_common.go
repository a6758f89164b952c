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
	// Refused and Accepted say whether there is an output that tells it.
	Refused, Accepted bool

	// What follows is for a bench, where a person packs by hand.

	// OfContainers says that closed containers are packed, by their codes.
	OfContainers bool
	// Own says whether a reading may be a container's own label that was printed before; nil: the
	// station prints it.
	Own func(code.Code) bool
	// Partial lets the reading of its own label close a container that is not full.
	Partial bool
	// Cards are texts that stand for what the operator wants; empty ones are not there.
	Cards map[code.Code]Do
}

// packing is what the kinds of pack stations have in common: full containers get their own codes.
type packing struct {
	status
	cfg   PackConfig
	label labelling
	box   box
	troubled
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

// held says that a record must be on disk before anything else is begun.
func (t *troubled) held() bool { return len(t.retry) > 0 || t.again > 0 }

// remake returns the effects that must be made again, at a tick.
func (t *troubled) remake() []Effect {
	due := t.retry
	t.retry, t.again = nil, len(due)
	return due
}

func newPacking(c PackConfig) packing {
	p := packing{cfg: c, label: labelling{cfg: c.Label}}
	p.set(time.Time{}, "running", "")
	return p
}

// refuse tells the operator that something was not taken; accept, that it was.
func (p *packing) refuse() []Effect {
	if p.cfg.Refused {
		return []Effect{Signal{}}
	}
	return nil
}

func (p *packing) accept() []Effect {
	if p.cfg.Accepted {
		return []Effect{Signal{Accepted: true}}
	}
	return nil
}

// failed says that an output did not come: the refusal stands all the same, but nobody heard it.
func (p *packing) failed(ev Failed) []Effect {
	if s, ok := ev.Effect.(Signal); ok {
		what := "refused"
		if s.Accepted {
			what = "accepted"
		}
		return []Effect{Alarm{Text: "the signal " + what + " could not be given: " + ev.Err.Error()}}
	}
	return nil
}

// fill ends the open container as it is: nothing more goes in.
func (p *packing) fill() []Effect {
	b := p.box
	p.box = box{}
	if b.spoiled != "" {
		p.count("aside", 1)
		return append([]Effect{AsideContainer{Container: b.id, Cause: b.spoiled}}, p.refuse()...)
	}
	return []Effect{FillContainer{Container: b.id}}
}

// recorded is the ledger's answer to a record that concerns a container's own code. mine says that
// the station's kind must look at it.
func (p *packing) recorded(now time.Time, ev Recorded) (effects []Effect, mine bool) {
	p.again = max(0, p.again-1)
	if ev.Err != nil {
		p.set(now, "stopped", ev.Err.Error())
		var no *ledger.StateError
		if !errors.As(ev.Err, &no) {
			p.retry = append(p.retry, ev.Effect)
			return nil, false
		}
	}
	switch e := ev.Effect.(type) {
	case FillContainer:
		if ev.Err == nil {
			return p.label.add(e.Container), false
		}
	case CloseContainer:
		if ev.Err == nil {
			p.count("closed", 1)
			p.set(now, "running", "")
			return append([]Effect{Announce{Container: e.Container}}, p.label.next()...), false
		}
		p.count("aside", 1)
		effects = []Effect{impossible(ev.Err), AsideContainer{Container: e.Container, Cause: "its code could not be taken: " + ev.Err.Error()}}
		if e.Claim.ID != 0 {
			effects = append(effects, DoubtCodes{IDs: []int64{e.Claim.ID}, Cause: "on a container that was set aside"})
		}
		effects = append(effects, p.refuse()...)
		return append(effects, p.label.next()...), false
	case PutContainer, CloseRead:
		return nil, true
	}
	if ev.Err != nil {
		return []Effect{impossible(ev.Err)}, false
	}
	return nil, false
}

// impossible is for a record that the ledger can never take: repeating it would hold the station
// for ever.
func impossible(err error) Effect {
	return Alarm{Text: "the ledger says no, a person must look: " + err.Error()}
}

// Permit says whether products may be marked: whether their containers could be labelled.
func (p *packing) Permit() Permit { return p.label.permit() }

// another says that the container which a person has seen open is open no more.
func (p *packing) another(a Ask) bool { return a.Container != 0 && a.Container != p.box.id }

// repacked says what came of a Repack, and counts it. known is false when nobody can say what is in
// the container now.
func (p *packing) repacked(ask Ask, ev Repacked) (said, why string, known bool) {
	var no *ledger.StateError
	switch {
	case errors.As(ev.Err, &no):
		return "", no.What, true
	case ev.Err != nil:
		return "", "the ledger did not answer: " + ev.Err.Error(), false
	}
	switch ask.Do {
	case EmptyNow:
		p.box.in, p.box.packed, p.box.spoiled = 0, 0, ""
		p.count("taken_out", ev.N)
		return fmt.Sprintf("container %d is empty: %d taken out", p.box.id, ev.N), "", true
	case GiveUp:
		said = fmt.Sprintf("container %d is set aside: nothing was in it", p.box.id)
		p.box = box{}
		p.count("aside", 1)
		return said, "", true
	case Exchange:
		if !ev.Outcome.Packed {
			return "", reason(ev.Outcome), true
		}
		p.count("replaced", 1)
		return code.Visible(ask.Code) + " is out, " + code.Visible(ask.For) + " in its place", "", true
	}
	p.box.in--
	p.box.packed--
	p.count("taken_out", 1)
	return fmt.Sprintf("%s is out, %d left of %d", code.Visible(ev.Code), p.box.in, p.cfg.Capacity), "", true
}

// reason says why something was not packed.
func reason(o ledger.PutOutcome) string {
	if o.Note != "" {
		return o.Outcome.String() + ": " + o.Note
	}
	return o.Outcome.String()
}

// unverified tells of a unit that the check station should have rejected.
func (p *packing) unverified(o ledger.PutOutcome) []Effect {
	if o.Was == ledger.Verified {
		return nil
	}
	p.count("verified_here", 1)
	return []Effect{Alarm{Text: "unit " + code.Visible(o.Ident) + " was not verified before packing: the check station should have rejected it"}}
}
