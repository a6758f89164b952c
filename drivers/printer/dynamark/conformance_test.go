package dynamark

import (
	"maps"
	"slices"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/dynamark/dynamarktest"
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
	emulator dynamarktest.Options
	options  map[string]any
}

var configurations = map[string]configuration{
	"raw": {dynamarktest.Options{}, map[string]any{"gs_form": "raw"}},
	"tokens, texts kept, a project": {
		dynamarktest.Options{Separator: "~1", Lead: "{F}", KeepBuffer: true, Projects: []string{"store:MsgStore1/Unit"}},
		map[string]any{"fnc1_form": "{F}", "project": "store:MsgStore1/Unit"}},
	"several texts, data coding": {
		dynamarktest.Options{Separator: "~1", Fields: []string{"CODE", "LOT"}},
		map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch} {serial} {expiration_date}"}, "marked": "25"}},
}

func (c configuration) testCase() drivertest.Case {
	return drivertest.Case{
		Printer:  func(t testing.TB, dial link.Dialer) drivers.Printer { return printer(t, dial, c.options) },
		Emulator: func(testing.TB) drivertest.Emulator { return emulator(c.emulator) },
	}
}

func emulator(opt dynamarktest.Options) drivertest.Emulator {
	opt.Trigger = true
	e := dynamarktest.New(opt)
	codes := func(l dynamarktest.Label) [][]byte {
		if len(l.Symbols) == 0 || !l.Symbols[0].GS1 {
			return [][]byte{nil} // is no code that anybody sent
		}
		return [][]byte{l.Symbols[0].Data}
	}
	clear := func() { e.SetFault(dynamarktest.NoFault) }
	interlock := func() { e.SetFault(dynamarktest.Interlock) }
	refusing := func(on bool) func() { return func() { e.Behave(dynamarktest.Manner{Refuse: on}) } }
	all := drivertest.Emulated(e, codes)
	// A product for each label: one that comes before the laser is stopped would get the same again.
	all.Print = func() bool {
		if e.Waiting() == 0 {
			return false
		}
		_, ok := e.Print()
		return ok
	}
	all.Faults = []drivertest.Fault{
		{Name: "interlock", Raise: interlock, Clear: clear, Told: true},
		{Name: "interlock in a mark", Raise: drivertest.InALabel(e.Interrupt, e.SetFault, dynamarktest.Interlock), Clear: clear, Told: true},
		{Name: "stopped at the panel", Raise: func() { e.SetFault(dynamarktest.Pause) }, Clear: clear},
		{Name: "refuses", Raise: refusing(true), Clear: refusing(false), Told: true},
		{Name: "power cycle", Raise: e.PowerCycle, Told: true},
	}
	all.Lines = []string{"MSG 5\r\n", "MSG 2\r\n"}
	return all
}
