package tspl

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/tspl/tspltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"
	unit  = "SIZE 60 mm,40 mm\nGAP 2 mm,0\nCLS\nDMATRIX 20,20,300,300,c126,x4,\"{code}\"\nPRINT 1,1\n"
)

func settings(t testing.TB, text string, options map[string]any) drivers.Settings {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.tspl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := drivers.Settings{Name: "tsc-1", Address: "tcp://127.0.0.1:9100", Dir: dir, Options: map[string]any{"label": "unit.tspl"}}
	for k, v := range options {
		if s.Options[k] = v; v == nil {
			delete(s.Options, k)
		}
	}
	return s
}

// plant is an emulated printer and the driver that is connected to it in memory.
type plant struct {
	*tspltest.Printer
	driver *Printer
}

func build(t testing.TB, opt tspltest.Options, options map[string]any) *plant {
	t.Helper()
	p := &plant{Printer: servetest.Start(t, tspltest.New(opt))}
	s := settings(t, unit, options)
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { p.Close() })
	s.Dial = func(context.Context, string) (link.Conn, error) {
		near, far := net.Pipe()
		serving.Go(func() { p.ServeConn(far) })
		return near, nil
	}
	var err error
	if p.driver, err = New(s); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *plant) open(t testing.TB) drivers.PrintSession {
	t.Helper()
	s, err := p.driver.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func labels(codes ...string) (all []drivers.Label) {
	for _, c := range codes {
		all = append(all, drivers.Label{Code: []byte(c)})
	}
	return all
}

func send(t testing.TB, s drivers.PrintSession, codes ...string) {
	t.Helper()
	if err := s.Send(t.Context(), labels(codes...)); err != nil {
		t.Fatal(err)
	}
}

func wantPrinted(t testing.TB, s drivers.PrintSession, want int) {
	t.Helper()
	if n, err := s.Printed(t.Context()); n != want || err != nil {
		t.Errorf("Printed = %d, %v, want %d", n, err, want)
	}
}

func codes(labels []tspltest.Label) (all []string) {
	for _, l := range labels {
		for _, s := range l.Symbols {
			all = append(all, string(s.Data))
		}
	}
	return all
}
