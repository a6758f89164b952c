package smartone

import (
	"fmt"
	"strings"
	"time"
)

const (
	seenLength = 200  // characters of a body shown
	textLength = 500  // characters of one message shown
	shownRows  = 5    // rows that a Refusal prints
	keptRows   = 1000 // rows that a Refusal keeps
)

// InProgressError says that the request is taken and still being worked on. Ask again with the same
// bytes, after Options.Spacing or more.
type InProgressError struct {
	Op, RequestID string
}

func (e *InProgressError) Error() string {
	return fmt.Sprintf("%s: request %s is still in progress; it is asked again", e.Op, e.RequestID)
}

// TooFrequentError says that the request came too soon after the one before and was not carried
// out. The same bytes may go again.
type TooFrequentError struct {
	Op   string
	Wait time.Duration // what the server asked for (Retry-After), at most 30 minutes; 0: nothing
}

func (e *TooFrequentError) Error() string {
	return e.Op + ": too soon after the request before; it is asked again"
}

// RowError is one entry of errors_list.
type RowError struct {
	Code    int
	Message string
}

// Refusal is the system's no.
type Refusal struct {
	Op      string
	Status  int // of HTTP
	Code    int // NoCode: none was given
	Message string
	Rows    []RowError // the first thousand
	// Omitted is how many rows were left out of Rows.
	Omitted int
	// RetryLater: the same bytes may go again when the cause is gone; see Rule.Again.
	RetryLater bool
	// Stops: nothing more of this department is to be sent until an operator has looked.
	Stops bool

	about string // the request id that it names; empty: none
}

// Faulted says that the document as a whole was not refused: the answer names faults of single rows, and
// whether the good ones were taken is not said.
func (e *Refusal) Faulted() bool {
	return e.Code == codeTakenPartWise || e.Code <= CodeDone && len(e.Rows) > 0
}

func (e *Refusal) Error() string {
	var b strings.Builder
	r := RuleOf(e.Code)
	fmt.Fprintf(&b, "%s: refused", e.Op)
	switch e.Code {
	case NoCode:
		b.WriteString(" without a code")
	case CodeDone:
		b.WriteString(" in part: it says done, and names faults")
	default:
		fmt.Fprintf(&b, ", code %d (%s)", e.Code, r.Meaning)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	for i, row := range e.Rows {
		if i == shownRows {
			fmt.Fprintf(&b, "; and %d more", len(e.Rows)+e.Omitted-i)
			break
		}
		fmt.Fprintf(&b, "; %d %s", row.Code, row.Message)
	}
	if r.Do != "" && e.Code != CodeDone {
		b.WriteString("; " + r.Do)
	}
	return b.String()
}

// AccessError says that there is no token to be had, or that a fresh one is not accepted. No call
// can succeed; asking on may lock the account.
type AccessError struct {
	Op      string
	Status  int
	Message string
}

func (e *AccessError) Error() string {
	text := e.Op + ": access denied" + status(e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text + "; check the login, the password and the user's rights in the system"
}

// RepeatError says that the answer is about another request. The system took this one for a repeat
// of it, as it does with equal parameters within Window, and it is not known to have been carried
// out.
type RepeatError struct {
	Op, RequestID string
	Earlier       string // the id that the answer is about
}

func (e *RepeatError) Error() string {
	return fmt.Sprintf("%s: request %s was taken for a repeat of %s; look in the system whether both documents are there",
		e.Op, e.RequestID, e.Earlier)
}

// UnknownError says that no usable answer came. The request may have been carried out. Ask again
// with the same bytes, however long it takes.
type UnknownError struct {
	Op     string
	Status int    // of HTTP; 0: there was no answer
	Unsent bool   // no connection was made, so nothing left this machine
	Seen   string // the first 200 visible characters of what came
	Err    error
}

func (e *UnknownError) Error() string {
	text := e.Op + ": no answer"
	switch {
	case e.Unsent:
		text = e.Op + ": no connection"
	case e.Status != 0:
		text = e.Op + ": not an answer of the system" + status(e.Status)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Seen != "" {
		text += fmt.Sprintf(", it begins %q", e.Seen)
	}
	return text
}

// Unwrap returns the cause, so that a context's end can be told.
func (e *UnknownError) Unwrap() error { return e.Err }

func status(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (HTTP %d)", n)
}
