package sppl

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/sppl/sppltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// settings returns good settings with the options changed; nil takes one out.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "savema-1", Address: "tcp://127.0.0.1:9100", Options: map[string]any{
		"gs_form": "raw", "fnc1_form": "", "comma": "plain", "settle": "1ms", "fields": map[string]any{"CODE": "{code}"},
	}}
	s.Options = drivertest.Changed(s.Options, options)
	return s
}

// plug returns a dialer whose connections end in the printer.
func plug(t testing.TB, p *sppltest.Printer) link.Dialer {
	return func(context.Context, string) (link.Conn, error) {
		return servetest.Pipe(t, p.ServeConn), nil
	}
}

// connect opens a session with an emulated printer that waits for a trigger.
func connect(t testing.TB, opt sppltest.Options, options map[string]any) (*sppltest.Printer, drivers.PrintSession) {
	t.Helper()
	opt.Trigger = true
	p := servetest.Start(t, sppltest.New(opt))
	return p, reopen(t, p, options)
}

func reopen(t testing.TB, p *sppltest.Printer, options map[string]any) drivers.PrintSession {
	t.Helper()
	s := settings(options)
	s.Dial = plug(t, p)
	made, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	session, err := made.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// trigger prints one label, which must be the code.
func trigger(t testing.TB, p *sppltest.Printer, code string) {
	t.Helper()
	if l, ok := p.Print(); !ok || string(l.Code) != code {
		t.Fatalf("the printer printed %q, %v; want %q", l.Code, ok, code)
	}
}

// watched is a connection that calls before for every command on its way to the printer.
type watched struct {
	link.Conn
	before func(command string)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.before != nil {
		w.before(string(b))
	}
	return w.Conn.Write(b)
}
