package sbpl

import (
	"net"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/sbpl/sbpltest"
)

func TestConformance(t *testing.T) {
	for _, v := range conforming() {
		t.Run(v.name, func(t *testing.T) { drivertest.Printer(t, testCase(v)) })
	}
}

func BenchmarkWire(b *testing.B) {
	for _, v := range conforming() {
		if cyclic(v) {
			continue // its pace is the printer's
		}
		v.options = drivertest.Changed(v.options, map[string]any{"settle": "100ms", "poll": "1ms"})
		b.Run(v.name, func(b *testing.B) { drivertest.Wire(b, testCase(v)) })
	}
}

func conforming() (all []variant) {
	for _, v := range variants() {
		// One of each kind: a job that is gone from the status after a while, or at once, or stays
		// in it; two connections, or one that outlives the session; jobs acknowledged or not. A
		// cycle is too long to see the id of every single label, so there it has to stay.
		switch v.name {
		case "9100 status 4":
		case "serial status 3":
			v.opt.Tail = 300 * time.Millisecond
		case "serial status 4, id kept":
			v.opt.KeepBuffer = true
		case "1024 and 1025 cyclic, id kept":
			v.opt.Every = 100 * time.Millisecond
		default:
			continue
		}
		v.opt.FNC1 = "~1"
		all = append(all, v)
	}
	return all
}

// shown is a label with the serial as text.
var shown = strings.Replace(unit, "<ESC>Q1", "<ESC>V0264<ESC>XSSN {serial}<ESC>Q1", 1)

func testCase(v variant) drivertest.Case {
	return drivertest.Case{
		Printer: func(t testing.TB, dial link.Dialer) drivers.Printer {
			s := settings(t, shown, v.options)
			s.Address, s.Dial = address(v.opt), dial
			p, err := New(s)
			if err != nil {
				t.Fatal(err)
			}
			return p
		},
		Emulator: func(testing.TB) drivertest.Emulator {
			return emulator(sbpltest.New(v.opt), acknowledged(v))
		},
		NoSerial: v.opt.Form != sbpltest.FormPlain,
		Watched:  !acknowledged(v),
	}
}

func emulator(p *sbpltest.Printer, acknowledges bool) drivertest.Emulator {
	codes := func(l sbpltest.Label) (all [][]byte) {
		for _, s := range l.Symbols {
			all = append(all, s.Data)
		}
		return all
	}
	e := drivertest.Emulated(p, codes)
	e.Serve = func(address string, c net.Conn) {
		if address == statusPort {
			p.ServeStatusConn(c)
			return
		}
		p.ServeConn(c)
	}
	e.Faults = []drivertest.Fault{
		{Name: "power cycle", Raise: p.PowerCycle, Told: true},
		{Name: "offline", Raise: func() { p.SetFault(sbpltest.Pause) }, Clear: func() { p.SetFault(sbpltest.NoFault) }},
	}
	// Where jobs are not acknowledged it is lost without a word.
	e.Faults = append(e.Faults, drivertest.Fault{Name: "refused", Raise: func() { p.Refuse(1) }, Told: acknowledges})
	for _, f := range []sbpltest.Fault{sbpltest.HeadOpen, sbpltest.MediaOut, sbpltest.RibbonOut, sbpltest.MediaError} {
		clear := func() { p.SetFault(sbpltest.NoFault) }
		e.Faults = append(e.Faults,
			drivertest.Fault{Name: f.String(), Raise: func() { p.SetFault(f) }, Clear: clear, Told: true},
			drivertest.Fault{Name: f.String() + " in a label", Raise: drivertest.InALabel(p.Interrupt, p.SetFault, f), Clear: clear, Told: true})
	}
	return e
}
