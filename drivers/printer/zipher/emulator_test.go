package zipher

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/zipher/ziphertest"
)

func TestBytesOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		job     ziphertest.Options
		want    string
	}{
		"raw": {nil, ziphertest.Options{}, "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"},
		"tokens": {map[string]any{"gs_form": "~1", "fnc1_form": "{F}"}, ziphertest.Options{Separator: "~1", Lead: "{F}"},
			`{F}0104601234567893215"<&'_1>=,;%/~193dGVz`},
	} {
		t.Run(name, func(t *testing.T) {
			c.job.Trigger = true
			e := servetest.Start(t, ziphertest.New(c.job))
			dial, w := pipe(t, e)
			s := drivertest.Open(t, printer(t, dial, c.options))
			first := s.(*session).first
			want := "\rGST\rSLR\rSNI\rSCB\rSRC\rSLR\rSMR|50|\rSHO|CODE|\r"
			if got := w.Take(); got != want {
				t.Errorf("Open sent %q, want %q", got, want)
			}
			if err := s.Send(t.Context(), drivertest.Labels(nasty)); err != nil {
				t.Fatal(err)
			}
			if got, want := w.Take(), fmt.Sprintf("SID|%d|%s|\r", first, c.want); got != want {
				t.Errorf("Send sent %q, want %q", got, want)
			}
			if got := e.Received(); len(got) != 1 || string(got[0].Symbols[0].Data) != nasty || !got[0].Symbols[0].GS1 {
				t.Errorf("the printer has %+v", got)
			}
			if _, err := s.Printed(t.Context()); err != nil || w.Take() != "SLR\rGST\r" {
				t.Errorf("Printed: %v", err)
			}
		})
	}
}

func TestFields(t *testing.T) {
	e := servetest.Start(t, ziphertest.New(ziphertest.Options{Trigger: true, CodeField: "DM", Fields: []string{"DM", "LOT", "EXP"}}))
	dial, _ := pipe(t, e)
	s := drivertest.Open(t, printer(t, dial, map[string]any{"fields": map[string]any{
		"LOT": "L {batch} = {{ok}}", "DM": "{code}", "EXP": "{expiration_date:dd.MM.yyyy}"}}))
	if err := s.Send(t.Context(), []drivers.Label{{Code: []byte("01A"), Fields: map[string]string{"batch": "7", "expiration_date": "2027-03-01"}}}); err != nil {
		t.Fatal(err)
	}
	got := e.Received()[0].Values
	if got["LOT"] != "L 7 = {ok}" || got["DM"] != "01A" || got["EXP"] != "01.03.2027" {
		t.Errorf("the printer has %q", got)
	}
}

// P8: what the printer makes of a code is the code, or the code was refused.
func TestP8TheCodeIsPrintedAsItIs(t *testing.T) {
	const characters = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\x1d"
	for _, c := range []struct{ gs, fnc1 string }{{"raw", ""}, {"~1", "~1"}, {"1~1", ""}, {"{GS}", "{F1}"}, {"raw", "raw"}, {"\\x1D", "]d2"}} {
		t.Run(c.gs+c.fnc1, func(t *testing.T) {
			opt := ziphertest.Options{Separator: c.gs, Lead: c.fnc1}
			if opt.Separator == "raw" {
				opt.Separator = ""
			}
			if opt.Lead == "raw" {
				opt.Lead = "\x1d"
			}
			e := servetest.Start(t, ziphertest.New(opt))
			dial, _ := pipe(t, e)
			p := printer(t, dial, map[string]any{"gs_form": c.gs, "fnc1_form": c.fnc1, "records": int64(10_000)})
			s := drivertest.Open(t, p)
			rapid.Check(t, func(t *rapid.T) {
				alphabet, whole := []byte(characters), true
				if rapid.IntRange(0, 3).Draw(t, "any byte (3)") == 3 {
					alphabet, whole = nil, false
				}
				code := []byte("01")
				if whole {
					code = append(code, rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 40).Draw(t, "code")...)
				} else {
					code = rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "code")
				}
				if err := p.Traits().CheckCode(code); err != nil {
					if whole {
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
			})
		})
	}
}

// The count follows the printer over TCP, through bytes that come one by one, notices between a command
// and its answer, and answers that come late.
func TestPrintedFollowsThePrinter(t *testing.T) {
	for name, c := range map[string]struct {
		opt    ziphertest.Options
		manner ziphertest.Manner
	}{
		"well":    {ziphertest.Options{}, ziphertest.Manner{}},
		"split":   {ziphertest.Options{End: "\r\n"}, ziphertest.Manner{Split: true}},
		"late":    {ziphertest.Options{End: "\n"}, ziphertest.Manner{Late: 5 * time.Millisecond}},
		"notices": {ziphertest.Options{Notices: true}, ziphertest.Manner{Before: []string{"PRC", "STS|3|0|Job1|0|0|", "OUT|1|", "JOB|Job1|-|"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Trigger = true
			e := servetest.Start(t, ziphertest.New(c.opt))
			s := drivertest.Open(t, printer(t, drivertest.OverTCP(t, e), nil))
			e.Behave(c.manner)
			if err := s.Send(t.Context(), drivertest.Labels("01A", "01B", "01C")); err != nil {
				t.Fatal(err)
			}
			for want := 0; want <= 3; want++ {
				if n, err := s.Printed(t.Context()); n != want || err != nil {
					t.Fatalf("Printed = %d, %v, want %d", n, err, want)
				}
				e.Print()
			}
		})
	}
}

func TestFaultsOfThePrinter(t *testing.T) {
	for name, c := range map[string]struct {
		opt  ziphertest.Options
		act  func(*ziphertest.Printer)
		want string
	}{
		"media out":            {ziphertest.Options{}, func(e *ziphertest.Printer) { e.SetFault(ziphertest.MediaOut) }, "the printer reports: media out (E1002)"},
		"head open":            {ziphertest.Options{Notices: true}, func(e *ziphertest.Printer) { e.SetFault(ziphertest.HeadOpen) }, "fault"},
		"half and counted":     {ziphertest.Options{CountsHalf: true}, func(e *ziphertest.Printer) { e.Interrupt(ziphertest.RibbonOut) }, "ribbon out"},
		"power cut":            {ziphertest.Options{}, (*ziphertest.Printer).PowerCycle, ""},
		"another job":          {ziphertest.Options{}, func(e *ziphertest.Printer) { e.SelectJob("Box") }, `from "Job1" to "Box"`},
		"another job, noticed": {ziphertest.Options{Notices: true}, func(e *ziphertest.Printer) { e.SelectJob("Box") }, `from "Job1" to "Box"`},
		"doubled":              {ziphertest.Options{}, func(e *ziphertest.Printer) { e.Behave(ziphertest.Manner{Twice: true}) }, "nobody asked for"},
		"garbled":              {ziphertest.Options{}, func(e *ziphertest.Printer) { e.Behave(ziphertest.Manner{Garble: true}) }, "asking the printer"},
		"silent":               {ziphertest.Options{}, func(e *ziphertest.Printer) { e.Behave(ziphertest.Manner{Silent: true}) }, "keeps silent"},
		"too late":             {ziphertest.Options{}, func(e *ziphertest.Printer) { e.Behave(ziphertest.Manner{Late: time.Minute}) }, "keeps silent"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Trigger = true
			e := servetest.Start(t, ziphertest.New(c.opt))
			dial, _ := pipe(t, e)
			s := drivertest.Open(t, printer(t, dial, map[string]any{"silence": "200ms"}))
			if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
				t.Fatal(err)
			}
			c.act(e)
			var err error
			for err == nil { // a doubled answer shows at the next question
				_, err = s.Printed(t.Context())
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("Printed = %v, want %q", err, c.want)
			}
		})
	}
}

func TestSendIsRefused(t *testing.T) {
	e := servetest.Start(t, ziphertest.New(ziphertest.Options{Trigger: true}))
	dial, _ := pipe(t, e)
	s := drivertest.Open(t, printer(t, dial, nil))
	e.Behave(ziphertest.Manner{Refuse: true})
	if err := s.Send(t.Context(), drivertest.Labels("01A")); err == nil || !strings.Contains(err.Error(), "refuses it (ERR)") {
		t.Errorf("Send = %v", err)
	}
}

// A pause loses nothing: the session waits for it.
func TestPauseIsWaitedFor(t *testing.T) {
	e := servetest.Start(t, ziphertest.New(ziphertest.Options{Trigger: true}))
	dial, _ := pipe(t, e)
	s := drivertest.Open(t, printer(t, dial, nil))
	if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
		t.Fatal(err)
	}
	e.Print()
	e.SetFault(ziphertest.Pause)
	if n, err := s.Printed(t.Context()); n != 1 || err != nil {
		t.Errorf("Printed = %d, %v during a pause", n, err)
	}
	e.SetFault(ziphertest.NoFault)
	e.Print()
	if n, err := s.Printed(t.Context()); n != 2 || err != nil {
		t.Errorf("Printed = %d, %v after it", n, err)
	}
}

// P1: after a power cut, with the buffer kept or lost, nothing of the earlier session comes out or is
// counted, and the new one counts its own.
func TestP1AfterAPowerCut(t *testing.T) {
	for name, opt := range map[string]ziphertest.Options{
		"lost": {}, "kept": {KeepBuffer: true}, "offline": {Offline: true}, "kept and offline": {KeepBuffer: true, Offline: true},
	} {
		t.Run(name, func(t *testing.T) {
			opt.Trigger = true
			e := servetest.Start(t, ziphertest.New(opt))
			p := printer(t, drivertest.OverTCP(t, e), map[string]any{"start": "driver"})
			s := drivertest.Open(t, p)
			if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
				t.Fatal(err)
			}
			e.Print()
			e.PowerCycle()
			if n, err := s.Printed(t.Context()); err == nil {
				t.Errorf("Printed = %d after the power cut", n)
			}
			s = drivertest.Open(t, p)
			if n, err := s.Printed(t.Context()); n != 0 || err != nil {
				t.Errorf("Printed = %d, %v in a new session", n, err)
			}
			if err := s.Send(t.Context(), drivertest.Labels("01C")); err != nil {
				t.Fatal(err)
			}
			e.Print()
			if n, err := s.Printed(t.Context()); n != 1 || err != nil {
				t.Errorf("Printed = %d, %v", n, err)
			}
			var codes []string
			for _, l := range e.Printed() {
				codes = append(codes, string(l.Symbols[0].Data))
			}
			if got := strings.Join(codes, " "); got != "01A 01C" {
				t.Errorf("printed %s", got)
			}
		})
	}
}
