// Package line is one production line: its stations and what happens between them.
//
// A station is a pure step: it takes an event and returns effects, and touches neither
// sockets nor the ledger nor a clock. The runner around it carries the effects out and
// feeds their results back as events. So a station's whole behaviour can be tried in
// thousands of random histories without a device.
package line

import (
	"time"

	"linemark/internal/code"
	"linemark/internal/label"
	"linemark/internal/ledger"
)

// Station is one working place of a line.
type Station interface {
	// Step takes one event at a moment of the monotonic clock and returns what to do, in order.
	Step(now time.Time, ev Event) []Effect
	// View tells how the station stands.
	View() View
}

// Event is something that has happened; Effect is something to be done. Their kinds are the
// types of this file.
type (
	Event  any
	Effect any
)

// Events from devices.
type (
	// Tick comes several times a second.
	Tick struct{}
	// PrinterUp says that a session with an empty printer has begun.
	PrinterUp struct{ Session int }
	// PrinterDown says that the session has ended: what was sent and not counted is unknown.
	PrinterDown struct {
		Session int
		Why     string
	}
	// PrintedCount says how many labels of the session were printed so far.
	PrintedCount struct{ Session, Count int }
	// Scans are readings in the order in which the products passed.
	Scans struct{ Scans []Scan }
	// CheckScan is a reading of a container's printed label.
	CheckScan struct{ Scan Scan }
	// ScannerState says whether the station's scanner can be heard.
	ScannerState struct {
		Up  bool
		Why string
	}
	// PLCState says whether the PLC answers.
	PLCState struct {
		Up  bool
		Why string
	}
	// CountedRejects says that the PLC has counted N more products really thrown out.
	CountedRejects struct{ N int }
	// CountedProducts says that the PLC has counted N more products passing its sensor.
	CountedProducts struct{ N int }
	// StopOutput is the stop output as read back from the PLC.
	StopOutput struct{ Set bool }
	// Permit says whether products may be marked now: whether the stations behind can see them.
	Permit struct {
		OK  bool
		Why string
	}
	// Given says which codes go to the printer next, by their claim numbers and in this order: products
	// with them will be read in this order, as long as nobody touches the belt.
	Given struct{ Claims []int64 }
	// Requested says that the PLC has announced a product: its number, and when it was heard.
	Requested struct {
		Seq uint64
		At  time.Time
	}
	// Seen says that the product with this claim, or one claimed later, was read behind the printer:
	// labels claimed up to it are in the printer no more.
	Seen struct{ Claim int64 }
	// Packed says that a station before this one has closed a container.
	Packed struct{ Container ledger.ContainerID }
)

// Scan is one reading as the scanner's settings understand it.
type Scan struct {
	Seq    int64     // counts the readings of this scanner
	Code   code.Code // empty for a no-read
	NoRead bool
	Bad    string // why the frame can be no code; empty if it may be one
	AIM    string // the symbol's identifier as the scanner gave it, such as "]d2"; empty if it gave none
	Grade  Grade
	More   bool      // another code of the same frame follows
	At     time.Time // when it came in, on the monotonic clock
}

// Grade is a print quality.
type Grade struct {
	Text  string  // as the scanner gave it; empty if it gave none
	Value float64 // 0 (F) to 4 (A), where Known
	Known bool
}

// Effects on devices.
type (
	// SendLabels hands labels to the printer's session. Their codes are claimed on disk.
	SendLabels struct {
		Session int
		Labels  []Label
	}
	// Reject takes the product off that was read last; Seq is its reading.
	Reject struct{ Seq int64 }
	// StopLine sets the stop output.
	StopLine struct{ Cause string }
	// Answer gives the PLC the verdict on the product that it announced under this number.
	Answer struct {
		Seq  uint64
		Good bool
	}
	// TellGiven tells the verify stations of the line what is Given.
	TellGiven struct{ Claims []int64 }
	// TellSeen tells the print stations of the line what was Seen.
	TellSeen struct{ Claim int64 }
	// Announce tells the stations behind that a container is closed.
	Announce struct{ Container ledger.ContainerID }
	// Alarm tells people.
	Alarm struct{ Text string }
)

// Label is the content of one label.
type Label = label.Label

// Effects on the ledger, and the events that answer them.
type (
	// ClaimCodes takes codes out of stock; answered by Claimed.
	ClaimCodes struct{ N int }
	// Claimed answers ClaimCodes: the claims are on disk.
	Claimed struct {
		Claims []ledger.Claim
		Err    error
	}
	// ConfirmCodes records the printer's word; answered by Recorded.
	ConfirmCodes struct {
		IDs      []int64
		Evidence ledger.Evidence
	}
	// DoubtCodes sets codes of unknown fate aside; answered by Recorded.
	DoubtCodes struct {
		IDs   []int64
		Cause string
	}
	// Recorded answers an effect that only records.
	Recorded struct {
		Effect Effect
		Err    error
	}
	// VerifyCodes settles scans; answered by Verdicts.
	VerifyCodes struct{ Codes []code.Code }
	// Verdicts answers VerifyCodes in the same order.
	Verdicts struct {
		Verdicts []ledger.Verdict
		Err      error
	}
	// OvertakenBefore sets codes aside that were claimed before this claim number; Cause goes into
	// the journal, Told is what a person is told if there are any.
	OvertakenBefore struct {
		Claim       int64
		Cause, Told string
	}
	// Overtaken answers OvertakenBefore.
	Overtaken struct {
		N    int
		Told string
		Err  error
	}
	// TooLate answers Reject: another product was read before the verdict came out.
	TooLate struct{ Seq int64 }
	// Failed answers an effect on a device that could not be carried out.
	Failed struct {
		Effect Effect
		Err    error
	}
	// OpenContainer begins a container; answered by Opened.
	OpenContainer struct{}
	// Opened answers OpenContainer.
	Opened struct {
		Container ledger.ContainerID
		Err       error
	}
	// PutUnits settles pack scans into a container; answered by Puts.
	PutUnits struct {
		Container ledger.ContainerID
		Codes     []code.Code
	}
	// Puts answers PutUnits in the same order.
	Puts struct {
		Outcomes []ledger.PutOutcome
		Err      error
	}
	// PutContainer puts a closed container into another; answered by Recorded.
	PutContainer struct{ Parent, Child ledger.ContainerID }
	// FillContainer says that a container is complete; answered by Recorded.
	FillContainer struct{ Container ledger.ContainerID }
	// AsideContainer gives a container to a person; answered by Recorded.
	AsideContainer struct {
		Container ledger.ContainerID
		Cause     string
	}
	// TakeSSCC takes the next transport code; answered by TakenSSCC.
	TakeSSCC struct{}
	// TakenSSCC answers TakeSSCC; Number is the running number of its label in the batch.
	TakenSSCC struct {
		SSCC   code.Code
		Number int
		Err    error
	}
	// CloseContainer gives a full container its code; answered by Recorded.
	CloseContainer struct {
		Container ledger.ContainerID
		Claim     ledger.Claim // a group code, or
		SSCC      code.Code    // a transport code
		Evidence  ledger.Evidence
	}
)

// View is how a station stands, for people.
type View struct {
	State string // running, waiting, stopped
	Why   string // what it waits for, or what stopped it
	Since time.Time
	Count map[string]int // since the agent's start
}

// status keeps a View and the moment of its last change.
type status struct {
	view     View
	listener func(s Scan, why string) // see judged; nil: nobody listens
}

func (s *status) set(now time.Time, state, why string) {
	if s.view.State != state || s.view.Why != why {
		s.view.State, s.view.Why, s.view.Since = state, why, now
	}
}

func (s *status) count(what string, n int) {
	if s.view.Count == nil {
		s.view.Count = map[string]int{}
	}
	s.view.Count[what] += n
}

// View returns a copy.
func (s *status) View() View {
	v := s.view
	v.Count = make(map[string]int, len(s.view.Count))
	for k, n := range s.view.Count {
		v.Count[k] = n
	}
	return v
}
