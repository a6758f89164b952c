package line

import (
	"context"
	"time"

	"linemark/internal/ledger"
)

// HandheldSettings are what drop and rework stations have beside the settings of every station. Their
// outputs are Refused and Accepted of PackSettings.
type HandheldSettings struct {
	Reason    string        // drop: of dictionary 5.1
	WithChild bool          // drop: what is in a container goes with it
	Every     time.Duration // drop: how long codes are gathered in one dropout
	Again     bool          // rework: the products pass the check station again
}

// handheld says whether a person shows the station what it reads, beside the belt.
func (k Kind) handheld() bool { return k == KindDrop || k == KindRework }

// handheld makes a drop or rework station.
func (l *Line) handheld(p *place, s StationConfig) {
	p.settings = s.PackSettings
	p.byHand = s.HandheldSettings
	c := HandheldConfig{Refused: s.Refused != "", Accepted: s.Accepted != ""}
	if s.Kind == KindDrop {
		p.station = NewDrop(c)
		return
	}
	c.Quality = Quality{Grade: s.Grade, GS1: p.profile.AIs && !s.PlainSymbol}
	p.station = NewRework(c, s.Again)
}

// withHandheld does an effect of a drop or rework station.
func (p *place) withHandheld(ctx context.Context, e Effect) (answer Event, done bool) {
	switch e := e.(type) {
	case DropCodes:
		d := ledger.Drop{Reason: p.byHand.Reason, WithChild: p.byHand.WithChild, DocDate: time.Now(), Gather: p.byHand.Every, Read: true}
		o, err := p.ledger.Drop(ctx, p.name, d, e.Codes)
		return DroppedCodes{Outcomes: o, Err: err}, true
	case ReworkCodes:
		v, err := p.ledger.Rework(ctx, p.name, p.lots.Load().unit, p.profile, e.Codes, p.byHand.Again)
		return Verdicts{Verdicts: v, Err: err}, true
	}
	return nil, false
}
