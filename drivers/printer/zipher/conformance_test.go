package zipher

import (
	"maps"
	"slices"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/zipher/ziphertest"
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
	emulator ziphertest.Options
	options  map[string]any
}

var configurations = map[string]configuration{
	"raw": {ziphertest.Options{}, nil},
	"tokens, half labels counted, buffer kept": {
		ziphertest.Options{Separator: "~1", Lead: "{F}", End: "\r\n", CountsHalf: true, KeepBuffer: true},
		map[string]any{"gs_form": "~1", "fnc1_form": "{F}", "records": int64(4)}},
	"several fields, notices, offline after power": {
		ziphertest.Options{Fields: []string{"CODE", "LOT"}, End: "\n", Notices: true, Offline: true},
		map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch} {serial} {expiration_date}"}, "start": "driver"}},
}

func (c configuration) testCase() drivertest.Case {
	return drivertest.Case{
		Printer:  func(t testing.TB, dial link.Dialer) drivers.Printer { return printer(t, dial, c.options) },
		Emulator: func(testing.TB) drivertest.Emulator { return emulator(c.emulator) },
	}
}

func emulator(opt ziphertest.Options) drivertest.Emulator {
	opt.Trigger = true
	e := ziphertest.New(opt)
	codes := func(l ziphertest.Label) [][]byte {
		if len(l.Symbols) == 0 || !l.Symbols[0].GS1 {
			return [][]byte{nil} // is no code that anybody sent
		}
		return [][]byte{l.Symbols[0].Data}
	}
	clear := func() { e.SetFault(ziphertest.NoFault) }
	refusing := func(on bool) func() { return func() { e.Behave(ziphertest.Manner{Refuse: on}) } }
	faults := []drivertest.Fault{
		{Name: "offline", Raise: func() { e.SetFault(ziphertest.Pause) }, Clear: clear},
		{Name: "another job", Raise: func() { e.SelectJob("Box") }, Told: true},
		{Name: "refuses", Raise: refusing(true), Clear: refusing(false), Told: true},
		{Name: "power cycle", Raise: e.PowerCycle, Told: true},
	}
	for _, f := range []ziphertest.Fault{ziphertest.HeadOpen, ziphertest.MediaOut, ziphertest.RibbonOut} {
		faults = append(faults,
			drivertest.Fault{Name: f.String(), Raise: func() { e.SetFault(f) }, Clear: clear, Told: true},
			drivertest.Fault{Name: f.String() + " in a label", Raise: drivertest.InALabel(e.Interrupt, e.SetFault, f), Clear: clear, Told: true})
	}
	end := opt.End
	if end == "" {
		end = "\r"
	}
	all := drivertest.Emulated(e, codes)
	all.Faults = faults
	all.Lines = []string{"PRC" + end, "OUT|1|" + end}
	return all
}
