package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// TestHold: a line that a person stops sets its stop output and prints nothing more; a start clears the output, and the
// line goes on. What was with the printer is neither lost nor in doubt.
func TestHold(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(3)
		ctx, o := s.t.Context(), s.agent.Office()
		var input *office.InputError
		if err := o.StopLine(ctx, "4", "anna", "a look"); !errors.As(err, &input) {
			t.Errorf("a line that is not there: %v", err)
		}
		if err := o.StopLine(ctx, "3", "anna", " "); !errors.As(err, &input) {
			t.Errorf("without a reason: %v", err)
		}
		s.try(o.StopLine(ctx, "3", "anna", "a look"))
		s.until("the stop output", func() bool { return s.plc.Coil(1) })
		s.until("the reason at the printing station", func() bool { return strings.Contains(s.station("mark").Why, "stopped by anna: a look") })
		held := s.status().Lines[0].Held
		if held == nil || held.By != "anna" || held.Why != "a look" {
			t.Fatalf("it is held by %+v", held)
		}
		for range 2 { // products that pass all the same take labels from the printer, and no new ones come
			l, ok := s.tij.Print()
			if !ok {
				t.Fatal("the printer is empty")
			}
			s.cam1.Read(l.Symbols[0].Data)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		if n := s.tij.Waiting(); n != 2 {
			t.Errorf("%d labels are with the printer of a line that stands", n)
		}
		s.try(o.StartLine(ctx, "3", nil))
		if s.plc.Coil(1) || s.status().Lines[0].Held != nil {
			t.Errorf("after the start the stop output is %v, held is %+v", s.plc.Coil(1), s.status().Lines[0].Held)
		}
		s.pass(3)
		if n := s.status().Products[0].States[ledger.Doubtful.String()]; n != 0 || s.verified() != 8 {
			t.Errorf("%d codes are in doubt, %d verified", n, s.verified())
		}
	})
}

// TestStartOfAnotherStop: who wants to end a stop does not end the one that another person has made since.
func TestStartOfAnotherStop(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		ctx, o := s.t.Context(), s.agent.Office()
		nobody, never := "", "yesterday"
		s.try(o.StopLine(ctx, "3", "anna", "a look"))
		first := s.status().Lines[0].Held.Moment()
		time.Sleep(time.Second)
		s.try(o.StopLine(ctx, "3", "botir", "a hand is in the machine"))
		second := s.status().Lines[0].Held.Moment()
		var input *office.InputError
		for _, seen := range []*string{&first, &nobody, &never} {
			if err := o.StartLine(ctx, "3", seen); !errors.As(err, &input) || s.status().Lines[0].Held == nil || !s.plc.Coil(1) {
				t.Errorf("who saw the stop %q starts the line: %v", *seen, err)
			}
		}
		s.try(o.StartLine(ctx, "3", &second))
		s.try(o.StartLine(ctx, "3", &second)) // it runs already
		s.pass(1)
	})
}

// TestRestartAtThePanel: a line that was stopped on the page and is started at its panel is fed again: its products would
// come unmarked.
func TestRestartAtThePanel(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		s.try(s.agent.Office().StopLine(s.t.Context(), "3", "anna", "a look"))
		s.until("the stop output", func() bool { return s.plc.Coil(1) })
		time.Sleep(time.Second) // it was read back
		s.plc.SetCoil(1, false)
		s.until("the line is held no more", func() bool { return s.status().Lines[0].Held == nil })
		s.pass(2)
	})
}

// TestStartAfterAStop: what a station has stopped is started on the page as at the panel, and its failures are counted anew.
func TestStartAfterAStop(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		for range 3 {
			s.cam1.NoRead()
			time.Sleep(200 * time.Millisecond)
			s.plc.SetUint32(102, s.thrown())
			time.Sleep(300 * time.Millisecond)
		}
		s.until("the stop", func() bool { return s.station("check").State == "stopped" && s.plc.Coil(1) })
		time.Sleep(time.Second)
		s.try(s.agent.Office().StartLine(s.t.Context(), "3", nil))
		s.until("the start", func() bool { return s.station("check").State == "running" })
		s.pass(2)
		if s.station("check").State != "running" {
			t.Errorf("the station is %+v", s.station("check"))
		}
	})
}

// thrown lets the PLC count one more product that was thrown out.
func (s *site) thrown() uint32 {
	return (uint32(s.plc.Holding(102))<<16 | uint32(s.plc.Holding(103))) + 1
}

// TestStopWithoutAPLC: a stop that the PLC does not take still keeps codes from the printers, and says so.
func TestStopWithoutAPLC(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		s.goAway("plc")
		s.until("the PLC has gone", func() bool { return !s.device("plc-1").Up })
		var input *office.InputError
		if err := s.agent.Office().StopLine(s.t.Context(), "3", "anna", "a look"); !errors.As(err, &input) || !strings.Contains(input.What, "did not take the stop") {
			t.Errorf("%v", err)
		}
		if s.status().Lines[0].Held == nil {
			t.Error("the line is not held")
		}
		if err := s.agent.Office().StartLine(s.t.Context(), "3", nil); !errors.As(err, &input) || s.status().Lines[0].Held == nil {
			t.Errorf("started while the PLC is away: %v", err)
		}
		s.comeBack("plc")
		s.until("the PLC is back", func() bool { return s.device("plc-1").Up })
		s.try(s.agent.Office().StartLine(s.t.Context(), "3", nil))
		s.pass(2)
	})
}

// TestLabelAgain: the label of a closed box is printed once more on a person's word: the same code, an entry in the
// journal before it, and nothing else changes.
func TestLabelAgain(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(6)
		s.until("the box is closed", func() bool { return s.status().Lines[0].Containers[0].Closed == 1 })
		unit := code.Code(s.tij.Printed()[0].Symbols[0].Data)
		ctx, o := s.t.Context(), s.agent.Office()
		life := must(s.agent.Ledger().Trace(ctx, unit))
		again := func(do office.Repack) (office.Repacked, error) {
			do.Do, do.By, do.Reason = "label", "anna", "the label was torn"
			return o.Repack(ctx, do)
		}
		before := len(s.box.Printed())
		done := must(again(office.Repack{Code: life.Parents[0]}))
		if !strings.Contains(done.Said, "is printed again") || done.Container.State != ledger.ContainerClosed {
			t.Errorf("%+v", done)
		}
		printed := s.box.Printed()
		if len(printed) != before+1 || string(printed[before].Symbols[0].Data) != string(printed[before-1].Symbols[0].Data) {
			t.Errorf("printed were %d and %d labels", before, len(printed))
		}
		var input *office.InputError
		if _, err := again(office.Repack{Code: unit}); !errors.As(err, &input) {
			t.Errorf("the label of a unit: %v", err)
		}
		s.pass(6)
		s.until("the next box is closed", func() bool { return s.status().Lines[0].Containers[0].Closed == 2 })
		if n := s.status().Products[1].States[ledger.Doubtful.String()]; n != 0 {
			t.Errorf("%d group codes are in doubt", n)
		}
	})
}

// TestStopOutlivesWhoAsks: a stop goes to the PLC also when the browser that asked for it has gone.
func TestStopOutlivesWhoAsks(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		ctx, gone := context.WithCancel(s.t.Context())
		gone()
		s.try(s.agent.Office().StopLine(ctx, "3", "anna", "a look"))
		s.until("the stop output", func() bool { return s.plc.Coil(1) })
	})
}

// TestOtherPLCComes: a line that is held is not started by another PLC of it that comes and never was stopped.
func TestOtherPLCComes(t *testing.T) {
	var h held
	h.set("3", &Held{By: "anna"})
	for _, step := range []struct {
		output  string
		set     bool
		started bool
	}{{"plc-2.stop", false, false}, {"plc-1.stop", true, false}, {"plc-2.stop", false, false}, {"plc-1.stop", false, true}} {
		if got := h.cleared("3", step.output, step.set); got != step.started {
			t.Errorf("%s is %v: started %v", step.output, step.set, got)
		}
	}
}

// TestStopMeetsStart: whatever people do at once, the printers are not fed while the stop output is set.
func TestStopMeetsStart(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.pass(1)
		people := []func(){
			func() { s.try(s.agent.StartLine(s.t.Context(), "3", nil)) },
			func() { s.try(s.agent.HoldLine(s.t.Context(), "3", "anna", "a look")) },
		}
		for range 20 {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(people[i%2])
			}
			all.Wait()
			slices.Reverse(people)
			if held := s.status().Lines[0].Held != nil; held != s.plc.Coil(1) {
				t.Fatalf("held: %v, the stop output: %v", held, s.plc.Coil(1))
			}
			s.try(s.agent.StartLine(s.t.Context(), "3", nil))
		}
	})
}

// TestStopWithoutAnOutput: a line that nothing can stop is not said to stand; and what a person has stopped stays so under
// the next configuration.
func TestStopWithoutAnOutput(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg.Lines[0].Stations = s.cfg.Lines[0].Stations[:1]
		s.start()
		var input *office.InputError
		if err := s.agent.Office().StopLine(s.t.Context(), "3", "anna", "a look"); !errors.As(err, &input) || !strings.Contains(input.What, "the belt runs on") {
			t.Errorf("%v", err)
		}
		if held := s.status().Lines[0].Held; held == nil || !strings.Contains(held.Fault, "no station") && !strings.Contains(held.Fault, "stop output") {
			t.Errorf("held is %+v", held)
		}
		all := s.agent.Held()
		s.stop()
		next, err := New(s.t.Context(), s.cfg, Options{Held: all})
		if err != nil {
			t.Fatal(err)
		}
		defer next.Close()
		if st, err := next.Status(s.t.Context()); err != nil || st.Lines[0].Held == nil || st.Lines[0].Held.By != "anna" {
			t.Errorf("the next one holds %+v, %v", st.Lines[0].Held, err)
		}
	})
}
