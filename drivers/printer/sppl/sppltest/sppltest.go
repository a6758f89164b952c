// Package sppltest is a thermal transfer printer that speaks SPPL over a stream, for tests, for a
// demonstration plant and for a desk without a printer.
//
// It behaves as Savema's description of the language says: it answers every ~COMMAND{...}^ with one
// ~SPGRES{...}^, keeps a queue of rows for each CSV field of its template, takes one row of each with every
// print, stops when a queue has run empty, and says a word of the host's choice after every print. It keeps
// its own record of what it was given and what came out.
//
// Not emulated: several columns in a row (~sc~), single changes of objects (SPMC...), clock, network and
// serial settings, and limited runs.
package sppltest

import (
	"io"
	"slices"
	"time"
)

// Options say how a Printer behaves. The zero value has the one field CODE, decodes entities in its rows,
// takes the byte 1D as separator, prints each row at once while it is running, and keeps no log.
type Options struct {
	// Log receives one JSON object a line for each thing that happens, always before it can be seen outside.
	// Nil: no log.
	Log io.Writer
	// Trigger makes the printer wait for Print before each label, as it waits for a product.
	Trigger bool
	// PrintTime is how long a label takes when Trigger is false.
	PrintTime time.Duration
	// Now is the clock of the record; nil: time.Now.
	Now func() time.Time

	Fields        []string // the template's CSV fields with a queue; the first holds the code. Nil: CODE
	Preload       int      // rows that loading a template leaves in every queue
	RawEntities   bool     // rows are taken as they are: entities are not decoded
	GS            string   // what the printer takes as separator in a row; "": the byte 1D
	Lead          string   // what the printer takes as FNC1 before a code; "": its template brings it
	OldController bool     // below 3.18: the commands for several fields are unknown
	OwnTag        bool     // SPLGMQ is answered under its own name, not as SPLGQC
	Spaced        bool     // a space follows the ~ and { of an answer
	KeepsQueue    bool     // a power cycle leaves the queues as they are
}

// Label is one set of rows that the printer was given, or one label that came out of it.
type Label struct {
	Seq    int               // number of the row of the first field since the printer was made, from 1
	Code   []byte            // the first field as a scanner would read it
	Fields map[string]string // every field as it is marked, separators of codes as GS (1D)
	At     time.Time         // when the row was complete in the queue, or when the label came out
}

// Fault is what keeps the printer from printing, or from doing what it is told.
type Fault int

// The faults of a Printer.
const (
	NoFault   Fault = iota
	HeadOpen        // an error
	MediaOut        // an error
	RibbonOut       // an error
	Pause           // stopped by its operator
	Menu            // the operator is outside the main screen: prints, but every command but SPPSTA fails
	Starting        // not yet initialised
	QueueFull       // prints, but takes no rows
	Refuse          // prints, but every command but SPPSTA fails
)

var faultNames = [...]string{"none", "head open", "media out", "ribbon out", "pause", "menu", "starting", "queue full", "refuse"}

// String names the fault as the log does.
func (f Fault) String() string {
	if f < 0 || int(f) >= len(faultNames) {
		return "unknown"
	}
	return faultNames[f]
}

// isError tells whether the printer shows the fault as its error.
func (f Fault) isError() bool { return f == HeadOpen || f == MediaOut || f == RibbonOut }

// stops tells whether the printer stops printing with the fault.
func (f Fault) stops() bool { return f.isError() || f == Pause || f == Starting }

// Manner is how the printer's words reach its hosts. The zero value is good manners.
type Manner struct {
	Silent  bool          // nothing is said
	Mute    bool          // prints are not told, answers are
	Late    time.Duration // everything is said this much later, in order
	Double  bool          // everything is said twice
	Split   bool          // every byte is written by itself
	Garbled bool          // bytes are changed, as by a wrong baud rate
	Between string        // what is said before each answer, unasked
}

// Waiting returns how many complete sets of rows are in the queues.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.depth()
}

// Running tells whether the printer would print for a product now.
func (p *Printer) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// Commands returns every command that the printer was given, as it came, in order.
func (p *Printer) Commands() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.commands)
}
