package load

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/proof/site"
)

// run is what was seen of a line PC under load.
type run struct {
	plan    plan
	began   time.Time // of what is measured: every line marks
	witness *witness  // nil: there was none
	samples []sample  // the first is of the beginning, the last of the end
	belts   map[string]*belt
	said    []words // what the agent has said of lines that it stopped
}

// begin starts the plant and the agent and returns when every line has marked.
func begin(t *testing.T, program string, p plan) (*site.Site, *site.Process) {
	t.Helper()
	s := site.From(t, program, "data", p.configuration())
	s.At[figuresAt] = site.FreePort(t)
	s.Env = append(s.Env, "LINEMARK_FIGURES="+s.At[figuresAt])
	plant := site.Launch(t, nil, program, "sim", "--config", s.File, "--log", s.Logs, "--rate", fmt.Sprint(p.rate))
	t.Cleanup(plant.Kill)
	s.Start()
	s.Until("marking on every line", func() error {
		st, err := s.Status()
		if err != nil {
			return err
		}
		for line, n := range verified(st) {
			if n == 0 {
				return fmt.Errorf("line %s has marked nothing", line)
			}
		}
		return nil
	})
	return s, plant
}

// watch takes samples for as long as the plan says.
func watch(t *testing.T, s *site.Site, plant *site.Process, p plan) *run {
	t.Helper()
	r := &run{plan: p, witness: look(t, s.Dir)}
	every := p.sampling()
	for next := time.Now(); ; next = next.Add(every) {
		time.Sleep(time.Until(next))
		for _, of := range []*site.Process{s.Agent, plant} {
			select {
			case <-of.Done:
				t.Fatalf("%s has ended: %v\n%s", of.Cmd, of.Err, &of.Out)
			default:
			}
		}
		m, err := p.take(s, plant)
		if err != nil {
			t.Fatalf("taking a sample: %v", err)
		}
		if r.samples = append(r.samples, m); len(r.samples) == 1 {
			r.began = m.at
		}
		if m.at.Sub(r.began) >= p.length-every/2 {
			r.witness.leave()
			return r
		}
	}
}

// sampling is how often a sample is taken: every ten seconds, and 24 times at least. What a line at full
// speed waits for is looked at every second.
func (p plan) sampling() time.Duration {
	if p.rate == 0 {
		return min(time.Second, p.length/24)
	}
	return min(10*time.Second, p.length/24)
}

// hold lets the belts run out.
func hold(t *testing.T, plant *site.Process) {
	t.Helper()
	plant.Signal(syscall.SIGUSR1)
	for end := time.Now().Add(site.Patience); !strings.Contains(plant.Out.All(), still); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the belts do not stop:\n%s", &plant.Out)
		}
	}
}

// settle waits until nothing is reported any more: a report that is due comes after the interval at the
// latest, and one of boxes may wait for that of their units.
func settle(t *testing.T, s *site.Site, p plan) {
	t.Helper()
	quiet := p.reports + min(5*time.Second, max(2*time.Second, p.reports))
	since, last, why := time.Now(), "", ""
	for end := since.Add(4*quiet + site.Patience); time.Since(since) < quiet; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the reports do not settle: %s", why)
		}
		st, err := s.Status()
		if err != nil {
			t.Fatal(err)
		}
		why = st.Reports.Trouble
		now := fmt.Sprint(st.Reports.Utilisation, st.Reports.Aggregation)
		open := 0
		for _, of := range []map[string]int{st.Reports.Utilisation, st.Reports.Aggregation} {
			for state, n := range of {
				if state != string(ledger.Sent) {
					open += n
				}
			}
		}
		if now != last || open > 0 {
			since, last, why = time.Now(), now, fmt.Sprintf("%s %s", now, st.Reports.Trouble)
		}
	}
}

// unreported counts codes with evidence that no report holds.
func unreported(dir string) (n int, err error) {
	l, err := ledger.OpenReader(context.Background(), dir)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return n, l.EachCode(context.Background(), func(h ledger.Held) error {
		if h.Evidence >= ledger.ByIdentity && !h.Reported {
			n++
		}
		return nil
	})
}
