package zpl_test

import (
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
	for _, format := range formats {
		for name, newline := range map[string]bool{"newline": true, "no newline": false} {
			t.Run(format+"/"+name, func(t *testing.T) { drivertest.Printer(t, testCase(format, newline)) })
		}
	}
}

func BenchmarkWire(b *testing.B) {
	for _, format := range formats {
		b.Run(format, func(b *testing.B) { drivertest.Wire(b, testCase(format, true)) })
	}
}

var formats = []string{"whole", "stored"}

func testCase(format string, newline bool) drivertest.Case {
	return drivertest.Case{
		Printer: func(t testing.TB, dial link.Dialer) drivers.Printer {
			return conformancePrinter(t, dial, format)
		},
		Emulator: func(testing.TB) drivertest.Emulator { return conformanceEmulator(newline) },
	}
}

func conformancePrinter(t testing.TB, dial link.Dialer, format string) drivers.Printer {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(conformanceLabel), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := zpl.New(drivers.Settings{Name: "p", Address: "emulator", Dir: dir, Dial: dial,
		Options: map[string]any{"label": "unit.zpl", "format": format, "settle": "100ms"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func conformanceEmulator(newline bool) drivertest.Emulator {
	e := zpltest.New(zpltest.Options{Trigger: true, SGDNewline: newline})
	codes := func(l zpltest.Label) [][]byte {
		if len(l.Symbols) == 0 || !l.Symbols[0].GS1 {
			return [][]byte{l.ZPL} // is no code that anybody sent
		}
		return [][]byte{l.Symbols[0].Data}
	}
	clear := func() { e.SetFault(zpltest.NoFault) }
	raise := func(f zpltest.Fault) func() { return func() { e.SetFault(f) } }
	all := drivertest.Emulated(e, codes)
	all.Faults = []drivertest.Fault{
		{Name: "head open", Raise: raise(zpltest.HeadOpen), Clear: clear, Told: true},
		{Name: "media out", Raise: raise(zpltest.MediaOut), Clear: clear, Told: true},
		{Name: "ribbon out", Raise: raise(zpltest.RibbonOut), Clear: clear, Told: true},
		{Name: "media out in a label", Raise: drivertest.InALabel(e.Interrupt, e.SetFault, zpltest.MediaOut), Clear: clear, Told: true},
		{Name: "pause", Raise: raise(zpltest.Pause), Clear: clear},
		{Name: "power cycle", Raise: e.PowerCycle, Told: true},
	}
	all.Lines = []string{"ALERT: PQ JOB COMPLETED [06-01-2026 10:00:00] [52J1]\r\n"}
	return all
}
