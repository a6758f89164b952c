package agent

import (
	"testing"
	"time"
)

// What passes the line is timed: how long a label takes to its reading, a reading to its verdict, a write to the disk.
func TestDelays(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(3)
		s.until("packed units", func() bool { return s.station("box").Count["packed"] == 3 })
		of := map[Delayed]map[string]Delay{}
		for _, d := range s.agent.Delays() {
			if of[d.What] == nil {
				of[d.What] = map[string]Delay{}
			}
			of[d.What][d.Line+"/"+d.Station] = d
		}
		for _, station := range []string{"3/check", "3/box"} {
			if d := of[DelayVerdict][station]; d.All != 3 {
				t.Errorf("%s has timed %d verdicts", station, d.All)
			}
		}
		if d, ok := of[DelayVerdict]["3/mark"]; ok {
			t.Errorf("the printing station has timed %+v", d)
		}
		// The bubble's clock moves by what the test sleeps: a quarter of a second from the printing to the reading, and
		// the time that the label lay in the printer.
		if d := of[DelayPrintToScan]["3/check"]; d.All != 3 || d.Sum < 3*250*time.Millisecond {
			t.Errorf("%d ways took %v", d.All, d.Sum)
		}
		if d := of[DelayCommit]["/"]; d.All < 10 {
			t.Errorf("%d writes were timed", d.All)
		}
	})
}

// The oldest report that has not arrived is known by when it was made, until it arrives.
func TestOldestReport(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		if o := s.status().Reports.Oldest; len(o) != 0 {
			t.Errorf("before any report the oldest are %v", o)
		}
		s.goAway("izkm")
		began := time.Now()
		s.until("a report that waits", func() bool { return len(s.status().Reports.Oldest) > 0 })
		made := s.status().Reports.Oldest["utilisation"]
		if made.Before(began) || made.After(time.Now()) {
			t.Errorf("it was made at %v, between %v and %v", made, began, time.Now())
		}
		s.pass(1)
		time.Sleep(time.Minute)
		if now := s.status().Reports.Oldest["utilisation"]; !now.Equal(made) {
			t.Errorf("a newer one has become the oldest: %v, not %v", now, made)
		}
		s.comeBack("izkm")
		s.until("arrived reports", func() bool { return len(s.status().Reports.Oldest) == 0 })
	})
}

// All alarms are counted, also those that the status has forgotten.
func TestAlarmsAreCounted(t *testing.T) {
	var heard []int
	a := alarms{log: quietLog, heard: func(n int, a Alarm) { heard = append(heard, n) }}
	for range keptAlarms + 5 {
		a.add("3/check", "product rejected")
	}
	if n := a.raised(); n != keptAlarms+5 || len(a.list()) != keptAlarms || len(heard) != n || heard[n-1] != n {
		t.Errorf("%d raised, %d kept, heard %v", n, len(a.list()), heard)
	}
}
