package izkm

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind says what went wrong with a call, in the words that Error prints.
type Kind string

// What can go wrong with a call, in the order in which it is decided (the answer's status
// and body are judged only when the answer came whole).
const (
	Invalid      Kind = "request against the document" // found before sending; nothing left
	Unreachable  Kind = "no connection"                // none was made, so nothing left
	Interrupted  Kind = "answer lost"                  // the connection broke, timed out, or the body was cut
	Unauthorized Kind = "access denied"                // 401, 403, whatever the body
	Busy         Kind = "too many requests"            // 429
	ServerFault  Kind = "server fault"                 // 5xx
	Refused      Kind = "refused"                      // success:false, globalErrors, any other 4xx
	Unexpected   Kind = "not the document's answer"    // HTML, half a JSON, a redirect, fields missing
	TooLarge     Kind = "answer too large"             // longer than Options.MaxBody
)

// CodeUnknownReport is the error code of GET /report/info for a report id that IZKM does
// not know, which it may say for a while after having given the id out.
const CodeUnknownReport = "725"

const (
	seenLength   = 200  // characters of Error.Seen
	textLength   = 2000 // characters of one APIError's text
	printedCodes = 5    // entries that Error prints
	shortest     = time.Second
	longest      = 30 * time.Minute
)

// Error is every error of this package's calls and encoders. No text in it holds the
// client token, even where the server repeated it.
type Error struct {
	Op         string // method and path: "GET /codes"
	Status     int    // HTTP status; 0 where there was no answer
	Kind       Kind
	Codes      []APIError    // what the server itself said
	Seen       string        // first 200 visible characters of a body that is not its error object
	RetryAfter time.Duration // see Wait
	Err        error
}

// APIError is one entry of globalErrors or fieldErrors. Code is empty where none was given.
type APIError struct {
	Code, Text string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op + ": " + string(e.Kind))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	before := ": "
	for i, c := range e.Codes {
		if i == printedCodes {
			fmt.Fprintf(&b, "; and %d more", len(e.Codes)-i)
			break
		}
		b.WriteString(before + strings.TrimSpace(c.Code+" "+c.Text))
		before = "; "
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Seen != "" {
		fmt.Fprintf(&b, ", it begins %q", e.Seen)
	}
	return b.String()
}

// Unwrap returns the cause, so that a context's end can be told.
func (e *Error) Unwrap() error { return e.Err }

// Lost reports that the call may have had its effect although no usable answer came: a
// block may have been issued, an order or a report created. Unreachable counts too, though
// there nothing left; look at Kind to tell.
func (e *Error) Lost() bool {
	switch e.Kind {
	case Unreachable, Interrupted, Unexpected, TooLarge:
		return true
	case ServerFault:
		return e.Op == "GET /codes" || strings.HasPrefix(e.Op, http.MethodPost+" ")
	}
	return false
}

// Unsent reports that nothing of the call left this machine.
func (e *Error) Unsent() bool { return e.Kind == Unreachable || e.Kind == Invalid }

// Local reports that the fault is in what was to be sent, and says nothing of the server.
func (e *Error) Local() bool { return e.Kind == Invalid }

// Refused reports that the server understood the call and turned it down.
func (e *Error) Refused() bool { return e.Kind == Refused }

// Unauthorized reports that the token has no access; no call with it can succeed.
func (e *Error) Unauthorized() bool { return e.Kind == Unauthorized }

// Wait is how long the server asked to be left alone (Retry-After of 429 and 503), between
// one second and 30 minutes; 0 when it named no time.
func (e *Error) Wait() time.Duration {
	if e.RetryAfter == 0 {
		return 0
	}
	return min(max(e.RetryAfter, shortest), longest)
}

// HasCode reports whether the server gave this error code.
func (e *Error) HasCode(code string) bool {
	return slices.ContainsFunc(e.Codes, func(c APIError) bool { return c.Code == code })
}

func invalid(op string, err error) *Error { return &Error{Op: op, Kind: Invalid, Err: err} }

// retryAfter reads the header's two forms, seconds and a date; 0 where it says nothing.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseUint(s, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return max(time.Duration(min(n, uint64(longest/time.Second)))*time.Second, shortest)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), shortest), longest)
	}
	return 0
}

// hidden takes the token out of every text of e.
func (c *Client) hidden(e *Error) *Error {
	for i, said := range e.Codes {
		e.Codes[i] = APIError{Code: c.visible(said.Code, textLength), Text: c.visible(said.Text, textLength)}
	}
	if e.Err != nil {
		if text := e.Err.Error(); c.hide(text) != text {
			e.Err = errors.New(c.hide(text)) // the chain goes too: what is inside would still show it
		}
	}
	return e
}

// visible makes text of outside bytes fit for a log: blanks run together, what cannot be
// seen is written as an escape, the token is taken out, the rest cut after length characters.
func (c *Client) visible(s string, length int) string {
	s = s[:min(len(s), 64<<10)]
	var b strings.Builder
	blank := false
	for i, r := range s {
		if unicode.IsSpace(r) {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	shown := []rune(c.hide(b.String()))
	return string(shown[:min(len(shown), length)])
}
