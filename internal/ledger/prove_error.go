package ledger

import (
	"fmt"
	"strings"
	"time"
)

// Break is a way in which the journal's chain is broken.
type Break int

// The breaks.
const (
	Changed     Break = iota // an entry, or what belongs to it, is not the one that was sealed
	Missing                  // an entry is not there, and in no archive
	Cut                      // the journal ends before it
	Unsealed                 // an entry bears no seal: this program has not written it
	SealChanged              // an entry is right and its seal is not
	NoBeginning              // what says where the chain begins is not there, or was changed
)

// BrokenError says where the journal's chain breaks first: it was not left as it was written.
type BrokenError struct {
	Seq  int64 // the first entry that is wrong
	To   int64 // entries that have left for archives are sealed together: one up to this is the one
	What Break
	At   time.Time // as the entry says; zero: it is not there, or not to be believed

	Want, Have Seal     // the seal that follows from the entry, and the one that is stored
	Archives   []string // that such entries are from
}

func (e *BrokenError) Error() string {
	which := fmt.Sprintf("entry %d", e.Seq)
	if !e.At.IsZero() && e.To == e.Seq {
		which += fmt.Sprintf(" (%s)", e.At.Format(time.RFC3339))
	}
	if e.To > e.Seq {
		which = fmt.Sprintf("one of the entries %d to %d", e.Seq, e.To)
	}
	if len(e.Archives) > 0 {
		which += " from " + strings.Join(e.Archives, ", ")
	}
	text := fmt.Sprintf("the journal is broken at entry %d: ", e.Seq)
	switch e.What {
	case Missing:
		return text + "it is missing, and no archive has it"
	case Cut:
		return text + "it is missing, the journal ends before it"
	case Unsealed:
		return text + which + " bears no seal: something else than linemark has written it"
	case SealChanged:
		return text + fmt.Sprintf("its seal was changed to %x; the entry itself is the one that was sealed, as %x", e.Have[:], e.Want[:])
	case NoBeginning:
		return text + "the mark of where the chain begins is missing, or was changed"
	}
	return text + fmt.Sprintf("%s is not the one that was sealed: its seal would be %x, and is %x", which, e.Want[:], e.Have[:])
}

// HeadError says that a noted head is no part of the journal, which is unbroken in itself: it is the journal of another
// ledger, a backup from before that head was put in its place, or somebody has written it anew.
type HeadError struct {
	Head
	Why string
	// Unproved says that the entry is in an archive that is away: nothing is known.
	Unproved bool
}

func (e *HeadError) Error() string {
	return fmt.Sprintf("the head of entry %d is no part of this journal: %s", e.Seq, e.Why)
}

// foreign returns what is wrong with the heads that were noted.
func (v *prover) foreign(noted []Head) error {
	if v.wrong != nil {
		return v.wrong
	}
	found := map[Head]bool{}
	for _, h := range v.found {
		found[h] = true
	}
	for _, h := range noted {
		switch {
		case found[h]:
		case h.Seq < v.proof.From:
			return &HeadError{Head: h, Why: fmt.Sprintf("its chain begins with entry %d", v.proof.From)}
		case h.Seq > v.proof.To:
			return &HeadError{Head: h, Why: fmt.Sprintf("it ends with entry %d", v.proof.To)}
		default:
			return &HeadError{Head: h, Why: "that entry is in an archive which is not there", Unproved: true}
		}
	}
	return nil
}
