package sbpl

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/sbpl/sbpltest"
)

// P1: whatever goes wrong once the first byte has left, the session is over and sends nothing more.
func TestP1FaultEndsTheSession(t *testing.T) {
	for _, v := range variants() {
		for name, c := range map[string]struct {
			do   func(*plant)
			want string
		}{
			"head open":   {func(p *plant) { p.Interrupt(sbpltest.HeadOpen) }, "head open"},
			"paper out":   {func(p *plant) { p.Interrupt(sbpltest.MediaOut) }, "paper out"},
			"ribbon out":  {func(p *plant) { p.SetFault(sbpltest.RibbonOut) }, "ribbon out"},
			"media error": {func(p *plant) { p.SetFault(sbpltest.MediaError) }, "media error"},
			"power cycle": {func(p *plant) { p.PowerCycle() }, ""},
			"silent":      {func(p *plant) { p.SetAnswers(sbpltest.Answers{Lost: true}) }, "keeps silent"},
			"garbled":     {func(p *plant) { p.SetAnswers(sbpltest.Answers{Garbled: true}) }, "not those of a SATO printer"},
		} {
			t.Run(v.name+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := build(t, v.opt, v.options)
					s := p.open(t)
					send(t, s, "01A", "01B", "01C")
					time.Sleep(time.Second)
					wantPrinted(t, s, 0)
					p.Print()
					time.Sleep(time.Second)
					wantPrinted(t, s, 1)
					c.do(p)
					time.Sleep(time.Second)
					start := time.Now()
					var err error
					for err == nil { // a printer that tells by itself is silent only after a while
						var n int
						if n, err = s.Printed(t.Context()); err == nil && n != 1 || time.Since(start) > 2*silence {
							t.Fatalf("Printed = %d, %v", n, err)
						}
					}
					if !strings.Contains(err.Error(), c.want) {
						t.Fatalf("Printed = %v, want %q", err, c.want)
					}
					p.SetAnswers(sbpltest.Answers{})
					p.SetFault(sbpltest.NoFault)
					if _, again := s.Printed(t.Context()); again != err {
						t.Errorf("Printed after the fault = %v", again)
					}
					if again := s.Send(t.Context(), labels("01D")); again != err {
						t.Errorf("Send after the fault = %v", again)
					}
					synctest.Wait()
					if n := len(p.Received()); n != 3 {
						t.Errorf("%d labels received", n)
					}
				})
			})
		}
	}
}

func TestOfflineIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		send(t, s, "01A", "01B")
		wantPrinted(t, s, 0)
		p.SetFault(sbpltest.Pause)
		for range 100 {
			wantPrinted(t, s, 0)
			time.Sleep(time.Second)
		}
		p.SetFault(sbpltest.NoFault)
		wantPrinted(t, s, 0)
		p.Print()
		wantPrinted(t, s, 1)
	})
}

// P3: a label that the printer lost without a word is not printed.
func TestP3LostJob(t *testing.T) {
	for _, kept := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := build(t, sbpltest.Options{Trigger: true, LastID: kept}, nil)
			s := p.open(t)
			p.Refuse(1)
			send(t, s, "01A")
			start := time.Now()
			for {
				n, err := s.Printed(t.Context())
				if n != 0 || time.Since(start) > 2*silence {
					t.Fatalf("Printed = %d, %v", n, err)
				}
				if err != nil {
					if !strings.Contains(err.Error(), "1 labels that were sent never showed") {
						t.Errorf("Printed = %v", err)
					}
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

func TestRefusedJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, sbpltest.Options{Trigger: true, Status: sbpltest.Status3}, map[string]any{"status": "3-enq"})
		s := p.open(t)
		send(t, s, "01A")
		p.Refuse(1)
		err := s.Send(t.Context(), labels("01B", "01C"))
		if err == nil || !strings.Contains(err.Error(), "NAK") {
			t.Errorf("Send = %v", err)
		}
		if _, again := s.Printed(t.Context()); again != err {
			t.Errorf("Printed = %v", again)
		}
		synctest.Wait()
		if n := len(p.Received()); n != 1 {
			t.Errorf("%d labels received: one was sent after the refusal", n)
		}
	})
}

// Silence is no acknowledgement.
func TestNoAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, sbpltest.Options{Trigger: true, Status: sbpltest.Status3}, map[string]any{"status": "3-enq"})
		s := p.open(t)
		p.SetAnswers(sbpltest.Answers{Lost: true})
		if err := s.Send(t.Context(), labels("01A", "01B")); err == nil || !strings.Contains(err.Error(), "keeps silent") {
			t.Errorf("Send = %v", err)
		}
		if n := len(p.Received()); n != 1 {
			t.Errorf("%d labels received", n)
		}
	})
}

// The connection for labels may end alone.
func TestJobConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, sbpltest.Options{Trigger: true, Separate: true}, map[string]any{"status_address": statusPort})
		s := p.open(t)
		wantPrinted(t, s, 0)
		s.(*session).jobs.conn.Close()
		if _, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "connection for labels") {
			t.Errorf("Printed = %v", err)
		}
	})
}

// P3: a job of somebody else ends the session.
func TestP3ForeignJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		other := servetest.Pipe(t, p.ServeConn)
		job, err := p.driver.label.render(50, labels("01X")[0])
		if err != nil {
			t.Fatal(err)
		}
		other.Write(job)
		synctest.Wait()
		send(t, s, "01A")
		if n, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "job 50") {
			t.Errorf("Printed = %d, %v", n, err)
		}
	})
}
