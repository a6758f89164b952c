// Package texttest is a printer that takes framed text over a stream, for tests, for a
// demonstration plant and for a desk without a printer. Its protocol is what its options say:
// which frame is a label, which are commands, and what it answers.
//
// It keeps its own record of what it was given and what came out.
package texttest

import (
	"io"
	"time"
)

// Options say how a Printer behaves. The zero value of all but Protocol prints each label at
// once and keeps no log.
type Options struct {
	// Protocol is what the printer understands and says.
	Protocol Protocol
	// Log receives one JSON object a line for each thing that happens, always before it can
	// be seen outside. Nil: no log.
	Log io.Writer
	// Trigger makes the printer wait for Print before each label.
	Trigger bool
	// PrintTime is how long a label is under the head when Trigger is false.
	PrintTime time.Duration
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time
}

// Protocol is the language of a printer. All texts are the very bytes on the wire.
type Protocol struct {
	// End ends every frame of a host; it is never empty. What a frame is, is looked up without it.
	End string
	// Label is a label's frame without End: literal bytes, and {code}, {index} or any other
	// name in braces where a value stands, up to the first byte of what follows it.
	Label string
	// Stands maps what a host writes in a value to what it stands for, such as "&lt;" to "<".
	// CodeOnly: in the code alone.
	Stands   map[string]string
	CodeOnly bool
	// GS is what stands for GS in a code, FNC1 what leads a GS1 code. Without FNC1 every code
	// becomes a GS1 symbol.
	GS, FNC1 string
	// Commands are all other frames of a host.
	Commands map[string]Command
	// AnswerEnd is sent behind everything that the printer says.
	AnswerEnd string
	// Accepts, Refuses and Full are said to a label that was taken, that cannot be taken, and
	// that came with the buffer full; Refuses also to a frame that the printer does not know.
	// Empty: nothing is said.
	Accepts, Refuses, Full string
	// Tells is said of each label that came out, {index} being its index and {counter} the
	// number of labels ever printed. Empty: nothing is said.
	Tells string
	// States is what {state} stands for in an answer, by the fault that holds.
	States map[Fault]string
	// Capacity is how many labels the buffer holds; 0: as many as come.
	Capacity int
	// Forgets: the printer drops its buffer when a connection begins.
	Forgets bool
}

// Command is a frame of a host that is no label.
type Command struct {
	// Answer is said to it, {index} being the index of the label that was printed last (0 before
	// the first), {counter} the number of labels ever printed, {state} the state. Empty: nothing.
	Answer string
	// Empties: the buffer is dropped.
	Empties bool
}

// Label is one label that the printer was given, or that came out of it.
type Label struct {
	Seq    int               // since the printer was made, from 1
	Frame  []byte            // as received, without its end
	Code   []byte            // as a scanner would read it: separators are GS (1D), no leading FNC1
	GS1    bool              // the symbol is a GS1 one
	Values map[string]string // all other values by their names
	At     time.Time         // when it was complete in the buffer, or when it came out
}

// Fault is what keeps the printer from printing.
type Fault int

// The faults of a Printer. In all of them it takes labels and answers.
const (
	NoFault Fault = iota
	HeadOpen
	MediaOut
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
	case Pause:
		return "pause"
	}
	return "unknown"
}

// Speech is how the printer says what it says: for faults of the line.
type Speech struct {
	Delay  time.Duration // before each answer
	Split  bool          // byte by byte
	Double bool          // each answer twice
	Garble bool          // with bits of each byte changed, as at a wrong speed
	Silent bool          // not at all
}
