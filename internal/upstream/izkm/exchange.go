package izkm

import (
	"net/http"
	"time"
)

// Exchange is one call as it went over the wire, for a recording.
type Exchange struct {
	Method, URL string
	// Body and Answer are the beginnings of what was sent and what came, of 32 KiB at most.
	Body, Answer             string
	BodyLength, AnswerLength int // all of them
	Status                   int // 0: no answer
	Took                     time.Duration
	Err                      error // what the call returned; nil: it succeeded

	began time.Time
}

// keptExchange bounds what is kept of a body.
const keptExchange = 32 << 10

// exchange begins to take a call down; nil where nobody wants to know.
func (c *Client) exchange(r *http.Request, body []byte) *Exchange {
	if c.record == nil {
		return nil
	}
	return &Exchange{Method: r.Method, URL: r.URL.String(), Body: string(body[:min(len(body), keptExchange)]), BodyLength: len(body), began: c.now()}
}

// answered takes what came, whole or not.
func (x *Exchange) answered(status int, body []byte) {
	if x != nil {
		x.Status, x.Answer, x.AnswerLength = status, string(body[:min(len(body), keptExchange)]), len(body)
	}
}

// ended tells of a call. A server may have sent the token back.
func (c *Client) ended(x *Exchange, err error) {
	if x == nil {
		return
	}
	x.URL, x.Body, x.Answer = c.hide(x.URL), c.hide(x.Body), c.hide(x.Answer)
	x.Took, x.Err = c.now().Sub(x.began), err
	c.record(*x)
}
