package agent

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestBatches: a line marks only while a batch runs that its group asks for; what is printed from the start of
// one on belongs to it, and its reports say so.
func TestBatches(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg.Lines[0].Batch = ""
		rules, _ := s.cfg.Table.Rules("water")
		rules.Utilisation.ProductionDate, rules.Utilisation.SeriesNumber = true, true
		s.cfg.Table = s.cfg.Table.With(rules)
		s.start()
		s.until("the stock", func() bool { return s.stock() == 200 })
		time.Sleep(time.Minute)
		st := s.status()
		if n := s.tij.Waiting(); n != 0 || !strings.HasPrefix(st.Lines[0].Batch.Waits, "a batch to be started") || !strings.Contains(s.station("mark").Why, "a batch to be started") {
			t.Fatalf("%d labels wait; the line is %+v", n, st.Lines[0])
		}
		ctx, o := s.t.Context(), s.agent.Office()
		var input *office.InputError
		if err := o.StartBatch(ctx, ledger.Batch{Line: "3", Name: "17", Series: "S17"}); !errors.As(err, &input) || !strings.Contains(input.What, "production date is missing") {
			t.Errorf("started without its date: %v", err)
		}
		s.try(o.StartBatch(ctx, ledger.Batch{Line: "3", Name: "17", Series: "S17", ProductionDate: "2000-01-01T00:00:00Z"}))
		s.pass(6)
		sheet := must(o.EndBatch(ctx, "3"))
		if a := sheet.Products[0]; !sheet.Equal() || sheet.Batch.Name != "17" || a.Received != a.Verified+a.Left || a.Verified != 6 && a.Verified != 5 {
			t.Errorf("the sheet is %+v", sheet)
		}
		left := s.tij.Waiting()
		time.Sleep(time.Minute)
		if n := s.tij.Waiting(); n != left || !strings.Contains(s.status().Lines[0].Batch.Waits, "the next batch") {
			t.Errorf("%d labels wait after the end, %d before", n, left)
		}
		// What the printer holds comes out with the next products and stays in its batch; the restart keeps it all.
		s.try(o.StartBatch(ctx, ledger.Batch{Line: "3", Name: "18", Series: "S18", ProductionDate: "2000-01-02T00:00:00Z"}))
		s.pass(left + 6)
		s.agent.Flush(true)
		s.until("the reports", func() bool { return s.agent.Settled(ctx) })
		by := map[string]map[string]int{}
		for _, r := range s.izkm.History().Accepted(izkmtest.Utilisation) {
			if by[r.ProductionOrderID] == nil {
				by[r.ProductionOrderID] = map[string]int{}
			}
			by[r.ProductionOrderID][r.SeriesNumber] += len(r.Codes)
		}
		if len(by["17"]) != 1 || len(by["18"]) != 1 || by["17"]["S17"] < 6+left || by["18"]["S18"] < 6 {
			t.Errorf("reported are %v", by)
		}
		for _, b := range s.izkm.History().Breaches {
			t.Errorf("the emulator was asked against the document: %s", b)
		}
	})
}

// TestConfiguredBatch: a batch that the configuration names begins with the agent, once; the same name with
// other dates is refused.
func TestConfiguredBatch(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg.Lines[0].Series = "S1"
		s.start()
		if b := must(s.agent.Ledger().LastBatch(s.t.Context(), "3")); b.Name != "B1" || b.Series != "S1" || !b.Running() {
			t.Errorf("%+v", b)
		}
		s.stop()
		s.cfg.Lines[0].Series = "S2"
		if _, err := New(s.t.Context(), s.cfg, Options{}); err == nil || !strings.Contains(err.Error(), `batch "B1" was started with`) {
			t.Errorf("the same name with another series: %v", err)
		}
		s.cfg.Lines[0].Batch = "B2"
		s.start()
		if b := must(s.agent.Ledger().LastBatch(s.t.Context(), "3")); b.Name != "B2" || b.Series != "S2" {
			t.Errorf("%+v", b)
		}
		if b := must(s.agent.Ledger().BatchOf(s.t.Context(), "3", "B1")); b.Running() {
			t.Error("the batch before still runs")
		}
	})
}

// TestClockIsWatched: the system's clock is far from this PC's: people are told once, and see by how much.
func TestClockIsWatched(t *testing.T) {
	c := newCanned(t)
	told := 0
	c.alarm = func(_, text string) {
		if told++; !strings.Contains(text, "7200 s") {
			t.Errorf("told: %s", text)
		}
	}
	c.clock(time.Second)
	c.clock(2 * time.Hour)
	c.clock(2 * time.Hour)
	if a := c.Access(); told != 1 || a.Skew == nil || *a.Skew != 7200 {
		t.Errorf("told %d times, %+v", told, a)
	}
}

// TestGateIsSeen: after outages in a row the calls of supply and reports are answered here, and the status says
// since when; the first answered ping ends it.
func TestGateIsSeen(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.goAway("izkm")
		s.until("the closed gate", func() bool { return s.status().National.Closed != nil })
		if err := s.agent.national.Ready(); err == nil {
			t.Error("the system is ready")
		}
		s.comeBack("izkm")
		s.until("the open gate", func() bool { return s.status().National.Closed == nil && s.agent.national.Ready() == nil })
	})
}
