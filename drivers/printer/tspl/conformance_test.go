package tspl

import (
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/tspl/tspltest"
)

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		opt     tspltest.Options
		options map[string]any
	}{
		"backslash": {tspltest.Options{Quote: tspltest.QuoteBackslash}, map[string]any{"quote_form": "backslash"}},
		"no quotes": {tspltest.Options{KeepBuffer: true}, map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			// Without a way to empty the printer Open waits until it is empty: TestOpenWaitsForOldLabels.
			c.opt.Trigger, c.opt.Cancel = true, '.'
			c.options["cancel"] = "."
			drivertest.Printer(t, drivertest.Case{
				Printer: func(t *testing.T, dial link.Dialer) drivers.Printer {
					s := settings(t, unit, c.options)
					s.Dial = dial
					p, err := New(s)
					if err != nil {
						t.Fatal(err)
					}
					return p
				},
				Emulator: func(*testing.T) drivertest.Emulator { return emulator(tspltest.New(c.opt)) },
			})
		})
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
