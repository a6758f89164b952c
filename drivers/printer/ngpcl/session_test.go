package ngpcl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/ngpcl/ngpcltest"
)

const silence = 3 * time.Second

func TestOnTheWire(t *testing.T) {
	p, s := connect(t, ngpcltest.Options{Jobs: []string{"box.job", "unit.job"}, Fields: []string{"CODE", "LOT"}},
		map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "L{batch}"}})
	if p.Job() != "unit.job" || len(p.Printed()) > 0 {
		t.Errorf("after Open: job %s, marked %v", p.Job(), p.Printed())
	}
	wantMark(t, p, "NOCODE")
	l := drivers.Label{Code: []byte(nasty), Fields: map[string]string{"batch": "7"}}
	if err := s.Send(t.Context(), []drivers.Label{l}); err != nil {
		t.Fatal(err)
	}
	wantMark(t, p, nasty)
	wantWell(t, s)
	want := []string{
		"{~DR|}", "{~JR|}", "{~JS0|unit.job|0|}", "{~JR|}", "{~JU0||0|CODE|NOCODE|}", "{~FR|CODE|}",
		"{~JU0||0|CODE|0104601234567893215\"<&'_1>=,;%/\x1d93dGVz|LOT|L7|}", "{~FR|CODE|}", "{~FR|LOT|}",
		"{~DR|}", "{~JR|}", "{~FR|CODE|}",
	}
	if got := p.Commands(); !slices.Equal(got, want) {
		t.Errorf("sent %q\nwant %q", got, want)
	}
	if lot := p.Printed()[1].Fields["LOT"]; lot != "L7" {
		t.Errorf("the lot is %q", lot)
	}
}

// By network every command has its own connection; a serial port is opened once.
func TestConnections(t *testing.T) {
	for name, opt := range map[string]ngpcltest.Options{"kept": {}, "closed": {CloseEach: true}, "line ends": {LineEnds: true}, "padded": {Padded: true}} {
		p, s := connect(t, opt, nil)
		for i := range 3 {
			marked(t, p, s, fmt.Sprintf("01%s%d", strings.ReplaceAll(name, " ", ""), i))
			wantWell(t, s)
		}
		if opt.CloseEach {
			continue
		}
		p = servetest.Start(t, ngpcltest.New(ngpcltest.Options{Trigger: true, LineEnds: opt.LineEnds, Padded: opt.Padded}))
		s = reopen(t, made(t, p, true, nil))
		for i := range 3 {
			marked(t, p, s, fmt.Sprintf("01%d", i))
			wantWell(t, s)
		}
	}
}

func TestOneLabelAtATime(t *testing.T) {
	p, s := connect(t, ngpcltest.Options{}, nil)
	before := len(p.Commands())
	for _, some := range [][]drivers.Label{drivertest.Labels("01A", "01B"), drivertest.Labels("01|A"), {{}}} {
		if err := s.Send(t.Context(), some); err == nil {
			t.Errorf("Send(%v) succeeded", some)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(ctx, drivertest.Labels("01A")); !errors.Is(err, context.Canceled) {
		t.Errorf("Send under an ended context = %v", err)
	}
	if err := s.Send(t.Context(), nil); err != nil {
		t.Errorf("Send of nothing = %v", err)
	}
	if got := p.Commands()[before:]; len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	marked(t, p, s, "01C")
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		fault  ngpcltest.Fault
		manner ngpcltest.Manner
		opt    ngpcltest.Options
		want   string
	}{
		"attention": {ngpcltest.Attention, ngpcltest.Manner{}, ngpcltest.Options{}, "asks for attention"},
		"beam stop": {ngpcltest.BeamStop, ngpcltest.Manner{}, ngpcltest.Options{}, "beam stop"},
		"stopped":   {ngpcltest.Pause, ngpcltest.Manner{}, ngpcltest.Options{}, "is stopped"},
		"off":       {ngpcltest.Off, ngpcltest.Manner{}, ngpcltest.Options{}, "is off"},
		"refuses":   {ngpcltest.Refuse, ngpcltest.Manner{}, ngpcltest.Options{}, "asking JU0: the printer refused (NK1)"},
		"deaf":      {ngpcltest.Deaf, ngpcltest.Manner{}, ngpcltest.Options{}, "field CODE holds"},
		"no job":    {ngpcltest.NoFault, ngpcltest.Manner{}, ngpcltest.Options{Jobs: []string{"box.job"}}, "the job unit.job is not in the printer"},
		"no field":  {ngpcltest.NoFault, ngpcltest.Manner{}, ngpcltest.Options{Fields: []string{"KOD"}}, "no field CODE"},
		"silent":    {ngpcltest.NoFault, ngpcltest.Manner{Silent: true}, ngpcltest.Options{}, "keeps silent"},
		"late":      {ngpcltest.NoFault, ngpcltest.Manner{Late: silence + time.Second}, ngpcltest.Options{}, "keeps silent"},
		"garbled":   {ngpcltest.NoFault, ngpcltest.Manner{Garbled: true}, ngpcltest.Options{}, "no NGPCL"},
		"late no":   {ngpcltest.NoFault, ngpcltest.Manner{Between: "{~JS1|}"}, ngpcltest.Options{}, "JS1"},
		"status":    {ngpcltest.NoFault, ngpcltest.Manner{Between: "{~DS0|0|1|}"}, ngpcltest.Options{}, "status has 2 values"},
		"flag":      {ngpcltest.NoFault, ngpcltest.Manner{Between: "{~DS0|0|1|x|0|0|2|0|000000000|06|1|}"}, ngpcltest.Options{}, `beam stop is "x"`},
		"state":     {ngpcltest.NoFault, ngpcltest.Manner{Between: "{~DS0|0|1|0|0|0|2|0|000000000|42|1|}"}, ngpcltest.Options{}, `unknown state "42"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.opt.Trigger = true
				p := servetest.Start(t, ngpcltest.New(c.opt))
				p.SetFault(c.fault)
				p.SetManner(c.manner)
				s, err := made(t, p, false, nil).Open(t.Context())
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("Open = %v, want one line with %q", err, c.want)
				}
			})
		})
	}
}

// P1: whatever goes wrong, the session is over and sends nothing more.
func TestP1FaultEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		happen func(*ngpcltest.Printer)
		want   string
	}{
		"attention":      {func(p *ngpcltest.Printer) { p.SetFault(ngpcltest.Attention) }, "attention"},
		"beam stop":      {func(p *ngpcltest.Printer) { p.SetFault(ngpcltest.BeamStop) }, "beam stop"},
		"off":            {func(p *ngpcltest.Printer) { p.SetFault(ngpcltest.Off) }, "off"},
		"another job":    {func(p *ngpcltest.Printer) { p.SelectJob("box.job") }, "somebody has selected another"},
		"job again":      {func(p *ngpcltest.Printer) { p.SelectJob("unit.job") }, `holds [""] instead of "01A"`},
		"power, cleared": {func(p *ngpcltest.Printer) { p.PowerCycle() }, `holds [""] instead of "01A"`},
		"silent":         {func(p *ngpcltest.Printer) { p.SetManner(ngpcltest.Manner{Silent: true}) }, "keeps silent"},
		"too late":       {func(p *ngpcltest.Printer) { p.SetManner(ngpcltest.Manner{Late: silence + time.Second}) }, "keeps silent"},
		"garbled":        {func(p *ngpcltest.Printer) { p.SetManner(ngpcltest.Manner{Garbled: true}) }, "no NGPCL"},
		"closed":         {func(p *ngpcltest.Printer) { p.Close() }, "asking DR"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, s := connect(t, ngpcltest.Options{}, nil)
				marked(t, p, s, "01A")
				wantWell(t, s)
				c.happen(p)
				_, err := s.Printed(context.Background())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Printed = %v, want %q", err, c.want)
				}
				p.SetFault(ngpcltest.NoFault)
				p.SetManner(ngpcltest.Manner{})
				synctest.Wait()
				before := len(p.Commands())
				if _, again := s.Printed(context.Background()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				if again := s.Send(t.Context(), drivertest.Labels("01B")); again != err {
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
	for fault, want := range map[ngpcltest.Fault]string{ngpcltest.Refuse: "refused", ngpcltest.Deaf: `holds ["NOCODE"] instead of "01A"`} {
		p, s := connect(t, ngpcltest.Options{}, nil)
		p.SetFault(fault)
		err := s.Send(t.Context(), drivertest.Labels("01A"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: Send = %v", fault, err)
		}
		if _, again := s.Printed(context.Background()); again != err {
			t.Errorf("%v: the session goes on: %v", fault, again)
		}
	}
}

// A printer that a person stops loses nothing, nor does one that keeps its fields in a power cycle.
func TestWaitedFor(t *testing.T) {
	p, s := connect(t, ngpcltest.Options{KeepsFields: true}, nil)
	if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
		t.Fatal(err)
	}
	p.SetFault(ngpcltest.Pause)
	wantWell(t, s)
	p.SetFault(ngpcltest.NoFault)
	p.PowerCycle()
	wantWell(t, s)
	wantMark(t, p, "01A")
}

// Manners that lose nothing change nothing, on one connection for all too.
func TestOddManners(t *testing.T) {
	for name, m := range map[string]ngpcltest.Manner{
		"late":         {Late: time.Second},
		"doubled":      {Double: true},
		"split":        {Split: true},
		"blank":        {Between: " \r\n\x00"},
		"other answer": {Between: "{~ZZ0|1|}"},
		"cut answer":   {Between: "{~FC0|CODE|0"},
		"noise":        {Between: "\xff\x00garbage}"},
	} {
		for _, serial := range []bool{false, true} {
			t.Run(fmt.Sprint(name, serial), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := servetest.Start(t, ngpcltest.New(ngpcltest.Options{Trigger: true}))
					p.SetManner(m)
					s := reopen(t, made(t, p, serial, nil))
					for i := range 3 {
						marked(t, p, s, fmt.Sprintf("01%d", i))
						wantWell(t, s)
					}
				})
			})
		}
	}
}

// An answer that comes twice is not taken for that of the next field.
func TestDoubledAnswersOfSeveralFields(t *testing.T) {
	p := servetest.Start(t, ngpcltest.New(ngpcltest.Options{Trigger: true, Fields: []string{"CODE", "LOT"}}))
	p.SetManner(ngpcltest.Manner{Double: true})
	s := reopen(t, made(t, p, true, map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch}"}}))
	for _, code := range []string{"01A", "01B"} {
		if err := s.Send(t.Context(), []drivers.Label{{Code: []byte(code), Fields: map[string]string{"batch": "7"}}}); err != nil {
			t.Fatal(err)
		}
		wantMark(t, p, code)
		wantWell(t, s)
	}
}

// Over TCP, with a printer that marks each update by itself.
func TestOverTCP(t *testing.T) {
	p := servetest.Start(t, ngpcltest.New(ngpcltest.Options{CloseEach: true}))
	l := servetest.Listen(t)
	go p.Serve(l)
	set := settings(nil)
	set.Address = "tcp://" + l.Addr().(*net.TCPAddr).String()
	driver, err := New(set)
	if err != nil {
		t.Fatal(err)
	}
	s := reopen(t, driver)
	for i := range 50 {
		code := fmt.Sprintf("01%04d", i)
		if err := s.Send(t.Context(), drivertest.Labels(code)); err != nil {
			t.Fatal(err)
		}
		wantWell(t, s)
		if got := p.Printed(); len(got) != i+2 || string(got[i+1].Code) != code {
			t.Fatalf("marked %d, the last %q", len(got), got[len(got)-1].Code)
		}
	}
}

// What the printer marks is the code byte by byte, or the code was refused; all of the
// characters of GS1 codes are carried unless what stands for GS is one of them.
func TestPrinterMarksTheCode(t *testing.T) {
	const characters = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\x1d"
	gs1 := rapid.SampledFrom([]byte(characters))
	for _, c := range []struct {
		name    string
		opt     ngpcltest.Options
		options map[string]any
		of      *rapid.Generator[byte]
		all     bool
	}{
		{"raw", ngpcltest.Options{}, nil, gs1, true},
		{"stand-in", ngpcltest.Options{GS: "\\F"}, map[string]any{"gs_form": "\\F"}, gs1, true},
		{"FNC1", ngpcltest.Options{GS: "\\F", Lead: "\\F"}, map[string]any{"gs_form": "\\F", "fnc1_form": "\\F"}, gs1, true},
		{"with a code's characters", ngpcltest.Options{GS: "!\\!"}, map[string]any{"gs_form": "!\\!"}, rapid.OneOf(gs1, rapid.Just(byte('!'))), true},
		{"refused", ngpcltest.Options{}, map[string]any{"gs_form": "refuse"}, gs1, false},
		{"any bytes", ngpcltest.Options{}, nil, rapid.ByteRange(0, 255), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := servetest.Start(t, ngpcltest.New(ngpcltest.Options{Trigger: true, GS: c.opt.GS, Lead: c.opt.Lead}))
			driver := made(t, p, true, c.options)
			s := reopen(t, driver)
			rapid.Check(t, func(rt *rapid.T) {
				code := string(rapid.SliceOfN(c.of, 0, 30).Draw(rt, "code"))
				if c.all {
					code = "01" + code
				}
				if err := driver.Traits().CheckCode([]byte(code)); err != nil {
					if c.all {
						rt.Fatalf("CheckCode(%q) = %v", code, err)
					}
					if s.Send(t.Context(), drivertest.Labels(code)) == nil {
						rt.Fatalf("%q was sent", code)
					}
					return
				}
				if err := s.Send(t.Context(), drivertest.Labels(code)); err != nil {
					rt.Fatal(err)
				}
				if l, ok := p.Print(); !ok || string(l.Code) != code {
					rt.Fatalf("%q came out as %q", code, l.Code)
				}
			})
		})
	}
}

// An answer that is cut short ends the session: the command is not given again.
func TestCutAnswer(t *testing.T) {
	p, s := connect(t, ngpcltest.Options{}, nil)
	taken := 0
	s.(*session).printer.dial = func(context.Context, string) (link.Conn, error) {
		return servetest.Pipe(t, func(c net.Conn) {
			taken++
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte("{~JU0"))
			c.Close()
		}), nil
	}
	err := s.Send(t.Context(), drivertest.Labels("01A"))
	if !errors.Is(err, io.EOF) || taken != 1 {
		t.Errorf("Send = %v after %d commands", err, taken)
	}
	if _, again := s.Printed(context.Background()); again != err || p.Waiting() != 1 {
		t.Errorf("the session goes on: %v", again)
	}
}
