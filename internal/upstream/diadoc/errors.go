package diadoc

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Bounds of every wait that a server may ask for.
const (
	shortest = time.Second
	longest  = 30 * time.Minute
)

// Document names a document in Diadoc. Its three ids are opaque.
type Document struct {
	Box, Message, ID string
}

func (d Document) String() string {
	return fmt.Sprintf("document %s of message %s in box %s", d.ID, d.Message, d.Box)
}

// NotReadyError means that the protocol is being made. It is no failure.
type NotReadyError struct {
	Document Document
	Status   int // 200 or 204, for the document leaves it open
	// After is when to ask again: what the server said, or Options.Wait where it named no time,
	// with a little at random on top; 1 s to 30 min.
	After time.Duration
}

func (e *NotReadyError) Error() string {
	return fmt.Sprintf("the protocol of %s is not ready yet; ask again in %s", e.Document, e.After.Round(time.Second))
}

// Refusal means that the server turned the document, or all of this access, down.
type Refusal struct {
	Document Document
	Login    bool   // it was the login that was refused; Document was not asked for
	Status   int    // HTTP status; 0: found before anything was sent
	Meaning  string // what the status means here, and what to do
	Text     string // the server's own words; often Russian, of 500 characters at most
	// Final: asking again is of no use. A conflict (409) and a refused access (401) are not final:
	// the one has been seen to pass, the other passes when a person has put the settings right.
	Final bool
	// WholeBox: no other document of the box, with 401 of any box, will fare better. Raise an alarm.
	WholeBox bool
	After    time.Duration // when to ask again at the earliest, if the server named a time; else 0
}

func (e *Refusal) Error() string {
	return line(e.Document, e.Login, e.Meaning, e.Status, e.Text, nil)
}

// TemporaryError means that no answer came, or one that says nothing of the document.
type TemporaryError struct {
	Document Document
	Login    bool // it was the login that failed; Document was not asked for
	Status   int  // HTTP status; 0 where there was no answer
	Meaning  string
	Text     string        // the server's own words
	After    time.Duration // when to ask again, if the server named a time (1 s to 30 min); else 0
	Err      error         // what broke; nil where the status says all
}

func (e *TemporaryError) Error() string {
	return line(e.Document, e.Login, e.Meaning, e.Status, e.Text, e.Err)
}

// Unwrap returns what broke.
func (e *TemporaryError) Unwrap() error { return e.Err }

// UnusableError means that an answer came whole and with success, and is no protocol. Nothing of it is
// returned.
type UnusableError struct {
	Document Document
	Status   int
	Err      error
	Final    bool // asking again is of no use: the answer is longer than Options.MaxBody
}

func (e *UnusableError) Error() string {
	do := "it will be asked for again; if that stays so, download the protocol in Diadoc by hand and tell Kontur"
	if e.Final {
		do = "raise the limit, or download the protocol in Diadoc by hand"
	}
	return fmt.Sprintf("the protocol of %s came and cannot be used (HTTP %d): %v; %s", e.Document, e.Status, e.Err, do)
}

// Unwrap returns what is wrong with the answer.
func (e *UnusableError) Unwrap() error { return e.Err }

// line puts an error into one line: what, which document, why, what to do.
func line(d Document, login bool, meaning string, status int, text string, err error) string {
	var b strings.Builder
	if login {
		b.WriteString("logging in to Diadoc for the protocol of ")
	} else {
		b.WriteString("asking Diadoc for the protocol of ")
	}
	fmt.Fprintf(&b, "%s: %s", d, meaning)
	if status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", status)
	}
	if err != nil {
		b.WriteString(": " + err.Error())
	}
	if text != "" {
		b.WriteString(`; the server says: "` + text + `"`)
	}
	return b.String()
}

// meanings are what the statuses of GenerateDocumentProtocol mean, by the document (402 and 429 by
// the vendor's newer pages), and what a person does about them.
var meanings = map[int]string{
	http.StatusBadRequest:          "the request has a wrong form or lacks a parameter; check the three ids of the document",
	http.StatusUnauthorized:        "the authorization is not accepted, not even with a new token; check the client id and the account in the settings",
	http.StatusPaymentRequired:     "the box's subscription to the API has ended; renew it with Kontur",
	http.StatusForbidden:           "this account has no access to the box or to the document; give it access in Diadoc",
	http.StatusNotFound:            "the box has no such message, or the message no such document; check the ids",
	http.StatusMethodNotAllowed:    "the server does not take this method here; check the address of the server in the settings",
	http.StatusRequestTimeout:      "the request came too slowly; it will be asked for again later",
	http.StatusConflict:            "no protocol can be made for this document; look at its state in Diadoc",
	http.StatusTooManyRequests:     "too many requests; it will be asked for again later",
	http.StatusInternalServerError: "an unexpected error in Diadoc; it will be asked for again later",
	http.StatusBadGateway:          "a gateway got no answer from Diadoc; it will be asked for again later",
	http.StatusServiceUnavailable:  "Diadoc is not available at present; it will be asked for again later",
	http.StatusGatewayTimeout:      "a gateway waited in vain for Diadoc; it will be asked for again later",
}

// loginMeanings are the same for the login.
var loginMeanings = map[int]string{
	http.StatusBadRequest:       "the login is refused as wrong; check the client id, the account and its password or refresh token",
	http.StatusUnauthorized:     "the client id, the account or its password or refresh token is not accepted; put them right in the settings",
	http.StatusForbidden:        "this account may not log in; check it in Diadoc",
	http.StatusNotFound:         "there is no login at this address; check the address of the server in the settings",
	http.StatusMethodNotAllowed: "the server does not take a login at this address; check it in the settings",
}

// meaning never returns an empty text.
func meaning(status int, login bool) string {
	passing := status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
	said := meanings[status]
	if login && !passing {
		said = loginMeanings[status]
	}
	switch {
	case said != "":
		return said
	case status >= 500:
		return "a fault of the server; it will be asked for again later"
	case status >= 400:
		return "refused with a status that Diadoc's description does not name; ask Kontur what it means"
	}
	return "not an answer of Diadoc; it will be asked for again later"
}
