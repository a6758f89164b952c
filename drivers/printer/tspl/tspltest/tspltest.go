// Package tspltest is a label printer that speaks TSPL2 over a stream, for tests, for a demonstration plant
// and for a desk without a printer.
//
// It behaves as the TSPL/TSPL2 manual describes a TSC printer: it takes commands line by line, keeps one image
// until CLS, holds printed images until they are out, answers <ESC>!? at once with one byte and OUT in its turn,
// and reprints an interrupted label unless SET REPRINT OFF was sent. It keeps its own record of what it was
// given and what came out.
//
// Not emulated: every command that draws, except DMATRIX, BARCODE of the type 128M and BITMAP in mode 0; REFERENCE; stored forms and programs; <ESC>! commands other
// than <ESC>!?; expressions other than a text and STR$(LABEL).
package tspltest

import (
	"io"
	"time"

	"linemark/drivers/link/linktest/answertest"
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
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
	// Quote is how this model takes a quotation mark in the content of DMATRIX.
	Quote Quote
	// Out is the word that names this connection in OUT; empty: NET. OUT to another place is not answered.
	Out string
	// OutWaits: OUT is answered only when the labels before it are out.
	OutWaits bool
	// Cancel is the character that, after <ESC>!, makes this model drop everything; 0: none does.
	Cancel byte
	// KeepBuffer: what waits to be printed survives a power cycle.
	KeepBuffer bool
	// Ones: this model prints the bits of BITMAP that are 1. Else, as TSC's manual shows it, those that are 0.
	Ones bool
	// Buffer is how many labels may wait; with the next one the printer reads no more until one is out. 0: no limit.
	Buffer int
}

// Quote is how a model takes a quotation mark in the content of DMATRIX. The manual leaves it open.
type Quote int

// What a quotation mark may be written as.
const (
	QuoteNone      Quote = iota // not at all; ~dNNN is a codeword, one more than the character
	QuoteBackslash              // \["]; ~dNNN is a codeword
	QuoteDecimal                // ~d034: ~dNNN is a character
)

// Label is what stood in the image at one PRINT, or one label that came out.
type Label struct {
	Seq     int             // number of the PRINT since the printer was made, from 1; copies and reprints share it
	TSPL    []byte          // the lines since the PRINT before, this PRINT included, each ended by CR LF
	Symbols []Symbol        // bar codes in the image, in the order of drawing
	Drawn   []drawtest.Dots // what BITMAP has drawn, in the order of drawing
	At      time.Time       // when it was complete in the buffer, or when it came out
}

// Symbol is one bar code of a label, as a scanner would read it.
type Symbol struct {
	Kind string // "datamatrix" or "code128"
	Data []byte // the data without the leading FNC1; a later FNC1 is a GS (1D)
	GS1  bool   // an FNC1 leads the symbol
}

// Fault is what keeps the printer from printing.
type Fault int

// The faults of a Printer. Under all but Pause no OUT is answered; <ESC>!? always is.
const (
	NoFault Fault = iota
	HeadOpen
	PaperJam
	MediaOut
	RibbonOut
	Pause
	OtherFault
)

// String names the fault as the log does.
func (f Fault) String() string {
	return [...]string{"none", "head open", "paper jam", "media out", "ribbon out", "pause", "other"}[f]
}

// bits is the fault in the answer to <ESC>!?.
func (f Fault) bits() byte { return [...]byte{0, 0x01, 0x02, 0x04, 0x08, 0x10, 0x80}[f] }

// interrupts tells whether the fault stops a label that is under the head. A paused printer finishes it.
func (f Fault) interrupts() bool { return f != NoFault && f != Pause }

// Answers is how the printer's answers go wrong on their way. The zero value lets them pass.
type Answers = answertest.Answers

// SetAnswers changes how later answers go wrong.
func (p *Printer) SetAnswers(a Answers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = a
}

// Waiting returns how many labels are complete in the buffer and not yet out, copies counted each.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffer.Waiting()
}
