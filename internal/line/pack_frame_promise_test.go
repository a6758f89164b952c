package line

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// studio is the world around a station that packs by the picture.
type studio struct {
	*rack
	station  *Frame
	pictures [][]Scan // whole ones, in order
	part     []Scan   // of the picture that is coming in
	taken    int      // pictures that the station has settled
	cut      int      // pictures that the scanner's going has ended
}

func (s *studio) happen(ev Event) {
	s.reached["steps"]++
	carryAll(s.station, s.now, ev, func(Event) {}, s.carry)
	s.account()
}

func (s *studio) carry(e Effect) Event {
	p, ok := e.(PackFrame)
	if !ok {
		return s.rack.carry(e)
	}
	for s.taken < len(s.pictures) && !s.whole(s.pictures[s.taken]) { // refused without a word to the ledger
		s.taken++
	}
	var want []code.Code
	for _, scan := range s.pictures[s.taken] {
		want = append(want, scan.Code)
	}
	if s.taken++; !slices.Equal(p.Codes, want) {
		s.t.Fatalf("%q are packed, the picture shows %q", p.Codes, want)
	}
	err, done := s.fails()
	out := PackedFrame{Err: err}
	good := true
	for _, c := range want {
		o := s.unit(c)
		good = good && o.Outcome == ledger.Good
		out.Outcomes = append(out.Outcomes, o)
	}
	if good && done {
		b := &rackBox{id: ledger.ContainerID(len(s.boxes) + 1), state: ledger.ContainerFull, ended: err != nil}
		s.boxes = append(s.boxes, b)
		for i, c := range want {
			out.Outcomes[i] = s.put(b, c)
		}
		out.Container = b.id
		s.reached["packed"]++
	}
	if err != nil {
		return PackedFrame{Err: err}
	}
	return out
}

// whole says whether a picture may be a container at all.
func (s *studio) whole(picture []Scan) bool {
	seen := map[code.Code]bool{}
	for _, scan := range picture {
		if scan.NoRead || scan.Bad != "" || seen[scan.Code] {
			return false
		}
		seen[scan.Code] = true
	}
	return len(picture) == s.cfg.Capacity
}

// codes of a picture come, several pictures at once or one in parts.
func (s *studio) come() {
	var all Scans
	for range rapid.IntRange(1, 4).Draw(s.t, "pictures") {
		n := s.cfg.Capacity
		if rapid.IntRange(0, 4).Draw(s.t, "another number (4: yes)") == 4 {
			n = rapid.IntRange(1, 6).Draw(s.t, "codes")
		}
		first := rapid.IntRange(0, 150).Draw(s.t, "first")
		for i := range n {
			c := code.Code(fmt.Sprintf("unit-%d", first+i))
			if rapid.IntRange(0, 40).Draw(s.t, "bad (40: yes)") == 40 {
				s.bad[c] = ledger.Outcome(rapid.IntRange(1, int(ledger.Unverified)).Draw(s.t, "how"))
			}
			scan := Scan{Code: c, More: i < n-1}
			switch rapid.IntRange(0, 60).Draw(s.t, "damage (58: twice, 59: no read, 60: bad)") {
			case 58:
				scan.Code = code.Code(fmt.Sprintf("unit-%d", first))
			case 59:
				scan.Code, scan.NoRead = "", true
			case 60:
				scan.Bad = "too long"
			}
			all.Scans = append(all.Scans, scan)
		}
	}
	if keep := len(all.Scans); rapid.IntRange(0, 3).Draw(s.t, "cut short (3: yes)") == 3 {
		all.Scans = all.Scans[:rapid.IntRange(1, keep).Draw(s.t, "after")]
	}
	for _, scan := range all.Scans {
		if s.part = append(s.part, scan); !scan.More {
			s.pictures, s.part = append(s.pictures, s.part), nil
		}
	}
	s.happen(all)
}

// A picture is one container or none. None is made of another number of codes than the capacity, of
// one twice, of one that cannot be read or is not good, and no unit is in two.
func TestP6FailClosed_PackFrame(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) {
		s := &studio{rack: newRack(t, r)}
		s.cfg = PackConfig{Capacity: rapid.IntRange(1, 5).Draw(t, "capacity"), Refused: true, Accepted: true,
			Label: LabelConfig{SSCC: true, Printer: rapid.Bool().Draw(t, "a printer"), SSCCOf: func(c code.Code, _ int) Label { return Label{SSCC: c} }}}
		s.station = NewFrame(s.cfg)
		events := append([]happening{
			{"pictures", s.come},
			{"a tick", func() { s.happen(Tick{}) }},
			{"the scanner goes", func() {
				if len(s.part) > 0 {
					s.cut++
				}
				s.part = nil
				s.happen(ScannerState{Why: "no route"})
			}},
			{"a person asks", func() { s.asked++; s.happen(Asked{No: s.asked, Ask: Ask{Do: Undo}}) }},
		}, s.printerThings(s.happen)...)
		for range 1000 {
			random(t, events)
		}
		s.healthy = true
		for i := 0; i < 3*len(s.boxes)+5; i++ {
			s.happen(Tick{})
			for _, h := range s.printerThings(s.happen)[:min(1, len(s.printerThings(s.happen)))] {
				h.do()
			}
		}
		if got, want := s.signals[0]+s.signals[1], len(s.pictures)+s.cut; got < want || len(s.replies) != int(s.asked) {
			t.Errorf("%d pictures were answered by %d signals, %d questions by %d replies", want, got, s.asked, len(s.replies))
		}
		for _, b := range s.boxes {
			if len(b.in) != s.cfg.Capacity && b.state != ledger.ContainerAside {
				t.Errorf("container %d holds %d of %d", b.id, len(b.in), s.cfg.Capacity)
			}
		}
	})
	r.require(t, 100_000, "packed", "closed", "no answer", "set aside")
}
