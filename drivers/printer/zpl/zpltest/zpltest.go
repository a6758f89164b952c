// Package zpltest is a label printer that speaks ZPL II over a stream, for tests, for a demonstration plant
// and for a desk without a printer.
//
// It behaves as the ZPL II Programming Guide describes a Zebra: it takes formats, holds them until they are
// printed, answers ~HS, ~HI, ~HQES and the label odometer, falls silent on ~HS while the head is open or a
// supply is out, and reprints an interrupted label unless ^JZN was sent. It stores formats (^DF), lists them
// (^HW), deletes them (^ID) and fills them in (^XF, ^FN). It keeps its own record of what it was given and
// what came out.
//
// Graphics are drawn from ^GF in plain hexadecimal, at ^FO or ^FT and ^LH.
//
// Not emulated: graphics in binary or compressed form, ^GB and its like, changed prefixes (^CC, ^CT, ^CD), alerts (^SX), a stored format that
// recalls another or holds settings (^JZ), and variables other than odometer.total_label_count.
package zpltest

import (
	"io"
	"time"

	"linemark/drivers/link/linktest/drawtest"
)

// Options say how a Printer behaves. The zero value prints each label at once and keeps no log.
type Options struct {
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Trigger makes the printer wait for Print before each label, as an applicator waits for a product.
	Trigger bool
	// PrintTime is how long a label is under the head when Trigger is false.
	PrintTime time.Duration
	// Baud is the speed of the line in bits a second, ten for a byte (8N1), in each direction: nothing that a
	// host sends is acted on sooner, and at most 512 bytes are taken from its connection beforehand. What the
	// system holds for a TCP connection comes on top: it is told to hold 2048 bytes, and Linux takes twice
	// that. 0: as fast as the connection is.
	Baud int
	// SGDNewline adds CR LF after the closing quote of an SGD answer: printers differ.
	SGDNewline bool
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
}

// Label is one format that the printer was given, or one label that came out of it.
type Label struct {
	Seq     int             // number of the format since the printer was made, from 1; copies and reprints share it
	ZPL     []byte          // the format as received, ^XA to ^XZ, without ~ commands sent in its midst
	Symbols []Symbol        // bar codes in the order of the format, with those of the stored formats it recalls
	Drawn   []drawtest.Dots // graphics of ^GF, in the order of the format
	At      time.Time       // when it was complete in the buffer, or when it came out
}

// Symbol is one bar code of a label, as a scanner would read it.
type Symbol struct {
	Kind string // "datamatrix" (ECC 200), "datamatrix-ecc000" (every other quality of ^BX) or "code128"
	Data []byte // the data without the leading FNC1; a later FNC1 is a GS (1D)
	GS1  bool   // an FNC1 leads the symbol
}

// Fault is what keeps the printer from printing.
type Fault int

// The faults of a Printer. Pause is the only one in which ~HS is answered.
const (
	NoFault Fault = iota
	HeadOpen
	MediaOut
	RibbonOut
	Pause
)

// String names the fault as the log does.
func (f Fault) String() string {
	switch f {
	case NoFault:
		return "none"
	case HeadOpen:
		return "head open"
	case MediaOut:
		return "media out"
	case RibbonOut:
		return "ribbon out"
	case Pause:
		return "pause"
	}
	return "unknown"
}

// interrupts tells whether the fault stops a label that is under the head. A paused printer finishes it.
func (f Fault) interrupts() bool { return f != NoFault && f != Pause }

// Waiting returns how many labels are complete in the buffer and not yet out, copies counted each.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffer.Waiting()
}
