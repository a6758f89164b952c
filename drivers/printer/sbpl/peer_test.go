package sbpl

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/drivertest"
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
	s.Options = drivertest.Changed(s.Options, options)
	return s
}

// plant is an emulated printer and the driver that is connected to it in memory.
type plant struct {
	*sbpltest.Printer
	driver *Printer
}

const statusPort = "tcp://127.0.0.1:1025"

// address is how a printer of that form is reached.
func address(opt sbpltest.Options) string {
	if opt.Form == sbpltest.FormPlain {
		return "serial:///dev/ttyUSB0?baud=115200"
	}
	return "tcp://127.0.0.1:9100"
}

// serve tells the port of the status from that of the jobs.
func (p *plant) serve(address string, c net.Conn) {
	if address == statusPort {
		p.ServeStatusConn(c)
		return
	}
	p.ServeConn(c)
}

func build(t testing.TB, opt sbpltest.Options, options map[string]any) *plant {
	t.Helper()
	if opt.FNC1 == "" {
		opt.FNC1 = "~1"
	}
	p := &plant{Printer: servetest.Start(t, sbpltest.New(opt))}
	s := settings(t, unit, options)
	s.Address = address(opt)
	s.Dial = drivertest.NewTap(t, p.serve).Dial
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
		{"serial status 3", sbpltest.Options{Form: sbpltest.FormPlain, Status: sbpltest.Status3}, map[string]any{"status": "3-enq"}},
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

// acknowledged tells whether the printer answers each job.
func acknowledged(v variant) bool {
	return v.opt.Status == sbpltest.Status3 || v.opt.Form == sbpltest.FormPlain
}

// few returns the codes, or as many of them as may be in the printer.
func few(v variant, codes ...string) []string {
	if cyclic(v) {
		return codes[:1]
	}
	return codes
}

func codes(labels []sbpltest.Label) (all []string) {
	for _, l := range labels {
		for _, s := range l.Symbols {
			all = append(all, string(s.Data))
		}
	}
	return all
}
