package sbpl

import (
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/sbpl/sbpltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"
	unit  = "<ESC>A<ESC>V0100<ESC>H0100\n<ESC>BX05200404000000001\n<ESC>DC{code}\n<ESC>Q1<ESC>Z\n"
)

func settings(t testing.TB, text string, options map[string]any) drivers.Settings {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.sbpl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := drivers.Settings{Name: "sato-1", Address: "tcp://127.0.0.1:9100", Dir: dir,
		Options: map[string]any{"label": "unit.sbpl", "status": "4-enq", "ecc": "20", "fnc1_form": "~1"}}
	for k, v := range options {
		if s.Options[k] = v; v == nil {
			delete(s.Options, k)
		}
	}
	return s
}

// plant is an emulated printer and the driver that is connected to it in memory.
type plant struct {
	*sbpltest.Printer
	driver *Printer
}

const statusPort = "tcp://127.0.0.1:1025"

func build(t testing.TB, opt sbpltest.Options, options map[string]any) *plant {
	t.Helper()
	if opt.FNC1 == "" {
		opt.FNC1 = "~1"
	}
	p := &plant{Printer: servetest.Start(t, sbpltest.New(opt))}
	s := settings(t, unit, options)
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { p.Close() })
	s.Dial = func(_ context.Context, address string) (link.Conn, error) {
		near, far := net.Pipe()
		serving.Go(func() {
			if address == statusPort {
				p.ServeStatusConn(far)
				return
			}
			p.ServeConn(far)
		})
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

// variant is a way in which a printer can be set up, with the settings that go with it.
type variant struct {
	name    string
	opt     sbpltest.Options
	options map[string]any
}

func variants() []variant {
	all := []variant{
		{"9100 status 4", sbpltest.Options{}, nil},
		{"9100 status 4 legacy", sbpltest.Options{Form: sbpltest.FormLegacy}, nil},
		{"serial status 4", sbpltest.Options{Form: sbpltest.FormPlain}, nil},
		{"1024 and 1025", sbpltest.Options{Separate: true}, map[string]any{"status_address": statusPort}},
		{"1024 and 1025 cyclic", sbpltest.Options{Separate: true, Status: sbpltest.Status4Cyclic},
			map[string]any{"status_address": statusPort, "status": "4-cyclic"}},
		{"9100 cyclic", sbpltest.Options{Status: sbpltest.Status4Cyclic, Form: sbpltest.FormLegacy}, map[string]any{"status": "4-cyclic"}},
		{"9100 status 3", sbpltest.Options{Status: sbpltest.Status3}, map[string]any{"status": "3-enq"}},
		{"9100 status 3 legacy", sbpltest.Options{Status: sbpltest.Status3, Form: sbpltest.FormLegacy}, map[string]any{"status": "3-enq"}},
	}
	for _, v := range all {
		v.name, v.opt.LastID = v.name+", id kept", true
		v.options = maps.Clone(v.options)
		all = append(all, v)
	}
	for i := range all {
		all[i].opt.Trigger = true
	}
	return all
}

func cyclic(v variant) bool { return strings.Contains(v.name, "cyclic") }

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

func codes(labels []sbpltest.Label) (all []string) {
	for _, l := range labels {
		for _, s := range l.Symbols {
			all = append(all, string(s.Data))
		}
	}
	return all
}
