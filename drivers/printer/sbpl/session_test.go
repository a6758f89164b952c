package sbpl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/sbpl/sbpltest"
)

const silence = 3 * time.Second

var trigger = sbpltest.Options{Trigger: true}

func TestSendAndPrinted(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, v.opt, v.options)
				start := time.Now()
				s := p.open(t)
				if d := time.Since(start); d < time.Second {
					t.Errorf("ready after %v, before it was settled", d)
				}
				var all []string
				for i := range 110 { // ids repeat
					code := fmt.Sprintf("01%d\x1d93A", i)
					all = append(all, code)
					drivertest.Send(t, s, code)
					synctest.Wait()
					if cyclic(v) {
						time.Sleep(500 * time.Millisecond) // the next status has told of it
					}
					drivertest.WantPrinted(t, s, i)
					p.Print()
					if cyclic(v) {
						time.Sleep(500 * time.Millisecond)
					}
					drivertest.WantPrinted(t, s, i+1)
				}
				if got := codes(p.Printed()); !slices.Equal(got, all) {
					t.Errorf("printed %q", got)
				}
				want := "\x1bA\x1bID01\x1bV0100\x1bH0100\x1bBX05200404000000001\x1bDC~1010~193A\x1bQ1\x1bZ"
				if got := string(p.Received()[0].SBPL); got != want {
					t.Errorf("received %q, want %q", got, want)
				}
			})
		})
	}
}

func TestManyAhead(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := build(t, v.opt, v.options)
				s := p.open(t)
				most := p.driver.Traits().MaxAhead
				all := slices.Repeat([]string{"01A"}, most)
				drivertest.Send(t, s, all...)
				synctest.Wait()
				if err := s.Send(t.Context(), drivertest.Labels("01B")); err == nil || !strings.Contains(err.Error(), fmt.Sprint(most+1, " labels would be in the printer")) {
					t.Errorf("Send = %v", err)
				}
				for i := range most {
					time.Sleep(500 * time.Millisecond)
					drivertest.WantPrinted(t, s, i)
					p.Print()
				}
				time.Sleep(500 * time.Millisecond)
				drivertest.WantPrinted(t, s, most)
				drivertest.Send(t, s, "01B")
				if n := len(p.Received()); n < most {
					t.Errorf("%d received", n)
				}
			})
		})
	}
}

// The ids of a new session do not begin with one that the printer may still name.
func TestIdsGoOn(t *testing.T) {
	for _, kept := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := build(t, sbpltest.Options{Trigger: true, LastID: kept}, nil)
			for want := range []int{1, 2, 3} {
				s := p.open(t)
				drivertest.WantPrinted(t, s, 0)
				drivertest.Send(t, s, "01A")
				drivertest.WantPrinted(t, s, 0)
				p.Print()
				drivertest.WantPrinted(t, s, 1)
				if got := p.Printed()[want].ID; got != fmt.Sprintf("%02d", want+1) {
					t.Errorf("label %d has the id %s", want, got)
				}
				s.Close()
			}
		})
	}
}

// P1: what a connection left behind is dropped by the next, wherever it was cut.
func TestP1OpenEmptiesThePrinter(t *testing.T) {
	driver := build(t, trigger, nil).driver
	whole, err := driver.label.render(1, drivertest.Labels("01A")[0])
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut <= len(whole); cut++ {
		synctest.Test(t, func(t *testing.T) {
			p := build(t, trigger, nil)
			line := servetest.Pipe(t, p.ServeConn) // as on a serial port: one connection for both sessions
			line.Write(whole[:cut])
			p.driver.dial = func(context.Context, string) (link.Conn, error) { return line, nil }
			s := p.open(t)
			drivertest.Send(t, s, "01B")
			drivertest.WantPrinted(t, s, 0)
			p.Print()
			drivertest.WantPrinted(t, s, 1)
			if got := codes(p.Printed()); !slices.Equal(got, []string{"01B"}) || p.Waiting() != 0 {
				t.Errorf("cut after %q: printed %q", whole[:cut], got)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		opt     sbpltest.Options
		fault   sbpltest.Fault
		answers sbpltest.Answers
		options map[string]any
		want    string
	}{
		"head open":   {fault: sbpltest.HeadOpen, want: "head open"},
		"paper out":   {fault: sbpltest.MediaOut, want: "paper out"},
		"ribbon out":  {fault: sbpltest.RibbonOut, want: "ribbon out"},
		"media error": {fault: sbpltest.MediaError, want: "media error"},
		"offline":     {fault: sbpltest.Pause, want: "offline"},
		"silent":      {answers: sbpltest.Answers{Lost: true}, want: "keeps silent"},
		"late":        {answers: sbpltest.Answers{Delay: 2 * silence}, want: "keeps silent"},
		"wrong speed": {answers: sbpltest.Answers{Garbled: true}, want: "not those of a SATO printer"},
		"garbage":     {answers: sbpltest.Answers{Before: "x"}, want: "not those of a SATO printer"},
		"status 3":    {opt: sbpltest.Options{Status: sbpltest.Status3}, want: "the printer tells status 3"},
		"status 4":    {options: map[string]any{"status": "3-enq"}, want: "the printer tells status 4"},
		"no cycle":    {options: map[string]any{"status": "4-cyclic"}, want: "keeps silent"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.opt.Trigger = true
				p := build(t, c.opt, c.options)
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

func TestAnswersOnTheirWay(t *testing.T) {
	for _, v := range variants() {
		for name, a := range map[string]sbpltest.Answers{
			"late":        {Delay: 2 * time.Second},
			"twice":       {Twice: true},
			"bytewise":    {Bytewise: true},
			"unsolicited": {Before: "\x06"},
			"all":         {Delay: time.Second, Twice: true, Bytewise: true, Before: "\x06\x06"},
		} {
			t.Run(v.name+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := build(t, v.opt, v.options)
					p.SetAnswers(a)
					s := p.open(t)
					sent := few(v, "01A", "01B")
					drivertest.Send(t, s, sent...)
					seen := 0
					for want := range len(sent) + 1 {
						for range 50 { // an answer that came twice is one question behind
							n, err := s.Printed(t.Context())
							if err != nil || n < seen || n > want {
								t.Fatalf("Printed = %d, %v after %d labels", n, err, want)
							}
							seen = n
							time.Sleep(100 * time.Millisecond)
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
}

// P1: a label that cannot be printed keeps the whole call from being sent.
func TestP1SendIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		if err := s.Send(t.Context(), drivertest.Labels("01A", "01~")); err == nil || !strings.Contains(err.Error(), "label 2 of 2") {
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
		p := build(t, sbpltest.Options{Trigger: true, Buffer: 1}, nil)
		s := p.open(t)
		err := s.Send(t.Context(), drivertest.Labels("01A", "01B", "01C"))
		if err == nil || !strings.Contains(err.Error(), "keeps silent") {
			t.Errorf("Send = %v", err)
		}
	})
}

func TestOverTCP(t *testing.T) {
	for _, separate := range []bool{false, true} {
		p := servetest.Start(t, sbpltest.New(sbpltest.Options{FNC1: "~1", Separate: separate, LastID: true, PrintTime: 20 * time.Millisecond}))
		jobs, status := servetest.Listen(t), servetest.Listen(t)
		served := make(chan error, 2)
		go func() { served <- p.Serve(jobs) }()
		go func() { served <- p.ServeStatus(status) }()
		options := map[string]any{"settle": "100ms", "poll": "1ms"}
		if separate {
			maps.Copy(options, map[string]any{"status_address": "tcp://" + status.Addr().String()})
		}
		set := settings(t, unit, options)
		set.Address = "tcp://" + jobs.Addr().(*net.TCPAddr).String()
		driver, err := New(set)
		if err != nil {
			t.Fatal(err)
		}
		s, err := driver.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"01A", "01B\x1dC", "01D"}
		for i, code := range want { // one by one: the last id stays, however late it is asked for
			drivertest.Send(t, s, code)
			for n := i; n <= i; {
				if n, err = s.Printed(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := codes(p.Printed()); !slices.Equal(got, want) {
			t.Errorf("printed %q", got)
		}
		s.Close()
		p.Close()
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
	}
}
