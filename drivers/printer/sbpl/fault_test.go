package sbpl

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/link"
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
					drivertest.Send(t, s, "01A")
					time.Sleep(time.Second)
					drivertest.WantPrinted(t, s, 0)
					p.Print()
					time.Sleep(time.Second)
					drivertest.WantPrinted(t, s, 1)
					sent := few(v, "01B", "01C")
					drivertest.Send(t, s, sent...)
					time.Sleep(time.Second)
					drivertest.WantPrinted(t, s, 1)
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
					if again := s.Send(t.Context(), drivertest.Labels("01D")); again != err {
						t.Errorf("Send after the fault = %v", again)
					}
					synctest.Wait()
					if n := len(p.Received()); n != 1+len(sent) {
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
		drivertest.Send(t, s, "01A", "01B")
		drivertest.WantPrinted(t, s, 0)
		p.SetFault(sbpltest.Pause)
		for range 100 {
			drivertest.WantPrinted(t, s, 0)
			time.Sleep(time.Second)
		}
		p.SetFault(sbpltest.NoFault)
		drivertest.WantPrinted(t, s, 0)
		p.Print()
		drivertest.WantPrinted(t, s, 1)
	})
}

// P3: a label that the printer lost without a word is not printed.
func TestP3LostJob(t *testing.T) {
	for _, kept := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := build(t, sbpltest.Options{Trigger: true, LastID: kept}, nil)
			s := p.open(t)
			p.Refuse(1)
			drivertest.Send(t, s, "01A")
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

// P3: of several labels one gets lost without a word, and later ones come out. It never counts
// as printed, wherever it was and however often the printer is asked.
func TestP3LostAmongOthers(t *testing.T) {
	codes := []string{"01A", "01B", "01C", "01D"}
	for lost := range codes {
		for _, kept := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, sbpltest.Options{Trigger: true, LastID: kept}, nil)
				s := p.open(t)
				for i, code := range codes {
					if i == lost {
						p.Refuse(1)
					}
					drivertest.Send(t, s, code)
					synctest.Wait()
				}
				var err error
				for start := time.Now(); err == nil; time.Sleep(50 * time.Millisecond) {
					var n int
					if n, err = s.Printed(t.Context()); n > lost || time.Since(start) > 2*silence {
						t.Fatalf("label %d is lost, and Printed = %d, %v", lost+1, n, err)
					}
					p.Print()
				}
				if !strings.Contains(err.Error(), "never showed") {
					t.Errorf("Printed = %v", err)
				}
			})
		}
	}
}

// dropping is a line on which the next bytes get lost.
type dropping struct {
	link.Conn
	next bool
}

func (d *dropping) Write(b []byte) (int, error) {
	if d.next {
		d.next = false
		return len(b), nil
	}
	return d.Conn.Write(b)
}

// P3: on a serial port a job that got lost is missed at once, with every status.
func TestP3LostOnASerialPort(t *testing.T) {
	for _, v := range variants() {
		if v.opt.Form != sbpltest.FormPlain {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			p := build(t, v.opt, v.options)
			dial, line := p.driver.dial, &dropping{}
			p.driver.dial = func(ctx context.Context, address string) (_ link.Conn, err error) {
				line.Conn, err = dial(ctx, address)
				return line, err
			}
			s := p.open(t)
			drivertest.Send(t, s, "01A")
			line.next = true
			if err := s.Send(t.Context(), drivertest.Labels("01B", "01C")); err == nil || !strings.Contains(err.Error(), "keeps silent") {
				t.Errorf("%s: Send = %v", v.name, err)
			}
			if n := len(p.Received()); n != 1 {
				t.Errorf("%s: %d labels received", v.name, n)
			}
		})
	}
}

// An acknowledgement that comes twice does not stand for the next job's.
func TestP3AcknowledgedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, sbpltest.Options{Trigger: true, Form: sbpltest.FormPlain}, nil)
		s := p.open(t)
		p.SetAnswers(sbpltest.Answers{Twice: true})
		drivertest.Send(t, s, "01A")
		synctest.Wait()
		p.SetAnswers(sbpltest.Answers{})
		p.Refuse(1)
		if err := s.Send(t.Context(), drivertest.Labels("01B")); err == nil || !strings.Contains(err.Error(), "NAK") {
			t.Errorf("Send = %v", err)
		}
	})
}

func TestRefusedJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, sbpltest.Options{Trigger: true, Status: sbpltest.Status3}, map[string]any{"status": "3-enq"})
		s := p.open(t)
		drivertest.Send(t, s, "01A")
		p.Refuse(1)
		err := s.Send(t.Context(), drivertest.Labels("01B", "01C"))
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
		if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err == nil || !strings.Contains(err.Error(), "keeps silent") {
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
		drivertest.WantPrinted(t, s, 0)
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
		job, err := p.driver.label.render(50, drivertest.Labels("01X")[0])
		if err != nil {
			t.Fatal(err)
		}
		other.Write(job)
		synctest.Wait()
		drivertest.Send(t, s, "01A")
		if n, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "job 50") {
			t.Errorf("Printed = %d, %v", n, err)
		}
	})
}
