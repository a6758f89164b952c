package agent

import (
	"strings"
	"testing"
	"time"
)

// TestCounting: what the PLC, the printer, the camera and the packing have counted is in the status, at the end of
// the batch and of the hour a line of the log; products that the camera never sees are an alarm at its station, and a
// PLC that goes away, a restart of the agent and stops are none.
func TestCounting(t *testing.T) {
	inSite(t, func(s *site) {
		counted := uint16(0)
		product := func() {
			counted++
			s.plc.SetHolding(101, counted)
		}
		pass := func(n int) {
			for range n {
				product()
				s.pass(1)
			}
			time.Sleep(5 * time.Second)
		}
		s.cfg.Lines[0].Stations[1].SilentAfter = 1000
		s.start()
		s.ready()
		pass(6)
		c := s.status().Lines[0].Counts
		if c == nil || c.Limit != 20 || c.Hour.Products != 6 || c.Hour.Printed != 6 || c.Hour.Read != 6 || c.Hour.Verified != 6 || c.Hour.Packed != 6 || c.Batch == nil || c.Batch.Batch != "B1" || c.Batch.Read != 6 {
			t.Fatalf("counted: %+v", c)
		}
		lose := func(n int) {
			for range n {
				product()
				s.ready()
				s.tij.Print()
				time.Sleep(500 * time.Millisecond)
			}
			time.Sleep(15 * time.Second)
		}
		alarms := func() []string { return s.log.with("WARN", "station check", "are missing") }
		lose(20)
		if got := alarms(); len(got) != 0 {
			t.Errorf("20 are on their way, told: %q", got)
		}
		s.goAway("plc")
		time.Sleep(10 * time.Second)
		counted += 200 // the PLC's counter goes on
		s.plc.SetHolding(101, counted)
		s.comeBack("plc")
		s.until("the PLC", func() bool { return s.device("plc-1").Up })
		s.restartLine()
		s.ready()
		if got := s.log.with("WARN", "are missing"); len(got) != 0 {
			t.Errorf("after an outage of the PLC: %q", got)
		}
		s.stop()
		s.start()
		s.ready()
		pass(2)
		if c := s.status().Lines[0].Counts; c.Hour.Read != 2 || !c.Hour.Since.After(s.status().Started.Add(-2*time.Second)) {
			t.Errorf("after a restart: %+v", c)
		}
		lose(33)
		got := alarms()
		if len(got) != 1 || !strings.Contains(got[0], "the PLC has counted 35 products, station mark 35 printed, station check 2 read: at least 33 are missing at station check") || !strings.Contains(got[0], "at=3/check") {
			t.Errorf("33 are missing, told: %q", got)
		}
		pass(20) // the hour ends at some time, and nothing is told again
		if _, err := s.agent.Office().EndBatch(s.t.Context(), "3"); err != nil {
			t.Error(err)
		}
		time.Sleep(61 * time.Minute)
		if got := s.log.with("INFO", "batch B1 counted from"); len(got) != 1 || !strings.Contains(got[0], "line=3") {
			t.Errorf("at the end of the batch: %q", got)
		}
		if got := s.log.with("INFO counted from"); len(got) == 0 {
			t.Error("nothing is said at the end of an hour")
		}
		if c := s.status().Lines[0].Counts; c.LastHour == nil || c.Batch.Until == nil || c.Batch.Read != 22 {
			t.Errorf("afterwards: %+v", c)
		}
		if got := alarms(); len(got) != 1 {
			t.Errorf("told again: %q", got)
		}
	})
}

// A PLC that two lines share counts for neither: nobody knows whose products they are.
func TestCounting_sharedPLC(t *testing.T) {
	inSite(t, func(s *site) {
		s.build()
		l := s.cfg.Lines[0]
		if p := s.agent.counterOf(l); p == nil || p.name != "plc-1" {
			t.Errorf("counted by %v", p)
		}
		other := l
		other.Name = "4"
		s.cfg.Lines = append(s.cfg.Lines, other)
		if p := s.agent.counterOf(l); p != nil {
			t.Errorf("counted by %v", p.name)
		}
		s.cfg.Lines = s.cfg.Lines[:1]
	})
}
