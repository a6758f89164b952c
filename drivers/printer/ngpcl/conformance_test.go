package ngpcl_test

import (
	"net"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/ngpcl"
	"linemark/drivers/printer/ngpcl/ngpcltest"
)

const noCode = "NOCODE"

// What drivertest demands of every printer driver, on a serial port. By network every command
// has a connection of its own, and one that ends between two commands is no fault there, as it
// is for the suite: TestConnections and its neighbours try the network.
func TestConformance(t *testing.T) {
	one := map[string]any{"CODE": "{code}"}
	for name, c := range map[string]struct {
		emulator ngpcltest.Options
		options  map[string]any
	}{
		"one field": {ngpcltest.Options{},
			map[string]any{"fields": one, "gs_form": "raw", "fnc1_form": ""}},
		"another job, no GS": {ngpcltest.Options{LineEnds: true, Jobs: []string{"box.job", "unit.job"}},
			map[string]any{"fields": one, "gs_form": "refuse", "fnc1_form": ""}},
		"several fields, stand-ins": {ngpcltest.Options{Fields: []string{"CODE", "LOT"}, GS: "\\F", Lead: "\\F", Padded: true},
			map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch} {expiration_date}"}, "gs_form": "\\F", "fnc1_form": "\\F"}},
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.Printer(t, drivertest.Case{
				Printer: func(t *testing.T, dial link.Dialer) drivers.Printer {
					c.options["job"], c.options["idle"] = "unit.job", noCode
					p, err := ngpcl.New(drivers.Settings{Name: "p", Address: "serial://COM3?baud=9600", Dial: dial, Options: c.options})
					if err != nil {
						t.Fatal(err)
					}
					return p
				},
				Emulator: func(*testing.T) drivertest.Emulator { return conformanceEmulator(c.emulator) },
			})
		})
	}
}

func conformanceEmulator(opt ngpcltest.Options) drivertest.Emulator {
	opt.Trigger = true
	e := ngpcltest.New(opt)
	// The text that stands for no code is no label.
	codes := func(labels []ngpcltest.Label) (all [][]byte) {
		for _, l := range labels {
			if string(l.Code) != noCode {
				all = append(all, l.Code)
			}
		}
		return all
	}
	clear := func() { e.SetFault(ngpcltest.NoFault) }
	raise := func(f ngpcltest.Fault) func() { return func() { e.SetFault(f) } }
	return drivertest.Emulator{
		Serve:    func(_ string, c net.Conn) { e.ServeConn(c) },
		Close:    e.Close,
		Received: func() [][]byte { return codes(e.Received()) },
		Printed:  func() [][]byte { return codes(e.Printed()) },
		// A product for each code: what the printer would mark twice is the scanner's business.
		Print: func() bool {
			if e.Waiting() == 0 {
				return false
			}
			l, ok := e.Print()
			return ok && string(l.Code) != noCode
		},
		Faults: []drivertest.Fault{
			{Name: "attention", Raise: raise(ngpcltest.Attention), Clear: clear, Told: true},
			{Name: "beam stop", Raise: raise(ngpcltest.BeamStop), Clear: clear, Told: true},
			{Name: "off", Raise: raise(ngpcltest.Off), Clear: clear, Told: true},
			{Name: "stopped by a person", Raise: raise(ngpcltest.Pause), Clear: clear},
			{Name: "refuses", Raise: raise(ngpcltest.Refuse), Clear: clear, Told: true},
			{Name: "acknowledges without doing", Raise: raise(ngpcltest.Deaf), Clear: clear, Told: true},
			{Name: "another job", Raise: func() { e.SelectJob("box.job") }, Told: true},
			{Name: "power cycle", Raise: e.PowerCycle, Told: true},
		},
		Lines: []string{"{~ZZ0|}", "\r\n"},
	}
}
