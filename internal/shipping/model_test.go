package shipping

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever the systems outside, the printer, people and restarts do, in whatever order: what is on disk is whole and
// says what is in memory, what was fetched stays, no label comes out unasked a second time, and once all is well
// everything that has not been given up is there.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		plan := rapid.SliceOfN(rapid.IntRange(0, 1<<20), 40, 40).Draw(r, "plan") // drawn outside of the bubble
		var failure any
		synctest.Test(t, func(t *testing.T) {
			defer func() { failure = recover() }()
			history(t, &script{plan})
		})
		if failure != nil {
			r.Fatal(failure)
		}
	})
}

// script is what was drawn; a failure is a panic, which the drawing side takes.
type script struct{ plan []int }

// upTo is the next number of the plan, from 0 to most; 0 when it is at its end.
func (s *script) upTo(most int) int {
	if len(s.plan) == 0 {
		return 0
	}
	n := s.plan[0] % (most + 1)
	s.plan = s.plan[1:]
	return n
}

func (s *script) Fatal(a ...any)            { panic(fmt.Sprint(a...)) }
func (s *script) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (s *script) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func history(t *testing.T, r *script) {
	dir, err := os.MkdirTemp("", "shipping")
	if err != nil {
		r.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s := &site{t: t, dir: dir, ediweb: &ediweb{}, diadoc: &diadoc{wait: time.Hour}, press: &press{}}
	s.open()
	given := map[string]Order{}
	allowed := map[string]int{} // labels of each waybill of a shipment that may have come out
	weather := func(well bool) {
		kind := 6
		if !well {
			kind = r.upTo(6)
		}
		s.ediweb.say = func(_ int, ids []string) (Answer, error) {
			a := all(ids)
			switch kind {
			case 0, 1, 2:
				return Answer{}, &Trouble{Kind: Kind(kind), Err: errors.New("trouble")}
			case 3:
				a.Waybills = a.Waybills[:len(ids)/2]
			case 4:
				a.Waybills[0] = Brought{ID: ids[0], Unusable: true, Why: "unusable"}
				a.Strays = []Raw{{Name: "x", Format: "zip", Bytes: []byte(fmt.Sprint(time.Now()))}}
			case 5:
				a.Waybills[0].Trouble = &Trouble{Kind: Away, Err: errors.New("trouble")}
			}
			return a, nil
		}
		protocols := well || r.upTo(1) == 1
		s.diadoc.say = func(_ int, d Named) (Protocol, error) {
			if !protocols {
				return Protocol{}, errLater
			}
			return protocol(d), nil
		}
		prints := 0
		if !well {
			prints = r.upTo(2)
		}
		s.press.say = func(int) (bool, error) {
			return prints != 1, map[bool]error{true: errors.New("reset")}[prints == 2]
		}
	}
	check := func() {
		disk, err := Open(dir, Options{ReadOnly: true})
		if err != nil {
			r.Fatal(err)
		}
		kept, broken := disk.All()
		now, _ := s.Store.All()
		if len(broken) > 0 || len(kept) != len(given) || len(now) != len(given) {
			r.Fatalf("%d on disk, %d in memory of %d, %+v", len(kept), len(now), len(given), broken)
		}
		for i, one := range kept {
			whole(r, dir, one)
			a, _ := encode(one)
			b, _ := encode(now[i])
			if string(a) != string(b) {
				r.Fatalf("on disk\n%s\nin memory\n%s", a, b)
			}
			for _, w := range one.Waybills {
				if (w.State == Done) != (len(w.Pictures) > 0) || w.State == Waiting && w.Tried > 0 && w.Why == "" || w.State == Failed && (w.Why == "" || w.Do == "") {
					r.Fatalf("%+v", w)
				}
			}
		}
		out := map[string]int{}
		for _, l := range s.press.printed {
			out[l.Fields["shipment"]+" "+l.Fields["waybill"]]++
		}
		for label, n := range out {
			if n > 1+allowed[label] {
				r.Fatalf("%s came out %d times, and once more was asked for %d times", label, n, allowed[label])
			}
		}
	}
	weather(false)
	for len(r.plan) > 0 {
		switch r.upTo(6) {
		case 0:
			o := Order{Name: fmt.Sprintf("S-%d", len(given))}
			for n := range 1 + r.upTo(4) {
				o.Waybills = append(o.Waybills, fmt.Sprint(n))
			}
			for n := range r.upTo(3) {
				o.Documents = append(o.Documents, Named{Message: "m", Document: fmt.Sprint(n)})
			}
			if _, err := s.Add(t.Context(), o, "test"); err != nil {
				r.Fatal(err)
			}
			given[o.Name] = o
		case 1:
			weather(false)
		case 2:
			s.open()
		case 3, 4:
			s.runs([]time.Duration{time.Second, time.Minute, time.Hour, 12 * time.Hour}[r.upTo(3)])
		default:
			if len(given) == 0 {
				continue
			}
			name := slices.Sorted(maps.Keys(given))[r.upTo(len(given)-1)]
			if r.upTo(1) == 1 {
				if _, err := s.Retry(name, "N.", "try"); err != nil {
					r.Fatal(err)
				}
				continue
			}
			if _, err := s.Print(name, Wish{Again: true, By: "N.", Reason: "torn"}); err != nil {
				r.Fatal(err)
			}
			for _, id := range given[name].Waybills {
				allowed[name+" N-"+id]++
			}
		}
		check()
	}
	weather(true)
	s.runs(24 * time.Hour)
	check()
	all, _ := s.Store.All()
	for _, one := range all {
		if n := one.Count(); n.Waiting+n.ToPrint > 0 {
			r.Fatalf("%s is %s: %+v", one.Name, one.Stands(), n)
		}
	}
}
