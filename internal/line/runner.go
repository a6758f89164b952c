package line

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// PrintPort takes labels for a printer's session and returns at once. Labels of a session that
// has ended are thrown away: the station has put their codes into doubt.
type PrintPort interface {
	Send(session int, labels []Label)
}

// SignalPort sets a PLC's outputs. It returns when the PLC has taken the value.
type SignalPort interface {
	Pulse(ctx context.Context, output string, length time.Duration) error
	Set(ctx context.Context, output string, on bool) error
	// Write sets an output of any width.
	Write(ctx context.Context, output string, value uint64) error
}

// Post is everything that the outside tells a station: it never blocks for long.
type Post func(Event)

// tick is how often a station looks at its deadlines.
const tick = 50 * time.Millisecond

// place carries out one station's effects.
type place struct {
	name    string // line/station, in the journal
	station Station
	origin  Origin
	tape    Tape  // nil: none
	under   Event // what the station is being stepped through
	ledger  *ledger.Ledger
	log     *slog.Logger
	alarm   func(place, text string)

	unit    ledger.ProductID     // the product that passes
	label   ledger.ProductID     // pack: the product of the group codes; 0: none
	lots    atomic.Pointer[lots] // of the batch that runs
	serving *lots                // those of the last code taken: its label says the same batch

	checkLabel   func(Label) error // see StationConfig
	hold         func() error      // see Config
	tried        *lots             // the batch whose label was tried
	faulty       error             // why it cannot be made
	profile      code.Profile      // of the units
	container    ledger.NewContainer
	settings     PackSettings
	byHand       HandheldSettings
	of           string       // pack: the station whose containers it takes
	asks         asks         // pack: what people wait for
	labelProfile code.Profile // pack: of the group codes
	sscc         string
	printer      PrintPort
	signals      SignalPort
	reject       string
	stop         string
	pulse        time.Duration
	answer       AnswerPoints
	announce     func(ledger.ContainerID)
	tellSeen     func(claim int64)
	tellGiven    func(claims []int64)
	after        func() // called after each event
	timing       Timing
	handed       *handed // print, verify: the line's; nil: nothing is printed

	check   *place // pack: the verify station that products pass before; nil: none
	inbox   chan letter
	gone    chan struct{} // closed when the station has stopped: nobody waits for it then
	newest  atomic.Int64  // the newest reading's Seq
	settled atomic.Int64  // verify: the newest reading's Seq whose verdict is out
	edge    edge          // verify: of the newest rejection, until the next reading
	moved   chan struct{} // signalled when settled has moved
	born    time.Time     // beat counts from here, on the monotonic clock
	beat    atomic.Int64  // when the station last took an event, in nanoseconds since born
	owes    atomic.Bool   // verify: a stop that the PLC has not taken
	row     atomic.Int64  // verify: products in a row that were bad
	reads   notebook      // of what the station has read
	mu      sync.Mutex
	view    View
}

// letter is an event on its way to a station.
type letter struct {
	event Event
	// after is the newest reading of the check station when this one came in: the same product,
	// or one behind it. Its verdict comes first, or a slow moment of the disk would let a pack
	// scan overtake the check scan of the same product, and make the latter look like a copy.
	after int64
}

// post hands an event to the station. A full inbox blocks the device that posts: its own
// protocol then holds the line back.
func (p *place) post(ctx context.Context, ev Event) {
	l := letter{event: ev}
	if s, ok := ev.(Scans); ok && len(s.Scans) > 0 {
		p.newest.Store(s.Scans[len(s.Scans)-1].Seq)
		if p.check != nil {
			l.after = p.check.newest.Load()
		}
	}
	select {
	case p.inbox <- l:
	case <-p.gone:
	case <-ctx.Done():
	}
}

func (p *place) run(ctx context.Context) {
	defer close(p.gone)
	defer p.lastWords()
	work, cancel := finishing(ctx)
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var held letter // one taken out of the inbox that did not fit the batch before it
	for {
		l := held
		held = letter{}
		if l.event == nil {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				l.event = Tick{}
			case l = <-p.inbox:
			}
		}
		if s, ok := l.event.(Scans); ok {
			l, held = p.gather(s, l.after)
			p.awaitCheck(ctx, l.after)
		}
		p.beat.Store(int64(time.Since(p.born)))
		if late, met := p.met(l.event); met {
			p.handle(work, late)
		}
		p.handle(work, l.event)
		if s, ok := l.event.(Scans); ok && len(s.Scans) > 0 {
			p.settled.Store(s.Scans[len(s.Scans)-1].Seq)
			select {
			case p.moved <- struct{}{}:
			default:
			}
			p.timeReadings(s.Scans)
		}
	}
}

// edge is a rejection that the PLC has taken.
type edge struct {
	seq int64 // of the reading that it was for; 0: none
	at  time.Time
}

// onItsWay is how long a reading may be on its way from the camera to here, on a machine with much other work.
const onItsWay = 5 * time.Millisecond

// met says that a rejection may have met the product of the reading that comes now: it came in so short a
// time behind the edge that its product may have been there before it. Nobody can tell then which of the two
// was thrown out. A reading behind the pulse is no doubt: pulses are shorter than the product distance.
func (p *place) met(ev Event) (TooLate, bool) {
	s, ok := ev.(Scans)
	if !ok || len(s.Scans) == 0 || p.edge.seq == 0 {
		return TooLate{}, false
	}
	last := p.edge
	p.edge = edge{}
	return TooLate{Seq: last.seq}, s.Scans[0].At.Sub(last.at) < min(onItsWay, p.pulse)
}

// awaitCheck waits until the check station has settled its readings up to seq.
func (p *place) awaitCheck(ctx context.Context, seq int64) {
	for p.check != nil && p.check.settled.Load() < seq {
		p.beat.Store(int64(time.Since(p.born)))
		select {
		case <-ctx.Done():
			return
		case <-p.check.gone:
			return
		case <-p.check.moved:
		case <-time.After(tick): // another station may have taken the signal
		}
	}
}

// maxBatch bounds how many readings share one commit.
const maxBatch = 64

// gather joins readings that wait already, so that a busy line shares commits. It stops at the
// first event of another kind, which it returns too: order is never changed.
func (p *place) gather(s Scans, after int64) (batch, other letter) {
	for len(s.Scans) < maxBatch {
		select {
		case l := <-p.inbox:
			more, ok := l.event.(Scans)
			if !ok {
				return letter{s, after}, l
			}
			s.Scans = append(s.Scans[:len(s.Scans):len(s.Scans)], more.Scans...)
			after = max(after, l.after)
		default:
			return letter{s, after}, letter{}
		}
	}
	return letter{s, after}, letter{}
}

// handle steps the station through the event and everything that its effects answer. What has
// begun is finished, also while the line is being stopped: a verdict must reach the rejector.
func (p *place) handle(ctx context.Context, ev Event) {
	queue := []Event{ev}
	for len(queue) > 0 && ctx.Err() == nil {
		now := time.Now()
		effects := p.step(now, queue[0])
		queue = queue[1:]
		for _, e := range effects {
			if answer := p.carryOut(ctx, e); answer != nil {
				queue = append(queue, answer)
			}
		}
	}
	view := p.station.View()
	p.mu.Lock()
	p.view = view
	p.mu.Unlock()
	if p.after != nil {
		p.after()
	}
}

// carryOut does one effect and returns the event that answers it, if it has an answer.
func (p *place) carryOut(ctx context.Context, e Effect) Event {
	switch e := e.(type) {
	case ClaimCodes:
		p.serving = p.lots.Load()
		lot := p.serving.unit
		if p.serving.label != 0 {
			lot = p.serving.label
		}
		if err := p.ledger.Fault(); err != nil {
			// Only a write shows whether the disk is back; a claim that fails sends nothing.
			p.log.Debug("claiming on a ledger with a fault", "station", p.name, "fault", err)
		}
		if err := errors.Join(p.held(), p.labelFault()); err != nil {
			return Claimed{Err: err}
		}
		claims, err := p.ledger.Claim(ctx, p.name, lot, e.N)
		p.handed.give(claims)
		return Claimed{Claims: claims, Err: err}
	case ConfirmCodes:
		return Recorded{Effect: e, Err: p.ledger.Confirm(ctx, p.name, e.IDs, e.Evidence)}
	case DoubtCodes:
		return Recorded{Effect: e, Err: p.ledger.Doubt(ctx, p.name, e.IDs, e.Cause)}
	case VerifyCodes:
		v, err := p.ledger.Verify(ctx, p.name, p.lots.Load().unit, p.profile, e.Codes)
		p.timeGood(v)
		return Verdicts{Verdicts: v, Err: err}
	case OvertakenBefore:
		n, err := p.ledger.SetAside(ctx, p.name, p.lots.Load().unit, e.Claim, e.Cause)
		return Overtaken{N: n, Told: e.Told, Err: err}
	case OpenContainer:
		id, err := p.ledger.OpenContainer(ctx, p.newContainer())
		return Opened{Container: id, Err: err}
	case PutContainer:
		return Recorded{Effect: e, Err: p.ledger.PutContainer(ctx, e.Parent, e.Child)}
	case FillContainer:
		return Recorded{Effect: e, Err: p.ledger.Fill(ctx, e.Container)}
	case AsideContainer:
		return Recorded{Effect: e, Err: p.ledger.Aside(ctx, p.name, e.Container, e.Cause)}
	case TakeSSCC:
		return p.takeSSCC(ctx)
	case CloseContainer:
		if e.SSCC != "" {
			return Recorded{Effect: e, Err: p.ledger.CloseWithSSCC(ctx, e.Container, e.SSCC)}
		}
		return Recorded{Effect: e, Err: p.ledger.CloseWithCode(ctx, p.name, e.Container, e.Claim.ID, e.Evidence)}
	}
	if answer, done := p.packing(ctx, e); done {
		return answer
	}
	if answer, done := p.withHandheld(ctx, e); done {
		return answer
	}
	return p.device(ctx, e)
}

// held says why nothing may be taken for printing now.
func (p *place) held() error {
	if p.hold == nil {
		return nil
	}
	return p.hold()
}

// labelFault says why no label can be made in the batch that is served. It is asked before a code is
// taken: one taken for a label that cannot be made would be lost.
func (p *place) labelFault() error {
	if p.checkLabel == nil || p.printer == nil || p.tried == p.serving {
		return p.faulty
	}
	p.tried, p.faulty = p.serving, nil
	trial := p.serving.batch.OfSSCC("00000000000000000000", 1)
	if p.origin.GTIN != "" {
		trial = p.serving.batch.OfCode(code.Samples(p.origin.Profile, p.origin.GTIN)[0], p.origin.GTIN, p.origin.Profile, 1)
	}
	if err := p.checkLabel(trial); err != nil {
		p.faulty = fmt.Errorf("the label cannot be made in batch %q: %w: start a batch that has it, or take it off the label", p.serving.batch.Name, err)
	}
	return p.faulty
}

func (p *place) takeSSCC(ctx context.Context) TakenSSCC {
	p.serving = p.lots.Load()
	if err := p.labelFault(); err != nil {
		return TakenSSCC{Err: err}
	}
	sscc, err := p.ledger.NextSSCC(ctx, p.sscc)
	if err != nil {
		return TakenSSCC{Err: err}
	}
	number, err := p.ledger.NextLabel(ctx, p.name, p.serving.batch.Name)
	return TakenSSCC{SSCC: sscc, Number: number, Err: err}
}

func (p *place) device(ctx context.Context, e Effect) Event {
	switch e := e.(type) {
	case SendLabels:
		p.printer.Send(e.Session, e.Labels)
	case Reject:
		if p.newest.Load() > e.Seq {
			return TooLate(e)
		}
		if err := p.signals.Pulse(ctx, p.reject, p.pulse); err != nil {
			return Failed{Effect: e, Err: err}
		}
		if p.newest.Load() > e.Seq { // a slow PLC: the edge may have met the next product
			return TooLate(e)
		}
		p.edge = edge{e.Seq, time.Now()}
	case StopLine:
		if err := p.signals.Set(ctx, p.stop, true); err != nil {
			return Failed{Effect: e, Err: err}
		}
	case Answer:
		if err := p.answered(ctx, e); err != nil {
			return Failed{Effect: e, Err: err}
		}
	case TellSeen:
		p.tellSeen(e.Claim)
	case TellGiven:
		p.tellGiven(e.Claims)
	case Announce:
		p.announce(e.Container)
	case Alarm:
		p.alarm(p.name, e.Text)
	default:
		panic(fmt.Sprintf("line: station %s wants an effect that nobody carries out: %T", p.name, e))
	}
	return nil
}

// answered gives the PLC a verdict: first the verdict, then the product's number, which says that the
// verdict is there.
func (p *place) answered(ctx context.Context, a Answer) error {
	verdict := p.answer.RejectValue
	if a.Good {
		verdict = p.answer.GoodValue
	}
	if err := p.signals.Write(ctx, p.answer.Verdict, verdict); err != nil {
		return err
	}
	return p.signals.Write(ctx, p.answer.Acknowledge, a.Seq)
}
