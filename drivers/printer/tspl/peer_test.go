package tspl

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/drivertest"
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
	s.Options = drivertest.Changed(s.Options, options)
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
	s.Dial = drivertest.NewTap(t, func(_ string, c net.Conn) { p.ServeConn(c) }).Dial
	t.Cleanup(func() { p.Close() })
	var err error
	if p.driver, err = New(s); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *plant) open(t testing.TB) drivers.PrintSession {
	t.Helper()
	return drivertest.Open(t, p.driver)
}

func codes(labels []tspltest.Label) (all []string) {
	for _, l := range labels {
		for _, s := range l.Symbols {
			all = append(all, string(s.Data))
		}
	}
	return all
}
