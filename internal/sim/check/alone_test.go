package check

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// An hour in which the national system was away: line 3 made a product every second, line 4 every two.
func TestWent(t *testing.T) {
	from := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	span, stall := Span{from.Add(time.Minute), from.Add(61 * time.Minute)}, 10*time.Second
	minute := func(n float64) time.Duration { return time.Duration(n * float64(time.Minute)) }
	type entry struct {
		at    time.Duration
		event string
	}
	// without returns whether a moment is in none of the gaps, each from and to in minutes.
	without := func(gaps ...float64) func(time.Duration) bool {
		return func(at time.Duration) bool {
			for g := range slices.Chunk(gaps, 2) {
				if at > minute(g[0]) && at < minute(g[1]) {
					return false
				}
			}
			return true
		}
	}
	for _, c := range []struct {
		name  string
		makes func(time.Duration) bool
		more  []entry
		want  []string // beginnings of what is found
	}{
		{"all through it", without(), nil, nil},
		{"it stands before and behind", without(0, 1.1, 60.9, 70), nil, nil},
		{"a pause that is no standstill", without(20, 20.15), nil, nil},
		{"a standstill", without(20, 20.5), nil, []string{"P7: line 3 made nothing for 30s from 06:20:00.000 on"}},
		{"a short standstill", without(20, 20.2), nil, []string{"P7: line 3 made nothing for 12s from 06:20:00.000 on"}},
		{"two standstills", without(20, 20.5, 40, 41), nil, []string{"P7: line 3 made nothing for 30s", "P7: line 3 made nothing for 1m0s from 06:40:00.000 on"}},
		{"it stands from the beginning", without(0, 2), nil, []string{"P7: line 3 made nothing for 1m0s from 06:01:00.000 on"}},
		{"it stands to the end", without(60, 70), nil, []string{"P7: line 3 made nothing for 1m0s from 07:00:00.000 on"}},
		{"it never goes", without(-1, 70), nil, []string{"P7: line 3 made nothing from 06:01:00.000 to 07:01:00.000"}},
		{"it goes before and behind alone", without(0.5, 61.5), nil, []string{"P7: line 3 made nothing from 06:01:00.000 to 07:01:00.000"}},
		{"a person stops it", without(20, 30), []entry{{minute(20.05), "stopped"}, {minute(29.95), "restarted"}}, nil},
		{"it is stopped and stays so", without(20, 70), []entry{{minute(20.05), "stopped"}}, nil},
		{"it is stopped all the time", without(-1, 70), []entry{{minute(0.1), "stopped"}}, []string{"P7: line 3 made nothing from"}},
		{"it is stopped with a product under way", without(20.1, 30), []entry{{minute(20.09), "stopped"}, {minute(29.95), "restarted"}}, nil},
		{"somebody else lets it go on, then it stands", without(20, 30, 40, 41), []entry{{minute(20.05), "stopped"}}, []string{"P7: line 3 made nothing for 1m0s from 06:40:00.000 on"}},
		{"it was stopped before", without(0.5, 5), []entry{{minute(0.5), "stopped"}, {minute(4.95), "restarted"}}, nil},
		{"it stood long before it was stopped", without(20, 30), []entry{{minute(25), "stopped"}, {minute(29.95), "restarted"}}, []string{"P7: line 3 made nothing for 5m0s from 06:20:00.000 on"}},
		{"it stood long after the restart", without(20, 30), []entry{{minute(20.05), "stopped"}, {minute(25), "restarted"}}, []string{"P7: line 3 made nothing for 5m0s from 06:25:00.000 on"}},
		{"the watchdog holds it", without(20, 21), []entry{{minute(20.1), "held"}}, nil},
		{"held once, it stands again", without(20, 21, 30, 31), []entry{{minute(20.1), "held"}}, []string{"P7: line 3 made nothing for 1m0s from 06:30:00.000 on"}},
		{"held once, it stands again behind one product", without(20, 21, 21, 22), []entry{{minute(20.1), "held"}}, []string{"P7: line 3 made nothing for 1m0s from 06:21:00.000 on"}},
		{"the plant was off", without(20, 21), []entry{{minute(20.95), "started"}}, []string{"P7: line 3 made nothing for 57s from 06:20:00.000 on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, other := append([]entry{{-time.Second, "started"}}, c.more...), []entry{}
			for at := time.Duration(0); at <= minute(65); at += time.Second {
				if c.makes(at) {
					all = append(all, entry{at, "made"})
				}
				if at%(2*time.Second) == 0 {
					other = append(other, entry{at, "made"})
				}
			}
			slices.SortStableFunc(all, func(a, b entry) int { return int(a.at - b.at) })
			s := &shift{plant: t.TempDir()}
			for name, entries := range map[string][]entry{"conveyor-3": all, "conveyor-4": other} {
				var log strings.Builder
				for _, e := range entries {
					fmt.Fprintf(&log, `{"at":%q,"event":%q}`+"\n", from.Add(e.at).Format(time.RFC3339Nano), e.event)
				}
				s.raw(name, log.String())
			}
			s.raw("conveyor-office", "")
			found := must(Went(s.plant, span, stall))
			if !slices.EqualFunc(found, c.want, strings.HasPrefix) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

func TestWentFails(t *testing.T) {
	now := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	s := &shift{plant: t.TempDir(), at: now}
	fails := func(what string, span Span, stall time.Duration) {
		t.Helper()
		if found, err := Went(s.plant, span, stall); err == nil {
			t.Errorf("%s: found %q and no error", what, found)
		}
	}
	hour := Span{now, now.Add(time.Hour)}
	fails("no logs", hour, time.Second)
	s.raw("conveyor-3", "")
	fails("no belt", hour, time.Second)
	s.log("conveyor-3", fields{"event": "made", "product": 1})
	if found := must(Went(s.plant, hour, time.Hour)); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	fails("no time", Span{now, now}, time.Second)
	fails("no stall", hour, 0)
	s.raw("conveyor-4", `{"event":7}`+"\n")
	fails("an event of another kind", hour, time.Second)
	try(os.Remove(filepath.Join(s.plant, "conveyor-4.jsonl")))
	try(os.Mkdir(filepath.Join(s.plant, "conveyor-5.jsonl"), 0o750))
	fails("what cannot be read", hour, time.Second)
}
