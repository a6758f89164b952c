package diadoc

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// judge decides what an answer means, in the protocol's order: overload and faults of the server first, then
// what it refuses, then whether there is a protocol yet, and only then what the body holds.
func (c *Client) judge(a answer) (Protocol, error) {
	_, told := a.header["Retry-After"]
	switch {
	case !a.speaks():
		return Protocol{}, c.temporary(a, false)
	case a.status >= 400:
		return Protocol{}, c.refusal(a, false)
	case told || a.status == http.StatusNoContent || a.broken == nil && len(a.body) == 0 && !a.over:
		return Protocol{}, &NotReadyError{Status: a.status, After: c.later(a, c.wait)}
	case a.over:
		return Protocol{}, &UnusableError{Status: a.status, Final: true, Err: fmt.Errorf("it is longer than the limit of %d bytes", c.maxBody)}
	case a.broken != nil:
		return Protocol{}, c.temporary(a, false)
	}
	p, err := parse(a.body)
	if err != nil && isPage(a.body) {
		return Protocol{}, c.temporary(a, false)
	}
	if err != nil {
		return Protocol{}, &UnusableError{Status: a.status, Err: err}
	}
	return p, nil
}

func (c *Client) temporary(a answer, login bool) *TemporaryError {
	e := &TemporaryError{
		Login: login, Status: a.status, After: c.later(a, 0),
		Meaning: meaning(a.status, login), Text: c.wire.said(a.body), Err: c.wire.hidden(a.broken),
	}
	switch {
	case a.status >= 500 || a.status == http.StatusTooManyRequests:
	case a.status >= 300 && a.status < 400:
		e.Meaning = "sent elsewhere, which is not followed; check the address of the server in the settings"
		e.Text = c.wire.said([]byte(a.header.Get("Location")))
	case a.broken != nil:
		e.Meaning, e.Text = "the answer broke off; it will be asked for again later", ""
	case isPage(a.body):
		e.Meaning = "a page of some gateway and not Diadoc's answer; check the address of the server and the network"
	}
	return e
}

func (c *Client) refusal(a answer, login bool) *Refusal {
	e := &Refusal{
		Login: login, Status: a.status, Meaning: meaning(a.status, login), Text: c.wire.said(a.body), After: c.later(a, 0),
		Final:    a.status != http.StatusConflict && a.status != http.StatusUnauthorized,
		WholeBox: a.status == http.StatusUnauthorized || a.status == http.StatusPaymentRequired || a.status == http.StatusForbidden,
	}
	if login { // it says nothing of the document, and lets no other one through
		e.Final, e.WholeBox = false, true
	}
	return e
}

// later is when to ask again by the answer's Retry-After, or otherwise where it says nothing; with jitter,
// never above 30 minutes.
func (c *Client) later(a answer, otherwise time.Duration) time.Duration {
	wait := retryAfter(a.header, c.now())
	if wait == 0 {
		wait = otherwise
	}
	if wait == 0 {
		return 0
	}
	return min(wait+max(c.jitter(wait), 0), longest)
}

func tenth(wait time.Duration) time.Duration { return rand.N(wait/10 + 1) }
