package network

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/proof/network/proxy"
	"linemark/internal/sim"
)

// faultsEach is how many faults one history has; afterwards everything must go on before the next ones come.
const (
	faultsEach = 21
	together   = 7
)

// Faults of all kinds befall all peers of a line, at moments of the seed's choice, several at a time.
//
// LINEMARK_NETWORK sets how many seeds; LINEMARK_NETWORK_SEED is the first of them.
func TestNetwork(t *testing.T) {
	t.Parallel()
	seeds := number(t, "LINEMARK_NETWORK", 1)
	first := uint64(number(t, "LINEMARK_NETWORK_SEED", int(rand.Uint64()>>16)))
	total := tally{kinds: map[string]int{}}
	for i := range seeds {
		seed := first + uint64(i)
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := newRig(t, seed, setup{faults: sim.SomeFaults})
			total.add(r.history())
		})
		if t.Failed() {
			break
		}
	}
	t.Log(total)
}

// tally is what histories have met.
type tally struct {
	kinds                          map[string]int
	faults, struck, made, findings int
	stops, restarts                int // of the line whose peers suffer
	slowest                        time.Duration
}

func (t *tally) add(o tally) {
	for k, n := range o.kinds {
		t.kinds[k] += n
	}
	t.faults, t.struck, t.made, t.findings = t.faults+o.faults, t.struck+o.struck, t.made+o.made, t.findings+o.findings
	t.stops, t.restarts, t.slowest = t.stops+o.stops, t.restarts+o.restarts, max(t.slowest, o.slowest)
}

func (t tally) String() string {
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(t.kinds)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, t.kinds[k]))
	}
	return fmt.Sprintf("%d faults on %d connections (%s), %d products, %d stops and %d stands for want of a beat, %d restarts, at most %v until all went on, %d findings",
		t.faults, t.struck, strings.Join(kinds, ", "), t.made, t.stops, t.restarts-t.stops, t.restarts, t.slowest.Round(time.Millisecond), t.findings)
}

// active is a fault that lasts.
type active struct {
	peer peer
	ends time.Time
}

// history is the life of one plant: faults, and at the end everything runs out and is judged.
func (r *rig) history() (sum tally) {
	sum.kinds = map[string]int{}
	r.work()
	began := time.Now()
	r.deaf.Store(true)
	var turn []int // peers in an order of the seed's
	for sum.faults < faultsEach {
		var now []active
		for range together {
			if len(turn) == 0 {
				turn = r.random.Perm(len(peers))
			}
			p := peers[turn[0]]
			turn = turn[1:]
			k := proxy.Kinds()[r.random.IntN(len(proxy.Kinds()))]
			for !p.suffers(k) {
				k = proxy.Kinds()[r.random.IntN(len(proxy.Kinds()))]
			}
			f, lasts := p.draw(k, r.random), time.Duration(200+r.random.IntN(2800))*time.Millisecond
			pause := time.Duration(r.random.IntN(1000)) * time.Millisecond
			now = r.endOf(now, &sum, time.Now().Add(pause), p)
			if p.camera {
				f.Lost = r.plant.ForgetReadings
			}
			r.t.Logf("%6v %s: %s after %d bytes for %v", time.Since(began).Round(time.Millisecond), p.name, k, f.After, lasts)
			r.proxies[p.at].Begin(f)
			now = append(now, active{p, time.Now().Add(lasts)})
			sum.faults++
			sum.kinds[k.String()]++
		}
		r.endOf(now, &sum, time.Time{}, peer{})
		ended := time.Now()
		for _, x := range r.proxies {
			r.givenUp(x, ended)
		}
		r.goesOn(limit - time.Since(ended))
		took := time.Since(ended)
		r.t.Logf("%6v all goes on after %v", time.Since(began).Round(time.Millisecond), took.Round(time.Millisecond))
		sum.slowest = max(sum.slowest, took)
	}
	r.deaf.Store(false)
	r.untouched(lineThere, began)
	here := r.happened(lineHere, began)
	sum.made, sum.stops, sum.restarts = here["made"]+r.happened(lineThere, began)["made"], here["stopped"], here["stopped"]+here["held"]
	sum.findings = r.good(lateCodes...)
	return sum
}

// endOf ends faults when their time has come, until a moment and until the fault of a peer has ended; the zero
// moment is the end of them all.
func (r *rig) endOf(now []active, sum *tally, until time.Time, p peer) []active {
	for ; ; time.Sleep(5 * time.Millisecond) {
		busy := false
		now = slices.DeleteFunc(now, func(a active) bool {
			if time.Now().Before(a.ends) {
				busy = busy || a.peer.at == p.at
				return false
			}
			x := r.proxies[a.peer.at]
			sum.struck += x.Struck()
			x.End()
			return true
		})
		if until.IsZero() && len(now) == 0 || !until.IsZero() && !busy && time.Now().After(until) {
			return now
		}
	}
}
