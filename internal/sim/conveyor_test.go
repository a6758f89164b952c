package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A rejection throws out the product that was read last, and that one alone; the PLC counts it.
func TestP6RejectTakesTheProductReadLast(t *testing.T) {
	for _, c := range []struct {
		name  string
		late  time.Duration // from a reading to its rejection
		wants int           // how many products behind the read one is thrown out
	}{
		{"at once", 0, 0},
		{"in time", 15 * time.Millisecond, 0},
		{"after the next was read", 25 * time.Millisecond, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Rate: 50})
				all := texts(codesOf(unitGTIN, 1, 40))
				b.label(all...)
				var read, packed, wanted []string
				b.run(2*time.Second, true, func(code string) {
					read = append(read, code)
					if len(read)%7 == 3 && len(read) < 35 {
						wanted = append(wanted, all[len(read)-1+c.wants])
						go func() {
							time.Sleep(c.late)
							b.reject()
						}()
					}
				}, func(code string) { packed = append(packed, code) })

				events := b.events()
				if !slices.Equal(read, all) || !slices.Equal(codes(events, "read"), all) {
					t.Errorf("%d read, want all %d in their order", len(read), len(all))
				}
				if got := codes(events, "ejected"); !slices.Equal(got, wanted) || len(got) != 5 {
					t.Errorf("thrown out %q\nwant %q", got, wanted)
				}
				rest := slices.DeleteFunc(slices.Clone(all), func(c string) bool { return slices.Contains(wanted, c) })
				if !slices.Equal(packed, rest) || !slices.Equal(codes(events, "passed"), rest) {
					t.Errorf("packed %d, want the other %d in their order", len(packed), len(rest))
				}
				if b.uint32(atRejects) != 5 || b.uint32(atProducts) != 40 {
					t.Errorf("the PLC counts %d rejects, %d products", b.uint32(atRejects), b.uint32(atProducts))
				}
			})
		})
	}
}

// One product is thrown out once, whatever the output does, and only an edge does it.
func TestRejectorHitsOncePerEdgeAndProduct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 10})
		b.label(texts(codesOf(unitGTIN, 1, 6))...)
		n := 0
		b.run(2*time.Second, true, func(string) {
			switch n++; n {
			case 1: // twice for one product
				b.reject()
				b.reject()
			case 2: // one level over two products
				b.set(atReject, true)
				b.set(atReject, true)
			case 4:
				b.set(atReject, false)
			}
		}, nobody)
		events := b.events()
		if count(events, "ejected") != 2 || count(events, "rejector hit nothing") != 1 || b.uint32(atRejects) != 2 {
			t.Errorf("%d thrown out, %d hit nothing, %d counted", count(events, "ejected"), count(events, "rejector hit nothing"), b.uint32(atRejects))
		}
		if got := codes(events, "passed"); len(got) != 4 || got[0] != string(codesOf(unitGTIN, 3, 1)[0]) {
			t.Errorf("passed %q", got)
		}
	})
}

// The stop output holds the belt until the operator clears it, and each stop anew.
func TestStopAndRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const spacing = 20 * time.Millisecond
		b := newBench(t, Options{Rate: 50, Restart: 700 * time.Millisecond})
		b.label(texts(codesOf(unitGTIN, 1, 100))...)
		n := 0
		var set []bool
		b.run(4*time.Second, true, func(string) {
			if n++; n == 5 || n == 20 {
				b.set(atStop, true)
				b.set(atStop, true) // once for a cause, but a repeated write is no second stop
			}
			set = append(set, b.plant.PLCs["plc"].Coil(atStop))
		}, nobody)
		events := b.events()
		if count(events, "stopped") != 2 || count(events, "restarted") != 2 {
			t.Fatalf("%d stops, %d restarts", count(events, "stopped"), count(events, "restarted"))
		}
		var stopped time.Time
		for _, e := range events {
			switch {
			case e.Event == "stopped":
				stopped = e.At
			case e.Event == "restarted":
				if d := e.At.Sub(stopped); d < 700*time.Millisecond || d > 700*time.Millisecond+spacing {
					t.Errorf("restarted after %v", d)
				}
				stopped = time.Time{}
			case e.Event == "made" && !stopped.IsZero():
				t.Errorf("product %d was made %v after the stop", e.Product, e.At.Sub(stopped))
			}
		}
		if count(events, "read") != 100 || !set[4] || set[5] || !set[19] || set[20] {
			t.Errorf("%d read; the stop output was %v", count(events, "read"), set)
		}
	})
}

// Without a changing beat the belt does not run; with it again it goes on by itself.
func TestBeatWatchdogHoldsTheBelt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 100})
		b.label(texts(codesOf(unitGTIN, 1, 2000))...)
		began := time.Now()
		at := func(d time.Duration) { time.Sleep(time.Until(began.Add(d))) }
		go func() { // nothing for 5 s, one change, then the level alone, then nothing, then beats
			at(5 * time.Second)
			b.set(atBeat, true)
			for d := 5 * time.Second; d <= 9*time.Second; d += 250 * time.Millisecond {
				at(d)
				b.set(atBeat, true)
			}
			for d := 12 * time.Second; d < 14*time.Second; d += 500 * time.Millisecond {
				at(d)
				b.set(atBeat, (d/(500*time.Millisecond))%2 == 1)
			}
		}()
		b.run(20*time.Second, false, nobody, nobody)
		events := b.events()
		runs := [][2]time.Duration{{5 * time.Second, 7 * time.Second}, {12 * time.Second, 15500 * time.Millisecond}}
		made := make([]int, len(runs))
		const slack = 50 * time.Millisecond
		for _, e := range events {
			if e.Event != "made" {
				continue
			}
			inside := false
			for i, r := range runs {
				if since := e.At.Sub(began); since >= r[0] && since <= r[1]+slack {
					made[i]++
					inside = true
				}
			}
			if !inside {
				t.Fatalf("product %d was made at %v", e.Product, e.At.Sub(began))
			}
		}
		if made[0] < 190 || made[1] < 340 {
			t.Errorf("made %v, want about 200 and 350", made)
		}
		var held []time.Duration
		for _, e := range events {
			if e.Event == "held" {
				held = append(held, e.At.Sub(began).Round(slack))
			}
		}
		if fmt.Sprint(held) != "[0s 7s 15.5s]" {
			t.Errorf("held at %v", held)
		}
	})
}

// stirred is the belt's log of a shift with every fault, whose camera's bad readings are rejected.
func stirred(t *testing.T, seed uint64) (log []string) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 50, Seed: seed, Faults: Faults{NoRead: 0.1, Wrong: 0.1, Copied: 0.1, Taken: 0.05, PackNoRead: 0.05}})
		b.label(texts(codesOf(unitGTIN, 1, 300))...)
		seen := map[string]bool{}
		b.run(8*time.Second, true, func(code string) {
			if code == "NOREAD" || seen[code] {
				time.Sleep(5 * time.Millisecond)
				b.reject()
			}
			seen[code] = true
		}, nobody)
		for _, e := range b.events() {
			log = append(log, fmt.Sprint(e.At.UnixNano(), e.Event, e.Product, e.Code, e.Note))
		}
	})
	return log
}

// The seed alone decides what befalls which product, and when.
func TestSeedDecides(t *testing.T) {
	first, again, other := stirred(t, 11), stirred(t, 11), stirred(t, 12)
	if !slices.Equal(first, again) {
		t.Error("the same seed gives another shift")
	}
	if slices.Equal(first, other) {
		t.Error("another seed gives the same shift")
	}
	for _, note := range []string{"no read", "misread", "copied code", "before the check camera", "before packing"} {
		if !strings.Contains(strings.Join(first, "\n"), note) {
			t.Errorf("no product with: %s", note)
		}
	}
}

// Each fault alone does what it says.
func TestFaults(t *testing.T) {
	all := texts(codesOf(unitGTIN, 1, 20))
	for _, c := range []struct {
		name        string
		faults      Faults
		read, taken int
		check, pack func(i int, frame string) string // what is wrong with a camera's frame
	}{
		{name: "none", read: 20, check: same(all), pack: same(all)},
		{name: "no read", faults: Faults{NoRead: 1}, read: 20, check: noRead, pack: same(all)},
		{name: "wrong", faults: Faults{Wrong: 1}, read: 20, check: func(i int, frame string) string { return oneOff(all[i], frame) }, pack: same(all)},
		{name: "no read at packing", faults: Faults{PackNoRead: 1}, read: 20, check: same(all), pack: noRead},
		{name: "taken", faults: Faults{Taken: 1}, taken: 20},
		{name: "copied", faults: Faults{Copied: 1}, read: 40, check: func(i int, frame string) string {
			if i%2 == 1 && frame != all[0] { // the copy follows: of the oldest that is remembered
				return "no copy of the first"
			}
			return ""
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Rate: 50, Seed: 5, Faults: c.faults})
				b.label(all...)
				read, packed := 0, 0
				b.run(2*time.Second, true, func(frame string) {
					if c.check != nil {
						if wrong := c.check(read, frame); wrong != "" {
							t.Errorf("reading %d is %q: %s", read, frame, wrong)
						}
					}
					read++
				}, func(frame string) {
					if c.pack != nil {
						if wrong := c.pack(packed, frame); wrong != "" {
							t.Errorf("reading %d at packing is %q: %s", packed, frame, wrong)
						}
					}
					packed++
				})
				events := b.events()
				if read != c.read || packed != c.read || count(events, "taken") != c.taken {
					t.Errorf("%d read, %d packed, %d taken", read, packed, count(events, "taken"))
				}
				bad := 0
				for _, e := range events {
					if e.Event == "read" && e.Note != "" {
						bad++
					}
				}
				if want := map[string]int{"no read": 20, "wrong": 20, "copied": 20}[c.name]; bad != want {
					t.Errorf("%d readings are noted as bad, want %d", bad, want)
				}
			})
		})
	}
}

func same(all []string) func(int, string) string {
	return func(i int, frame string) string {
		if frame != all[i] {
			return "want " + all[i]
		}
		return ""
	}
}

func noRead(_ int, frame string) string {
	if frame != "NOREAD" {
		return "want no read"
	}
	return ""
}

func oneOff(want, got string) string {
	if len(got) != len(want) {
		return "of another length"
	}
	off := 0
	for i := range len(want) {
		if want[i] == got[i] {
			continue
		}
		if off++; want[i] == 0x1d || got[i] == 0x1d {
			return "a separator was misread"
		}
	}
	if off != 1 {
		return fmt.Sprintf("%d characters are off", off)
	}
	return ""
}

func TestMisreadIsOneCharacterOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.StringMatching("[!-z]{1,20}(\x1d93[!-z]{4}|)").Draw(t, "code")
		c := &conveyor{rng: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))}
		if wrong := oneOff(code, string(c.misread([]byte(code)))); wrong != "" {
			t.Error(wrong)
		}
	})
}

// Without a pace a bad product waits for its verdict, so that no rejection comes too late.
func TestWithoutAPaceTheBadProductWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Seed: 3, Faults: Faults{NoRead: 0.3}})
		all := texts(codesOf(unitGTIN, 1, 50))
		b.label(all...)
		bad := 0
		b.run(time.Minute, true, func(frame string) {
			if frame == "NOREAD" {
				bad++
				time.Sleep(800 * time.Millisecond) // a slow verdict
				b.reject()
			}
		}, nobody)
		events := b.events()
		if bad < 5 || count(events, "ejected") != bad || count(events, "passed") != 50-bad {
			t.Errorf("%d bad, %d thrown out, %d passed", bad, count(events, "ejected"), count(events, "passed"))
		}
		for _, e := range events {
			if e.Event == "passed" && e.Note != "" {
				t.Errorf("product %d passed: %s", e.Product, e.Note)
			}
		}
	})
}

// The belt waits for a label: an unmarked product is never made.
func TestNoLabelNoProduct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 50})
		all := texts(codesOf(unitGTIN, 1, 5))
		b.label(all[:2]...)
		go func() {
			time.Sleep(3 * time.Second)
			b.label(all[2:]...)
		}()
		b.run(5*time.Second, true, nobody, nobody)
		events := b.events()
		if got := codes(events, "made"); !slices.Equal(got, all) || !slices.Equal(codes(events, "passed"), all) {
			t.Errorf("made %q", got)
		}
	})
}
