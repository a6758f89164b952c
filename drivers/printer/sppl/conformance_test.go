package sppl_test

import (
	"maps"
	"slices"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/sppl"
	"linemark/drivers/printer/sppl/sppltest"
)

// What drivertest demands of every printer driver.
func TestConformance(t *testing.T) {
	for name, c := range configurations {
		t.Run(name, func(t *testing.T) { drivertest.Printer(t, c.testCase()) })
	}
}

func BenchmarkWire(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(configurations)) {
		b.Run(name, func(b *testing.B) { drivertest.Wire(b, configurations[name].testCase()) })
	}
}

type configuration struct {
	emulator sppltest.Options
	options  map[string]any
}

var one = map[string]any{"CODE": "{code}"}

var configurations = map[string]configuration{
	"one field": {sppltest.Options{},
		map[string]any{"fields": one, "gs_form": "raw", "fnc1_form": "", "comma": "plain"}},
	"several fields, stand-ins, queue kept": {sppltest.Options{Fields: []string{"CODE", "LOT"}, GS: "\\F", Lead: "\\F", KeepsQueue: true, Preload: 3},
		map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch} {serial} {expiration_date}"}, "gs_form": "\\F", "fnc1_form": "\\F", "comma": "plain"}},
	"careful": {sppltest.Options{Spaced: true},
		map[string]any{"fields": one, "gs_form": "refuse", "fnc1_form": "", "entities": "angle"}},
}

func (c configuration) testCase() drivertest.Case {
	return drivertest.Case{
		Printer: func(t testing.TB, dial link.Dialer) drivers.Printer {
			p, err := sppl.New(drivers.Settings{Name: "p", Address: "emulator", Dial: dial, Options: drivertest.Changed(c.options, map[string]any{"settle": "5ms"})})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		Emulator: func(testing.TB) drivertest.Emulator { return conformanceEmulator(c.emulator) },
	}
}

func conformanceEmulator(opt sppltest.Options) drivertest.Emulator {
	opt.Trigger = true
	e := sppltest.New(opt)
	codes := func(l sppltest.Label) [][]byte { return [][]byte{l.Code} }
	clear := func() { e.SetFault(sppltest.NoFault) }
	raise := func(f sppltest.Fault) func() { return func() { e.SetFault(f) } }
	all := drivertest.Emulated(e, codes)
	all.Faults = []drivertest.Fault{
		{Name: "head open", Raise: raise(sppltest.HeadOpen), Clear: clear, Told: true},
		{Name: "media out", Raise: raise(sppltest.MediaOut), Clear: clear, Told: true},
		{Name: "ribbon out", Raise: raise(sppltest.RibbonOut), Clear: clear, Told: true},
		{Name: "head open in a label", Raise: drivertest.InALabel(e.Interrupt, e.SetFault, sppltest.HeadOpen), Clear: clear, Told: true},
		{Name: "stopped by a person", Raise: raise(sppltest.Pause), Clear: clear},
		{Name: "operator's menu", Raise: raise(sppltest.Menu), Clear: clear},
		{Name: "starting", Raise: raise(sppltest.Starting), Clear: clear, Told: true},
		{Name: "queue full", Raise: raise(sppltest.QueueFull), Clear: clear, Told: true},
		{Name: "refuses", Raise: raise(sppltest.Refuse), Clear: clear, Told: true},
		{Name: "queue cleared at the panel", Raise: e.ClearQueue},
		{Name: "power cycle", Raise: e.PowerCycle, Told: true},
	}
	all.Lines = []string{"~SPGRES{OTHER}^", "\r\n"}
	return all
}
