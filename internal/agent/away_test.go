package agent

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/upstream/izkm/izkmtest"
)

// TestP7_NationalSystemAway: however the national system fails, the line goes on from stock (P7), one line of
// the log says that it is away and one that it is back, the status shows it with its beginning, and
// afterwards everything that was made is reported.
func TestP7_NationalSystemAway(t *testing.T) {
	tests := []struct {
		name  string
		fault izkmtest.Fault
		says  string
	}{
		{"access denied", izkmtest.Fault{Kind: izkmtest.Status, Status: 401}, "access denied"},
		{"server fault", izkmtest.Fault{Kind: izkmtest.Status, Status: 502}, "server fault (HTTP 502)"},
		{"gateway's page", izkmtest.Fault{Kind: izkmtest.HTML}, "not the document's answer"},
		{"half an answer", izkmtest.Fault{Kind: izkmtest.Half}, "not the document's answer"},
		{"silence", izkmtest.Fault{Delay: time.Hour}, "answer lost"},
		{"no connection", izkmtest.Fault{}, "no connection"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inSite(t, func(s *site) {
				s.cfg.Products[0].LowWater = 190
				s.start()
				s.ready()
				s.pass(3)
				s.until("a filled stock", func() bool { return s.stock() >= 190 && !s.buying() })
				s.log.mark()
				left := time.Now()
				if test.name == "no connection" {
					s.goAway("izkm")
				}
				s.izkm.SetFault(func(string, string, int) izkmtest.Fault { return test.fault })
				s.pass(9) // reports become due, and on the way the stock falls below its low water
				time.Sleep(45 * time.Second)
				for range 3 {
					st := s.status().National
					if trouble := s.status().Products[0].Trouble; trouble == "" {
						t.Error("supply is not troubled: this test shows less than it should")
					}
					if st.OK || !strings.Contains(st.Error, test.says) || st.Since.Sub(left) > 45*time.Second || st.Since.Before(left) {
						t.Errorf("the status is %+v; want %q since about %s", st, test.says, left)
					}
					time.Sleep(5 * time.Second)
				}
				if warned := append(s.log.with("WARN"), s.log.with("ERROR")...); len(warned) != 1 || !strings.Contains(warned[0], "does not answer as it should") {
					t.Errorf("%d lines tell of the outage, want one:\n%s", len(warned), strings.Join(warned, "\n"))
				}
				if n := s.verified(); n != 12 {
					t.Errorf("%d units were verified, want 12: the line has stopped", n)
				}
				s.log.mark()
				back := time.Now()
				s.comeBack("izkm")
				s.izkm.SetFault(nil)
				s.agent.Flush(true)
				s.until("the last report", func() bool { return s.agent.Settled(s.t.Context()) && s.reported() == 12+2 })
				s.until("the good news", func() bool { return s.status().National.OK })
				if waited := time.Since(back); waited > forgetAfter+time.Minute {
					t.Errorf("the system is known to be back after %s only", waited)
				}
				if lines := s.log.with("national system"); len(lines) != 1 || !strings.HasPrefix(lines[0], "INFO the national system answers") {
					t.Errorf("the log says of the end %q, want one line", lines)
				}
				if st := s.status().National; !st.OK || st.Error != "" || st.Since.Before(back) {
					t.Errorf("the status is %+v, want good since %s", st, back)
				}
				for _, b := range s.izkm.History().Breaches {
					t.Errorf("the emulator was asked against the document: %s", b)
				}
			})
		})
	}
}

// TestOneMethodAway: reports are not taken while everything else works. That is one outage, not one for
// each try, and it ends when they are taken again.
func TestOneMethodAway(t *testing.T) {
	inSite(t, func(s *site) {
		s.izkm.SetFault(func(_, path string, _ int) izkmtest.Fault {
			if strings.HasSuffix(path, "/utilisation") {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: 502}
			}
			return izkmtest.Fault{}
		})
		s.start()
		s.ready()
		s.pass(1)
		s.agent.Flush(true)
		s.until("the outage", func() bool { return !s.status().National.OK })
		for range 20 {
			time.Sleep(13 * time.Second)
			if st := s.status().National; st.OK || !strings.Contains(st.Error, "502") {
				t.Errorf("the status is %+v", st)
			}
		}
		s.izkm.SetFault(nil)
		s.until("its end", func() bool { return s.status().National.OK && s.reported() == 1 })
		if lines := s.log.with("the national system"); len(lines) != 3 {
			t.Errorf("the log says %q, want that it answers, fails and answers", lines)
		}
	})
}

// TestForgottenMethod: what failed once and was not asked for again is no outage for ever.
func TestForgottenMethod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &national{log: slog.New(&lines{})}
		n.heard("place", time.Now(), errors.New("lost"))
		for range 10 {
			n.heard("ping", time.Now(), nil)
			if n.Access().OK {
				t.Error("one good call ends the outage of another")
			}
			time.Sleep(15 * time.Second)
		}
		time.Sleep(forgetAfter)
		if n.heard("ping", time.Now(), nil); !n.Access().OK || n.Access().Error != "" {
			t.Errorf("it is still %+v", n.Access())
		}
	})
}

// TestClearNoIsNoOutage: who refuses is there.
func TestClearNoIsNoOutage(t *testing.T) {
	inSite(t, func(s *site) {
		s.izkm.SetFault(func(string, string, int) izkmtest.Fault {
			return izkmtest.Fault{Kind: izkmtest.Status, Status: 400, Body: `{"globalErrors":[{"error":"no contract","errorCode":700}],"success":false}`}
		})
		s.start()
		time.Sleep(time.Minute)
		if st := s.status(); !st.National.OK || !strings.Contains(st.Products[0].Trouble, "no contract") {
			t.Errorf("the national system is %+v, supply says %q", st.National, st.Products[0].Trouble)
		}
		if lines := s.log.with("does not answer"); len(lines) > 0 {
			t.Errorf("the log says %q", lines)
		}
	})
}

func (s *site) stock() int { return s.status().Products[0].States["in_stock"] }

// buying says whether an order is open.
func (s *site) buying() bool {
	s.t.Helper()
	open, err := s.agent.Ledger().OpenOrders(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return len(open) > 0
}

// reported counts the codes that the emulator holds as applied.
func (s *site) reported() int {
	n := 0
	for _, c := range s.izkm.History().Codes {
		if c.Utilisation != "" {
			n++
		}
	}
	return n
}

// TestP9_ShortOutage: an outage that others notice, while the watch rests between two of its questions, is over for
// everybody soon after the system is back, not only when the watch would have asked again.
func TestP9_ShortOutage(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.until("a good answer", func() bool { return s.status().National.OK })
		s.goAway("izkm")
		s.pass(9)
		s.agent.Flush(true)
		s.until("a closed gate", func() bool { return s.status().National.Closed != nil })
		s.comeBack("izkm")
		back := time.Now()
		s.until("an open gate", func() bool { return s.status().National.Closed == nil })
		if waited := time.Since(back); waited > 2*pingAway {
			t.Errorf("the system is asked again %v after it was back", waited)
		}
	})
}
