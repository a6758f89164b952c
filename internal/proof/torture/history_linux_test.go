package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linemark/internal/proof/failpoint"
	"linemark/internal/proof/site"
)

// rate is how many products a second the plant makes.
const rate = "150"

// met is how long a life is given, twice, to come to the place that is to end it.
const met = time.Second

// history is one plant, one ledger, and agents that do not live long.
type history struct {
	*site.Site
	t        *testing.T
	seed     uint64
	plant    *site.Process
	plants   uint64 // how many there were
	seen     string // the inventory of failpoints
	env      []string
	operator operator
	sum      *tally
	began    time.Time
	judging  time.Duration
}

func newHistory(t *testing.T, program string, seed uint64, sum *tally) *history {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "plant.toml"))
	if err != nil {
		t.Fatal(err)
	}
	h := &history{Site: site.From(t, program, "data", text), t: t, seed: seed, sum: sum, began: time.Now()}
	h.seen = filepath.Join(h.Dir, "seen")
	var names []string
	for name, address := range h.At {
		names = append(names, address+"="+name)
	}
	h.env = []string{failpoint.Seen + "=" + h.seen, failpoint.Names + "=" + strings.Join(names, ",")}
	h.operator = operator{h: h}
	h.sum.histories++
	h.startPlant()
	t.Cleanup(h.clear)
	return h
}

func (h *history) clear() {
	h.operator.leave()
	h.sum.batches += h.operator.changes
	if h.plant != nil {
		h.plant.Kill()
		if h.t.Failed() {
			h.t.Logf("the plant said:\n%s", &h.plant.Out)
		}
	}
	h.sum.total += time.Since(h.began)
	h.sum.judging += h.judging
}

// startPlant lets the plant go on from its logs. In a third of its lives a fifth of all calls of the national
// system fail.
func (h *history) startPlant() {
	h.t.Helper()
	storm := "0"
	if h.plants%3 == 1 {
		storm = "0.1"
	}
	h.runPlant("--rate", rate, "--storm", storm)
}

func (h *history) runPlant(args ...string) {
	h.t.Helper()
	h.plant = site.Launch(h.t, nil, h.Program, append([]string{"sim", "--config", h.File, "--log", h.Logs, "--seed", fmt.Sprint(h.seed + h.plants)}, args...)...)
	h.plants++
	for end := time.Now().Add(site.Patience); !strings.Contains(h.plant.Out.All(), " is up"); time.Sleep(time.Millisecond) {
		h.alive(h.plant, "the plant")
		if time.Now().After(end) {
			h.t.Fatalf("the plant does not start:\n%s", &h.plant.Out)
		}
	}
}

// kill lets an agent live until the nth kill of the history.
func (h *history) kill(n int) {
	h.t.Helper()
	known, err := failpoint.Inventory(h.seen)
	if err != nil {
		h.t.Fatal(err)
	}
	for name, times := range known {
		h.sum.inventory[name] = max(h.sum.inventory[name], times)
	}
	c := choose(h.seed, n, h.sum)
	if h.Agent == nil {
		h.start(c)
	} else { // only the plant was killed: the agent has no orders
		c.moment = working
	}
	moment := string(h.live(c))
	if c.plant {
		h.killPlant()
		moment += ", the plant with it"
	}
	if !c.agent {
		h.sum.byMoment[plantAlone]++
		if c.again {
			h.marks()
		}
		return
	}
	h.operator.leave()
	h.Agent = nil
	h.sum.byMoment[moment]++
	if h.judging > time.Since(h.began)/4 { // a judgement reads the whole history: they become rarer as it grows
		return
	}
	for _, f := range h.judgeCopy() {
		h.sum.findings++
		h.t.Errorf("seed %d, kill %d (%s): %s", h.seed, n+1, c, f)
	}
	if h.t.Failed() {
		h.t.FailNow()
	}
}

// start begins a life.
func (h *history) start(c choice) {
	h.Env = h.env
	if c.moment == atPlace {
		h.Env = append([]string{failpoint.Order + "=" + c.order()}, h.env...)
	}
	h.Start()
	h.sum.restarts++
	h.operator.come(c.batch)
}

// live lets the agent be until its moment has come, and kills it there if it is to be killed. It returns how it was.
func (h *history) live(c choice) moment {
	h.t.Helper()
	switch c.moment {
	case atPlace:
		if h.comes(c.place) {
			return atPlace
		}
		if c.again {
			h.killPlant()
			h.sum.byMoment[plantAlone]++
		}
		if h.comes(c.place) {
			return atPlace
		}
		h.sum.missed[c.place]++
		c.moment = working
	case starting:
		time.Sleep(c.wait)
	default:
		h.Counted("verified", c.verified)
		if c.moment == stopping {
			h.Agent.Signal(syscall.SIGTERM)
		}
		time.Sleep(c.wait)
	}
	if !c.agent {
		return c.moment
	}
	h.Agent.Kill()
	if !killed(h.Agent) && (c.moment != stopping || h.Agent.Err != nil) {
		h.t.Fatalf("the agent has ended: %v\n%s", h.Agent.Err, &h.Agent.Out)
	}
	return c.moment
}

// comes says whether the agent ends at a place before long.
func (h *history) comes(place string) bool {
	h.t.Helper()
	select {
	case <-time.After(met):
		return false
	case <-h.Agent.Done:
	}
	if !killed(h.Agent) {
		h.t.Fatalf("the agent has ended: %v\n%s", h.Agent.Err, &h.Agent.Out)
	}
	h.sum.byPlace[place]++
	return true
}

// plantAlone is the moment of a kill that spares the agent.
const plantAlone = "the plant alone"

func (h *history) killPlant() {
	h.t.Helper()
	h.alive(h.plant, "the plant")
	h.plant.Kill()
	h.startPlant()
}

// marks waits until the agent marks products again.
func (h *history) marks() {
	h.t.Helper()
	st, err := h.Status()
	if err != nil {
		h.t.Fatal(err)
	}
	h.Counted("verified", site.Count(st, "verified")+1)
}

// killed says whether a process that has ended was killed.
func killed(p *site.Process) bool {
	state, ok := p.Cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && state.Signaled() && state.Signal() == syscall.SIGKILL
}

func (h *history) alive(p *site.Process, what string) {
	h.t.Helper()
	select {
	case <-p.Done:
		h.t.Fatalf("%s has ended: %v\n%s", what, p.Err, &p.Out)
	default:
	}
}

// runOut lets the last products pass and all reports go, stops everything and judges it.
func (h *history) runOut() {
	h.t.Helper()
	if h.Agent == nil {
		h.start(choice{})
	}
	h.operator.finish()
	h.Counted("verified", 1)
	h.plant.Stop(h.t)
	h.runPlant("--rate", "0.001", "--storm", "0") // everything is there but products
	h.Settled()
	h.Stop()
	h.plant.Stop(h.t)
	h.plant = nil
	found := append(h.judge(h.Data), h.account()...)
	found = append(found, ours(h.Judge(h.Data))...) // and as a start finds it
	for _, f := range found {
		h.sum.findings++
		h.t.Errorf("seed %d, at the end: %s", h.seed, f)
	}
}
