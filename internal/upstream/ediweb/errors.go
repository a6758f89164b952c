package ediweb

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind says what went wrong with a call, in the words that Error prints.
type Kind string

// What can go wrong with a call, in the order in which it is decided.
const (
	Invalid      Kind = "request against the document" // found before sending; nothing left
	Unreachable  Kind = "no connection"                // none was made
	Interrupted  Kind = "answer lost"                  // the connection broke, timed out, or the body was cut
	Unauthorized Kind = "access denied"                // 401, 403
	Busy         Kind = "too many requests"            // 429
	ServerFault  Kind = "server fault"                 // 5xx
	Refused      Kind = "refused"                      // any other 4xx
	Unexpected   Kind = "not the document's answer"    // a redirect, a 200 that is no archive
	TooLarge     Kind = "answer too large"             // longer than Options.MaxBody, packed or not
	Hostile      Kind = "archive refused"              // over Options.Limits, or entries that overlap
)

const (
	seenLength = 300 // characters of Error.Seen
	uuidLength = 100 // characters of a request_uuid; a UUID has 36
	shortest   = time.Second
	longest    = 30 * time.Minute
)

// Error is every error of this package's calls. No text in it holds the value of the header for
// access, even where the server repeated it.
type Error struct {
	Kind        Kind
	Status      int           // HTTP status; 0 where there was no answer
	RequestUUID string        // by which the service finds the call; empty where it named none
	Seen        string        // first 300 visible characters of the error's description, or of what was no archive
	RetryAfter  time.Duration // what 429 and 503 ask for, between one second and 30 minutes; 0: nothing
	IDs         int           // how many documents the call asked for
	Err         error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("GET /getStackQrCode: " + string(e.Kind))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Seen != "" {
		fmt.Fprintf(&b, ", it begins %q", e.Seen)
	}
	if e.RequestUUID != "" {
		b.WriteString(", request_uuid " + e.RequestUUID)
	}
	return b.String()
}

// Unwrap returns the cause, so that a context's end can be told.
func (e *Error) Unwrap() error { return e.Err }

// ends reports that no other lot would fare better.
func (e *Error) ends() bool { return e.Kind == Unreachable || e.Kind == Unauthorized || e.Kind == Busy }

func invalid(format string, args ...any) *Error {
	return &Error{Kind: Invalid, Err: fmt.Errorf(format, args...)}
}

// retryAfter reads the header's two forms, seconds and a date; 0 where it says nothing. A date is compared to the
// answer's own where there is one: the clock of this machine may be wrong.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return max(time.Duration(min(n, uint64(longest/time.Second)))*time.Second, shortest)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), shortest), longest)
	}
	return 0
}

// hidden takes the secret out of the cause of e.
func (c *Client) hidden(e *Error) *Error {
	if e.Err != nil {
		if text := e.Err.Error(); c.hide(text) != text {
			e.Err = errors.New(c.hide(text)) // the chain goes too: what is inside would still show it
		}
	}
	return e
}

// visible makes text of outside bytes fit for a log: blanks run together, what cannot be seen is
// written as an escape, the secret is taken out, the rest cut after length characters.
func (c *Client) visible(s string, length int) string {
	s = s[:min(len(s), 64<<10)]
	var b strings.Builder
	for i, word := range strings.Fields(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		for i, r := range word {
			switch {
			case r == unicode.ReplacementChar && !strings.HasPrefix(word[i:], "\uFFFD"):
				fmt.Fprintf(&b, `\x%02x`, word[i])
			case unicode.IsPrint(r):
				b.WriteRune(r)
			default:
				q := strconv.QuoteRune(r)
				b.WriteString(q[1 : len(q)-1])
			}
		}
	}
	shown := []rune(c.hide(b.String()))
	return string(shown[:min(len(shown), length)])
}
