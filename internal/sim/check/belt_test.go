package check

import (
	"testing"
	"time"
)

// What passed the rejector.
func TestJudgeFinds_belts(t *testing.T) {
	judged(t, []spoilt{
		{"a bad product passed", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.at = s.at.Add(standstill)
			s.belt("made", 9, "")
		}, "P6: product 6 passed the rejector although: misread", found{}},
		{"bad products passed again and again", func(s *shift) {
			for n := range 3 {
				s.belt("passed", 6+n, "misread")
				s.at = s.at.Add(standstill * 3 / 5)
			}
		}, "P6: product 6 passed the rejector although: misread", found{}},
		{"a bad product passed and the line was stopped", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.belt("stopped", 0, "")
			s.at = s.at.Add(standstill)
			s.belt("made", 9, "")
		}, "", found{}},
		{"a bad product passed and the watchdog held the line", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.belt("held", 0, "")
			s.at = s.at.Add(standstill)
			s.belt("made", 9, "")
		}, "", found{}},
		{"a bad product passed, the belt had no labels, and then the line was stopped", func(s *shift) {
			s.belt("passed", 6, "no read")
			s.at = s.at.Add(time.Minute)
			s.belt("made", 9, "")
			s.belt("stopped", 0, "")
		}, "", found{}},
		{"a bad product passed, the belt had no labels, and it went on", func(s *shift) {
			s.belt("passed", 6, "no read")
			s.at = s.at.Add(time.Minute)
			s.belt("made", 9, "")
			s.at = s.at.Add(standstill)
			s.belt("made", 10, "")
		}, "P6: product 6 passed the rejector although: no read", found{}},
		{"a bad product passed before the plant was switched off", func(s *shift) {
			s.belt("passed", 6, "misread")
			s.at = s.at.Add(time.Hour)
			s.belt("started", 0, "")
			s.belt("made", 1, "")
		}, "", found{}},
	})
}
