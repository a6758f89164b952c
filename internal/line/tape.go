package line

import (
	"time"

	"linemark/internal/code"
	"linemark/internal/label"
	"linemark/internal/ledger"
)

// Tape takes down what one station does. The station's own goroutine calls it, which must not wait for
// it. Nobody changes an event or an effect that was handed to a tape.
type Tape interface {
	// Stepped tells of an event and what the station answered. Of the batch are the labels of codes that
	// the event brings.
	Stepped(now time.Time, ev Event, effects []Effect, of label.Batch)
	// Died says that the station's goroutine ends the process; ev is what it was being stepped through,
	// nil if it was something else that failed.
	Died(now time.Time, ev Event, of label.Batch, why any)
}

// Origin is what the functions in a station's settings are made of, in plain values: with it a station
// that was taken down can be made again.
type Origin struct {
	GTIN       string       // of the codes that the station puts onto labels
	Profile    code.Profile // their structure
	SSCCPrefix string       // of the transport codes that it puts there
}

func (o Origin) label(b label.Batch, c ledger.Claim) Label {
	return b.OfCode(c.Code, o.GTIN, o.Profile, c.Number)
}

// owns says whether a reading is the code of a container of the station.
func (o Origin) owns(c code.Code) bool {
	if o.SSCCPrefix != "" {
		prefix, _, err := code.ParseSSCC(c)
		return err == nil && prefix == o.SSCCPrefix
	}
	parts, err := o.Profile.Parse(c)
	return err == nil && parts.GTIN == o.GTIN
}

// Revive gives a station the functions of its settings, which a recording cannot hold. batch returns
// the batch whose label is being made.
func (o Origin) Revive(s Station, batch func() label.Batch) {
	of := func(c ledger.Claim) Label { return o.label(batch(), c) }
	switch s := s.(type) {
	case *Print:
		s.cfg.Label = of
	case *Pack:
		o.revive(&s.packing, of, batch)
	case *Frame:
		o.revive(&s.packing, of, batch)
	case *Bench:
		o.revive(&s.packing, of, batch)
		if !s.cfg.Label.Printer {
			s.cfg.Own = o.owns
		}
	}
}

func (o Origin) revive(p *packing, of func(ledger.Claim) Label, batch func() label.Batch) {
	p.cfg.Label.Group = of
	p.cfg.Label.SSCCOf = func(c code.Code, number int) Label { return batch().OfSSCC(c, number) }
	p.label.cfg = p.cfg.Label
}

// servingBatch is the batch of the last code taken.
func (p *place) servingBatch() label.Batch {
	if p.serving == nil {
		return label.Batch{}
	}
	return p.serving.batch
}

// step steps the station and takes it down.
func (p *place) step(now time.Time, ev Event) []Effect {
	p.under = ev
	effects := p.station.Step(now, ev)
	p.under = nil
	if p.tape != nil {
		p.tape.Stepped(now, ev, effects, p.servingBatch())
	}
	return effects
}

// lastWords tells the tape of a panic, which goes on.
func (p *place) lastWords() {
	if p.tape == nil {
		return
	}
	if why := recover(); why != nil {
		p.tape.Died(time.Now(), p.under, p.servingBatch(), why)
		panic(why)
	}
}
