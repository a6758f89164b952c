package line

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// workplace is the world around a bench: units good and bad, cards, people who ask for things, and
// power cuts.
type workplace struct {
	*rack
	station *Bench
	scans   int // made, and to be answered by one signal each
	closes  int // words to close that no container has been closed by
}

func (w *workplace) begin() {
	w.station = NewBench(w.cfg)
	w.scans, w.signals, w.replies = 0, [2]int{}, map[int64]int{}
	w.asked, w.session, w.sent, w.printed = 0, 0, 0, 0
}

func (w *workplace) happen(ev Event) {
	w.reached["steps"]++
	carryAll(w.station, w.now, ev, func(Event) {}, w.carry)
	w.account()
}

func (w *workplace) carry(e Effect) Event {
	switch e := e.(type) {
	case FindOpen:
		if w.chance("the ledger fails") {
			return FoundOpen{Err: errDisk}
		}
		if b := w.open(); b != nil {
			return FoundOpen{Container: b.id, In: len(b.in)}
		}
		return FoundOpen{}
	case OpenContainer:
		if w.open() != nil {
			w.t.Errorf("a container is opened while another one is being filled")
		}
		err, done := w.fails()
		if done {
			w.boxes = append(w.boxes, &rackBox{id: ledger.ContainerID(len(w.boxes) + 1)})
		}
		if err != nil {
			return Opened{Err: err}
		}
		return Opened{Container: ledger.ContainerID(len(w.boxes))}
	case PutUnits:
		return w.puts(w.box(e.Container), e.Codes)
	case PutCoded:
		return w.puts(w.box(e.Parent), []code.Code{e.Code})
	case Repack:
		return w.repack(e)
	case FillContainer:
		b := w.box(e.Container)
		if len(b.in) < w.cfg.Capacity && !b.ended { // else it is made again
			w.closes--
		}
		if len(b.in) == 0 || w.closes < 0 || w.cfg.Own != nil {
			w.t.Errorf("container %d is filled with %d of %d, and nobody said so", e.Container, len(b.in), w.cfg.Capacity)
		}
	case CloseRead:
		return w.closeRead(e)
	}
	return w.rack.carry(e)
}

func (w *workplace) puts(b *rackBox, codes []code.Code) Event {
	if b != w.open() || len(codes) != 1 || len(b.in) >= w.cfg.Capacity {
		w.t.Fatalf("%q are put into container %d in state %d with %d of %d", codes, b.id, b.state, len(b.in), w.cfg.Capacity)
	}
	err, done := w.fails()
	p := Puts{Err: err}
	if done {
		if o := w.put(b, codes[0]); err == nil {
			p.Outcomes = []ledger.PutOutcome{o}
		}
	}
	return p
}

func (w *workplace) closeRead(e CloseRead) Event {
	b := w.box(e.Container)
	if b.state == ledger.ContainerClosed && b.ended { // made again, and it was done
		return Recorded{Effect: e}
	}
	if w.used[e.Code] {
		return Recorded{Effect: e, Err: &ledger.StateError{What: "used twice"}}
	}
	if len(b.in) < w.cfg.Capacity && !w.cfg.Partial && !b.early {
		b.early = true
		w.closes--
	}
	if len(b.in) == 0 || w.closes < 0 || b.state != ledger.ContainerOpen {
		w.t.Errorf("container %d in state %d is closed with %d of %d, and nobody said so", b.id, b.state, len(b.in), w.cfg.Capacity)
	}
	err, done := w.fails()
	if done {
		b.state, b.ended, w.used[e.Code] = ledger.ContainerClosed, true, true
	}
	return Recorded{Effect: e, Err: err}
}

// read is a reading with the handheld; it is answered by one signal.
func (w *workplace) read(c code.Code) {
	w.scans++
	s := Scan{Seq: int64(w.scans), Code: c, NoRead: c == ""}
	w.happen(Scans{Scans: []Scan{s}})
}

func (w *workplace) some(what string) code.Code {
	c := code.Code(fmt.Sprintf("unit-%d", rapid.IntRange(0, 40).Draw(w.t, what)))
	if _, known := w.bad[c]; !known {
		w.bad[c] = ledger.Good
		if rapid.IntRange(0, 5).Draw(w.t, "what is it (5: bad)") == 5 {
			w.bad[c] = ledger.Outcome(rapid.IntRange(1, int(ledger.NotClosed)).Draw(w.t, "how"))
		}
	}
	return c
}

func (w *workplace) ask(do Do) {
	w.asked++
	a := Ask{Do: do, Because: "by N.: x"}
	if do == TakeOut || do == Exchange {
		a.Code, a.For = w.some("out"), w.some("in")
		if b := w.open(); b != nil && len(b.in) > 0 && rapid.Bool().Draw(w.t, "what is in it") {
			a.Code = rapid.SampledFrom(b.in).Draw(w.t, "which")
		}
	}
	w.said(do)
	w.happen(Asked{No: w.asked, Ask: a})
}

// said notes what a word allows the station to do from now on.
func (w *workplace) said(do Do) {
	if do == CloseNow {
		w.closes++
	}
}

// restart is a power cut: labels that were under way are in doubt, the open container stays.
func (w *workplace) restart() {
	w.healthy = true
	newest := (*rackBox)(nil)
	for _, b := range w.boxes {
		if b.state == ledger.ContainerOpen {
			newest = b
		}
	}
	for _, b := range w.boxes {
		if b.state == ledger.ContainerFull || b.state == ledger.ContainerOpen && b != newest {
			from := b.state
			w.record(nil, b.id, from, ledger.ContainerAside)
		}
	}
	if newest != nil {
		newest.ended = false
	}
	w.healthy = false
	w.begin()
	w.reached["restarts"]++
}

func (w *workplace) history(n int) {
	events := append([]happening{
		{"a unit is read", func() { w.read(w.some("unit")) }},
		{"another one", func() { w.read(w.some("unit")) }},
		{"a tick", func() { w.happen(Tick{}) }},
		{"its own code", func() {
			w.read(code.Code(fmt.Sprintf("own-%d", rapid.IntRange(0, 60).Draw(w.t, "own"))))
		}},
		{"nothing is read", func() { w.read("") }},
		{"a card", func() {
			do := rapid.SampledFrom([]Do{Undo, CloseNow, EmptyNow}).Draw(w.t, "card")
			w.said(do)
			w.read(code.Code("CARD-" + string(do)))
		}},
		{"a person asks", func() { w.ask(rapid.SampledFrom([]Do{Undo, TakeOut, Exchange, CloseNow, EmptyNow}).Draw(w.t, "for")) }},
		{"a power cut", func() {
			if w.chance("really") {
				w.restart()
			}
		}},
	}, w.printerThings(w.happen)...)
	for range n {
		random(w.t, events)
	}
	w.healthy = true
	for range 4 * (n + 4) {
		if w.happen(Tick{}); len(w.station.tasks) == 0 && !w.station.held() {
			break
		}
	}
	if got := w.signals[0] + w.signals[1]; got < w.scans || len(w.replies) != int(w.asked) {
		w.t.Errorf("%d readings were answered by %d signals, %d questions by %d replies", w.scans, got, w.asked, len(w.replies))
	}
}

// By hand each reading is answered at once, and only what the ledger has is accepted. No container is
// closed that is not full, unless a person says so; none takes more than its capacity, no unit is in
// two, no code on two, through power cuts and through a ledger whose answers are lost.
func TestP6FailClosed_PackHand(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) {
		w := &workplace{rack: newRack(t, r)}
		w.cfg = PackConfig{Capacity: rapid.IntRange(1, 5).Draw(t, "capacity"), Refused: true, Accepted: true, OfContainers: rapid.Bool().Draw(t, "a pallet"),
			Cards: map[code.Code]Do{}, Label: LabelConfig{SSCC: true, Printer: rapid.Bool().Draw(t, "a printer"), SSCCOf: func(c code.Code, _ int) Label { return Label{SSCC: c} }}}
		for _, do := range []Do{Undo, CloseNow, EmptyNow} {
			w.cfg.Cards[code.Code("CARD-"+string(do))] = do
		}
		if !w.cfg.Label.Printer {
			w.cfg.Own = func(c code.Code) bool { return len(c) > 4 && c[:4] == "own-" }
			w.cfg.Partial = rapid.Bool().Draw(t, "partial")
		}
		w.begin()
		w.history(1500)
	})
	r.require(t, 100_000, "closed", "no answer", "restarts", string(Undo), string(TakeOut), string(Exchange), string(EmptyNow))
}
