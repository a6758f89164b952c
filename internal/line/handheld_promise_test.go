package line

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// yard is the world around a drop and a rework station: products with their labels, copies among
// them, a check station that lets some pass, a person who brings products back or has them
// withdrawn by what the lamps say, and a ledger that is a plain table and fails at times.
type yard struct {
	t       *rapid.T
	reached reached
	drop    *Drop
	rework  *Rework
	again   bool
	seq     int64

	goods   []*ware
	table   map[code.Code]ledger.State // the ledger
	healthy bool

	lamps  []Signal // what was shown for them
	alarms int
	told   []bool // what the ledger has said of those it was asked about
}

// ware is a product.
type ware struct {
	code  code.Code
	wrong bool // its label is damaged: what it shows is not the code
	where string
}

func (y *yard) label(g *ware) code.Code {
	if g.wrong {
		return g.code + "?"
	}
	return g.code
}

// right returns the issued code that a scan shows in every byte, and the one that it begins with.
func (y *yard) right(scan code.Code) (known code.Code, exact bool) {
	if _, ok := y.table[scan]; ok {
		return scan, true
	}
	if n := len(scan); n > 0 && scan[n-1] == '?' {
		if _, ok := y.table[scan[:n-1]]; ok {
			return scan[:n-1], false
		}
	}
	return "", false
}

func (y *yard) chance(what string) bool {
	return !y.healthy && rapid.IntRange(0, 5).Draw(y.t, what+" (5: yes)") == 5
}

// check is the check station's scan.
func (y *yard) check(g *ware) {
	c, exact := y.right(y.label(g))
	g.where = "off"
	switch s := y.table[c]; {
	case s == ledger.Verified || s == ledger.Dropped || s == ledger.Rejected:
	case !exact:
		y.table[c] = ledger.Rejected
	default:
		y.table[c] = ledger.Verified
		g.where = "flow"
	}
}

func (y *yard) carry(e Effect) Event {
	switch e := e.(type) {
	case DropCodes:
		if y.chance("the ledger fails") {
			return DroppedCodes{Err: errDisk}
		}
		a := DroppedCodes{}
		for _, scan := range e.Codes {
			c, exact := y.right(scan)
			o := ledger.DropOutcome{Codes: 1, Was: y.table[c]}
			if c == "" || y.table[c] == ledger.Dropped || !exact && y.table[c] == ledger.Verified {
				o = ledger.DropOutcome{Why: "no"}
			} else {
				y.table[c] = ledger.Dropped
			}
			y.told = append(y.told, o.Why == "")
			a.Outcomes = append(a.Outcomes, o)
		}
		return a
	case ReworkCodes:
		if y.chance("the ledger fails") {
			return Verdicts{Err: errDisk}
		}
		a := Verdicts{}
		for _, scan := range e.Codes {
			c, exact := y.right(scan)
			v := ledger.Verdict{Was: y.table[c]}
			switch s := y.table[c]; {
			case c == "":
				v.Outcome = ledger.Unknown
			case !exact:
				v.Outcome = ledger.Mangled
			case s == ledger.Verified:
				v.Outcome = ledger.Duplicate
			case s == ledger.Dropped:
				v.Outcome = ledger.Withdrawn
			case y.again:
				y.table[c] = ledger.Printed
			default:
				y.table[c] = ledger.Verified
			}
			y.told = append(y.told, v.Outcome == ledger.Good)
			a.Verdicts = append(a.Verdicts, v)
		}
		return a
	case Signal:
		y.lamps = append(y.lamps, e)
		if y.chance("the lamp is dead") {
			return Failed{Effect: e, Err: errors.New("no answer")}
		}
	case Alarm:
		y.alarms++
	default:
		y.t.Fatalf("the station wants %s", shown([]Effect{e}))
	}
	return nil
}

// show has a person show products to a station and returns which of them its lamps say yes to.
func (y *yard) show(station Station, goods ...*ware) []*ware {
	y.reached["steps"]++
	y.lamps, y.told, y.alarms = nil, nil, 0
	s, readable := Scans{}, 0
	for _, g := range goods {
		y.seq++
		scan := Scan{Seq: y.seq, Code: y.label(g)}
		switch {
		case y.chance("it is not read"):
			scan = Scan{Seq: y.seq, NoRead: true}
		case y.chance("the frame is no code"):
			scan.Bad = "too long"
		default:
			readable++
		}
		s.Scans = append(s.Scans, scan)
	}
	carryAll(station, clock, s, func(Event) {}, y.carry)
	if len(y.lamps) != len(goods) {
		y.t.Fatalf("%d products were shown, the lamps came %d times", len(goods), len(y.lamps))
	}
	if len(y.told) != 0 && len(y.told) != readable {
		y.t.Fatalf("the ledger was asked about %d, %d could be read", len(y.told), readable)
	}
	told, refused := y.told, 0
	var taken []*ware
	for i, scan := range s.Scans {
		want := false
		if !scan.NoRead && scan.Bad == "" && len(told) > 0 {
			want, told = told[0], told[1:]
		}
		if y.lamps[i].Accepted != want {
			y.t.Fatalf("product %d: the lamp says accepted %v, the ledger says %v", i, y.lamps[i].Accepted, want)
		}
		if want {
			taken = append(taken, goods[i])
		} else {
			refused++
		}
	}
	if y.alarms < refused {
		y.t.Fatalf("%d products were refused with %d lines that say why", refused, y.alarms)
	}
	return taken
}

func (y *yard) some(where string) []*ware {
	var fit []*ware
	for _, g := range y.goods {
		if g.where == where {
			fit = append(fit, g)
		}
	}
	return fit[:min(len(fit), rapid.IntRange(1, 3).Draw(y.t, "products"))]
}

func (y *yard) events() []happening {
	make := func(c code.Code) {
		y.goods = append(y.goods, &ware{code: c, wrong: y.chance("its label is damaged"), where: "belt"})
	}
	withdraw := func(where string) func() {
		return func() {
			for _, g := range y.show(y.drop, y.some(where)...) {
				g.where = "gone"
				y.reached["dropped"]++
			}
		}
	}
	return []happening{
		{"a product is marked", func() {
			c := codeNo(len(y.table))
			y.table[c] = rapid.SampledFrom([]ledger.State{ledger.Printed, ledger.Claimed, ledger.Doubtful}).Draw(y.t, "state")
			make(c)
		}},
		{"a product is checked", func() {
			for _, g := range y.some("belt") {
				if g.where = "off"; !y.chance("the camera reads nothing") {
					y.check(g)
				}
			}
		}},
		{"products are shown at the rework place", func() {
			for _, g := range y.show(y.rework, y.some("off")...) {
				if g.wrong {
					y.t.Errorf("P3: a product with a damaged label came back")
				}
				y.reached["reworked"]++
				if g.where = "flow"; y.again {
					g.where = "belt"
				}
			}
		}},
		{"a sample is taken", withdraw("flow")},
		{"what was thrown out is destroyed", withdraw("off")},
		{"somebody copies a label", func() {
			if len(y.goods) > 0 {
				make(rapid.SampledFrom(y.goods).Draw(y.t, "original").code)
				y.reached["copies"]++
			}
		}},
		{"the scanner goes and comes", func() {
			for _, s := range []Station{y.drop, y.rework} {
				carryAll(s, clock, ScannerState{Why: "gone"}, func(Event) {}, y.carry)
				carryAll(s, clock, ScannerState{Up: true}, func(Event) {}, y.carry)
			}
		}},
	}
}

// Whatever is shown at a drop or rework place, in whatever order and with whatever failing: the lamp says
// yes only to what the ledger has on disk, no code is on two products that pass (P1), what was withdrawn
// does not come back (P2), and nothing comes back that was not read right (P3).
func TestP1P2P3_DropAndRework(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) {
		y := &yard{t: t, reached: r, table: map[code.Code]ledger.State{}, again: rapid.Bool().Draw(t, "in front of the check station")}
		y.drop, y.rework = NewDrop(bothSignals), NewRework(bothSignals, y.again)
		all := y.events()
		for range 1000 {
			random(t, all)
			r["events"]++
			passed := map[code.Code]int{}
			for _, g := range y.goods {
				if g.where != "flow" {
					continue
				}
				if passed[g.code]++; passed[g.code] > 1 {
					t.Fatalf("P1: code %s is on two products that have passed", g.code)
				}
				if s := y.table[g.code]; s != ledger.Verified && s != ledger.Dropped {
					t.Fatalf("P3: a product has passed whose code is %s", s)
				}
			}
			if n := len(y.goods); n > 12 { // what is far away is not looked at any more
				y.goods = y.goods[n-12:]
			}
		}
		y.healthy = true
		fresh := &ware{code: codeNo(len(y.table)), where: "off"}
		y.table[fresh.code] = ledger.Rejected
		if got := fmt.Sprint(len(y.show(y.rework, fresh)), len(y.show(y.rework, fresh)), len(y.show(y.drop, fresh)), len(y.show(y.rework, fresh))); got != map[bool]string{false: "1 0 1 0", true: "1 1 1 0"}[y.again] {
			t.Errorf("with everything well: %s", got)
		}
	})
	r.require(t, 30_000, "dropped", "reworked", "copies")
}
