package line

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Mode is how a pack station comes to its containers.
type Mode string

// The modes of pack stations.
const (
	ModeStream Mode = "stream" // units pass one after another and are counted
	ModeFrame  Mode = "frame"  // one picture shows all units of a container
	ModeHand   Mode = "hand"   // a person reads unit after unit
)

// PackSettings are what a pack station has beside the settings of every station.
type PackSettings struct {
	Mode      Mode // empty: stream
	Strict    bool // only what was verified is packed
	Partial   bool // hand: see PackConfig
	Cards     map[code.Code]Do
	Refused   string // outputs of the PLC that tell the operator; empty: none
	Accepted  string
	SignalFor time.Duration
}

// pack makes a pack station.
func (l *Line) pack(p *place, s StationConfig, unit Product) error {
	p.container = ledger.NewContainer{Line: l.cfg.Name, Station: s.Name, Group: unit.Group, Capacity: s.Capacity, OfContainers: s.Of != ""}
	p.settings, p.of = s.PackSettings, s.Of
	c := PackConfig{Capacity: s.Capacity, Refused: s.Refused != "", Accepted: s.Accepted != "", OfContainers: s.Of != "", Partial: s.Partial, Cards: s.Cards}
	c.Label = LabelConfig{SSCC: s.SSCCPrefix != "", Printer: s.Printer != nil, Check: s.Check, CheckWithin: s.CheckWithin}
	p.origin = Origin{SSCCPrefix: s.SSCCPrefix}
	if !c.Label.SSCC {
		p.label = s.Unit.ID
		profile, err := l.cfg.Groups.Profile(s.Unit.Group, s.Unit.Type)
		if err != nil {
			return err
		}
		p.labelProfile = profile
		p.origin = Origin{GTIN: s.Unit.GTIN, Profile: profile}
	}
	switch s.Mode {
	case ModeFrame:
		p.station = NewFrame(c)
	case ModeHand:
		p.station = NewBench(c)
		return nil // a bench beside the line holds nothing up
	default:
		p.station = NewPack(c)
	}
	if permits, ok := p.station.(interface{ Permit() Permit }); ok && c.Label.Printer {
		l.permits[s.Name] = permits.Permit()
		p.after = func() { l.setPermit(s.Name, permits.Permit()) }
	}
	return nil
}

// packing does an effect of a pack station; nil if it is none of these, or has no answer.
func (p *place) packing(ctx context.Context, e Effect) (answer Event, done bool) {
	switch e := e.(type) {
	case PutUnits:
		put := p.ledger.Put
		if p.settings.Strict {
			put = p.ledger.PutVerified
		}
		o, err := put(ctx, p.name, e.Container, p.lots.Load().unit, p.profile, e.Codes)
		return Puts{Outcomes: o, Err: err}, true
	case PutCoded:
		o, err := p.ledger.PutCoded(ctx, e.Parent, p.of, e.Code)
		return Puts{Outcomes: []ledger.PutOutcome{o}, Err: err}, true
	case PackFrame:
		id, o, err := p.ledger.PackFrame(ctx, p.name, p.newContainer(), p.lots.Load().unit, p.profile, e.Codes, p.settings.Strict)
		return PackedFrame{Container: id, Outcomes: o, Err: err}, true
	case FindOpen:
		return p.findOpen(ctx), true
	case CloseRead:
		if e.SSCC {
			return Recorded{Effect: e, Err: p.ledger.CloseWithReadSSCC(ctx, e.Container, e.Code)}, true
		}
		return Recorded{Effect: e, Err: p.ledger.CloseWithReadCode(ctx, p.name, e.Container, p.lots.Load().label, p.labelProfile, e.Code)}, true
	case Repack:
		return p.repack(ctx, e), true
	case Signal:
		output := p.settings.Refused
		if e.Accepted {
			output = p.settings.Accepted
		}
		if err := p.signals.Pulse(ctx, output, p.settings.SignalFor); err != nil {
			return Failed{Effect: e, Err: err}, true
		}
		return nil, true
	case Reply:
		p.asks.reply(e)
		return nil, true
	}
	return nil, false
}

// findOpen looks for the open container. One that was begun for another product, batch or size is set
// aside: nothing that passes now belongs into it.
func (p *place) findOpen(ctx context.Context) FoundOpen {
	c, err := p.ledger.OpenContainerAt(ctx, p.container.Line, p.container.Station)
	if errors.Is(err, ledger.ErrNotFound) {
		return FoundOpen{}
	}
	others := 0
	if err == nil {
		others, err = p.ledger.OthersIn(ctx, c.ID, p.unit)
	}
	if err != nil {
		return FoundOpen{Err: err}
	}
	why, now := "", p.newContainer()
	switch is := c.NewContainer; {
	case is.Batch != now.Batch:
		why = fmt.Sprintf("it was begun in batch %q", is.Batch)
	case is.Group != now.Group || others > 0:
		why = "it was begun for another product"
	case is.OfContainers != now.OfContainers || is.Capacity != now.Capacity:
		why = fmt.Sprintf("it was begun for other contents, %d of them", is.Capacity)
	default:
		return FoundOpen{Container: c.ID, In: len(c.In)}
	}
	if err := p.ledger.Aside(ctx, p.name, c.ID, why); err != nil {
		return FoundOpen{Err: err}
	}
	return FoundOpen{Aside: fmt.Sprintf("container %d with %d in it is set aside: %s", c.ID, len(c.In), why)}
}

func (p *place) repack(ctx context.Context, e Repack) Event {
	var r Repacked
	switch e.Do {
	case Undo:
		r.Code, r.Err = p.ledger.TakeLastOut(ctx, p.name, e.Container, e.Because)
	case TakeOut:
		r.Code, r.Err = p.ledger.TakeOut(ctx, p.name, e.Container, e.Code, e.Because)
	case EmptyNow:
		r.N, r.Err = p.ledger.EmptyContainer(ctx, p.name, e.Container, e.Because)
	case GiveUp:
		r.Err = p.ledger.Aside(ctx, p.name, e.Container, "nothing was in it: "+e.Because)
	case Exchange:
		by := ledger.Replacement{Lot: p.lots.Load().unit, Profile: p.profile, From: p.of}
		r.Outcome, r.Err = p.ledger.Replace(ctx, p.name, e.Container, e.Code, e.For, by, e.Because)
	default:
		r.Err = &ledger.StateError{What: fmt.Sprintf("%q is nothing that can be done to a container", e.Do)}
	}
	return r
}

// RefusedError says why a station has not done what it was asked for.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// ErrNoStation means that the line has no pack station of this name, or has ended.
var ErrNoStation = errors.New("no such pack station is working")

// Ask has a pack station do something to its open container and says what was done. What it refuses is
// a *RefusedError. When ctx ends first, whether it is done is not known.
func (l *Line) Ask(ctx context.Context, station string, a Ask) (string, error) {
	p := l.byName[station]
	if p == nil || p.container.Station == "" {
		return "", ErrNoStation
	}
	return p.askedFor(ctx, func(no int64) Event { return Asked{No: no, Ask: a} })
}
