// Package scantest is the conformance suite that every scanner driver passes together with its
// emulator: whatever happens on the wire and in the device, a code comes out as it was read or not
// at all. It knows the contract of package drivers and no protocol.
//
// A driver's folder holds a test like this for each configuration worth the name:
//
//	func TestConformance(t *testing.T) {
//		scantest.Scanner(t, scantest.Case{
//			New: func(s drivers.Settings) (drivers.Scanner, error) {
//				s.Options = map[string]any{"separator": "|", "no_read": "NOREAD"}
//				return New(s)
//			},
//			Emulator: func(*testing.T) scantest.Emulator {
//				e := keyencetest.New(keyencetest.Options{})
//				return scantest.Emulator{
//					Serve: e.ServeConn,
//					Close: e.Close,
//					Read:  func(picture ...scantest.Symbol) { e.Read(scantest.Codes(picture)...) },
//					Place: func(picture ...scantest.Symbol) { e.Place(scantest.Codes(picture)...) },
//					Connected: e.Connected,
//				}
//			},
//			Pictures: true,
//			Missed:   15 * time.Second,
//		})
//	}
//
// All but the tests over TCP and over a serial line run in testing/synctest bubbles over
// net.Pipe: time is free there, so settings stay as in a plant (no short timeouts), and whatever
// the driver or the emulator leaves running fails the test. Neither may use a real connection of
// its own, wait for something outside, or hold a mutex while it waits.
package scantest

import (
	"net"
	"testing"
	"time"

	"linemark/drivers"
)

// Case is one configuration of a driver, and the emulator that it talks to. Duplicates must not be
// left out by it.
type Case struct {
	// New makes the driver. The suite gives the address and, but for the real connections, Dial;
	// New adds the options.
	New func(s drivers.Settings) (drivers.Scanner, error)

	// Emulator starts a new emulator. It reads only when it is told to.
	Emulator func(t *testing.T) Emulator

	// Pictures is set where several codes may stand in one frame.
	Pictures bool
	// Graded is set where each code comes with its grade and its place.
	Graded bool
	// AIM is the identifier that the device puts before each code; "" is none.
	AIM string
	// Missed is how long a device may say nothing at all before its session must end; 0: it may be
	// silent for ever.
	Missed time.Duration
	// Beats is how often the device says that it is there; 0: it says nothing by itself.
	Beats time.Duration
}

// Emulator is an emulated scanner, by what the suite does with it. Its functions may be called
// from any goroutine.
type Emulator struct {
	// Serve serves one connection and returns when it has ended.
	Serve func(c net.Conn)
	Close func() error

	// Read makes the device send one picture to whoever is connected; without symbols it is a
	// no-read.
	Read func(picture ...Symbol)
	// Place puts a product before the device, which a trigger reads; nil: it cannot be triggered,
	// and its sessions are no drivers.Triggerer.
	Place func(picture ...Symbol)
	// Beat sends the heartbeat; nil: there is none.
	Beat func()

	// Connected returns a channel that is closed while somebody is connected.
	Connected func() <-chan struct{}

	// Lines are messages, with their framing, that a healthy device may send at any time between
	// readings, and that mean nothing.
	Lines []string
	// Begins are beginnings of frames, Marks other bytes that mean something in the protocol. The
	// suite lets lines without an end begin so, and mixes both into noise.
	Begins, Marks []string
}

// Symbol is one code in a picture, with what the device says of it where the Case is Graded.
type Symbol struct {
	Code  []byte
	Grade string
	X, Y  int // its place, told as "X,Y"
}

// Codes returns the codes of a picture.
func Codes(picture []Symbol) (all [][]byte) {
	for _, s := range picture {
		all = append(all, s.Code)
	}
	return all
}

// Scanner runs the suite as sub-tests of t.
func Scanner(t *testing.T, c Case) {
	t.Run("codes", c.everyCode)
	t.Run("any code", c.anyCode)
	t.Run("pictures", c.pictures)
	t.Run("between", c.between)
	t.Run("pieces", c.pieces)
	t.Run("broken", c.broken)
	t.Run("half", c.half)
	t.Run("endless", c.endless)
	t.Run("noise", c.noise)
	t.Run("trigger", c.trigger)
	t.Run("gone", c.gone)
	t.Run("end", c.ends)
	t.Run("tcp", c.tcp)
	t.Run("listen", c.listen)
	t.Run("serial", c.serial)
}
