// Package drivertest is the conformance suite that every printer driver passes together with
// its emulator: what is promised of codes and counts must hold whatever happens on the wire
// and in the printer. It knows the contract of package drivers and no protocol.
//
// A driver's folder holds a test like this for each configuration worth the name:
//
//	func TestConformance(t *testing.T) {
//		drivertest.Printer(t, drivertest.Case{
//			Printer: func(t testing.TB, dial link.Dialer) drivers.Printer {
//				p, err := New(drivers.Settings{Name: "p", Address: "emulator", Dial: dial, Options: ...})
//				...
//			},
//			Emulator: func(t testing.TB) drivertest.Emulator {
//				e := zpltest.New(zpltest.Options{Trigger: true})
//				all := drivertest.Emulated(e, codes)
//				all.Faults = []drivertest.Fault{
//					{Name: "head open", Raise: func() { e.SetFault(zpltest.HeadOpen) }, Clear: func() { e.SetFault(zpltest.NoFault) }, Told: true},
//					{Name: "power cycle", Raise: e.PowerCycle, Told: true},
//				}
//				return all
//			},
//		})
//	}
//
// and, over the same cases, func BenchmarkWire with Wire, which tells what a code costs on the wire.
//
// All but the tests over TCP and over a serial line run in testing/synctest bubbles over
// net.Pipe: time is free there, so settings stay as in a plant (no short timeouts), and
// whatever the driver or the emulator leaves running fails the test. Neither may use a real
// connection of its own, wait for something outside, or hold a mutex while it waits.
package drivertest

import (
	"net"
	"testing"

	"linemark/drivers"
	"linemark/drivers/link"
)

// Case is one configuration of a driver, and the emulator that it talks to.
type Case struct {
	// Printer makes the driver. It must reach its device through dial alone (Settings.Dial);
	// the address that it dials is handed to Emulator.Serve.
	Printer func(t testing.TB, dial link.Dialer) drivers.Printer

	// Emulator starts a new emulator. It prints only when it is told to.
	Emulator func(t testing.TB) Emulator

	// Speechless is set where by this configuration the printer never says a word: its
	// silence, or garbage from it, is then no fault.
	Speechless bool

	// Unnumbered is set where the printer tells of each print by a message that differs in
	// nothing from the next: nobody could tell a doubled one, so none is doubled.
	Unnumbered bool

	// Watched is set where a label counts only if the printer was asked while it was under the
	// head. So the suite asks before each label that has to be confirmed comes out.
	Watched bool

	// PerCommand is set where every command has a connection of its own: one that ends between
	// two commands is no fault.
	PerCommand bool

	// NoSerial is set where this configuration is not for a serial port, such as one with the
	// status on a second port of the network.
	NoSerial bool
}

// Emulator is an emulated printer, by what the suite does with it. Its functions may be called
// from any goroutine.
type Emulator struct {
	// Serve serves one connection and returns when it has ended. The address tells ports
	// apart where a printer has two.
	Serve func(address string, c net.Conn)
	Close func() error

	// Received returns the code of every label that was ever taken into the printer, as the
	// printer's own rules decode it, in order: with GS as 1D and without the leading FNC1.
	Received func() [][]byte
	// Printed returns the code of every label that came out whole, in order.
	Printed func() [][]byte
	// Print is the trigger: the next label comes out. It is false if there is none or a fault
	// holds it back. What the printer says of it may come later.
	Print func() bool

	// Faults are what may happen to this printer: media out, head open, pause, power cycle
	// (buffer kept, buffer lost), labels refused, buffer full, and what the protocol knows besides.
	Faults []Fault
	// Lines are messages, with their framing, that a healthy printer may send at any time
	// between its answers, and that mean nothing for what is printed.
	Lines []string
}

// Emulated returns the emulator e by what emulators have in common: the tests of a driver add the
// faults. codes are those of one label's symbols; nil stands for a label with no code that
// anybody sent.
func Emulated[L any](e interface {
	ServeConn(net.Conn)
	Close() error
	Received() []L
	Printed() []L
	Print() (L, bool)
}, codes func(L) [][]byte) Emulator {
	all := func(labels []L) (found [][]byte) {
		for _, l := range labels {
			found = append(found, codes(l)...)
		}
		return found
	}
	return Emulator{
		Serve:    func(_ string, c net.Conn) { e.ServeConn(c) },
		Close:    e.Close,
		Received: func() [][]byte { return all(e.Received()) },
		Printed:  func() [][]byte { return all(e.Printed()) },
		Print:    func() bool { _, ok := e.Print(); return ok },
	}
}

// InALabel raises a fault in the midst of a label, or where there is none by itself.
func InALabel[F, L any](interrupt func(F) (L, bool), set func(F), f F) func() {
	return func() {
		if _, ok := interrupt(f); !ok {
			set(f)
		}
	}
}

// Fault is something that happens to the printer.
type Fault struct {
	Name  string
	Raise func()
	// Clear ends it; nil for what is over at once, such as a power cycle.
	Clear func()
	// Told: the printer tells of it, or its silence does, so the session must end: by the
	// next Send, or by a Printed while labels are outstanding. And while it holds, Open must
	// refuse, or the session that it returned end.
	Told bool
}

// Printer runs the suite as sub-tests of t.
func Printer(t *testing.T, c Case) {
	t.Run("traits", c.traits)
	t.Run("codes", c.everyCode)
	t.Run("bytes", c.everyByte)
	t.Run("serials", c.serials)
	t.Run("session", c.session)
	t.Run("cut", c.cuts)
	t.Run("answers", c.answers)
	t.Run("faults", c.faults)
	t.Run("end", c.ends)
	t.Run("tcp", c.tcp)
	if !c.NoSerial {
		t.Run("serial", c.serial)
	}
}
