// Package record is the flight recorder: every byte to and from each device, every call of the
// national system and every step of every station, in a ring of files on disk.
//
// What is recorded goes into a queue in memory, and one goroutine writes it: whoever records never
// waits for a disk, and what the queue or the disk does not take is dropped and counted. A recording
// is a row of frames, each compressed and with a checksum of its own. It is readable up to the last
// whole frame, whatever became of the process or the disk; frames behind a damaged one are found again.
package record

import (
	"time"
)

// Kind is what a record tells of.
type Kind byte

// The kinds of records. Their numbers stand on disk.
const (
	KindAbout   Kind = 1  // About in JSON: at the beginning of every file
	KindMark    Kind = 2  // Mark in JSON: something that a person looks for
	KindOpen    Kind = 3  // a device was connected: its address
	KindClose   Kind = 4  // the agent closed the connection
	KindFault   Kind = 5  // connecting, reading or writing failed: why
	KindIn      Kind = 6  // bytes from the device
	KindOut     Kind = 7  // bytes to the device
	KindCall    Kind = 8  // Call in JSON: one call of the national system
	KindState   Kind = 9  // a station as it stands, in JSON
	KindStep    Kind = 10 // an event and what the station answered it with, in JSON
	KindTicks   Kind = 11 // events that are nothing but the passing of time, and were answered with nothing
	KindDropped Kind = 12 // how many records were dropped before this one, in decimal
)

var kindNames = [...]string{KindAbout: "about", KindMark: "mark", KindOpen: "open", KindClose: "close", KindFault: "fault", KindIn: "in", KindOut: "out",
	KindCall: "call", KindState: "state", KindStep: "step", KindTicks: "ticks", KindDropped: "dropped"}

func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}

// ofStation says whether a record belongs to a station's history.
func (k Kind) ofStation() bool { return k == KindState || k == KindStep || k == KindTicks }

// ofDevice says whether a record belongs to a device's connection.
func (k Kind) ofDevice() bool { return k >= KindOpen && k <= KindOut }

// Record is one thing that happened.
type Record struct {
	Run    int64         // which run of the agent: when it began, in nanoseconds since 1970
	Seq    uint64        // counts the records, through all runs; KindAbout has none of its own
	Kind   Kind          //
	Source string        // the device's name, line/station, or whose mark it is
	Since  time.Duration // since the run began, on the monotonic clock
	At     time.Time     // UTC, by the PC's clock as it stood when this was written
	Conn   uint64        // of a device: counts the connections of a run; 0: none came about
	Offset uint64        // KindIn, KindOut: bytes of the connection and direction before these
	Data   []byte        // what the kind says
}

// Base is the moment from which a run's times are counted.
func (r Record) Base() time.Time { return time.Unix(0, r.Run) }

// MarkKind is what a mark stands for.
type MarkKind string

// The kinds of marks.
const (
	MarkBegin  MarkKind = "begin"  // the agent has started
	MarkEnd    MarkKind = "end"    // the agent was stopped
	MarkAlarm  MarkKind = "alarm"  // people were told
	MarkDevice MarkKind = "device" // a device has come or gone
	MarkStop   MarkKind = "stop"   // a station stopped the line
	MarkDeath  MarkKind = "death"  // a part of the agent has ended, or the whole agent
)

// stops says whether products stood still, or may have, because of what is marked.
func (k MarkKind) stops() bool { return k == MarkStop || k == MarkDeath }

// Mark is something that a person looks for in a recording.
type Mark struct {
	Kind MarkKind `json:"kind"`
	Text string   `json:"text,omitempty"`
	// Of is when it was, where it was noticed later.
	Of *time.Time `json:"of,omitempty"`
}

// About says of which agent a recording is, and what its codes look like, so that their check parts
// can be masked.
type About struct {
	Agent  string  `json:"agent"`
	Masked bool    `json:"masked,omitempty"` // the check parts of its codes are masked
	Codes  []Codes `json:"codes,omitempty"`
}

// Codes is what codes of a product, or of a kind of product, are made of.
type Codes struct {
	GTIN   string `json:"gtin,omitempty"` // empty: of any product
	AIs    bool   `json:"ais"`
	Serial int    `json:"serial"`
	Tail   []Tail `json:"tail,omitempty"`
}

// Tail is one field of the check part.
type Tail struct {
	AI     string `json:"ai,omitempty"`
	Length int    `json:"length"`
}

// Call is one call of the national system. The client token is in none of its fields.
type Call struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Body   Body   `json:"body"`
	Status int    `json:"status,omitempty"` // 0: no answer
	Answer Body   `json:"answer"`
	Took   string `json:"took"`
	Error  string `json:"error,omitempty"`
}

// Body is what was sent or came.
type Body struct {
	Text   string `json:"text,omitempty"`   // the beginning of it
	Length int    `json:"length,omitempty"` // all of it, in bytes
}

// keptBody is how much of a body is recorded: blocks of codes have megabytes, and stand in the ledger.
const keptBody = 32 << 10

// BodyOf takes the beginning of a body down.
func BodyOf(b []byte) Body { return Body{Text: string(b[:min(len(b), keptBody)]), Length: len(b)} }
