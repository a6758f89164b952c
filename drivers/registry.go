package drivers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The registry is filled by the drivers' init functions and only read afterwards.
var (
	printers = map[string]func(Settings) (Printer, error){}
	scanners = map[string]func(Settings) (Scanner, error){}
	plcs     = map[string]func(Settings) (PLC, error){}
)

// RegisterPrinter makes a printer driver known under the name used in the configuration.
func RegisterPrinter(name string, open func(Settings) (Printer, error)) {
	register(printers, name, open)
}

// RegisterScanner makes a scanner driver known.
func RegisterScanner(name string, open func(Settings) (Scanner, error)) {
	register(scanners, name, open)
}

// RegisterPLC makes a PLC driver known.
func RegisterPLC(name string, open func(Settings) (PLC, error)) {
	register(plcs, name, open)
}

// NewPrinter checks the settings and returns the printer. Errors are *OptionError, one or joined.
func NewPrinter(driver string, s Settings) (Printer, error) { return create(printers, driver, s) }

// NewScanner checks the settings and returns the scanner.
func NewScanner(driver string, s Settings) (Scanner, error) { return create(scanners, driver, s) }

// NewPLC checks the settings and returns the PLC.
func NewPLC(driver string, s Settings) (PLC, error) { return create(plcs, driver, s) }

// PrinterDrivers returns the names of the known printer drivers in order.
func PrinterDrivers() []string { return slices.Sorted(maps.Keys(printers)) }

// ScannerDrivers returns the names of the known scanner drivers in order.
func ScannerDrivers() []string { return slices.Sorted(maps.Keys(scanners)) }

// PLCDrivers returns the names of the known PLC drivers in order.
func PLCDrivers() []string { return slices.Sorted(maps.Keys(plcs)) }

func register[T any](m map[string]func(Settings) (T, error), name string, f func(Settings) (T, error)) {
	if _, ok := m[name]; ok {
		panic("drivers: " + name + " registered twice")
	}
	m[name] = f
}

func create[T any](m map[string]func(Settings) (T, error), name string, s Settings) (T, error) {
	f, ok := m[name]
	if !ok {
		var none T
		return none, &OptionError{
			Key:     "driver",
			Problem: fmt.Sprintf("no driver named %q", name),
			Hint:    "known: " + strings.Join(slices.Sorted(maps.Keys(m)), ", "),
		}
	}
	return f(s)
}
