// Package ngpcltest is a coder that speaks NGPCL over a stream, for tests, for a demonstration plant and for a
// desk without a printer.
//
// It behaves as working drivers have met the language: it answers {~XX...|} with {~YY...|}, keeps one value for
// each field of the selected job, acknowledges an update of fields that the job does not have, and marks the
// present values on every product: twice the same where no update comes between. It keeps its own record of
// what it was given and what it marked.
//
// Not emulated: queues, counters and events, of which no bytes are known, and the nine digits of the status.
package ngpcltest

import (
	"io"
	"slices"
	"time"
)

// Options say how a Printer behaves. The zero value has the job unit.job with the field CODE, takes the byte
// 1D as separator, marks each update once and at once, and keeps no log.
type Options struct {
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Trigger makes the printer wait for Print before each mark, as it waits for a product.
	Trigger bool
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time

	Jobs        []string // names of the jobs in the printer, the first one selected. Nil: unit.job
	Fields      []string // of every job; the first holds the code. Nil: CODE
	GS          string   // what the printer takes as separator; "": the byte 1D
	Lead        string   // what the printer takes as FNC1 before a code; "": its job brings it
	CloseEach   bool     // the connection is closed after each answer
	LineEnds    bool     // CR LF follows an answer
	Padded      bool     // spaces follow every value of an answer
	KeepsFields bool     // a power cycle leaves the fields as they are
}

// Label is one update that the printer was given, or one mark that it made.
type Label struct {
	Seq    int               // number of the update since the printer was made, from 1
	Code   []byte            // the first field as a scanner would read it
	Fields map[string]string // every field as it is marked, separators as GS (1D)
	At     time.Time         // when the update was complete, or when the mark was made
}

// Fault is what keeps the printer from marking, or from doing what it is told.
type Fault int

// The faults of a Printer.
const (
	NoFault   Fault = iota
	Attention       // an error that a person must see to
	BeamStop        // the beam is interrupted
	Pause           // stopped by its operator
	Off             // not ready at all
	Refuse          // marks, but refuses updates
	Deaf            // marks, and acknowledges updates without making them
)

var faultNames = [...]string{"none", "attention", "beam stop", "pause", "off", "refuse", "deaf"}

// String names the fault as the log does.
func (f Fault) String() string {
	if f < 0 || int(f) >= len(faultNames) {
		return "unknown"
	}
	return faultNames[f]
}

// stops tells whether nothing is marked with the fault.
func (f Fault) stops() bool { return f != NoFault && f != Refuse && f != Deaf }

// Manner is how the printer's answers reach its hosts. The zero value is good manners.
type Manner struct {
	Silent  bool          // nothing is answered
	Late    time.Duration // answers come this much later
	Double  bool          // everything is answered twice
	Split   bool          // every byte is written by itself
	Garbled bool          // bytes are changed, as by a wrong baud rate
	Between string        // what is said before each answer, unasked
}

// Waiting returns 1 when the last update has not been marked yet, else 0.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fresh {
		return 1
	}
	return 0
}

// Job returns the name of the selected job.
func (p *Printer) Job() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.job
}

// Commands returns every command that the printer was given, as it came, in order.
func (p *Printer) Commands() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.commands)
}
