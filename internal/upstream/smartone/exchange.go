package smartone

import (
	"net/http"
	"time"
)

// Exchange is one call as it went over the wire, for a recording.
type Exchange struct {
	Method, URL string
	// Body and Answer are the beginnings of what was sent and what came, both unpacked, of 32 KiB at most. Those
	// of login_api are left out: they are secrets and nothing else.
	Body, Answer             string
	BodyLength, AnswerLength int // all of them
	Status                   int // 0: no answer
	Took                     time.Duration
	Err                      error // why no answer was read; nil: one was, whatever it says
}

// keptExchange bounds what is kept of a body.
const keptExchange = 32 << 10

// taken tells of a call that has ended.
func (c *Client) taken(m message, began time.Time, r reply, err error) {
	if c.o.Record == nil {
		return
	}
	x := Exchange{Method: http.MethodPost, URL: c.base + "/" + m.op + "/", BodyLength: len(m.body), AnswerLength: len(r.body), Status: r.status, Took: time.Since(began), Err: err}
	if m.op != opLogin {
		x.Body = c.hide(string(m.body[:min(len(m.body), keptExchange)]))
		x.Answer = c.hide(string(r.body[:min(len(r.body), keptExchange)]))
	}
	c.o.Record(x)
}
