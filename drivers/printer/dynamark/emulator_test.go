package dynamark

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/dynamark/dynamarktest"
)

func TestBytesOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		job     dynamarktest.Options
		want    string
	}{
		"raw": {map[string]any{"gs_form": "raw"}, dynamarktest.Options{}, "01046012345678932155<&'_1>=,;%/\x1d93dGVz"},
		"tokens": {map[string]any{"fnc1_form": "{F}"}, dynamarktest.Options{Separator: "~1", Lead: "{F}"},
			"{F}01046012345678932155<&'_1>=,;%/~193dGVz"},
	} {
		t.Run(name, func(t *testing.T) {
			c.job.Trigger = true
			e := servetest.Start(t, dynamarktest.New(c.job))
			dial, w := pipe(t, e)
			s := drivertest.Open(t, printer(t, dial, c.options))
			want := "ROLLBACKTRANS\r\nMARK STOP\r\nSETMSG 1 1\r\nSETMSG 4 1\r\nSETMSG 3 1\r\nSETMSG 26 1\r\n"
			if got := w.Take(); got != want {
				t.Errorf("Open sent %q, want %q", got, want)
			}
			if e.Started() {
				t.Error("the laser would mark before there is a label")
			}
			if err := s.Send(t.Context(), drivertest.Labels(nasty)); err != nil {
				t.Fatal(err)
			}
			want = "BEGINTRANS\r\nSETTEXT \"CODE\" \"" + c.want + "\"\r\nEXECTRANS\r\nMARK START\r\n"
			if got := w.Take(); got != want {
				t.Errorf("Send sent %q, want %q", got, want)
			}
			if got := e.Received(); len(got) != 1 || string(got[0].Symbols[0].Data) != nasty || !got[0].Symbols[0].GS1 {
				t.Errorf("the laser has %+v", got)
			}
			if !e.Started() {
				t.Error("the laser would not mark the label")
			}
			e.Print()
			if n, err := s.Printed(t.Context()); n != 1 || err != nil || w.Take() != "MARK STOP\r\n" || e.Started() {
				t.Errorf("Printed: %d, %v", n, err)
			}
		})
	}
}

func TestFields(t *testing.T) {
	e := servetest.Start(t, dynamarktest.New(dynamarktest.Options{
		Trigger: true, CodeField: "DM", Fields: []string{"DM", "LOT", "EXP"}, Projects: []string{"store:MsgStore1/Unit"}}))
	dial, _ := pipe(t, e)
	s := drivertest.Open(t, printer(t, dial, map[string]any{"gap": "0s", "project": "store:MsgStore1/Unit", "fields": map[string]any{
		"LOT": "L {batch} = {{ok}}", "DM": "{code}", "EXP": "{expiration_date:dd.MM.yyyy}"}}))
	if err := s.Send(t.Context(), []drivers.Label{{Code: []byte("01A"), Fields: map[string]string{"batch": "7", "expiration_date": "2027-03-01"}}}); err != nil {
		t.Fatal(err)
	}
	got := e.Received()[0].Texts
	if got["LOT"] != "L 7 = {ok}" || got["DM"] != "01A" || got["EXP"] != "01.03.2027" {
		t.Errorf("the laser has %q", got)
	}
}

// P8: what the laser makes of a code is the code, or the code was refused.
func TestP8TheCodeIsMarkedAsItIs(t *testing.T) {
	const characters = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\x1d"
	for _, c := range []struct{ gs, fnc1 string }{{"raw", ""}, {"~1", "~1"}, {"{GS}", "{F1}"}, {"raw", "raw"}, {"\\x1D", "]d2"}} {
		t.Run(c.gs+c.fnc1, func(t *testing.T) {
			opt := dynamarktest.Options{Separator: c.gs, Lead: c.fnc1, Trigger: true}
			if opt.Separator == "raw" {
				opt.Separator = ""
			}
			if opt.Lead == "raw" {
				opt.Lead = "\x1d"
			}
			e := servetest.Start(t, dynamarktest.New(opt))
			dial, _ := pipe(t, e)
			p := printer(t, dial, map[string]any{"gs_form": c.gs, "fnc1_form": c.fnc1})
			s := drivertest.Open(t, p)
			marked := 0
			rapid.Check(t, func(t *rapid.T) {
				whole := rapid.IntRange(0, 3).Draw(t, "any byte (3)") != 3
				code := []byte("01")
				if whole {
					code = append(code, rapid.SliceOfN(rapid.SampledFrom([]byte(characters)), 0, 40).Draw(t, "code")...)
				} else {
					code = rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "code")
				}
				if err := p.Traits().CheckCode(code); err != nil {
					if whole && !bytes.Contains(code, []byte{'"'}) {
						t.Fatalf("CheckCode(%q) = %v", code, err)
					}
					return
				}
				before := len(e.Received())
				if err := s.Send(context.Background(), []drivers.Label{{Code: code}}); err != nil {
					t.Fatal(err)
				}
				got := e.Received()[before:]
				if len(got) != 1 || !bytes.Equal(got[0].Symbols[0].Data, code) || !got[0].Symbols[0].GS1 {
					t.Fatalf("%q became %+v", code, got)
				}
				e.Print()
				marked++
				printed(t, s, marked)
			})
			if e.Pipelined() != 0 {
				t.Errorf("%d commands came too early", e.Pipelined())
			}
		})
	}
}

// printed asks until the count is as wanted.
func printed(t rapid.TB, s drivers.PrintSession, want int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; {
		n, err := s.Printed(context.Background())
		if err != nil || n > want || time.Now().After(until) {
			t.Fatalf("Printed = %d, %v, want %d", n, err, want)
		}
		if n == want {
			return
		}
	}
}

// The count follows the laser over TCP, through bytes that come one by one, messages between a command and
// its answer, answers that come late, and texts that take their time.
func TestPrintedFollowsTheLaser(t *testing.T) {
	for name, c := range map[string]struct {
		opt    dynamarktest.Options
		manner dynamarktest.Manner
	}{
		"well":     {dynamarktest.Options{}, dynamarktest.Manner{}},
		"split":    {dynamarktest.Options{}, dynamarktest.Manner{Split: true}},
		"late":     {dynamarktest.Options{}, dynamarktest.Manner{Late: 5 * time.Millisecond}},
		"messages": {dynamarktest.Options{}, dynamarktest.Manner{Before: []string{"MSG 5", "MSG 2", "MSG 1"}}},
		"slow":     {dynamarktest.Options{ApplyTime: 30 * time.Millisecond}, dynamarktest.Manner{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Trigger = true
			e := servetest.Start(t, dynamarktest.New(c.opt))
			s := drivertest.Open(t, printer(t, drivertest.OverTCP(t, e), nil))
			e.Behave(c.manner)
			for i, code := range []string{"01A", "01B", "01C"} {
				if err := s.Send(t.Context(), drivertest.Labels(code)); err != nil {
					t.Fatal(err)
				}
				if n, err := s.Printed(t.Context()); n != i || err != nil {
					t.Fatalf("Printed = %d, %v, want %d", n, err, i)
				}
				if l, ok := e.Print(); !ok || string(l.Symbols[0].Data) != code {
					t.Fatalf("marked %+v, %v", l, ok)
				}
				printed(t, s, i+1)
				if l, ok := e.Print(); ok {
					t.Errorf("marked %+v on the next product", l)
				}
			}
			if e.Pipelined() != 0 {
				t.Errorf("%d commands came too early", e.Pipelined())
			}
		})
	}
}

func TestFaultsOfTheLaser(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*dynamarktest.Printer)
		want string
	}{
		"interlock":       {func(e *dynamarktest.Printer) { e.SetFault(dynamarktest.Interlock) }, "not ready any more"},
		"half marked":     {func(e *dynamarktest.Printer) { e.Interrupt(dynamarktest.Interlock) }, "not ready any more"},
		"two products":    {func(e *dynamarktest.Printer) { e.Print(); e.Print() }, "a label is on two products"},
		"power cut":       {(*dynamarktest.Printer).PowerCycle, ""},
		"doubled":         {func(e *dynamarktest.Printer) { e.Behave(dynamarktest.Manner{Twice: true}); e.Print() }, "nobody asked for"},
		"garbled":         {func(e *dynamarktest.Printer) { e.Behave(dynamarktest.Manner{Garble: true}); e.Print() }, "MARK STOP: "},
		"refused":         {func(e *dynamarktest.Printer) { e.Behave(dynamarktest.Manner{Refuse: true}); e.Print() }, "refuses MARK STOP"},
		"silent":          {func(e *dynamarktest.Printer) { e.Behave(dynamarktest.Manner{Silent: true}); e.Print() }, "keeps silent"},
		"too late":        {func(e *dynamarktest.Printer) { e.Behave(dynamarktest.Manner{Late: time.Minute}) }, "keeps silent"},
		"silent, no mark": {func(e *dynamarktest.Printer) { e.Behave(dynamarktest.Manner{Silent: true}) }, "SETMSG 3 1: the laser keeps silent"},
	} {
		t.Run(name, func(t *testing.T) {
			e := servetest.Start(t, dynamarktest.New(dynamarktest.Options{Trigger: true}))
			dial, _ := pipe(t, e)
			s := drivertest.Open(t, printer(t, dial, map[string]any{"silence": "200ms"}))
			if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
				t.Fatal(err)
			}
			c.act(e)
			var err error
			for err == nil {
				_, err = s.Printed(t.Context())
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("Printed = %v, want %q", err, c.want)
			}
		})
	}
}

// P1: a product that comes before the new texts are applied gets the old ones. That is told, and the laser stops.
func TestP1MarkedTooEarly(t *testing.T) {
	e := servetest.Start(t, dynamarktest.New(dynamarktest.Options{Trigger: true, ApplyTime: 300 * time.Millisecond}))
	dial, _ := pipe(t, e)
	s := drivertest.Open(t, printer(t, dial, nil))
	if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
		t.Fatal(err)
	}
	e.Print()
	printed(t, s, 1)
	ended := make(chan error, 1)
	go func() { ended <- s.Send(t.Context(), drivertest.Labels("01B")) }()
	for len(e.Printed()) == 1 {
		e.Print() // as soon as the laser is started
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "before it had applied new texts") {
		t.Errorf("Send = %v", err)
	}
	if e.Started() {
		t.Error("the laser goes on")
	}
}

// P1: after a power cut, with the texts kept or lost, the laser is stopped, and the new session counts its own.
func TestP1AfterAPowerCut(t *testing.T) {
	for name, opt := range map[string]dynamarktest.Options{"lost": {}, "kept": {KeepBuffer: true}} {
		t.Run(name, func(t *testing.T) {
			opt.Trigger = true
			e := servetest.Start(t, dynamarktest.New(opt))
			p := printer(t, drivertest.OverTCP(t, e), nil)
			s := drivertest.Open(t, p)
			if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
				t.Fatal(err)
			}
			e.PowerCycle()
			if n, err := s.Printed(t.Context()); err == nil {
				t.Errorf("Printed = %d after the power cut", n)
			}
			s.Close()
			s = drivertest.Open(t, p)
			e.Print()
			if n, err := s.Printed(t.Context()); n != 0 || err != nil {
				t.Errorf("Printed = %d, %v in a new session", n, err)
			}
			if err := s.Send(t.Context(), drivertest.Labels("01B")); err != nil {
				t.Fatal(err)
			}
			e.Print()
			printed(t, s, 1)
			if all := e.Printed(); len(all) != 1 || string(all[0].Symbols[0].Data) != "01B" {
				t.Errorf("marked %+v", all)
			}
		})
	}
}

// The laser serves one client: a second one is told where to look, and gets its turn after the first.
func TestOneClient(t *testing.T) {
	e := servetest.Start(t, dynamarktest.New(dynamarktest.Options{Trigger: true}))
	p := printer(t, drivertest.OverTCP(t, e), map[string]any{"silence": "200ms"})
	first := drivertest.Open(t, p)
	if _, err := p.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "another client is connected") {
		t.Errorf("Open of a second client = %v", err)
	}
	first.Close()
	drivertest.Open(t, p)
}

func TestEcho(t *testing.T) {
	e := servetest.Start(t, dynamarktest.New(dynamarktest.Options{Echo: true}))
	dial, _ := pipe(t, e)
	if _, err := printer(t, dial, nil).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "switch ECHO off") {
		t.Errorf("Open = %v", err)
	}
}
