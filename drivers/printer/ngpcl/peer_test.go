package ngpcl

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/ngpcl/ngpcltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// settings returns good settings with the options changed; nil takes one out.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "smartdate-1", Address: "tcp://127.0.0.1:21000", Options: map[string]any{
		"job": "unit.job", "idle": "NOCODE", "gs_form": "raw", "fnc1_form": "", "fields": map[string]any{"CODE": "{code}"},
	}}
	s.Options = drivertest.Changed(s.Options, options)
	return s
}

// made returns a driver whose connections end in the printer. With serial it has the one
// connection of a port.
func made(t testing.TB, p *ngpcltest.Printer, serial bool, options map[string]any) *Printer {
	t.Helper()
	s := settings(options)
	if serial {
		s.Address = "serial://COM3?baud=9600"
	}
	dialled := 0
	s.Dial = func(context.Context, string) (link.Conn, error) {
		if dialled++; serial && dialled > 1 {
			t.Error("a port was opened twice")
		}
		return servetest.Pipe(t, p.ServeConn), nil
	}
	driver, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

// connect opens a session with an emulated printer that waits for a trigger.
func connect(t testing.TB, opt ngpcltest.Options, options map[string]any) (*ngpcltest.Printer, drivers.PrintSession) {
	t.Helper()
	opt.Trigger = true
	p := servetest.Start(t, ngpcltest.New(opt))
	return p, reopen(t, made(t, p, false, options))
}

func reopen(t testing.TB, driver *Printer) drivers.PrintSession {
	t.Helper()
	s, err := driver.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// marked hands a code over and wants the printer to mark it.
func marked(t testing.TB, p *ngpcltest.Printer, s drivers.PrintSession, code string) {
	t.Helper()
	if err := s.Send(context.Background(), drivertest.Labels(code)); err != nil {
		t.Fatal(err)
	}
	wantMark(t, p, code)
}

func wantMark(t testing.TB, p *ngpcltest.Printer, code string) {
	t.Helper()
	if l, ok := p.Print(); !ok || string(l.Code) != code {
		t.Fatalf("marked %q, %v; want %q", l.Code, ok, code)
	}
}

func wantWell(t testing.TB, s drivers.PrintSession) {
	t.Helper()
	if n, err := s.Printed(context.Background()); n != 0 || err != nil {
		t.Fatalf("Printed = %d, %v", n, err)
	}
}
