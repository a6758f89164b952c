package line

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// unit is something that comes to a pack station: a product, or a closed container.
type unit struct {
	scan    Scan
	outcome ledger.Outcome
	was     ledger.State
	unseen  bool // others may have passed unread before it
	child   ledger.ContainerID
}

func (u unit) readable() bool { return !u.scan.NoRead && u.scan.Bad == "" }

func (u unit) certain() bool {
	return u.readable() && u.outcome == ledger.Good && !u.unseen
}

// crate is a container as the ledger and the account know it.
type crate struct {
	state     ledger.ContainerState
	in        int
	uncertain bool // what lies in it is not known
	ended     bool // asked to be filled or set aside
	early     bool // because a person said so
	announced bool
}

// table is the world around a pack station: units good and bad, a scanner that goes away, a
// ledger that fails at times, a label printer (see labels_promise_test.go), and a plain account
// of what lies in which container.
type table struct {
	t       *rapid.T
	station *Pack
	cfg     PackConfig
	pallet  bool // packs containers, not units
	reached reached
	healthy bool
	now     time.Time
	records

	units   []unit
	taken   int // of them, put into a container
	seen    bool
	unseen  bool
	boxes   []*crate // in the order of opening; the number of each is its place from 1
	putting PutContainer
	asked   int64
	replies map[int64]int
	closes  int // words to close that no container was closed by
	desk    labeller
}

func newTable(t *rapid.T, r reached) *table {
	b := &table{t: t, reached: r, now: clock, replies: map[int64]int{}, pallet: rapid.Bool().Draw(t, "a pallet")}
	b.cfg = PackConfig{Capacity: rapid.IntRange(1, 5).Draw(t, "capacity"), Label: b.labelConfig()}
	b.station = NewPack(b.cfg)
	return b
}

func (b *table) box(id ledger.ContainerID) *crate {
	if id < 1 || int(id) > len(b.boxes) {
		b.t.Fatalf("there is no container %d", id)
	}
	return b.boxes[id-1]
}

func (b *table) happen(ev Event) {
	b.reached["steps"]++
	due := b.begin(ev)
	b.reached["records made again"] += len(due)
	b.expect(ev)
	b.desk.expect(b, ev)
	carryAll(b.station, b.now, ev, b.tell, b.carry)
	if missed := b.end(due); missed != nil {
		b.t.Errorf("records that failed were not made again: %s", shown(missed))
	}
	b.desk.settled(b, ev)
	if n := b.station.View().Count["read"]; !b.pallet && n != b.taken {
		b.t.Errorf("%d readings went into containers, the view counts %d", b.taken, n)
	}
}

// expect notes what an event from outside means.
func (b *table) expect(ev Event) {
	switch ev := ev.(type) {
	case Scans, Packed:
		b.seen, b.unseen = true, false
	case ScannerState:
		if !ev.Up && b.seen {
			b.unseen = true
		}
		b.seen = b.seen || ev.Up
	}
}

func (b *table) chance(what string) bool {
	return !b.healthy && rapid.IntRange(0, 5).Draw(b.t, what+" (5: yes)") == 5
}

func (b *table) carry(e Effect) Event {
	switch e := e.(type) {
	case OpenContainer:
		return b.open()
	case PutUnits:
		return b.put(e)
	case PutContainer:
		return b.putContainer(e)
	case FillContainer:
		b.complete(e.Container, "filled", false)
		return b.record(e, e.Container, ledger.ContainerOpen, ledger.ContainerFull)
	case AsideContainer:
		if b.box(e.Container).state == ledger.ContainerFull {
			b.desk.aside(b, e)
			return b.record(e, e.Container, ledger.ContainerFull, ledger.ContainerAside)
		}
		b.complete(e.Container, "set aside", true)
		b.reached["set aside for its contents"]++
		return b.record(e, e.Container, ledger.ContainerOpen, ledger.ContainerAside)
	case Announce:
		box := b.box(e.Container)
		if box.state != ledger.ContainerClosed || box.announced {
			b.t.Errorf("container %d is announced in state %d, announced before: %v", e.Container, box.state, box.announced)
		}
		box.announced = true
		return nil
	case Alarm:
		return nil
	case Repack:
		return b.repack(e)
	case Reply:
		if b.replies[e.No]++; b.replies[e.No] > 1 {
			b.t.Errorf("%+v is reply %d", e, b.replies[e.No])
		}
		return nil
	}
	return b.desk.carry(b, e)
}

// repack is a person's word on the open container. What lies in it must be known, or all is taken out.
func (b *table) repack(e Repack) Event {
	box := b.box(e.Container)
	if b.blocked() || box.ended || int(e.Container) != len(b.boxes) || box.in == 0 || box.uncertain && e.Do != EmptyNow {
		b.t.Fatalf("%s of container %d of %d (ended: %v, uncertain: %v, %d in it)", e.Do, e.Container, len(b.boxes), box.ended, box.uncertain, box.in)
	}
	if b.chance("the ledger fails") {
		box.uncertain = true
		return Repacked{Err: errDisk}
	}
	if e.Do == TakeOut && b.chance("it is not in it") {
		return Repacked{Err: &ledger.StateError{What: "not in it"}}
	}
	b.reached[string(e.Do)]++
	switch e.Do {
	case EmptyNow:
		n := box.in
		box.in, box.uncertain = 0, false
		return Repacked{N: n}
	case Exchange:
		return Repacked{Outcome: ledger.PutOutcome{Packed: !b.chance("it does not fit")}}
	}
	box.in--
	return Repacked{Code: "x"}
}

func (b *table) ask() {
	do := rapid.SampledFrom([]Do{Undo, TakeOut, Exchange, EmptyNow, CloseNow}).Draw(b.t, "asked for")
	if do == CloseNow {
		b.closes++
	}
	b.asked++
	b.happen(Asked{No: b.asked, Ask: Ask{Do: do}})
}

// record answers an effect that takes a container from one state to another.
func (b *table) record(e Effect, id ledger.ContainerID, from, to ledger.ContainerState) Event {
	box := b.box(id)
	if box.state != from {
		b.t.Errorf("%s for a container in state %d", shown([]Effect{e}), box.state)
	}
	fails := b.chance("the ledger fails")
	if !fails {
		box.state = to
	}
	return b.answer(e, fails)
}

func (b *table) open() Event {
	switch {
	case b.blocked():
		b.t.Errorf("a container is opened while a record waits to be made again")
	case b.taken == len(b.units):
		b.t.Errorf("a container is opened although nothing waits for it")
	case len(b.boxes) > 0 && !b.boxes[len(b.boxes)-1].ended:
		b.t.Errorf("a container is opened while another is being filled")
	}
	if b.chance("the ledger fails") {
		return Opened{Err: errDisk}
	}
	b.boxes = append(b.boxes, &crate{})
	return Opened{Container: ledger.ContainerID(len(b.boxes))}
}

// put holds a batch against the account: the units that waited, in their order, as many as fit,
// each once; the readable ones are asked about.
func (b *table) put(e PutUnits) Event {
	box := b.box(e.Container)
	n := min(b.cfg.Capacity-box.in, len(b.units)-b.taken)
	if b.blocked() || box.ended || int(e.Container) != len(b.boxes) || n <= 0 {
		b.t.Fatalf("units are put into container %d of %d (ended: %v, %d in it, a record waits: %v)", e.Container, len(b.boxes), box.ended, box.in, b.blocked())
	}
	batch := b.units[b.taken : b.taken+n]
	b.taken += n
	box.in += n
	var want []code.Code
	puts := Puts{}
	for _, u := range batch {
		if !u.certain() {
			box.uncertain = true
		}
		if u.readable() {
			want = append(want, u.scan.Code)
			puts.Outcomes = append(puts.Outcomes, ledger.PutOutcome{Verdict: ledger.Verdict{Outcome: u.outcome, Was: u.was}, Packed: u.outcome == ledger.Good})
		}
	}
	if !slices.Equal(want, e.Codes) {
		b.t.Fatalf("%q are put, %q waited", e.Codes, want)
	}
	if b.chance("the ledger fails") {
		box.uncertain = true
		b.reached["units lost to the ledger"] += n
		return Puts{Err: errDisk}
	}
	return puts
}

func (b *table) putContainer(e PutContainer) Event {
	box := b.box(e.Parent)
	if e != b.putting { // else it is made again
		if b.blocked() || box.ended || int(e.Parent) != len(b.boxes) || box.in >= b.cfg.Capacity || b.taken == len(b.units) || b.units[b.taken].child != e.Child {
			b.t.Fatalf("container %d is put onto %d of %d (ended: %v, %d on it)", e.Child, e.Parent, len(b.boxes), box.ended, box.in)
		}
		b.putting = e
	}
	fails := b.chance("the ledger fails")
	if !fails {
		b.taken++
		box.in++
	}
	return b.answer(e, fails)
}

// complete checks that a container may end: nothing more fits or a person has said so, and it is
// filled only if every unit in it is certain.
func (b *table) complete(id ledger.ContainerID, how string, aside bool) {
	box := b.box(id)
	again := box.ended // its record failed, and the next container may be open
	box.ended = true
	if box.in < b.cfg.Capacity && box.in > 0 && !box.early {
		box.early = true
		b.closes--
	}
	if box.in != b.cfg.Capacity && (!box.early || b.closes < 0) || int(id) != len(b.boxes) && !again || box.uncertain != aside {
		b.t.Errorf("container %d of %d with %d of %d units is %s; it is uncertain: %v", id, len(b.boxes), box.in, b.cfg.Capacity, how, box.uncertain)
	}
}

// come brings new units, most of them good.
func (b *table) come() {
	if b.pallet {
		u := unit{child: ledger.ContainerID(1000 + len(b.units))}
		b.units = append(b.units, u)
		b.happen(Packed{Container: u.child})
		return
	}
	s := Scans{}
	for range rapid.IntRange(1, 7).Draw(b.t, "readings") {
		n := len(b.units) + 1
		u := unit{scan: Scan{Seq: int64(n), Code: codeNo(n)}, was: ledger.Verified, unseen: b.unseen && len(s.Scans) == 0}
		if b.chance("something is wrong with it") {
			b.reached["bad units"]++
			switch what := rapid.IntRange(0, int(ledger.Unreadable)+2).Draw(b.t, "what"); what {
			case 0:
				u.was = ledger.Printed // the check station has missed it
			case int(ledger.Unreadable) + 1:
				u.scan = Scan{Seq: int64(n), NoRead: true}
			case int(ledger.Unreadable) + 2:
				u.scan.Bad = "the frame is too long"
			default:
				u.outcome = ledger.Outcome(what)
			}
		}
		b.units = append(b.units, u)
		s.Scans = append(s.Scans, u.scan)
	}
	b.happen(s)
}

func (b *table) history(n int) {
	events := append([]happening{
		{"units come", b.come},
		{"a tick", func() { b.happen(Tick{}) }},
	}, b.desk.happenings(b)...)
	events = append(events,
		happening{"a person asks", b.ask},
		happening{"the scanner goes", func() { b.happen(ScannerState{Why: "no route"}) }},
		happening{"the scanner comes", func() { b.happen(ScannerState{Up: true}) }})
	for range n {
		random(b.t, events)
	}
	b.healthy = true
	b.desk.works(b)
	if b.taken != len(b.units) || len(b.failed) > 0 {
		b.t.Errorf("with everything back %d of %d units were put into containers, %d records wait", b.taken, len(b.units), len(b.failed))
	}
	if len(b.replies) != int(b.asked) {
		b.t.Errorf("%d of %d questions were answered", len(b.replies), b.asked)
	}
	for i, box := range b.boxes {
		switch {
		case box.state == ledger.ContainerClosed && box.announced:
			b.reached["closed"]++
		case box.state == ledger.ContainerAside:
			b.reached["set aside"]++
		case box.state != ledger.ContainerOpen || i < len(b.boxes)-1 || box.in == b.cfg.Capacity:
			b.t.Errorf("with everything back container %d of %d is in state %d with %d units (announced: %v)", i+1, len(b.boxes), box.state, box.in, box.announced)
		}
	}
}

// In no history is a container closed whose contents are not certain, or one whose own label
// was not seen to come out. Every unit goes into one container, in order, and no container
// takes more than its capacity, however often the ledger fails.
func TestP6FailClosed_Pack(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) { newTable(t, r).history(300) })
	r.require(t, 100_000, string(Undo), string(TakeOut), string(Exchange), string(EmptyNow), "bad units", "units lost to the ledger", "records made again", "closed", "set aside", "set aside for its contents",
		"labels", "labels lost", "labels read", "labels counted")
}
