package sbpl

import (
	"net"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/sbpl/sbpltest"
)

func TestConformance(t *testing.T) {
	for _, v := range variants() {
		// One of each kind: a job that is gone from the status after a while, or stays in it; two
		// connections, or one that outlives the session; jobs acknowledged or not. A cycle is too
		// long to see the id of every single label, so there it has to stay.
		switch v.name {
		case "9100 status 3 legacy":
			v.opt.Tail = 300 * time.Millisecond
		case "serial status 4, id kept":
			v.opt.KeepBuffer = true
		case "1024 and 1025 cyclic, id kept":
			v.opt.Every = 100 * time.Millisecond
		default:
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			v.opt.FNC1 = "~1"
			drivertest.Printer(t, drivertest.Case{
				Printer: func(t *testing.T, dial link.Dialer) drivers.Printer {
					s := settings(t, unit, v.options)
					s.Dial = dial
					p, err := New(s)
					if err != nil {
						t.Fatal(err)
					}
					return p
				},
				Emulator: func(*testing.T) drivertest.Emulator {
					return emulator(sbpltest.New(v.opt), v.opt.Status == sbpltest.Status3)
				},
			})
		})
	}
}

func emulator(p *sbpltest.Printer, acknowledges bool) drivertest.Emulator {
	all := func(labels []sbpltest.Label) (codes [][]byte) {
		for _, l := range labels {
			for _, s := range l.Symbols {
				codes = append(codes, s.Data)
			}
		}
		return codes
	}
	e := drivertest.Emulator{
		Serve: func(address string, c net.Conn) {
			if address == statusPort {
				p.ServeStatusConn(c)
				return
			}
			p.ServeConn(c)
		},
		Close:    p.Close,
		Received: func() [][]byte { return all(p.Received()) },
		Printed:  func() [][]byte { return all(p.Printed()) },
		Print:    func() bool { _, ok := p.Print(); return ok },
		Faults: []drivertest.Fault{
			{Name: "power cycle", Raise: p.PowerCycle, Told: true},
			{Name: "offline", Raise: func() { p.SetFault(sbpltest.Pause) }, Clear: func() { p.SetFault(sbpltest.NoFault) }},
		},
	}
	if acknowledges {
		e.Faults = append(e.Faults, drivertest.Fault{Name: "refused", Raise: func() { p.Refuse(1) }})
	}
	for _, f := range []sbpltest.Fault{sbpltest.HeadOpen, sbpltest.MediaOut, sbpltest.RibbonOut, sbpltest.MediaError} {
		clear := func() { p.SetFault(sbpltest.NoFault) }
		e.Faults = append(e.Faults,
			drivertest.Fault{Name: f.String(), Raise: func() { p.SetFault(f) }, Clear: clear, Told: true},
			drivertest.Fault{Name: f.String() + " in a label", Raise: func() {
				if _, ok := p.Interrupt(f); !ok {
					p.SetFault(f)
				}
			}, Clear: clear, Told: true})
	}
	return e
}
