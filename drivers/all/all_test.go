package all

import (
	"slices"
	"testing"

	"linemark/drivers"
)

func TestDriversAreKnown(t *testing.T) {
	for kind, c := range map[string]struct{ got, want []string }{
		"printer": {drivers.PrinterDrivers(), []string{"zpl"}},
		"scanner": {drivers.ScannerDrivers(), []string{"text"}},
		"plc":     {drivers.PLCDrivers(), []string{"modbus"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s drivers: %v, want %v", kind, c.got, c.want)
		}
	}
}
