package sppl

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/sppl/sppltest"
)

const silence = 3 * time.Second

func TestOnTheWire(t *testing.T) {
	p, s := connect(t, sppltest.Options{Preload: 3}, map[string]any{"template": "unit_53.rox"})
	drivertest.Send(t, s, nasty)
	want := []string{
		"~SPPSTA^", "~SPLLTF{unit_53.rox}^", "~SPLCQD{CODE}^", "~SPCSPM{1>MK}^", "~SPLGQC{CODE}^",
		"~SPPSTA^", "~SPLGQC{CODE}^",
		"~SPLAQD{CODE~gt~0104601234567893215&quot;&lt;&amp;&apos;_1&gt;=,;%/\x1d93dGVz}^",
		"~SPPSTA^", "~SPLGQC{CODE}^", "~SPPSAP^",
	}
	if got := p.Commands(); !slices.Equal(got, want) {
		t.Errorf("sent %q\nwant %q", got, want)
	}
	trigger(t, p, nasty)
	drivertest.WantPrinted(t, s, 1)
}

func TestSeveralFields(t *testing.T) {
	for name, opt := range map[string]sppltest.Options{"as in the manual": {}, "own tag": {OwnTag: true}, "spaces": {Spaced: true}} {
		opt.Fields = []string{"CODE", "LOT"}
		p, s := connect(t, opt, map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "L {batch} {expiration_date:dd.MM.yy}"}})
		for i, code := range []string{"01A", "01B"} {
			l := drivers.Label{Code: []byte(code), Fields: map[string]string{"batch": "<7>", "expiration_date": "2027-05-06T00:00:00Z"}}
			if err := s.Send(t.Context(), []drivers.Label{l}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			trigger(t, p, code)
			drivertest.WantPrinted(t, s, i+1)
		}
		if lot := p.Printed()[1].Fields["LOT"]; lot != "L <7> 06.05.27" {
			t.Errorf("%s: marked %q", name, lot)
		}
	}
}

func TestOldControllerTakesOneField(t *testing.T) {
	p := servetest.Start(t, sppltest.New(sppltest.Options{OldController: true, Trigger: true, Fields: []string{"CODE", "LOT"}}))
	set := settings(map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch}"}})
	set.Dial = plug(t, p)
	made, err := New(set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "SPLGMQ") {
		t.Errorf("Open = %v", err)
	}
}

func TestPrintedCounts(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	drivertest.WantPrinted(t, s, 0)
	drivertest.Send(t, s, "01A", "01B", "01C")
	drivertest.WantPrinted(t, s, 0)
	trigger(t, p, "01A")
	drivertest.WantPrinted(t, s, 1)
	drivertest.WantPrinted(t, s, 1)
	drivertest.Send(t, s, "01D")
	for _, code := range []string{"01B", "01C", "01D"} {
		trigger(t, p, code)
	}
	drivertest.WantPrinted(t, s, 4)
	if err := s.Send(t.Context(), nil); err != nil {
		t.Errorf("Send of nothing = %v", err)
	}
}

// A queue that runs empty stops the printer, and new labels start it again.
func TestRunsEmptyAndGoesOn(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	for i := range 5 {
		code := fmt.Sprintf("01%d", i)
		drivertest.Send(t, s, code)
		if !p.Running() {
			t.Fatal("the printer was not started")
		}
		trigger(t, p, code)
		if p.Running() {
			t.Fatal("the emulator goes on without rows")
		}
		drivertest.WantPrinted(t, s, i+1)
	}
}

// One that a person stopped with labels in its queue stays stopped until the person starts it.
func TestStoppedByAPerson(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	drivertest.Send(t, s, "01A", "01B", "01C")
	trigger(t, p, "01A")
	drivertest.WantPrinted(t, s, 1)
	p.SetFault(sppltest.Pause)
	drivertest.WantPrinted(t, s, 1)
	drivertest.Send(t, s, "01D")
	drivertest.WantPrinted(t, s, 1)
	if p.Running() || slices.Contains(p.Commands()[len(p.Commands())-6:], "~SPPSAP^") {
		t.Fatal("the driver started a printer that a person had stopped")
	}
	p.SetFault(sppltest.NoFault)
	trigger(t, p, "01B")
	drivertest.WantPrinted(t, s, 2)
}

// A label that comes out between two questions looks as if the queue had run empty; once
// the next one is out, it is clear that it had not, and a stop is a person's.
func TestStoppedByAPersonLater(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	drivertest.Send(t, s, "01A")
	conn := &watched{Conn: s.(*session).conn}
	s.(*session).conn = conn
	asked := 0
	conn.before = func(command string) {
		if strings.HasPrefix(command, "~SPLGQC") {
			if asked++; asked == 2 {
				trigger(t, p, "01A")
			}
		}
	}
	drivertest.Send(t, s, "01B", "01C")
	conn.before = nil
	trigger(t, p, "01B")
	drivertest.WantPrinted(t, s, 2)
	p.SetFault(sppltest.Pause)
	drivertest.WantPrinted(t, s, 2)
	if p.Running() || strings.Count(strings.Join(p.Commands(), ""), "SPPSAP") != 1 {
		t.Error("the driver started a printer that a person had stopped")
	}
}

// Where the queue ran empty just when rows were added, Printed starts the printer.
func TestStoppedJustThen(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	drivertest.Send(t, s, "01A")
	conn := &watched{Conn: s.(*session).conn}
	s.(*session).conn = conn
	asked := 0
	conn.before = func(command string) {
		if strings.HasPrefix(command, "~SPLGQC") {
			if asked++; asked == 2 {
				trigger(t, p, "01A")
				p.SetFault(sppltest.Pause) // the printer stops late
			}
		}
	}
	drivertest.Send(t, s, "01B")
	conn.before = nil
	drivertest.WantPrinted(t, s, 1)
	if !p.Running() {
		t.Fatal("the printer stands, with a row that was added in time")
	}
	trigger(t, p, "01B")
	drivertest.WantPrinted(t, s, 2)
}

// A print of an earlier session that is told of late counts for nothing.
func TestWordOfAnEarlierSession(t *testing.T) {
	p := servetest.Start(t, sppltest.New(sppltest.Options{Trigger: true}))
	p.SetManner(sppltest.Manner{Between: "~SPGRES{MK}^"})
	s := reopen(t, p, nil)
	p.SetManner(sppltest.Manner{})
	drivertest.Send(t, s, "01A")
	drivertest.WantPrinted(t, s, 0)
	trigger(t, p, "01A")
	drivertest.WantPrinted(t, s, 1)
}

// A row of somebody else ends the session.
func TestForeignRow(t *testing.T) {
	for name, act := range map[string]func(drivers.PrintSession) error{
		"send":    func(s drivers.PrintSession) error { return s.Send(context.Background(), drivertest.Labels("01B")) },
		"printed": func(s drivers.PrintSession) error { _, err := s.Printed(context.Background()); return err },
	} {
		p, s := connect(t, sppltest.Options{}, nil)
		drivertest.Send(t, s, "01A")
		other := servetest.Pipe(t, p.ServeConn)
		if _, err := other.Write([]byte("~SPLAQD{CODE~gt~FOREIGN}^")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(other, make([]byte, len("~SPGRES{SPLAQD:OK}^"))); err != nil {
			t.Fatal(err)
		}
		if err := act(s); err == nil || !strings.Contains(err.Error(), "queue holds") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The operator's menu makes the printer refuse every command: nothing is lost by it.
func TestMenuIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := connect(t, sppltest.Options{}, nil)
		drivertest.Send(t, s, "01A")
		p.SetFault(sppltest.Menu)
		trigger(t, p, "01A")
		drivertest.WantPrinted(t, s, 0)
		sent := make(chan error, 1)
		go func() { sent <- s.Send(context.Background(), drivertest.Labels("01B")) }()
		time.Sleep(time.Minute)
		select {
		case err := <-sent:
			t.Fatalf("Send returned %v while the printer was in a menu", err)
		default:
		}
		p.SetFault(sppltest.NoFault)
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		trigger(t, p, "01B")
		drivertest.WantPrinted(t, s, 2)
	})
}

func TestOpenStopsAndEmpties(t *testing.T) {
	p, s := connect(t, sppltest.Options{}, nil)
	drivertest.Send(t, s, "01A", "01B")
	s.Close()
	again := reopen(t, p, nil)
	if p.Running() || p.Waiting() != 0 || len(p.Printed()) != 0 {
		t.Errorf("running %v, %d waiting, %d printed", p.Running(), p.Waiting(), len(p.Printed()))
	}
	drivertest.WantPrinted(t, again, 0)
	drivertest.Send(t, again, "01C")
	trigger(t, p, "01C")
	drivertest.WantPrinted(t, again, 1)
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		fault  sppltest.Fault
		manner sppltest.Manner
		opt    sppltest.Options
		want   string
	}{
		"media":    {sppltest.MediaOut, sppltest.Manner{}, sppltest.Options{}, "the printer reports: MEDIA OUT"},
		"starting": {sppltest.Starting, sppltest.Manner{}, sppltest.Options{}, "the printer is starting"},
		"menu":     {sppltest.Menu, sppltest.Manner{}, sppltest.Options{}, "in a menu"},
		"refuses":  {sppltest.Refuse, sppltest.Manner{}, sppltest.Options{}, "refused SPLCQD: FAIL"},
		"field":    {sppltest.NoFault, sppltest.Manner{}, sppltest.Options{Fields: []string{"KOD"}}, "CODE not found"},
		"silent":   {sppltest.NoFault, sppltest.Manner{Silent: true}, sppltest.Options{}, "keeps silent"},
		"late":     {sppltest.NoFault, sppltest.Manner{Late: silence + time.Second}, sppltest.Options{}, "keeps silent"},
		"garbled":  {sppltest.NoFault, sppltest.Manner{Garbled: true}, sppltest.Options{}, "no SPPL"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.opt.Trigger = true
				p := servetest.Start(t, sppltest.New(c.opt))
				p.SetFault(c.fault)
				p.SetManner(c.manner)
				set := settings(nil)
				set.Dial = plug(t, p)
				made, err := New(set)
				if err != nil {
					t.Fatal(err)
				}
				s, err := made.Open(t.Context())
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

// Over TCP, with a printer that prints by itself.
func TestOverTCP(t *testing.T) {
	p := servetest.Start(t, sppltest.New(sppltest.Options{}))
	l := servetest.Listen(t)
	go p.Serve(l)
	set := settings(nil)
	set.Address = "tcp://" + l.Addr().(*net.TCPAddr).String()
	made, err := New(set)
	if err != nil {
		t.Fatal(err)
	}
	s, err := made.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const all = 300
	out := make(chan struct{}, all)
	p.OnPrinted(func(sppltest.Label) { out <- struct{}{} })
	var codes []string
	for i := range all / 10 {
		var some []string
		for j := range 10 {
			some = append(some, fmt.Sprintf("01%04d", 10*i+j))
		}
		drivertest.Send(t, s, some...)
		if n, err := s.Printed(t.Context()); err != nil || n > len(codes)+10 {
			t.Fatalf("Printed = %d, %v", n, err)
		}
		codes = append(codes, some...)
	}
	for n := 0; n < all; {
		if n, err = s.Printed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range all {
		<-out
	}
	for i, label := range p.Printed() {
		if string(label.Code) != codes[i] {
			t.Fatalf("label %d is %q, want %q", i, label.Code, codes[i])
		}
	}
}
