package ngpcl_test

import (
	"maps"
	"slices"
	"testing"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/ngpcl"
	"linemark/drivers/printer/ngpcl/ngpcltest"
)

const noCode = "NOCODE"

// What drivertest demands of every printer driver, on a serial port and by network, where every
// command has a connection of its own.
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
	emulator ngpcltest.Options
	options  map[string]any
	network  bool
}

var (
	one = map[string]any{"CODE": "{code}"}
	raw = map[string]any{"fields": one, "gs_form": "raw", "fnc1_form": ""}
)

var configurations = map[string]configuration{
	"one field": {emulator: ngpcltest.Options{}, options: raw},
	"another job, no GS": {emulator: ngpcltest.Options{LineEnds: true, Jobs: []string{"box.job", "unit.job"}},
		options: map[string]any{"fields": one, "gs_form": "refuse", "fnc1_form": ""}},
	"several fields, stand-ins": {emulator: ngpcltest.Options{Fields: []string{"CODE", "LOT"}, GS: "\\F", Lead: "\\F", Padded: true},
		options: map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch} {expiration_date} {serial}"}, "gs_form": "\\F", "fnc1_form": "\\F"}},
	"network": {emulator: ngpcltest.Options{}, options: raw, network: true},
	"network, closed by the printer": {emulator: ngpcltest.Options{CloseEach: true, LineEnds: true, Jobs: []string{"box.job", "unit.job"}},
		options: raw, network: true},
}

func (c configuration) testCase() drivertest.Case {
	return drivertest.Case{
		Printer: func(t testing.TB, dial link.Dialer) drivers.Printer {
			options := map[string]any{"job": "unit.job", "idle": noCode}
			maps.Copy(options, c.options)
			address := "serial://COM3?baud=9600"
			if c.network {
				address = "tcp://127.0.0.1:21000"
			}
			p, err := ngpcl.New(drivers.Settings{Name: "p", Address: address, Dial: dial, Options: options})
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		Emulator:   func(testing.TB) drivertest.Emulator { return conformanceEmulator(c.emulator) },
		PerCommand: c.network,
		NoSerial:   c.network,
	}
}

func conformanceEmulator(opt ngpcltest.Options) drivertest.Emulator {
	opt.Trigger = true
	e := ngpcltest.New(opt)
	codes := func(l ngpcltest.Label) [][]byte {
		if string(l.Code) == noCode {
			return nil // the text that stands for no code is no label
		}
		return [][]byte{l.Code}
	}
	clear := func() { e.SetFault(ngpcltest.NoFault) }
	raise := func(f ngpcltest.Fault) func() { return func() { e.SetFault(f) } }
	all := drivertest.Emulated(e, codes)
	// A product for each code: what the printer would mark twice is the scanner's business.
	all.Print = func() bool {
		if e.Waiting() == 0 {
			return false
		}
		l, ok := e.Print()
		return ok && string(l.Code) != noCode
	}
	all.Faults = []drivertest.Fault{
		{Name: "attention", Raise: raise(ngpcltest.Attention), Clear: clear, Told: true},
		{Name: "beam stop", Raise: raise(ngpcltest.BeamStop), Clear: clear, Told: true},
		{Name: "off", Raise: raise(ngpcltest.Off), Clear: clear, Told: true},
		{Name: "stopped by a person", Raise: raise(ngpcltest.Pause), Clear: clear},
		{Name: "refuses", Raise: raise(ngpcltest.Refuse), Clear: clear, Told: true},
		{Name: "acknowledges without doing", Raise: raise(ngpcltest.Deaf), Clear: clear, Told: true},
		{Name: "another job", Raise: func() { e.SelectJob("box.job") }, Told: true},
		{Name: "power cycle", Raise: e.PowerCycle, Told: true},
	}
	all.Lines = []string{"{~ZZ0|}", "\r\n"}
	return all
}
