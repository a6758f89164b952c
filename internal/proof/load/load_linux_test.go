package load

import (
	"cmp"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"linemark/internal/proof/site"
)

// short is how long a run takes that shows no more than that all of this works.
const short = 4 * time.Second

// length reads LINEMARK_LOAD, how long the load lasts.
func length(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv("LINEMARK_LOAD")
	if text == "" {
		return short
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < short {
		t.Fatalf("LINEMARK_LOAD: %q is no length of %v or more", text, short)
	}
	return d
}

// judgedBy is what a run of a length is judged by.
func judgedBy(length time.Duration) limits {
	if length < 2*time.Minute {
		return loose()
	}
	return strict()
}

// Many lines at 33 products a second each, for LINEMARK_LOAD (make load: half an hour). LINEMARK_LOAD_LINES
// says how many; 8. Without a length it goes on for a few seconds, and at less than half the speed: the tests of
// other packages run beside it, and a line whose products are 30 ms apart stops when its verdicts come late.
func TestLoad(t *testing.T) {
	p := plan{lines: 8, rate: 33, length: length(t)}
	if p.length == short {
		p.rate = 15
	}
	if text := os.Getenv("LINEMARK_LOAD_LINES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 50 {
			t.Fatalf("LINEMARK_LOAD_LINES: %q is no number from 1 to 50", text)
		}
		p.lines = n
	}
	p.limits = judgedBy(p.length)
	r := p.run(t, measured(t, ""))
	for _, f := range r.judge() {
		t.Error(f)
	}
}

// One line as fast as it goes, for a sixth of LINEMARK_LOAD.
func TestFullSpeed(t *testing.T) {
	p := plan{lines: 1, length: max(short, length(t)/6)}
	p.limits = judgedBy(length(t))
	p.limits.stops = false                  // a product waits for its verdict there, but the next one comes right behind
	p.limits.later += 30 * time.Millisecond // few products of one line are rejected in a minute: p99 is the longest of them
	r := p.run(t, measured(t, ""))
	b := r.belts["1"]
	t.Logf("%.0f products a second; %.0f%% of the labels left the printer empty, so that the belt waited for the next; the agent kept %.2f processors busy, the plant %.2f, everything else %.2f",
		r.per("made"), 100*float64(b.empty)/float64(max(1, len(b.made))), r.per("agent"), r.per("plant"), r.per("others"))
	t.Logf("of %d looks, the print station waited for: %v", len(r.samples), r.waits())
	for _, f := range r.judge() {
		t.Error(f)
	}
}

// run lives through a plan to its end and returns what was seen. What the plant's logs have against the
// ledger fails the test.
func (p plan) run(t *testing.T, program string) *run {
	t.Helper()
	p.reports = min(5*time.Minute, p.length/6)
	s, plant := begin(t, program, p)
	r := watch(t, s, plant, p)
	hold(t, plant)
	settle(t, s, p)
	r.end(t, s, plant)
	n, err := unreported(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		t.Errorf("%d codes with evidence are in no report", n)
	}
	for _, f := range s.Judge(s.Data) {
		t.Error(f)
	}
	return r
}

// end stops everything and reads what the plant has logged.
func (r *run) end(t *testing.T, s *site.Site, plant *site.Process) {
	t.Helper()
	said := &s.Agent.Out
	s.Stop()
	plant.Stop(t)
	r.said = causes(said.All())
	var err error
	if r.belts, err = readBelts(s.Logs); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines at %v products a second for %v, reports every %v; delays and page in ms, sizes in MiB, cpu in processors\n%s", r.plan.lines, r.plan.rate, r.plan.length, r.plan.reports, r.table())
}

// waits sums up what print stations have waited for.
func (r *run) waits() map[string]int {
	n := map[string]int{}
	for _, m := range r.samples {
		for why, times := range m.waits {
			n[cmp.Or(why, "nothing")] += times
		}
	}
	return n
}

// per is something a second over the whole run.
func (r *run) per(what string) float64 {
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	seconds := last.at.Sub(first.at).Seconds()
	agent, plant := last.agent.cpu-first.agent.cpu, last.plant.cpu-first.plant.cpu
	switch what {
	case "agent":
		return agent / seconds
	case "plant":
		return plant / seconds
	case "others":
		return (last.machine - first.machine - agent - plant) / seconds
	case "made":
		n := 0
		for _, b := range r.belts {
			for _, at := range b.made {
				if at.After(first.at) && at.Before(last.at) {
					n++
				}
			}
		}
		return float64(n) / seconds
	}
	return math.NaN()
}
