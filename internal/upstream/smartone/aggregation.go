package smartone

import (
	"context"
	"errors"
	"strings"
)

// Answer is the system's yes to a document. Its document ids are empty where it names none.
type Answer struct {
	RequestID string
	DocID     string // of the production document, in the system
	DocExtID  string // of the production document, as the manufacturer registered it
	Message   string
}

// MakeAggregation sends exactly body, as EncodeAggregation made it. nil means that the system has
// carried it out, now or when it came before. Else the error is one of
//
//   - *InProgressError, *UnknownError: ask again with the same bytes
//   - *TooFrequentError: the same, after Wait or Options.Spacing
//   - *Refusal: the system's no
//   - *RepeatError: taken for a repeat of another request
//   - *AccessError: no token
//   - *InvalidError: body is none of EncodeAggregation's; nothing was sent
func (c *Client) MakeAggregation(ctx context.Context, body []byte) (Answer, error) {
	p := new(problems)
	id, err := RequestID(body)
	if err != nil {
		p.add("%v", err)
	}
	if len(body) > MaxUnpacked {
		p.add("it has %d bytes before gzip; at most %d", len(body), MaxUnpacked)
	}
	if err := p.err(opAggregation); err != nil {
		return Answer{}, err
	}
	pack := c.o.Gzip == GzipAlways || c.o.Gzip == GzipLarge && len(body) >= c.o.GzipFrom
	a, err := c.call(ctx, message{op: opAggregation, body: body, gzip: pack})
	var running *InProgressError
	var no *Refusal
	about := ""
	switch {
	case errors.As(err, &no) && !no.RetryLater: // what was turned away unread goes again, whoever it was said to
		about = no.about
	case err == nil || errors.As(err, &running):
		about = a.about()
	}
	if about != "" && !strings.EqualFold(about, id) {
		return Answer{}, &RepeatError{Op: opAggregation, RequestID: id, Earlier: c.visible(about, MaxID)}
	}
	if err != nil && running == nil {
		return Answer{}, err
	}
	if running != nil {
		running.RequestID = id
		return Answer{}, running
	}
	return Answer{
		RequestID: id,
		DocID:     c.visible(string(a.DocID), MaxID),
		DocExtID:  c.visible(string(a.DocExtID), MaxID),
		Message:   c.visible(string(a.Message), textLength),
	}, nil
}
