package network

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
)

// reported waits until nothing has been left to report for longer than a report waits: the belts must stand.
func (r *rig) reported() {
	r.t.Helper()
	var quiet time.Time
	r.Until("reporting what is due", func() error {
		s, err := r.Status()
		if err != nil {
			return err
		}
		for _, of := range []map[string]int{s.Reports.Utilisation, s.Reports.Aggregation} {
			for state, n := range of {
				if n > 0 && state != string(ledger.Sent) {
					quiet = time.Time{}
					return fmt.Errorf("%d reports are %s: %s", n, state, s.Reports.Trouble)
				}
			}
		}
		if quiet.IsZero() {
			quiet = time.Now()
		}
		if time.Since(quiet) < 1500*time.Millisecond {
			return errors.New("a report may still come")
		}
		return nil
	})
}

// count is what a line's stations have counted of what.
func count(s agent.Status, line, what string) int {
	n := 0
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			if l.Name == line {
				n += st.Count[what]
			}
		}
	}
	return n
}

// goesOn waits until everything is connected and both lines mark and pack again, and returns how long that
// took. It fails the test where it takes longer than limit.
func (r *rig) goesOn(limit time.Duration) time.Duration {
	r.t.Helper()
	began := time.Now()
	var was agent.Status
	for {
		s, err := r.Status()
		if err == nil && was.Agent == "" {
			if err = up(s); err == nil {
				was = s
			}
		}
		if was.Agent != "" && err == nil {
			if err = further(was, s); err == nil {
				return time.Since(began)
			}
		}
		if time.Since(began) > limit {
			text, _ := json.MarshalIndent(s, "", " ")
			r.t.Fatalf("it does not go on after %v: %v\n%s", limit.Round(time.Second), err, text)
		}
		select {
		case <-r.Agent.Done:
			r.t.Fatalf("the agent has ended: %v\n%s", r.Agent.Err, &r.Agent.Out)
		case <-time.After(40 * time.Millisecond):
		}
	}
}

func up(s agent.Status) error {
	for _, d := range s.Devices {
		if !d.Up {
			return fmt.Errorf("%s is down: %s", d.Name, d.Error)
		}
	}
	if s.National.Closed != nil {
		return fmt.Errorf("the national system: %s", s.National.Error)
	}
	return nil
}

func further(was, s agent.Status) error {
	for _, line := range []string{lineHere, lineThere} {
		if n := count(s, line, "verified") - count(was, line, "verified"); n < 6 {
			return fmt.Errorf("line %s has verified %d since everything is there: %s", line, n, stations(s, line))
		}
	}
	if sent := string(ledger.Sent); s.Reports.Utilisation[sent] == was.Reports.Utilisation[sent] {
		return fmt.Errorf("nothing was reported since everything is there: %v %s", s.Reports.Utilisation, s.Reports.Trouble)
	}
	if n := count(s, lineHere, "closed") - count(was, lineHere, "closed"); n < 1 {
		return fmt.Errorf("no box was closed since everything is there: %s", stations(s, lineHere))
	}
	return nil
}

func stations(s agent.Status, line string) string {
	var all []string
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			if l.Name == line {
				all = append(all, fmt.Sprintf("%s %s %s %v", st.Name, st.State, st.Why, st.Count))
			}
		}
	}
	return strings.Join(all, "; ")
}

// beltEvent is one line of a belt's log.
type beltEvent struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
}

// happened counts what a belt has logged from a moment on, by the event's name.
func (r *rig) happened(line string, from time.Time) map[string]int {
	r.t.Helper()
	f, err := os.Open(filepath.Join(r.Logs, "conveyor-"+line+".jsonl"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	n := map[string]int{}
	for lines := bufio.NewReader(f); ; {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return n
		}
		var e beltEvent
		if err := errors.Join(err, json.Unmarshal(text, &e)); err != nil {
			r.t.Fatal(err)
		}
		if !e.At.Before(from) {
			n[e.Event]++
		}
	}
}

// untouched wants a line to have made products from a moment on as before. A busy machine has better and worse
// moments.
func (r *rig) untouched(line string, from time.Time) {
	r.t.Helper()
	lasted := time.Since(from)
	n := r.happened(line, from)
	if least := int(lasted.Seconds() * r.calm[line] / 4); n["made"] < least {
		r.t.Errorf("P7: line %s has made %d products in %v, and %.0f a second before: %v", line, n["made"], lasted.Round(time.Millisecond), r.calm[line], n)
	}
}
