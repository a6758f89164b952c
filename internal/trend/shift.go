package trend

import (
	"math"
	"time"
)

// Shift is what a line did in the last hours. Of what came before the agent's start nothing is known.
type Shift struct {
	Line      string    `json:"line"`
	At        time.Time `json:"at"`         // this is how it stood
	PerMinute *float64  `json:"per_minute"` // products read in the last minute; null: not known
	Hour      Sums      `json:"hour"`       // of the clock's running hour
	Shift     Sums      `json:"shift"`      // the last eight hours
	Minutes   []Minute  `json:"minutes"`    // in their order; those of which nothing is known are not there
}

// Sums are what a line did since a moment.
type Sums struct {
	Since time.Time `json:"since"`
	Counts
	PerMinute *float64 `json:"per_minute"` // products read, over the time in which the line was watched; null: it was not
	Spent
}

// Spent is how long a line was in each state, in whole seconds.
type Spent struct {
	Running int `json:"running_s"`
	Waiting int `json:"waiting_s"`
	Stopped int `json:"stopped_s"`
}

// Minute is what a line did in a minute, or in several that were joined.
type Minute struct {
	At time.Time `json:"at"` // its beginning
	Counts
	Timed  int     `json:"timed"`                // products whose way from the printer to the reading was timed
	P50    float64 `json:"print_to_scan_p50_ms"` // half of them took no longer; means nothing where none was timed
	P95    float64 `json:"print_to_scan_p95_ms"`
	Graded int     `json:"graded"` // symbols to which the scanner gave a grade
	Grade  float64 `json:"grade"`  // the mean, 0 (F) to 4 (A); means nothing where none was graded
	Spent
}

// Last returns what the line did: the speeds and sums, and the minutes of the time back from now.
func (t *Trend) Last(back time.Duration) Shift {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, at := time.Since(t.begun), t.wall().Round(0)
	name := func(since time.Duration) time.Time { return at.Add(since - now) }
	into := time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
	hour, shift := now-into, now-ShiftLength
	begun := func(since time.Duration) time.Time { return name(max(0, since)).Round(time.Second) }
	s := Shift{At: at.Round(time.Millisecond), PerMinute: t.pace.perMinute(now), Hour: Sums{Since: begun(hour)}, Shift: Sums{Since: begun(shift)}, Minutes: []Minute{}}
	var inHour, inShift slot
	last := int64((now + t.phase) / time.Minute)
	for number := max(0, last-keptMinutes+1); number <= t.open; number++ {
		m := t.kept[number%keptMinutes]
		if m.number != number || m.watched() == 0 && m.counts == (Counts{}) {
			continue
		}
		if number == t.open {
			m.take(&t.ways)
		}
		middle := t.begins(number) + time.Minute/2
		if middle >= hour {
			inHour.join(m)
		}
		if middle >= shift {
			inShift.join(m)
		}
		if middle >= now-back {
			s.Minutes = append(s.Minutes, m.minute(name(t.begins(number)).Round(time.Minute)))
		}
	}
	s.Hour.of(inHour)
	s.Shift.of(inShift)
	return s
}

// join adds what another minute has counted; the delays of several cannot be joined.
func (s *slot) join(o slot) {
	s.counts = s.counts.plus(o.counts)
	for i := range s.spent {
		s.spent[i] += o.spent[i]
	}
}

func (s *Sums) of(m slot) {
	s.Counts, s.Spent = m.counts, m.seconds()
	if w := m.watched(); w > 0 {
		speed := float64(m.counts.Read) / w.Minutes()
		s.PerMinute = &speed
	}
}

func (s *slot) seconds() Spent {
	of := func(state State) int { return int(s.spent[state].Round(time.Second) / time.Second) }
	return Spent{of(Running), of(Waiting), of(Stopped)}
}

func (s *slot) minute(at time.Time) Minute {
	m := Minute{At: at, Counts: s.counts, Timed: s.timed, P50: milliseconds(s.p50), P95: milliseconds(s.p95), Graded: s.graded, Spent: s.seconds()}
	if s.graded > 0 {
		m.Grade = math.Round(s.grades/float64(s.graded)*100) / 100
	}
	return m
}

func milliseconds(d time.Duration) float64 { return float64(d/unit) / float64(time.Millisecond/unit) }

// Every joins minutes to steps of n of them, which begin where the hour of the clock does if n divides it. A step
// of which nothing is known is not there. Delays cannot be joined: the steps have none.
func Every(n int, minutes []Minute) []Minute {
	all := []Minute{}
	for _, m := range minutes {
		at := m.At.Add(-time.Duration(m.At.Minute()%n) * time.Minute)
		if len(all) == 0 || !all[len(all)-1].At.Equal(at) {
			all = append(all, Minute{At: at})
		}
		step := &all[len(all)-1]
		step.Counts = step.plus(m.Counts)
		if m.Graded > 0 {
			step.Grade = (step.Grade*float64(step.Graded) + m.Grade*float64(m.Graded)) / float64(step.Graded+m.Graded)
			step.Graded += m.Graded
		}
		step.Running += m.Running
		step.Waiting += m.Waiting
		step.Stopped += m.Stopped
	}
	return all
}
