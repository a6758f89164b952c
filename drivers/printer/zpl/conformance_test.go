package zpl_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/zpl"
	"linemark/drivers/printer/zpl/zpltest"
)

const conformanceLabel = "^XA^FO20,20^BXN,4,200,,,,#^FD{code}^FS^FO20,160^A0N,20^FD{serial}^FS" +
	"^FO20,190^A0N,20^FDLOT {batch} EXP {expiration_date:dd.MM.yyyy}^FS^PQ1^XZ"

// What drivertest demands of every printer driver.
func TestConformance(t *testing.T) {
	for _, format := range []string{"whole", "stored"} {
		for name, newline := range map[string]bool{"newline": true, "no newline": false} {
			t.Run(format+"/"+name, func(t *testing.T) {
				drivertest.Printer(t, drivertest.Case{
					Printer: func(t *testing.T, dial link.Dialer) drivers.Printer {
						return conformancePrinter(t, dial, format)
					},
					Emulator: func(*testing.T) drivertest.Emulator { return conformanceEmulator(newline) },
				})
			})
		}
	}
}

func conformancePrinter(t *testing.T, dial link.Dialer, format string) drivers.Printer {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(conformanceLabel), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := zpl.New(drivers.Settings{Name: "p", Address: "emulator", Dir: dir, Dial: dial,
		Options: map[string]any{"label": "unit.zpl", "format": format}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func conformanceEmulator(newline bool) drivertest.Emulator {
	e := zpltest.New(zpltest.Options{Trigger: true, SGDNewline: newline})
	codes := func(labels []zpltest.Label) (all [][]byte) {
		for _, l := range labels {
			if len(l.Symbols) > 0 && l.Symbols[0].GS1 {
				all = append(all, l.Symbols[0].Data)
			} else {
				all = append(all, l.ZPL) // is no code that anybody sent
			}
		}
		return all
	}
	clear := func() { e.SetFault(zpltest.NoFault) }
	raise := func(f zpltest.Fault) func() { return func() { e.SetFault(f) } }
	interrupt := func(f zpltest.Fault) func() {
		return func() {
			if _, ok := e.Interrupt(f); !ok {
				e.SetFault(f)
			}
		}
	}
	return drivertest.Emulator{
		Serve:    func(_ string, c net.Conn) { e.ServeConn(c) },
		Close:    e.Close,
		Received: func() [][]byte { return codes(e.Received()) },
		Printed:  func() [][]byte { return codes(e.Printed()) },
		Print:    func() bool { _, ok := e.Print(); return ok },
		Faults: []drivertest.Fault{
			{Name: "head open", Raise: raise(zpltest.HeadOpen), Clear: clear, Told: true},
			{Name: "media out", Raise: raise(zpltest.MediaOut), Clear: clear, Told: true},
			{Name: "ribbon out", Raise: raise(zpltest.RibbonOut), Clear: clear, Told: true},
			{Name: "media out in a label", Raise: interrupt(zpltest.MediaOut), Clear: clear, Told: true},
			{Name: "pause", Raise: raise(zpltest.Pause), Clear: clear},
			{Name: "power cycle", Raise: e.PowerCycle, Told: true},
		},
		Lines: []string{"ALERT: PQ JOB COMPLETED [06-01-2026 10:00:00] [52J1]\r\n"},
	}
}
