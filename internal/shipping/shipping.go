// Package shipping sees to the papers that travel with the goods: the QR codes of electronic waybills, which go
// on labels, and the transfer protocols of documents.
//
// A shipment is a list of pallets, waybills and documents under a name, and one folder with all that came for
// it. Whatever is known of it is on disk before anything is done with it, so that the asking goes on after
// every end of the program, and a label is never printed a second time without a person's word.
//
// It knows the ledger's pallets and the interfaces declared here; the systems outside are adapted by the agent.
package shipping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Waybills brings the QR codes of waybills.
type Waybills interface {
	// QRCodes makes one call for at most MostAtOnce waybills. What came for each stands in the Answer; an error
	// means that the call brought nothing, and is a *Trouble, or ctx's own.
	QRCodes(ctx context.Context, ids []string) (Answer, error)
}

// MostAtOnce is how many waybills one call may ask for (getStackQrCode, doc_ids).
const MostAtOnce = 100

// Answer is what one call for waybills brought.
type Answer struct {
	Waybills    []Brought
	Inventories [][]byte // as they came
	Strays      []Raw    // what belongs to no waybill for certain
	Notes       []string // what a person should know
}

// Brought is what an answer holds for one waybill.
type Brought struct {
	ID          string
	RequestUUID string // by which the service finds the call; empty: it named none
	Number      string // the document's number, where the answer tells it
	Pictures    []Raw  // none: see Why
	Why         string // why it has no picture, in one line
	Unusable    bool   // something came, and it is not to be used; else nothing came
	// Trouble is set where the part of the call that asked for it has failed.
	Trouble *Trouble
}

// Raw is a file as it came.
type Raw struct {
	Name   string // to show and never a path
	Format string // png, jpeg, gif, bmp, pdf, svg, unknown or zip: by its bytes
	Bytes  []byte
}

// Kind says what a failed call for waybills means for the next one.
type Kind int

// The kinds of failed calls.
const (
	Away     Kind = iota // no answer, overload, a fault of the server: it is asked again for as long as it takes
	Access               // not let in: asked again every half an hour, for a person can put that right
	Unusable             // a refusal, or an answer that is none: it may be one waybill's doing
)

// Trouble is a failed call for waybills.
type Trouble struct {
	Kind        Kind
	After       time.Duration // what the server asks for; 0: nothing
	RequestUUID string
	Err         error
}

func (t *Trouble) Error() string { return t.Err.Error() }

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// Protocols brings the transfer protocols of documents.
type Protocols interface {
	// Protocol asks once.
	Protocol(ctx context.Context, d Named) (Protocol, error)
	// Next says what an error of Protocol means for the next ask.
	Next(c Course, now time.Time, err error) (Course, Step)
}

// Named names a document in its system.
type Named struct {
	Box      string `json:"box"`
	Message  string `json:"message"`
	Document string `json:"document"`
}

// Protocol is a transfer protocol, byte for byte as it came.
type Protocol struct {
	PDF       []byte
	Signature []byte // CMS SignedData in DER
}

// Course is how far the asking for one protocol has come: the system's client counts in it, here it is only kept.
type Course struct {
	Began     time.Time     `json:"began,omitzero"`
	Within    time.Duration `json:"within,omitempty"`
	Asked     int           `json:"asked,omitempty"`
	Failures  int           `json:"failures,omitempty"`
	Conflicts int           `json:"conflicts,omitempty"`
	Unusable  int           `json:"unusable,omitempty"`
}

// Step is what to do after an ask that brought no protocol.
type Step struct {
	Wait   time.Duration
	GiveUp bool
	Why    string // one line
	Person bool   // a person must put something right, though it will be asked again
}

// Printer prints labels with pictures.
type Printer interface {
	// CheckLabel returns why this label cannot be printed, or nil.
	CheckLabel(l Label) error
	// Print waits until the printer takes a label, calls intent, and hands the label over only if that returned
	// nil. It returns when the label is known to be out; confirmed is false where this printer never says so.
	// After an error that follows intent nothing is known of the label.
	Print(ctx context.Context, l Label, intent func() error) (confirmed bool, err error)
}

// Label is one label of a shipment.
type Label struct {
	Fields  map[string]string // shipment, waybill, pallets; sscc where there is one pallet
	Picture Picture
}

// Picture is a black and white picture.
type Picture struct {
	Width, Height int
	Black         []byte // row by row from the top, each of whole bytes, the leftmost pixel the highest bit; 1 is black
}

// Ledger knows the pallets.
type Ledger interface {
	FindContainer(ctx context.Context, text code.Code) (c ledger.Container, own bool, err error)
}

// InputError is what a person, a program or a file has given and cannot be taken.
type InputError struct {
	What string
	Hint string // what to do
}

func (e *InputError) Error() string { return e.What }

func input(hint, format string, args ...any) error {
	return &InputError{What: fmt.Sprintf(format, args...), Hint: hint}
}

// ErrNotFound means that there is no shipment, or no file of it, with this name.
var ErrNotFound = errors.New("not found")
