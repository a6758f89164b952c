package line

import (
	"context"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/label"
	"linemark/internal/ledger"
)

// PrintAgain asks a pack station to print the label of a container that is closed once more, on a person's word; a Reply
// with its number answers it. The container stays as it is, whatever becomes of the label.
type PrintAgain struct {
	No    int64
	Label Label
}

// again is a label that is printed once more.
type again struct {
	no    int64     // 0: none is
	until time.Time // the printer must have said something
	own   code.Code // what it bears
	read  code.Code // of the last one: its reading by the check scanner may come late, and is no surprise until then
}

// againWithin is how long a printer may take to say that such a label is out.
const againWithin = 30 * time.Second

// busyPrinting refuses whoever wants the printer while a label is under way, or while it is given away.
const busyPrinting = "another label is being printed: ask again in a moment"

// repeat begins to print a label once more, between two others.
func (l *labelling) repeat(now time.Time, ev PrintAgain) []Effect {
	why := ""
	switch {
	case !l.cfg.Printer:
		why = "this station has no printer"
	case l.session == 0:
		why = "the label printer is not there"
	case l.stage != idle || len(l.queue) > 0 || l.lent:
		why = busyPrinting
	}
	if why != "" {
		return []Effect{Reply{No: ev.No, Why: why}}
	}
	own := ev.Label.Code
	if own == "" {
		own = ev.Label.SSCC
	}
	l.again = again{no: ev.No, until: now.Add(againWithin), own: own, read: own}
	effects := l.send(ev.Label)
	l.stage = repeating
	return effects
}

// repeated ends it, with what is known of the label.
func (l *labelling) repeated(why string) []Effect {
	r := Reply{No: l.again.no, Said: "the label of " + code.Visible(l.again.own) + " is printed again"}
	if why != "" {
		r.Said, r.Why = "", "whether the label came out is not known, look at the printer: "+why
	}
	l.again = again{read: l.again.read, until: l.again.until}
	l.stage = idle
	return append([]Effect{r}, l.begin()...)
}

// Again prints the label of a closed container once more. The ledger has it that a person has asked, and why, before
// the printer is told. The running number of the label is not known any more: it says 0.
func (l *Line) Again(ctx context.Context, c ledger.Container, whole code.Code, b ledger.Batch) (string, error) {
	p := l.byName[c.Station]
	if p == nil || p.container.Station == "" {
		return "", ErrNoStation
	}
	batch := label.Batch{Name: c.Batch, ProductionDate: b.ProductionDate, ExpirationDate: b.ExpirationDate}
	again := batch.OfSSCC(c.Code, 0)
	if p.label != 0 {
		again = batch.OfCode(whole, p.origin.GTIN, p.origin.Profile, 0)
	}
	if p.checkLabel != nil {
		if err := p.checkLabel(again); err != nil {
			return "", &RefusedError{Why: "the label cannot be made: " + err.Error()}
		}
	}
	return p.askedFor(ctx, func(no int64) Event { return PrintAgain{No: no, Label: again} })
}

// askedFor posts what a person asks for and waits for the station's answer.
func (p *place) askedFor(ctx context.Context, ask func(no int64) Event) (string, error) {
	no, answer := p.asks.expect()
	defer p.asks.forget(no)
	p.post(ctx, ask(no))
	select {
	case r := <-answer:
		if r.Why != "" {
			return "", &RefusedError{Why: r.Why}
		}
		return r.Said, nil
	case <-p.gone:
		return "", ErrNoStation
	case <-ctx.Done():
		return "", fmt.Errorf("whether it was done is not known: %w", ctx.Err())
	}
}
