package tspl

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/tspl/tspltest"
)

const silence = 3 * time.Second

var trigger = tspltest.Options{Trigger: true}

func TestSendAndPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, map[string]any{"quote_form": "backslash"})
		start := time.Now()
		s := p.open(t)
		if d := time.Since(start); d < time.Second {
			t.Errorf("ready after %v, before it was settled", d)
		}
		drivertest.Send(t, s, "01A", "01B\x1dC")
		drivertest.Send(t, s)
		drivertest.WantPrinted(t, s, 0)
		want := "CLS\r\nCLS\r\nSET REPRINT OFF\r\n"
		got := p.Received()
		if len(got) != 2 || !strings.HasPrefix(string(got[0].TSPL), want) {
			t.Fatalf("received %v, want %q first", got, want)
		}
		want = "SIZE 60 mm,40 mm\r\nGAP 2 mm,0\r\nCLS\r\nDMATRIX 20,20,300,300,c126,x4,\"~101B~1C\"\r\nPRINT 1,1\r\n"
		if string(got[1].TSPL) != want {
			t.Errorf("received %q, want %q", got[1].TSPL, want)
		}
		for i := range 2 {
			p.Print()
			drivertest.WantPrinted(t, s, i+1)
			drivertest.WantPrinted(t, s, i+1)
		}
		if got := codes(p.Printed()); !slices.Equal(got, []string{"01A", "01B\x1dC"}) {
			t.Errorf("printed %q", got)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		fault   tspltest.Fault
		answers tspltest.Answers
		want    string
	}{
		"head open":   {tspltest.HeadOpen, tspltest.Answers{}, "head open"},
		"jam":         {tspltest.PaperJam, tspltest.Answers{}, "paper jam"},
		"paper out":   {tspltest.MediaOut, tspltest.Answers{}, "paper out"},
		"ribbon out":  {tspltest.RibbonOut, tspltest.Answers{}, "ribbon out"},
		"pause":       {tspltest.Pause, tspltest.Answers{}, "paused"},
		"other":       {tspltest.OtherFault, tspltest.Answers{}, "another error"},
		"silent":      {0, tspltest.Answers{Lost: true}, "keeps silent"},
		"late":        {0, tspltest.Answers{Delay: silence + time.Second}, "keeps silent"},
		"wrong speed": {0, tspltest.Answers{Garbled: true}, "not those of a TSPL printer"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, trigger, nil)
				p.SetFault(c.fault)
				p.SetAnswers(c.answers)
				s, err := p.driver.Open(t.Context())
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("Open = %v, want %q in one line", err, c.want)
				}
			})
		})
	}
}

// A printer that still holds labels is taken into use when they are out, and they are not counted.
func TestOpenWaitsForOldLabels(t *testing.T) {
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := build(t, tspltest.Options{Trigger: true, OutWaits: waits}, nil)
			old := p.open(t)
			drivertest.Send(t, old, "01A", "01B")
			synctest.Wait()
			old.Close()
			if _, err := p.driver.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "still prints") {
				t.Fatalf("Open = %v", err)
			}
			p.Print()
			p.Print()
			s := p.open(t)
			drivertest.WantPrinted(t, s, 0)
			drivertest.Send(t, s, "01C")
			drivertest.WantPrinted(t, s, 0)
			p.Print()
			drivertest.WantPrinted(t, s, 1)
		})
	}
}

// P1: wherever a connection was cut, the next one brings no label of it out.
func TestP1OpenPrintsNothing(t *testing.T) {
	whole, err := build(t, trigger, nil).driver.label.render(nil, drivertest.Labels("01A")[0])
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut <= len(whole)-2; cut++ { // with its CR the PRINT is whole
		synctest.Test(t, func(t *testing.T) {
			p := build(t, trigger, nil)
			near := servetest.Pipe(t, p.ServeConn)
			near.Write(whole[:cut])
			near.Close()
			synctest.Wait()
			s := p.open(t)
			if n := len(p.Received()); n > 0 {
				t.Fatalf("cut after %q: %d labels", whole[:cut], n)
			}
			drivertest.Send(t, s, "01B")
			synctest.Wait()
			p.Print()
			drivertest.WantPrinted(t, s, 1)
			if got := codes(p.Printed()); !slices.Equal(got, []string{"01B"}) {
				t.Errorf("cut after %q: printed %q", whole[:cut], got)
			}
		})
	}
}

func TestAnswersOnTheirWay(t *testing.T) {
	for name, a := range map[string]tspltest.Answers{
		"late":        {Delay: 2 * time.Second},
		"twice":       {Twice: true},
		"bytewise":    {Bytewise: true},
		"unsolicited": {Before: "READY\r\nLM1=9\r\n"},
		"all":         {Delay: time.Second, Twice: true, Bytewise: true, Before: "A\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, trigger, map[string]any{"settle": "1ms"})
				p.SetAnswers(a)
				s := p.open(t)
				drivertest.Send(t, s, "01A", "01B")
				seen := 0
				for want := range 3 {
					for range 5 { // an answer that came twice is one question behind
						n, err := s.Printed(t.Context())
						if err != nil || n < seen || n > want {
							t.Fatalf("Printed = %d, %v after %d labels", n, err, want)
						}
						seen = n
					}
					if seen != want {
						t.Errorf("Printed = %d after %d labels", seen, want)
					}
					p.Print()
				}
			})
		})
	}
}

// P1: whatever goes wrong once the first byte has left, the session is over and sends nothing more.
func TestP1FaultEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*plant)
		want string
	}{
		"head open":   {func(p *plant) { p.Interrupt(tspltest.HeadOpen) }, "head open"},
		"paper out":   {func(p *plant) { p.Interrupt(tspltest.MediaOut) }, "paper out"},
		"ribbon out":  {func(p *plant) { p.SetFault(tspltest.RibbonOut) }, "ribbon out"},
		"jam":         {func(p *plant) { p.Interrupt(tspltest.PaperJam) }, "paper jam"},
		"power cycle": {func(p *plant) { p.PowerCycle() }, ""},
		"silent":      {func(p *plant) { p.SetAnswers(tspltest.Answers{Lost: true}) }, "keeps silent"},
		"garbled":     {func(p *plant) { p.SetAnswers(tspltest.Answers{Garbled: true}) }, "not those of a TSPL printer"},
		"endless":     {func(p *plant) { p.SetAnswers(tspltest.Answers{Before: strings.Repeat("x", 300)}) }, "without an end"},
		"no number":   {func(p *plant) { p.SetAnswers(tspltest.Answers{Before: "x"}) }, "keeps silent"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, trigger, nil)
				s := p.open(t)
				drivertest.Send(t, s, "01A", "01B", "01C")
				synctest.Wait()
				p.Print()
				drivertest.WantPrinted(t, s, 1)
				c.do(p)
				synctest.Wait()
				start := time.Now()
				_, err := s.Printed(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Printed = %v, want %q", err, c.want)
				}
				if d := time.Since(start); d > silence {
					t.Errorf("noticed after %v", d)
				}
				p.SetAnswers(tspltest.Answers{})
				p.SetFault(tspltest.NoFault)
				if _, again := s.Printed(t.Context()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				if again := s.Send(t.Context(), drivertest.Labels("01D")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				synctest.Wait()
				for range 3 {
					p.Print()
				}
				all := codes(p.Printed())
				if n := len(p.Received()); n != 3 || len(slices.Compact(slices.Clone(all))) != len(all) {
					t.Errorf("%d labels received, printed %q", n, all)
				}
			})
		})
	}
}

func TestPauseIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		drivertest.Send(t, s, "01A", "01B")
		synctest.Wait()
		p.Print()
		p.SetFault(tspltest.Pause)
		for range 100 {
			if n, err := s.Printed(t.Context()); n > 1 || err != nil {
				t.Fatalf("Printed = %d, %v", n, err)
			}
			time.Sleep(time.Second)
		}
		p.SetFault(tspltest.NoFault)
		drivertest.WantPrinted(t, s, 1)
	})
}

// A model whose OUT waits behind the labels is no silent printer while it says that it prints.
func TestOutWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, tspltest.Options{Trigger: true, OutWaits: true}, nil)
		s := p.open(t)
		drivertest.Send(t, s, "01A", "01B")
		for range 100 {
			drivertest.WantPrinted(t, s, 0)
		}
		p.Print()
		p.Print()
		drivertest.WantPrinted(t, s, 2) // the answer to the question before the last print
		drivertest.WantPrinted(t, s, 2)
	})
}

// P3: what is counted and was never sent ends the session where it makes the count impossible.
func TestP3ForeignLabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		other := servetest.Pipe(t, p.ServeConn)
		other.Write([]byte("CLS\r\nPRINT 1\r\n"))
		synctest.Wait()
		drivertest.Send(t, s, "01A")
		synctest.Wait()
		p.Print()
		drivertest.WantPrinted(t, s, 0) // one is counted, and the printer still prints
		p.Print()
		if n, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "counts 2 labels since the start, 1 were sent") {
			t.Errorf("Printed = %d, %v", n, err)
		}
	})
}

func TestCountGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		s.(*session).last++
		if _, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "went back from 1 to 0") {
			t.Errorf("Printed = %v", err)
		}
	})
}

// P1: a label that cannot be printed keeps the whole call from being sent.
func TestP1SendIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		if err := s.Send(t.Context(), drivertest.Labels("01A", `01"`)); err == nil || !strings.Contains(err.Error(), "label 2 of 2") {
			t.Errorf("Send = %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Send(ctx, drivertest.Labels("01A")); !errors.Is(err, context.Canceled) {
			t.Errorf("Send under an ended context = %v", err)
		}
		drivertest.WantPrinted(t, s, 0)
		if n := len(p.Received()); n > 0 {
			t.Errorf("%d labels received", n)
		}
	})
}

func TestSendMeetsAFullBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, tspltest.Options{Trigger: true, Buffer: 1}, nil)
		s := p.open(t)
		drivertest.Send(t, s, "01A")
		drivertest.Send(t, s, "01B")
		err := s.Send(t.Context(), drivertest.Labels("01C"))
		if err == nil || !strings.Contains(err.Error(), "keeps silent") {
			t.Errorf("Send = %v", err)
		}
	})
}

func TestOverTCP(t *testing.T) {
	p := servetest.Start(t, tspltest.New(tspltest.Options{}))
	l := servetest.Listen(t)
	served := make(chan error, 1)
	go func() { served <- p.Serve(l) }()
	set := settings(t, unit, map[string]any{"settle": "20ms", "poll": "1ms"})
	set.Address = "tcp://" + l.Addr().(*net.TCPAddr).String()
	driver, err := New(set)
	if err != nil {
		t.Fatal(err)
	}
	s, err := driver.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"01A", "01B\x1dC", "01D"}
	drivertest.Send(t, s, want...)
	for n := 0; n < len(want); {
		if n, err = s.Printed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := codes(p.Printed()); !slices.Equal(got, want) {
		t.Errorf("printed %q", got)
	}
	s.Close()
	p.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
