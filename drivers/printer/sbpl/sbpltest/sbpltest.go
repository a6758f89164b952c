// Package sbpltest is a label printer that speaks SBPL over a stream, for tests, for a demonstration plant and
// for a desk without a printer.
//
// It behaves as SATO's programming references describe: it takes jobs from <STX><ESC>A to <ESC>Z<ETX>, holds
// them until they are printed, tells its status when it is asked with <ENQ> or by itself, and drops everything
// at <CAN>. An <ENQ> inside a job becomes part of the job. It keeps its own record of what it was given and
// what came out.
//
// Not emulated: every command that draws, except <ESC>BX with <ESC>DC, <ESC>BG, and <ESC>GH
// with <ESC>V, <ESC>H and <ESC>L; job names; status 5.
package sbpltest

import (
	"io"
	"time"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/drawtest"
)

// Options say how a Printer behaves. The zero value prints each label at once, keeps no log, and answers <ENQ>
// with status 4 in the form of a LAN connection.
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
	// Status is the protocol that is set on the printer.
	Status Status
	// Form is how a status is wrapped on this connection.
	Form Form
	// Every is the time from one unasked status to the next under Status4Cyclic; 0: 500 ms.
	Every time.Duration
	// Separate: the status is told on connections of ServeStatus and ServeStatusConn only.
	Separate bool
	// FNC1 is what this model takes for FNC1 in the data of <ESC>DC; empty: nothing.
	FNC1 string
	// ECC is what selects ECC 200 on this model: "20" or "200"; empty: "20".
	ECC string
	// LastID: the id of the last job stays in the status when the job is done. Else it is two spaces.
	LastID bool
	// Tail is how long a job stays in the status after its last label came out, where none follows.
	Tail time.Duration
	// Reprint: a label that a fault interrupted is printed again when the fault is cleared. Else it is lost.
	Reprint bool
	// KeepBuffer: what waits to be printed survives a power cycle.
	KeepBuffer bool
	// Buffer is how many labels may wait; with the next one the printer reads no more until one is out. 0: no limit.
	Buffer int
}

// Status is a protocol by which the printer tells of itself.
type Status int

// The protocols.
const (
	Status4       Status = iota // asked with <ENQ>; jobs are answered as by Status3 under FormPlain only
	Status4Cyclic               // told by itself; jobs are not answered
	Status3                     // asked with <ENQ>; each job is answered with <ACK> or <NAK>
)

// Form is how a status is wrapped.
type Form int

// The forms, with the bytes of a status 3 and a status 4.
const (
	FormLAN    Form = iota // 11 and 32; an ACK or NAK has 5 with status 4, else 1
	FormLegacy             // 15 and 36: legacy status on port 9100
	FormPlain              // 11 and 27: interfaces other than LAN
)

// Label is one job that the printer was given, or one label that came out of it.
type Label struct {
	Seq     int             // number of the job since the printer was made, from 1; copies and reprints share it
	ID      string          // of <ESC>ID: two digits, or two spaces
	SBPL    []byte          // the job as received, without its <STX> and <ETX>
	Symbols []Symbol        // bar codes in the order of the job
	Drawn   []drawtest.Dots // graphics in the order of the job
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

// The faults of a Printer. Pause is the offline key.
const (
	NoFault Fault = iota
	HeadOpen
	MediaOut
	RibbonOut
	MediaError
	Pause
)

// String names the fault as the log does.
func (f Fault) String() string {
	return [...]string{"none", "head open", "media out", "ribbon out", "media error", "pause"}[f]
}

// letter is the fault in a status.
func (f Fault) letter() byte { return "\x00bcde0"[f] }

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

// Refuse makes the printer drop the next n jobs. Where jobs are answered each is answered with <NAK>, else it
// is lost without a word.
func (p *Printer) Refuse(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = n
}

// Waiting returns how many labels are complete in the buffer and not yet out, copies counted each.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffer.Waiting()
}
