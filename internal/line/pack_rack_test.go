package line

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// rack is the ledger of a pack station as the promises have it, in memory, with the station's label
// printer. It fails at times, and sometimes although it has done what it was asked.
type rack struct {
	t       *rapid.T
	reached reached
	cfg     PackConfig
	now     time.Time
	healthy bool

	boxes   []*rackBox
	in      map[code.Code]*rackBox // units
	bad     map[code.Code]ledger.Outcome
	used    map[code.Code]bool // own codes
	session int
	sent    int
	printed int
	replies map[int64]int
	asked   int64
	signals [2]int // refused, accepted
}

type rackBox struct {
	id    ledger.ContainerID
	state ledger.ContainerState
	in    []code.Code
	ended bool // asked to be filled
	told  bool // announced
	early bool // a person's word to close it was used
}

func newRack(t *rapid.T, r reached) *rack {
	return &rack{t: t, reached: r, now: clock, in: map[code.Code]*rackBox{}, bad: map[code.Code]ledger.Outcome{}, used: map[code.Code]bool{}, replies: map[int64]int{}}
}

func (k *rack) chance(what string) bool {
	return !k.healthy && rapid.IntRange(0, 7).Draw(k.t, what+" (7: yes)") == 7
}

func (k *rack) box(id ledger.ContainerID) *rackBox {
	if id < 1 || int(id) > len(k.boxes) {
		k.t.Fatalf("there is no container %d", id)
	}
	return k.boxes[id-1]
}

// open is the container that is open, and is not to be filled.
func (k *rack) open() *rackBox {
	for _, b := range k.boxes {
		if b.state == ledger.ContainerOpen && !b.ended {
			return b
		}
	}
	return nil
}

// fails draws whether the ledger answers with an error, and whether it has done it all the same.
func (k *rack) fails() (err error, done bool) {
	if !k.chance("the ledger fails") {
		return nil, true
	}
	k.reached["no answer"]++
	return errDisk, rapid.Bool().Draw(k.t, "and has done it")
}

// unit is what a scan of a unit means now.
func (k *rack) unit(c code.Code) ledger.PutOutcome {
	o := ledger.PutOutcome{Verdict: ledger.Verdict{Ident: c, Outcome: k.bad[c], Was: ledger.Verified}}
	if o.Outcome == ledger.Good && k.in[c] != nil {
		o.Outcome = ledger.Duplicate
	}
	return o
}

func (k *rack) put(b *rackBox, c code.Code) ledger.PutOutcome {
	o := k.unit(c)
	if o.Outcome == ledger.Good {
		o.Packed, k.in[c] = true, b
		b.in = append(b.in, c)
	}
	return o
}

// record answers an effect that takes a container from one state to another.
func (k *rack) record(e Effect, id ledger.ContainerID, from, to ledger.ContainerState) Event {
	b := k.box(id)
	if b.state != from {
		k.t.Errorf("%s for a container in state %d", shown([]Effect{e}), b.state)
	}
	if k.chance("the ledger fails") {
		return Recorded{Effect: e, Err: errDisk}
	}
	if b.state = to; to == ledger.ContainerAside {
		for _, c := range b.in {
			delete(k.in, c)
		}
		b.in = nil
	}
	return Recorded{Effect: e}
}

func (k *rack) repack(e Repack) Event {
	b := k.box(e.Container)
	if b != k.open() {
		k.t.Errorf("container %d is changed in state %d, asked to be filled: %v", e.Container, b.state, b.ended)
	}
	err, done := k.fails()
	r := Repacked{Err: err}
	out := e.Code
	if e.Do == Undo && len(b.in) > 0 {
		out = b.in[len(b.in)-1]
	}
	i := slices.Index(b.in, out)
	if e.Do == GiveUp && len(b.in) > 0 {
		k.t.Errorf("container %d is given up with %q in it", e.Container, b.in)
	}
	if e.Do != EmptyNow && e.Do != GiveUp && i < 0 {
		return Repacked{Err: &ledger.StateError{What: "not in it"}}
	}
	if !done {
		return r
	}
	k.reached[string(e.Do)]++
	switch e.Do {
	case GiveUp:
		b.state = ledger.ContainerAside
		return r
	case EmptyNow:
		r.N = len(b.in)
		for _, c := range b.in {
			delete(k.in, c)
		}
		b.in = nil
		return r
	case Exchange:
		if r.Outcome = k.unit(e.For); r.Outcome.Outcome != ledger.Good {
			return r
		}
		r.Outcome.Packed, b.in[i], k.in[e.For] = true, e.For, b
		delete(k.in, out)
		return r
	}
	r.Code, b.in = out, slices.Delete(b.in, i, i+1)
	delete(k.in, out)
	return r
}

// carry does what both kinds of stations want.
func (k *rack) carry(e Effect) Event {
	switch e := e.(type) {
	case TakeSSCC:
		if k.chance("the ledger fails") {
			return TakenSSCC{Err: errDisk}
		}
		c := code.Code(fmt.Sprintf("sscc-%d", len(k.used)))
		k.used[c] = true
		return TakenSSCC{SSCC: c}
	case SendLabels:
		if e.Session != k.session || k.session == 0 {
			k.t.Errorf("a label for session %d, it is %d", e.Session, k.session)
		}
		k.sent++
	case FillContainer:
		k.box(e.Container).ended = true
		return k.record(e, e.Container, ledger.ContainerOpen, ledger.ContainerFull)
	case AsideContainer:
		k.reached["set aside"]++
		return k.record(e, e.Container, ledger.ContainerFull, ledger.ContainerAside)
	case CloseContainer:
		return k.record(e, e.Container, ledger.ContainerFull, ledger.ContainerClosed)
	case Announce:
		b := k.box(e.Container)
		if b.state != ledger.ContainerClosed || b.told {
			k.t.Errorf("container %d is announced in state %d, before: %v", e.Container, b.state, b.told)
		}
		b.told = true
		k.reached["closed"]++
	case Signal:
		if e.Accepted {
			k.signals[1]++
		} else {
			k.signals[0]++
		}
	case Reply:
		if k.replies[e.No]++; k.replies[e.No] > 1 || (e.Why == "") == (e.Said == "") {
			k.t.Errorf("%+v is reply %d", e, k.replies[e.No])
		}
	case Alarm:
	default:
		k.t.Fatalf("a pack station wants %s", shown([]Effect{e}))
	}
	return nil
}

// printerThings are what a label printer does.
func (k *rack) printerThings(happen func(Event)) []happening {
	if !k.cfg.Label.Printer {
		return nil
	}
	return []happening{
		{"a label comes out", func() {
			if k.printed < k.sent && k.session != 0 {
				k.printed++
				happen(PrintedCount{Session: k.session, Count: k.printed})
			}
		}},
		{"the printer comes", func() {
			k.session, k.sent, k.printed = k.session+1, 0, 0
			happen(PrinterUp{Session: k.session})
		}},
		{"the printer goes", func() {
			if k.chance("really") {
				happen(PrinterDown{Session: k.session, Why: "jam"})
			}
		}},
	}
}

// account holds what is in the containers together: every unit in one at most.
func (k *rack) account() {
	n := 0
	for _, b := range k.boxes {
		n += len(b.in)
		for _, c := range b.in {
			if k.in[c] != b {
				k.t.Errorf("%q lies in container %d and in another", c, b.id)
			}
		}
		if len(b.in) > k.cfg.Capacity {
			k.t.Errorf("container %d holds %d of %d", b.id, len(b.in), k.cfg.Capacity)
		}
	}
	if n != len(k.in) {
		k.t.Errorf("%d units lie in containers, %d are known to", n, len(k.in))
	}
}
