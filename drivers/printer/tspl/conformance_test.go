package tspl

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/tspl/tspltest"
)

func TestConformance(t *testing.T) {
	for name, c := range configurations {
		t.Run(name, func(t *testing.T) { drivertest.Printer(t, c.testCase(nil)) })
	}
}

func BenchmarkWire(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(configurations)) {
		b.Run(name, func(b *testing.B) {
			drivertest.Wire(b, configurations[name].testCase(map[string]any{"settle": "1ms", "poll": "1ms"}))
		})
	}
}

type configuration struct {
	opt  tspltest.Options
	form string
}

var configurations = map[string]configuration{
	"backslash": {tspltest.Options{Quote: tspltest.QuoteBackslash}, "backslash"},
	"decimal":   {tspltest.Options{Quote: tspltest.QuoteDecimal}, "decimal"},
	"no quotes": {tspltest.Options{KeepBuffer: true}, "refuse"},
}

// shown is a label with the serial as text.
var shown = strings.Replace(unit, "PRINT", "TEXT 20,260,\"2\",0,1,1,\"SN {serial}\"\nPRINT", 1)

func (c configuration) testCase(options map[string]any) drivertest.Case {
	// Without a way to empty the printer Open waits until it is empty: TestOpenWaitsForOldLabels.
	c.opt.Trigger, c.opt.Cancel = true, '.'
	return drivertest.Case{
		Printer: func(t testing.TB, dial link.Dialer) drivers.Printer {
			label := shown
			if c.form == "decimal" {
				label = unit // a text could not show what the code may hold
			}
			s := settings(t, label, drivertest.Changed(map[string]any{"cancel": ".", "quote_form": c.form}, options))
			s.Dial = dial
			p, err := New(s)
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		Emulator: func(testing.TB) drivertest.Emulator { return emulator(tspltest.New(c.opt)) },
	}
}

func emulator(p *tspltest.Printer) drivertest.Emulator {
	codes := func(l tspltest.Label) (all [][]byte) {
		for _, s := range l.Symbols {
			all = append(all, s.Data)
		}
		return all
	}
	e := drivertest.Emulated(p, codes)
	e.Faults = []drivertest.Fault{
		{Name: "power cycle", Raise: p.PowerCycle, Told: true},
		{Name: "pause", Raise: func() { p.SetFault(tspltest.Pause) }, Clear: func() { p.SetFault(tspltest.NoFault) }},
	}
	e.Lines = []string{"READY\r\n"}
	for _, f := range []tspltest.Fault{tspltest.HeadOpen, tspltest.PaperJam, tspltest.MediaOut, tspltest.RibbonOut, tspltest.OtherFault} {
		clear := func() { p.SetFault(tspltest.NoFault) }
		e.Faults = append(e.Faults,
			drivertest.Fault{Name: f.String(), Raise: func() { p.SetFault(f) }, Clear: clear, Told: true},
			drivertest.Fault{Name: f.String() + " in a label", Raise: drivertest.InALabel(p.Interrupt, p.SetFault, f), Clear: clear, Told: true})
	}
	return e
}
