// Package drivers declares what a line knows of its devices: printers, scanners
// and PLCs, and the registry in which a driver makes itself known.
//
// A driver is one folder and one import line (drivers/all). It knows this package
// and drivers/link, and nothing of lines, codes or the ledger. New checks the
// settings and touches nothing; Open does the I/O and returns a session. A session
// ends at its first fault and is never mended: its owner closes it and opens
// another, with backoff, for as long as it takes.
package drivers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"linemark/drivers/link"
)

// Settings is what the configuration says of one device.
type Settings struct {
	Name    string         // the device's name, for messages
	Address string         // tcp://host:port, serial:///dev/ttyUSB0?baud=115200, rtu://...
	Dir     string         // folder of the configuration file; relative paths start there
	Options map[string]any // the device's other keys as TOML gave them; a driver refuses what it does not know
	Dial    link.Dialer    // nil: link.Dial
	Log     *slog.Logger   // nil: slog.Default()
	Asked   func(Setting)  // hears of each key that the driver reads, in its order; nil: nobody asks
}

// OptionError is one setting that a driver cannot accept. New joins several with errors.Join.
type OptionError struct {
	Key     string // the setting's key, such as "label"
	Problem string // what is wrong, in one clause
	Hint    string // what to do, in one clause
	File    string // the file that the setting names, where the problem is in that file; empty: it is in the setting
}

func (e *OptionError) Error() string { return fmt.Sprintf("%s: %s", e.Key, e.Problem) }

// Refusal is a device's own clear "no" (a Modbus exception, a NAK). The session that
// returned it goes on; any other error ends the session.
type Refusal struct {
	Device string // the device's name
	What   string // what was refused and the reason the device gave
}

func (e *Refusal) Error() string { return e.Device + ": " + e.What }

// Confirms says how much a printer tells of what it has printed. A line believes no more than this.
type Confirms int

const (
	ConfirmsNothing  Confirms = iota // sent is all that is known
	ConfirmsCount                    // that so many labels were printed, not which
	ConfirmsIdentity                 // which label was printed
)

func (c Confirms) String() string {
	return [...]string{"nothing", "count", "identity"}[c]
}

// PrinterTraits is what a printer driver says of itself, before anything is sent.
type PrinterTraits struct {
	Confirms Confirms
	MaxAhead int           // labels the device may hold unprinted; 0: no limit known
	Poll     time.Duration // how often Printed should be asked while labels are outstanding
	Pictures bool          // the label has a place for a Picture
	// CheckCode returns why this protocol and label cannot carry the code, or nil.
	// It is asked before a code is claimed, and again by Send.
	CheckCode func(code []byte) error
	// CheckLabel returns why this label could not be made, or nil: a value that it shows is missing, or
	// cannot be carried. It is asked with the values of a batch before codes are claimed in it. nil: not
	// known before Send.
	CheckLabel func(l Label) error
}

// Label is one label to print: the values of the template's placeholders.
type Label struct {
	Code   []byte            // {code}: the whole field content, with GS bytes as they are and no leading FNC1; nil if the label has none
	Fields map[string]string // gtin, serial, sscc, batch, ...: plain text
	// Picture is {picture:MM}; nil if the label has none.
	Picture *Picture
}

// Picture is a black and white picture for a label, such as the QR code of a waybill. The driver brings it into
// the printer's own graphics and resolution, as wide as the label says in millimetres.
type Picture struct {
	Width, Height int    // in pixels as it came, whatever they measure
	Black         []byte // row by row from the top, each of whole bytes, the leftmost pixel the highest bit; 1 is black
}

// Printer is one configured marking printer.
type Printer interface {
	Traits() PrinterTraits
	// Open connects and brings the printer to a known state: its buffer empty, reprint-on-error
	// off, its counter read. It never prints. An error says what a person should look at.
	Open(ctx context.Context) (PrintSession, error)
}

// PrintSession is one connection to a printer whose buffer was empty at its beginning.
// Its methods are called by one goroutine at a time, but Close may come from any.
type PrintSession interface {
	// Send hands labels over in this order. After an error nothing is known of any of them.
	Send(ctx context.Context, labels []Label) error
	// Printed returns how many labels of this session are known to be printed. An error
	// (connection lost, fault, silence, a count that cannot be) ends the session: what was
	// sent and is not confirmed by an earlier Printed stays unknown.
	Printed(ctx context.Context) (int, error)
	Close() error
}

// Scanner is one configured code reader.
type Scanner interface {
	Open(ctx context.Context) (ScanSession, error)
}

// ScanSession is one connection to a scanner.
type ScanSession interface {
	// Next blocks until the scanner has read something, or the session ends with an error.
	Next(ctx context.Context) (Scan, error)
	Close() error
}

// Scan is one reading.
type Scan struct {
	Raw    []byte // the frame as it came, without its terminator
	Code   []byte // the code by the device's settings: AIM identifier and one leading FNC1 mark taken off, stand-ins turned into GS
	AIM    string // the AIM identifier, such as "]d2"; empty if there was none
	NoRead bool   // the device says that it saw a product and no code
	Bad    string // why this frame can be no code (too long, wrong symbol): treated as a no-read with this reason
	Grade  string // print quality as the device gave it, such as "A" or "3.4"; empty if it gave none
	Place  string // where in the picture the code was, as the device gave it; empty if it gave none
	More   bool   // another code of the same frame follows at once: one picture, several codes
}

// Triggerer is a ScanSession whose device reads on command. Trigger may be called while Next
// blocks; the reading comes out of Next.
type Triggerer interface {
	Trigger(ctx context.Context) error
}

// PLC is one configured controller.
type PLC interface {
	// Points returns what is configured, by the names of the configuration.
	Points() map[string]Point
	// Watch returns how its owner is to watch it.
	Watch() Watch
	Open(ctx context.Context) (PLCSession, error)
}

// Point is one input or output of a PLC.
type Point struct {
	Output bool
	Bits   int    // 1 for a coil, a discrete input or a bit of a register; else the width of the number
	Signed bool   // a negative value comes in two's complement of 64 bits
	Float  bool   // the value is math.Float64bits of the number
	Where  string // its place in the PLC's own terms, such as "holding:100 (40101)"
}

// Watch is how a PLC's owner watches it. These settings are the same for every PLC driver
// (drivers/plc/watch reads them).
type Watch struct {
	Poll    time.Duration // how often inputs and outputs are read
	Alive   string        // input that a PLC at work keeps changing; empty: none
	Within  time.Duration // so long it may stand still
	MaxRate int           // no counter rises faster, in one second; more is a restarted PLC
	PackML  PackML
}

// PackML is how a PLC shows its state and takes commands by ISA-TR88.00.02. The numbers are
// settings: companions of the standard differ.
type PackML struct {
	State   string // input with StateCurrent; empty: the PLC speaks no PackML
	Command string // output for CntrlCmd
	Hold    uint64 // the command that holds the machine
	Execute uint64 // the state in which it works
}

// PLCSession is one connection to a PLC. One goroutine owns it.
type PLCSession interface {
	// Read returns all configured inputs and the present value of all outputs, by name.
	Read(ctx context.Context) (Values, error)
	// Write sets one configured output.
	Write(ctx context.Context, output string, value uint64) error
	Close() error
}

// Values holds what a PLC's inputs and outputs read, by the names of the configuration.
// Point says how each is to be understood.
type Values map[string]uint64
