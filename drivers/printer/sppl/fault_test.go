package sppl

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/printer/sppl/sppltest"
)

// P1: whatever goes wrong, the session is over and sends nothing more.
func TestP1FaultEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		happen func(*sppltest.Printer)
		polls  int // until it must be noticed, a second apart
		want   string
	}{
		"media out":    {func(p *sppltest.Printer) { p.SetFault(sppltest.MediaOut) }, 1, "MEDIA OUT"},
		"interrupted":  {func(p *sppltest.Printer) { p.Interrupt(sppltest.HeadOpen) }, 1, "HEAD OPEN"},
		"restarted":    {func(p *sppltest.Printer) { p.SetFault(sppltest.Starting) }, 1, "starting"},
		"refuses":      {func(p *sppltest.Printer) { p.SetFault(sppltest.Refuse) }, 1, "refused SPLGQC"},
		"power, lost":  {func(p *sppltest.Printer) { p.PowerCycle() }, 1, "asking SPPSTA"},
		"silent":       {func(p *sppltest.Printer) { p.SetManner(sppltest.Manner{Silent: true}) }, 1, "keeps silent"},
		"too late":     {func(p *sppltest.Printer) { p.SetManner(sppltest.Manner{Late: silence + time.Second}) }, 1, "keeps silent"},
		"garbled":      {func(p *sppltest.Printer) { p.SetManner(sppltest.Manner{Garbled: true}) }, 1, "no SPPL"},
		"late refusal": {func(p *sppltest.Printer) { p.SetManner(sppltest.Manner{Between: "~SPGRES{SPLAQD:FAIL}^"}) }, 1, "refused SPLAQD"},
		"queue lost":   {func(p *sppltest.Printer) { p.ClearQueue() }, 1, "lost 4 rows, but it tells of 1 prints only"},
		"word lost":    {func(p *sppltest.Printer) { p.SetManner(sppltest.Manner{Mute: true}); p.Print() }, 12, "lost 2 rows, but it tells of 1 prints only"},
		"words forged": {func(p *sppltest.Printer) { p.SetManner(sppltest.Manner{Between: "~SPGRES{MK}^"}) }, 3, "tells of"},
		"word doubled": {func(p *sppltest.Printer) {
			p.SetManner(sppltest.Manner{Double: true})
			p.Print()
			p.SetManner(sppltest.Manner{})
		}, 12, "tells of 3 prints, but its queue has lost 2 rows only"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, s := connect(t, sppltest.Options{}, nil)
				drivertest.Send(t, s, "01A", "01B", "01C", "01D")
				trigger(t, p, "01A")
				drivertest.WantPrinted(t, s, 1)
				c.happen(p)
				var err error
				for range c.polls {
					var n int
					if n, err = s.Printed(t.Context()); err != nil {
						break
					}
					if n > len(p.Printed()) {
						t.Fatalf("Printed = %d, printed were %d", n, len(p.Printed()))
					}
					time.Sleep(time.Second)
				}
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Printed = %v, want %q", err, c.want)
				}
				p.SetFault(sppltest.NoFault)
				p.SetManner(sppltest.Manner{})
				before := len(p.Commands())
				if _, again := s.Printed(t.Context()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				if again := s.Send(t.Context(), drivertest.Labels("01E")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				synctest.Wait()
				if got := p.Commands()[before:]; len(got) > 0 {
					t.Errorf("sent %q after the fault", got)
				}
			})
		})
	}
}

func TestSendMeetsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault sppltest.Fault
		want  string
	}{
		"queue full": {sppltest.QueueFull, "refused SPLAQD: FAIL"},
		"ribbon":     {sppltest.RibbonOut, "RIBBON OUT"},
	} {
		p, s := connect(t, sppltest.Options{}, nil)
		p.SetFault(c.fault)
		err := s.Send(t.Context(), drivertest.Labels("01A"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Send = %v", name, err)
		}
		if _, again := s.Printed(t.Context()); again != err {
			t.Errorf("%s: the session goes on: %v", name, again)
		}
	}
}

// Manners that lose nothing change nothing.
func TestOddManners(t *testing.T) {
	for name, m := range map[string]sppltest.Manner{
		"late":        {Late: time.Second},
		"split":       {Split: true},
		"blank":       {Between: " \r\n\x00"},
		"other words": {Between: "~SPGRES{SOMETHING}^~SPGRES{SPGGTP:77}^"},
		"cut answer":  {Between: "~SPGRES{SPL"},
		"noise":       {Between: "\xff\x00garbage^"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, s := connect(t, sppltest.Options{}, nil)
				p.SetManner(m)
				for i := range 3 {
					code := fmt.Sprintf("01%d", i)
					drivertest.Send(t, s, code)
					trigger(t, p, code)
					drivertest.WantPrinted(t, s, i+1)
				}
			})
		})
	}
}

// Doubled answers, those to prints too, never make more labels printed than came out.
func TestDoubledAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := connect(t, sppltest.Options{}, nil)
		p.SetManner(sppltest.Manner{Double: true})
		for i := range 20 {
			code := fmt.Sprintf("01%d", i)
			if err := s.Send(t.Context(), drivertest.Labels(code)); err != nil {
				return
			}
			if i%2 == 0 {
				p.Print()
			}
			n, err := s.Printed(t.Context())
			if err != nil {
				return
			}
			if out := len(p.Printed()); n > out {
				t.Fatalf("Printed = %d, out came %d", n, out)
			}
			time.Sleep(time.Second)
		}
		t.Error("twice as many prints as labels were never noticed")
	})
}

// P1: a label that cannot be printed keeps the whole call from being sent.
func TestP1SendIsAllOrNothing(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	before := len(p.Commands())
	if err := s.Send(t.Context(), drivertest.Labels("01A", "01^B")); err == nil || !strings.Contains(err.Error(), "label 2 of 2") {
		t.Errorf("Send = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(ctx, drivertest.Labels("01A")); !errors.Is(err, context.Canceled) {
		t.Errorf("Send under an ended context = %v", err)
	}
	if got := p.Commands()[before:]; len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	drivertest.Send(t, s, "01C")
}

// P3: the word for the last print of an earlier session, which comes only after the printer stands, is
// not taken for one of the first label: its row is gone as soon as it is under the head.
func TestP3LateWordOfAnEarlierPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode, rows := "WAITING<", 0
		p := &drivertest.Script{End: "^"}
		p.Answer(func(command string) string {
			name, _, _ := strings.Cut(strings.TrimPrefix(command, "~"), "{")
			result := "OK"
			switch name {
			case "SPPSTA":
				result = mode
			case "SPLGQC":
				result = strconv.Itoa(rows)
			case "SPLAQD":
				rows++
			case "SPPSAP": // the first label goes under the head, which takes its row
				mode, rows = "RUNNING<", rows-1
			}
			return "~SPGRES{" + name + ":" + result + "}^"
		})
		s := settings(map[string]any{"settle": "500ms"})
		s.Dial = p.Dial
		driver, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(150 * time.Millisecond)
			p.Say("~SPGRES{MK}^")
		}()
		session, err := driver.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if err := session.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
			t.Fatal(err)
		}
		for range 6 {
			drivertest.WantPrinted(t, session, 0)
			time.Sleep(50 * time.Millisecond)
		}
		mode = "ERROR<Ribbon broken"
		if _, err := session.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "Ribbon broken") {
			t.Errorf("Printed = %v", err)
		}
	})
}
