package agent

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"linemark/internal/config"
	"linemark/internal/line"
	"linemark/internal/trend"
)

// Each station's newest readings are in the status with what was decided on them, and how many failures there were
// in a row.
func TestReads(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		if got := s.station("check").Reads; got == nil || len(got) != 0 {
			t.Errorf("before any reading: %+v", got)
		}
		s.pass(14)
		check := s.station("check")
		if len(check.Reads) != 12 || check.InARow != 0 {
			t.Fatalf("%d readings, %d failures in a row", len(check.Reads), check.InARow)
		}
		for i, r := range check.Reads {
			if !r.Good || r.Why != "" || !strings.Contains(r.Code, "{GS}") || i > 0 && !r.At.Before(check.Reads[i-1].At) {
				t.Errorf("reading %d is %+v", i, r)
			}
		}
		s.ready()
		l, _ := s.tij.Print()
		wrong := bytes.Clone(l.Symbols[0].Data)
		wrong[len(wrong)-1] ^= 1
		s.cam1.Read(wrong)
		time.Sleep(time.Second)
		s.cam1.Read([]byte("NOREAD"))
		time.Sleep(time.Second)
		check = s.station("check")
		if r := check.Reads[0]; r.Good || r.Why != "no read" || r.Code != "" {
			t.Errorf("the no-read is %+v", r)
		}
		if r := check.Reads[1]; r.Good || r.Why != "verification part differs" || check.InARow != 2 {
			t.Errorf("the changed code is %+v, %d in a row", r, check.InARow)
		}
		if box := s.station("box"); len(box.Reads) != 12 || !box.Reads[0].Good {
			t.Errorf("packed were %+v", box.Reads)
		}
		if mark := s.station("mark"); mark.Reads == nil || len(mark.Reads) != 0 {
			t.Errorf("the printing station has read %+v", mark.Reads)
		}
	})
}

// The trend of a line counts what its stations do, times the way from the printer, and knows how it stood.
func TestTrend(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(40)
		time.Sleep(2 * time.Second)
		got, ok := s.agent.Trend("3", trend.ShiftLength)
		if !ok || got.Line != "3" || got.Shift.Counts != (trend.Counts{Read: 40, Verified: 40, Packed: 40}) {
			t.Fatalf("%v: %+v", ok, got)
		}
		if got.PerMinute == nil || *got.PerMinute < 20 || got.Shift.PerMinute == nil || got.Shift.Running < 20 || got.Shift.Stopped != 0 {
			t.Errorf("%+v", got.Shift)
		}
		timed := 0
		for _, m := range got.Minutes {
			if timed += m.Timed; m.Timed > 0 && (m.P50 < 240 || m.P95 < m.P50) {
				t.Errorf("%+v", m)
			}
		}
		if timed != 40 {
			t.Errorf("%d ways were timed", timed)
		}
		for scanner, g := range map[string]line.Grade{"cam-1": {Text: "B", Value: 3, Known: true}, "cam-2": {Text: "F", Known: true}} {
			s.agent.scanners[scanner].onRead(line.Scan{Seq: 1000, NoRead: true, Grade: g})
		}
		s.agent.scanners["cam-1"].onRead(line.Scan{Seq: 1001, NoRead: true, Grade: line.Grade{Text: "?"}})
		time.Sleep(time.Second)
		got, _ = s.agent.Trend("3", time.Hour)
		if m := got.Minutes[len(got.Minutes)-1]; m.Graded != 1 || m.Grade != 3 {
			t.Errorf("graded was %+v", m)
		}
		s.goAway("plc")
		time.Sleep(time.Minute)
		if got, _ := s.agent.Trend("3", time.Hour); got.Shift.Stopped < 30 {
			t.Errorf("with the PLC away: %+v", got.Shift)
		}
		if _, ok := s.agent.Trend("4", time.Hour); ok {
			t.Error("there is a line 4")
		}
	})
}

// What a line has done is counted where its products are looked at, and grades where they are looked at first.
func TestPassed(t *testing.T) {
	station := func(kind line.Kind, state string, count map[string]int) line.StationStatus {
		return line.StationStatus{Kind: kind, View: line.View{State: state, Count: count}}
	}
	mark := station(line.KindPrint, "running", map[string]int{"printed": 9, "sent": 12})
	check := station(line.KindVerify, "running", map[string]int{"read": 8, "verified": 5, "rejected": 3})
	box := station(line.KindPack, "waiting", map[string]int{"read": 5, "packed": 4, "refused": 1})
	pallet := station(line.KindPack, "stopped", map[string]int{"read": 2, "packed": 2})
	rework := station(line.KindRework, "stopped", map[string]int{"read": 7, "verified": 7})
	for _, c := range []struct {
		name   string
		all    []line.StationStatus
		want   trend.Counts
		state  trend.State
		graded string // at these stations
	}{
		{"a whole line", []line.StationStatus{mark, check, box, pallet, rework}, trend.Counts{Read: 8, Verified: 5, Rejected: 3, Packed: 4}, trend.Running, "1"},
		{"no check", []line.StationStatus{mark, box, pallet}, trend.Counts{Read: 5, Verified: 4, Rejected: 1, Packed: 4}, trend.Running, "1"},
		{"printing alone", []line.StationStatus{mark, mark}, trend.Counts{Read: 18, Verified: 18}, trend.Running, ""},
		{"packing alone", []line.StationStatus{box, pallet}, trend.Counts{Read: 5, Verified: 4, Rejected: 1, Packed: 4}, trend.Stopped, "0"},
		{"waiting", []line.StationStatus{station(line.KindPrint, "waiting", nil), check}, trend.Counts{Read: 8, Verified: 5, Rejected: 3}, trend.Waiting, "1"},
		{"stopped, and others wait for it", []line.StationStatus{station(line.KindVerify, "stopped", nil), station(line.KindPrint, "waiting", nil)}, trend.Counts{}, trend.Stopped, "0"},
		{"stopped", []line.StationStatus{station(line.KindPrint, "waiting", nil), station(line.KindVerify, "stopped", nil), mark}, trend.Counts{}, trend.Stopped, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l config.Line
			for _, s := range c.all {
				one := config.Station{Kind: string(s.Kind)}
				if s.Count["read"] == 2 {
					one.Of = "box"
				}
				l.Stations = append(l.Stations, one)
			}
			if got := passed(l, c.all); got != c.want {
				t.Errorf("passed %+v, want %+v", got, c.want)
			}
			if got := stands(c.all); got != c.state {
				t.Errorf("it stands %v, want %v", got, c.state)
			}
			graded := ""
			for i, s := range l.Stations {
				if grades(l, s) {
					graded += string(rune('0' + i))
				}
			}
			if graded != c.graded {
				t.Errorf("grades of the stations %q, want %q", graded, c.graded)
			}
		})
	}
}
