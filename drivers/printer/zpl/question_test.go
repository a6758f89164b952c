package zpl

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// shape writes commands as letters: L for a label, s for ~HS, c for the odometer.
func shape(commands []string) string {
	var b strings.Builder
	for _, c := range commands {
		switch c {
		case "~HS":
			b.WriteByte('s')
		case getvar:
			b.WriteByte('c')
		default:
			b.WriteByte('L')
		}
	}
	return b.String()
}

// While labels flow the question stands where half of what is under way is ahead of it. Its
// answer is enough if it was waited for and brings news.
func TestQuestionsBetweenLabels(t *testing.T) {
	for _, c := range []struct {
		name    string
		printed int // before
		ahead   int // labels sent and not counted before
		send    int
		late    bool // the caller asks when the answer has long been there
		counts  int  // at the question of Send; later ones find all but one label printed
		wrote   string
		want    int
	}{
		{"a full buffer", 0, 0, 8, false, 4, "LLLLscsLLLL", 4},
		{"a full buffer, asked late", 0, 0, 8, true, 4, "LLLLscsLLLLscs", 7},
		{"a full buffer, no news", 0, 0, 8, false, 0, "LLLLscsLLLLscs", 7},
		{"half of it", 4, 4, 4, false, 8, "scsLLLL", 8},
		{"half of it, no news", 4, 4, 4, false, 4, "scsLLLLscs", 11},
		{"a quarter is ahead", 4, 2, 6, false, 7, "LLscsLLLL", 7},
		{"more is ahead than comes", 4, 7, 1, false, 6, "scsL", 6},
		{"two labels", 0, 0, 2, false, 1, "LscsL", 1},
		{"a single label", 0, 0, 1, false, 0, "Lscs", 0},
		{"a single label behind another", 0, 1, 1, false, 1, "scsL", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				s := open(t, p).(*session)
				s.sent, s.last = c.printed+c.ahead, s.base+uint64(c.printed)
				before, asked := len(p.commands()), 0
				p.set(func() string {
					if asked++; asked > 1 {
						return fmt.Sprintf("%q", fmt.Sprint(1000+s.sent-1))
					}
					return fmt.Sprintf("%q", fmt.Sprint(1000+c.counts))
				}, func() string {
					time.Sleep(20 * time.Millisecond) // of a slow line
					return healthy()
				})
				if err := s.Send(t.Context(), labels(strings.Split("ABCDEFGH"[:c.send], "")...)); err != nil {
					t.Fatal(err)
				}
				if c.late {
					time.Sleep(time.Second)
				}
				if n, err := s.Printed(t.Context()); n != c.want || err != nil {
					t.Errorf("Printed = %d, %v, want %d", n, err, c.want)
				}
				synctest.Wait()
				if got := shape(p.commands()[before:]); got != c.wrote {
					t.Errorf("sent %s, want %s", got, c.wrote)
				}
			})
		})
	}
}

// One question is open at a time.
func TestOneQuestionAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		before := len(p.commands())
		for range 3 {
			if err := s.Send(t.Context(), labels("A", "B")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := shape(p.commands()[before:]); got != "LscsLLLLL" {
			t.Errorf("sent %s", got)
		}
	})
}

// P3: what the odometer says beside a fault, or without the state, is not believed, wherever the
// question stood.
func TestP3NoCountBesideAFault(t *testing.T) {
	for name, c := range map[string]struct {
		status func() string
		want   string
	}{
		"paper out":      {func() string { return reports("030,1,0,0245,000,0,0,0,000,0,0,0", idle2) }, "paper out"},
		"silence":        {func() string { return "" }, "keeps silent"},
		"half the state": {func() string { return "\x02" + idle1 + "\x03\r\n" }, "frame 2 of the printer's status"},
		"count first":    {func() string { return `"1001"` }, "keeps silent"},
	} {
		for _, n := range []int{1, 2} { // with two labels the question stands between them
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newPeer()
					s := open(t, p)
					p.counts(1001)
					p.set(nil, c.status)
					if err := s.Send(t.Context(), labels("01A", "01B")[:n]); err != nil {
						t.Fatal(err)
					}
					begun := time.Now()
					got, err := s.Printed(t.Context())
					if got != 0 || err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("Printed = %d, %v, want %q", got, err, c.want)
					}
					if d := time.Since(begun); d > silence {
						t.Errorf("noticed after %v", d)
					}
				})
			})
		}
	}
}

// P3: the fault comes right after the first state, and the spoilt label is counted.
func TestP3FaultBehindTheCount(t *testing.T) {
	for name, c := range map[string]struct{ second, want string }{
		"open head, which is silent": {"", "keeps silent"},
		"paper out":                  {reports("030,1,0,0245,000,0,0,0,000,0,0,0", idle2), "paper out"},
		"no status":                  {"\x02" + idle2 + "\x03\r\n", "11 fields, not 12"},
	} {
		for _, n := range []int{1, 2} { // with two labels the question stands between them
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newPeer()
					s := open(t, p)
					p.set(func() string {
						p.set(nil, func() string { return c.second })
						return `"1001"`
					}, nil)
					if err := s.Send(t.Context(), labels("01A", "01B")[:n]); err != nil {
						t.Fatal(err)
					}
					got, err := s.Printed(t.Context())
					if got != 0 || err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("Printed = %d, %v, want %q", got, err, c.want)
					}
				})
			})
		}
	}
}

// A printer that tells both states before its odometer is asked once more: the count has to have
// a state behind it.
func TestStatesAheadOfTheCount(t *testing.T) {
	for name, c := range map[string]struct {
		third string
		want  int
	}{
		"healthy":   {healthy(), 1},
		"paper out": {reports("030,1,0,0245,000,0,0,0,000,0,0,0", idle2), -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				s := open(t, p)
				if err := s.Send(t.Context(), labels("01A")); err != nil {
					t.Fatal(err)
				}
				asked := 0
				p.set(func() string { return "" }, func() string {
					switch asked++; asked {
					case 1:
						return healthy()
					case 2:
						return healthy() + `"1001"`
					}
					return c.third
				})
				n, err := s.Printed(t.Context())
				if (err != nil) != (c.want < 0) || err == nil && n != c.want {
					t.Errorf("Printed = %d, %v, want %d", n, err, c.want)
				}
				if asked != 3 {
					t.Errorf("the state was asked %d times", asked)
				}
			})
		})
	}
}

// What is left of a doubled answer is not the answer to the next question.
func TestDoubledAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		if err := s.Send(t.Context(), labels("01A", "01B", "01C")); err != nil {
			t.Fatal(err)
		}
		for n := range 4 {
			text := []string{`"1000"`, `"1001"`, `"1002"`, `"1003"`}[n]
			p.set(func() string { return text + text }, func() string { return healthy() + healthy() })
			if got, err := s.Printed(t.Context()); got != n || err != nil {
				t.Errorf("Printed = %d, %v, want %d", got, err, n)
			}
		}
	})
}
