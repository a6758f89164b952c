package line

import (
	"context"
	"fmt"
)

// A station that prints is the only one that hands labels to its printer, so it alone can give the printer away
// for something else: it does between two events, while nothing that it has handed over is outstanding, and hands
// over nothing until the printer is given back or begins another session. So no code ever meets what is printed
// meanwhile (P1), and the end of the session brings none into doubt.
type (
	// Lend asks a station that prints for its printer, whose session this is; answered by a Reply.
	Lend struct {
		No      int64
		Session int
	}
	// GivenBack ends that.
	GivenBack struct{}
)

// answer is that of a station with this session that has so much outstanding; empty: nothing is.
func (ev Lend) answer(session int, outstanding string, lent *bool) []Effect {
	why := outstanding
	switch {
	case session == 0 || session != ev.Session:
		why = "the printer's session has just ended, or begun anew"
	case *lent:
		why = "the printer is given away already"
	}
	*lent = *lent || why == ""
	return []Effect{Reply{No: ev.No, Why: why}}
}

func (p *Print) lend(ev Lend) []Effect {
	outstanding := ""
	if n := len(p.out); n > 0 {
		outstanding = "the printer holds labels with " + plural(n, "code")
	}
	return ev.answer(p.session, outstanding, &p.lent)
}

func (l *labelling) lend(ev Lend) []Effect {
	outstanding := ""
	if n := len(l.queue); n > 0 {
		outstanding = plural(n, "container") + " must get a label first"
	} else if l.stage == repeating {
		outstanding = busyPrinting
	}
	return ev.answer(l.session, outstanding, &l.lent)
}

// Waits says whether nothing is fed to the line's printers now: its batch has ended, a device is missing, or
// something holds it.
func (l *Line) Waits() bool {
	l.mu.Lock()
	feeds := l.permit == nil || l.permit.OK
	l.mu.Unlock()
	return !feeds || l.cfg.Hold != nil && l.cfg.Hold() != nil
}

// Lend has a station give its printer away, whose session is named, until giveBack is called or the printer's next
// session begins. A line that does not wait keeps its printers: the error is a *RefusedError, as is that of a
// station with labels outstanding. giveBack is never nil, and must be called also after an error: when ctx ends
// first, whether the station has given it away is not known.
func (l *Line) Lend(ctx context.Context, station string, session int) (giveBack func(), err error) {
	p := l.byName[station]
	if p == nil || p.printer == nil {
		return func() {}, ErrNoStation
	}
	if !l.Waits() {
		return func() {}, &RefusedError{Why: fmt.Sprintf("line %s is marking", l.cfg.Name)}
	}
	giveBack = func() { p.post(context.WithoutCancel(ctx), GivenBack{}) }
	no, answer := p.asks.expect()
	defer p.asks.forget(no)
	p.post(ctx, Lend{No: no, Session: session})
	select {
	case r := <-answer:
		if r.Why != "" {
			return func() {}, &RefusedError{Why: r.Why}
		}
		return giveBack, nil
	case <-p.gone:
		return giveBack, ErrNoStation
	case <-ctx.Done():
		return giveBack, ctx.Err()
	}
}
