package proof

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"linemark/internal/proof/site"
	"linemark/internal/sim"
)

// plantSize is a disk with room for the ledger of one plant's life here.
const plantSize = 64 << 20

// life is how many cuts one plant sees before the next one begins with an empty ledger.
const life = 10

// ordinary is a plant on a bad shift whose operator clears stops at once.
func ordinary() sim.Options {
	return sim.Options{Rate: 150, Faults: sim.SomeFaults, Restart: 50 * time.Millisecond}
}

// The power goes at a moment of the seed's choice while the agent works: half of the time at any
// moment, half of the time in the middle of what the disk is just being told. What was written and not
// flushed is lost, kept or torn. After each cut the file system and the ledger are brought back as the
// machine would do it and held against the plant's logs; then the agent itself goes on from there.
//
// LINEMARK_POWER_CUTS sets how many; LINEMARK_POWER_SEED repeats the choices of one plant's life.
func TestPowerCut(t *testing.T) {
	needDisk(t)
	cuts := number(t, "LINEMARK_POWER_CUTS", 10)
	total := tally{}
	for done := 0; done < cuts; done += life {
		seed := uint64(number(t, "LINEMARK_POWER_SEED", int(rand.Uint64()>>16)))
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			total.add(cutLife(t, site.Program(t), seed, min(life, cuts-done)))
		})
		if t.Failed() {
			break
		}
	}
	t.Log(total)
}

// The same with a ledger that does not wait for the disk, and the same on a disk that only says that it
// has flushed: both must be found out, or the test above shows nothing.
func TestPowerCutFindsWhatIsNotDurable(t *testing.T) {
	needDisk(t)
	for _, c := range []struct {
		name       string
		weak, lies bool
	}{{"synchronous=NORMAL", true, false}, {"a disk that lies about flushes", false, true}} {
		t.Run(c.name, func(t *testing.T) {
			seed := rand.Uint64() >> 16
			program := site.Program
			if c.weak {
				program = weak
			}
			r := newRig(t, program(t), seed, plantSize, ordinary())
			for n := range 10 {
				if c.lies && n == 1 { // what the first cut has left is sound
					r.disk.Lie()
				}
				cut := r.cut(n)
				if len(cut.found) > 0 {
					t.Logf("seed %d: found after cut %d: %d findings, the first: %s", seed, n+1, len(cut.found), cut.found[0])
					return
				}
			}
			t.Errorf("seed %d: ten cuts have shown nothing", seed)
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// cutResult is what one cut has met and shown.
type cutResult struct {
	given, lost int // codes that printers had received; writes that the disk lost
	inside      bool
	found       []finding
}

// tally adds up what many cuts have met.
type tally struct{ cuts, given, lost, inside, findings int }

func (t *tally) add(o tally) {
	t.cuts, t.given, t.lost, t.inside, t.findings = t.cuts+o.cuts, t.given+o.given, t.lost+o.lost, t.inside+o.inside, t.findings+o.findings
}

func (t tally) String() string {
	return fmt.Sprintf("%d cuts (%d in the middle of a request, %d lost writes), %d codes received by printers, %d findings", t.cuts, t.inside, t.lost, t.given, t.findings)
}

// cutLife is the life of one plant: cuts, and at the end everything runs out and is judged whole.
func cutLife(t *testing.T, program string, seed uint64, cuts int) (sum tally) {
	r := newRig(t, program, seed, plantSize, ordinary())
	for n := range cuts {
		c := r.cut(n)
		sum.cuts, sum.lost, sum.given = sum.cuts+1, sum.lost+c.lost, c.given
		if c.inside {
			sum.inside++
		}
		sum.findings += len(c.found)
		t.Logf("cut %d: %d codes at the printers so far, %d writes lost, in the middle of a request: %v, %d findings", n+1, c.given, c.lost, c.inside, len(c.found))
		for _, f := range c.found {
			t.Errorf("seed %d, cut %d: %s", seed, n+1, f)
		}
		if t.Failed() {
			return sum
		}
	}
	r.plug()
	r.Start()
	r.Counted("verified", 5)
	for _, f := range r.runOut() {
		t.Errorf("seed %d, at the end: %s", seed, f)
	}
	return sum
}

// cut starts the agent on the disk as the last cut has left it, lets it work and cuts the power.
func (r *rig) cut(n int) (c cutResult) {
	r.t.Helper()
	r.plug()
	r.Start()
	if r.halt == nil {
		r.run()
	}
	if n > 0 && r.random.IntN(5) == 0 { // while it starts
		time.Sleep(time.Duration(r.random.IntN(250)) * time.Millisecond)
	} else {
		r.Counted("verified", 1+r.random.IntN(20))
		time.Sleep(time.Duration(r.random.IntN(500)) * time.Millisecond)
	}
	if c.inside = r.random.IntN(2) == 0; c.inside {
		r.disk.CutIn(1 + r.random.IntN(40))
		select {
		case <-r.disk.Dark():
		case <-r.Agent.Done:
			r.t.Fatalf("the agent has ended: %v\n%s", r.Agent.Err, &r.Agent.Out)
		case <-time.After(2 * time.Second): // it had nothing to write
			c.inside = false
		}
	}
	c.lost = r.powerCut()
	c.found = r.judgeCopy()
	given, err := r.received()
	if err != nil {
		r.t.Fatal(err)
	}
	c.given = len(given)
	return c
}
