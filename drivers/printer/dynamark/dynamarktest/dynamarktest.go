// Package dynamarktest is a marking laser that speaks Domino's Dynamark 3 protocol over a stream, for tests, for
// a demonstration plant and for a desk without a laser.
//
// It holds one set of texts, which a transaction changes and MARK START applies, and marks them on every product
// that comes while it is started: on the second product too. It tells what it does by messages that SETMSG has
// switched on. It keeps its own record of what it was given and what it marked. The numbers of its errors
// are its own: 1 unknown command, 2 parameters, 3 not in this state.
//
// Not emulated: buffered data (BUFFERDATA), XML, and the queries for the project and the counter.
package dynamarktest

import (
	"io"
	"slices"
	"time"
)

// Options say how a Printer behaves. The zero value takes any text, finds the code in the text CODE, marks each
// label by itself once it is applied, and keeps no log.
type Options struct {
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Trigger makes the laser wait for Print before each mark, as it waits for a product. Without it a
	// product comes once for each label.
	Trigger bool
	// PrintTime is how long a mark takes when Trigger is false.
	PrintTime time.Duration
	// ApplyTime is how long it takes until new texts are applied. What is marked before has the old ones.
	ApplyTime time.Duration
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time

	Projects  []string // what LOADPROJECT finds; nil: any
	Fields    []string // the texts of the project; another is refused. Nil: any
	CodeField string   // the text that goes into the Data Matrix; empty: CODE
	// Separator is what the Data Matrix field takes as FNC1 between values; empty: the byte 1D.
	Separator string
	// Lead is what the Data Matrix field must begin with to make a GS1 symbol; empty: every symbol is one.
	Lead string

	Echo       bool // each command is sent back
	KeepBuffer bool // a power cycle leaves the texts as they are
}

// Label is one set of texts that the laser was given, or one mark of it.
type Label struct {
	Seq     int               // number of the set since the laser was made, from 1; marks of one set share it
	Texts   map[string]string // by their names, as received; texts that were not changed keep their values
	Symbols []Symbol          // the project's Data Matrix; empty when there is no text for it
	At      time.Time         // when it came in, or when it was marked
}

// Symbol is one bar code of a label, as a scanner would read it.
type Symbol struct {
	Kind string // "datamatrix"
	Data []byte // the data without the leading FNC1; a later FNC1 is a GS (1D)
	GS1  bool   // an FNC1 leads the symbol
}

// Fault is what keeps the laser from marking.
type Fault int

// The faults of a Printer. Pause is a stop at the laser's panel.
const (
	NoFault Fault = iota
	Interlock
	Pause
)

// String names the fault as the log does.
func (f Fault) String() string { return [...]string{"none", "interlock open", "pause"}[f] }

// Manner is how the laser answers: well, or in the ways that lines are disturbed in the field. Messages are
// sent as they should be.
type Manner struct {
	Silent bool          // it acts and answers nothing
	Late   time.Duration // an answer comes that much later, and messages behind it too
	Twice  bool          // each answer comes twice
	Split  bool          // each byte of an answer is written by itself
	Garble bool          // the bits of an answer are changed, as at a wrong speed
	Refuse bool          // every command is answered with ERROR 3 and not obeyed
	Before []string      // lines that come between a command and its answer
}

// Behave sets how the laser answers from now on.
func (p *Printer) Behave(m Manner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.Before = slices.Clone(m.Before)
	p.manner = m
}

// Waiting returns 1 when the laser has a label to mark that it has not marked yet, else 0.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fresh && p.started {
		return 1
	}
	return 0
}

// Started reports whether the laser would mark the next product.
func (p *Printer) Started() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready()
}

// Pipelined returns how many commands came before the one before them was answered.
func (p *Printer) Pipelined() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pipelined
}
