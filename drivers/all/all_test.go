package all

import (
	"slices"
	"strings"
	"testing"

	"linemark/drivers"
)

func TestDriversAreKnown(t *testing.T) {
	for kind, c := range map[string]struct{ got, want []string }{
		"printer": {drivers.PrinterDrivers(), []string{"dynamark", "ngpcl", "sbpl", "sppl", "text", "tspl", "zipher", "zpl"}},
		"scanner": {drivers.ScannerDrivers(), []string{"dataman", "keyence", "text"}},
		"plc":     {drivers.PLCDrivers(), []string{"modbus"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s drivers: %v, want %v", kind, c.got, c.want)
		}
	}
}

// Every driver has a manual that says what it is for, and a sample that names it.
func TestManuals(t *testing.T) {
	names := map[string]bool{}
	for _, m := range drivers.Manuals() {
		names[m.Kind+" "+m.Name] = true
		if m.Title() == "" || len(m.README) < 500 || !strings.Contains(m.Sample, `"`+m.Name+`"`) || !strings.Contains(m.Sample, "[["+m.Kind+"]]") {
			t.Errorf("%s %s: title %q, a README of %d bytes, sample %q", m.Kind, m.Name, m.Title(), len(m.README), m.Sample)
		}
	}
	for kind, all := range map[string][]string{"printer": drivers.PrinterDrivers(), "scanner": drivers.ScannerDrivers(), "plc": drivers.PLCDrivers()} {
		for _, name := range all {
			if !names[kind+" "+name] {
				t.Errorf("%s %s has no manual", kind, name)
			}
		}
	}
}
