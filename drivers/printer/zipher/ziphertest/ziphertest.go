// Package ziphertest is a marking printer that speaks Videojet's Zipher text protocol over a stream, for
// tests, for a demonstration plant and for a desk without a printer.
//
// It keeps a serialization buffer: records with rising indexes, printed in order, the last printed index told
// on request. It answers the queries about its state and faults, and can be told to misbehave. It keeps its
// own record of what it was given and what came out.
//
// Not emulated: the list of jobs and selecting one, lines, changing fields outside the buffer (SCF, JDU, JDA),
// the update queue (SLI, JDI, QSZ, QLN, CQI) and the bitmap of notices (SAN, GAN); they are answered with ERR.
package ziphertest

import (
	"io"
	"slices"
	"time"
)

// Options say how a Printer behaves. The zero value has the job "Job1", takes any field, finds the code in the
// field CODE, prints each label at once and keeps no log.
type Options struct {
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Trigger makes the printer wait for Print before each label, as it waits for a product.
	Trigger bool
	// PrintTime is how long a label is under the head when Trigger is false.
	PrintTime time.Duration
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time

	Job       string   // the selected job
	NoJob     bool     // no job is selected, so the printer is offline
	Fields    []string // the fields of the job; a header that names another is refused. Nil: any
	CodeField string   // the field whose value goes into the Data Matrix; empty: CODE
	// Separator is what the job's field takes as FNC1 between values; empty: the byte 1D.
	Separator string
	// Lead is what the job's field must begin with to make a GS1 symbol; empty: every symbol is one.
	Lead string
	// Capacity is how many records the buffer holds, unless SMR says otherwise; 0: 150.
	Capacity int

	End        string // what ends the printer's lines; empty: CR
	Notices    bool   // notices are on from the beginning, as after EAN
	CountsHalf bool   // a label that a fault spoilt counts as printed all the same
	KeepBuffer bool   // a power cycle leaves records and indexes as they are
	Offline    bool   // a power cycle ends in offline, to be started by SST; else the printer starts itself
}

// Label is one record that the printer was given, or one label that came out of it.
type Label struct {
	Seq     int               // number of the record since the printer was made, from 1
	Index   int64             // the index that it was sent with
	Values  map[string]string // by the names of the header, as received
	Symbols []Symbol          // the job's Data Matrix; empty when the record has no value for it
	At      time.Time         // when it came in, or when it came out
}

// Symbol is one bar code of a label, as a scanner would read it.
type Symbol struct {
	Kind string // "datamatrix"
	Data []byte // the data without the leading FNC1; a later FNC1 is a GS (1D)
	GS1  bool   // an FNC1 leads the symbol
}

// Fault is what keeps the printer from printing.
type Fault int

// The faults of a Printer. Pause is the state "offline" and no fault to the protocol.
const (
	NoFault Fault = iota
	HeadOpen
	MediaOut
	RibbonOut
	Pause
)

// String names the fault as the log and the printer do.
func (f Fault) String() string {
	return [...]string{"none", "head open", "media out", "ribbon out", "pause"}[f]
}

// interrupts tells whether the fault stops a label that is under the head.
func (f Fault) interrupts() bool { return f != NoFault && f != Pause }

// Manner is how the printer answers: well, or in the ways that lines are disturbed in the field.
type Manner struct {
	Silent bool          // it acts and answers nothing
	Late   time.Duration // an answer comes that much later
	Twice  bool          // each answer comes twice
	Split  bool          // each byte is written by itself
	Garble bool          // the bits of an answer are changed, as at a wrong speed
	Refuse bool          // every record and every command that changes something is answered with ERR
	Before []string      // lines that come between a command and its answer
}

// Behave sets how the printer answers from now on.
func (p *Printer) Behave(m Manner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.Before = slices.Clone(m.Before)
	p.manner = m
}

// Waiting returns how many records are in the buffer and not yet out.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}
