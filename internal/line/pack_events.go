package line

import (
	"fmt"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Ask is what a person wants of a pack station's open container.
type Ask struct {
	Do Do
	// Container is the one that the person has seen open; 0: whichever is.
	Container ledger.ContainerID
	Code      code.Code // TakeOut, Exchange: of what comes out; Undo: what was seen as the last one in, or empty
	For       code.Code // Exchange: of what goes in
	Because   string    // who says so, and why: it stands in the journal
}

// exact takes out what a person saw as the last one in, though another has come in since.
func (a Ask) exact() Ask {
	if a.Do == Undo && a.Code != "" {
		a.Do = TakeOut
	}
	return a
}

func (a Ask) openNoMore() string {
	return fmt.Sprintf("container %d is open here no more: look again at what is open", a.Container)
}

// Do is one of the things that a person may ask for.
type Do string

// What may be asked of an open container.
const (
	CloseNow  Do = "close"   // though it is not full
	Undo      Do = "undo"    // takes out what was put in last
	EmptyNow  Do = "empty"   // takes everything out
	TakeOut   Do = "out"     // takes one thing out
	Exchange  Do = "replace" // takes one thing out and puts another in its place
	GiveUp    Do = "give up" // sets it aside with nothing in it: what EmptyNow means at a bench then
	nothingIn    = "nothing is in the open container"
)

// Events and effects of pack stations alone.
type (
	// Asked says that a person asks for something; a Reply with its number answers it. Number 0
	// wants none.
	Asked struct {
		No int64
		Ask
	}
	// Reply answers Asked: with what was done, or with the reason why it was not.
	Reply struct {
		No   int64
		Said string
		Why  string // not empty: it was not done
	}
	// Signal sets the output that tells the operator whether something was taken.
	Signal struct{ Accepted bool }

	// BatchChanged says that what is packed from now on is of another batch.
	BatchChanged struct{}

	// FindOpen looks for the station's open container; answered by FoundOpen. One that is not as the
	// station fills them now is set aside.
	FindOpen struct{}
	// FoundOpen answers FindOpen; Container is 0 if there is none.
	FoundOpen struct {
		Container ledger.ContainerID
		In        int
		Aside     string // not empty: one was set aside, and why
		Err       error
	}
	// PutCoded puts the closed container that bears a code into another; answered by Puts.
	PutCoded struct {
		Parent ledger.ContainerID
		Code   code.Code
	}
	// CloseRead closes an open container with its own label's code, as read; answered by Recorded.
	CloseRead struct {
		Container ledger.ContainerID
		Code      code.Code
		SSCC      bool
	}
	// PackFrame packs all units of a picture as one container; answered by PackedFrame.
	PackFrame struct{ Codes []code.Code }
	// PackedFrame answers PackFrame; Container is 0 if the picture was refused.
	PackedFrame struct {
		Container ledger.ContainerID
		Outcomes  []ledger.PutOutcome
		Err       error
	}
	// Repack changes what is in an open container; answered by Repacked.
	Repack struct {
		Container ledger.ContainerID
		Ask
	}
	// Repacked answers Repack.
	Repacked struct {
		Code    code.Code         // Undo, TakeOut: what came out
		N       int               // EmptyNow: how much came out
		Outcome ledger.PutOutcome // Exchange: of what should go in
		Err     error
	}
)
