// Package diadoc asks Kontur.Diadoc for the transfer protocol of a document: the method
// GenerateDocumentProtocol, and the two ways of being let in. It knows the protocol and nothing else.
//
// Diadoc makes a protocol on demand, which takes seconds to hours. [Client.Protocol] asks once and
// tells what came; [Course] decides when to ask again, over hours and restarts.
package diadoc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"linemark/internal/escape"
)

// idLength bounds an id, for which the document names no length.
const idLength = 256

// Client is one account's access to Diadoc. It is safe for concurrent use: no more than four calls are
// under way at a time, the others wait, and all share one token. It holds no connection between calls.
type Client struct {
	base    string
	wire    *wire
	access  *access // behind a pointer, as wire is, so that no printed Client shows a secret
	slots   chan struct{}
	maxBody int64
	wait    time.Duration
	now     func() time.Time
	jitter  func(time.Duration) time.Duration
}

// New checks o and returns a client. It touches no network.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("diadoc: %w", err)
	}
	base, err := address("the URL", o.URL, o.AllowHTTP)
	if err != nil {
		return nil, fmt.Errorf("diadoc: %w", err)
	}
	o.defaults()
	c := &Client{
		base:    strings.TrimRight(base.String(), "/"),
		wire:    newWire(o.Transport, o.Timeout),
		slots:   make(chan struct{}, maxParallel),
		maxBody: o.MaxBody, wait: o.Wait, now: o.Now, jitter: o.Jitter,
	}
	c.access = &access{client: c, turn: make(chan struct{}, 1)}
	if o.Password != nil {
		c.access.scheme = newPasswordScheme(c, *o.Password)
		return c, nil
	}
	at, err := address("the token URL", o.OpenID.TokenURL, o.AllowHTTP)
	if err != nil {
		return nil, fmt.Errorf("diadoc: %w", err)
	}
	c.access.scheme = newOpenIDScheme(c, at.String(), *o.OpenID)
	return c, nil
}

// Protocol asks once for the protocol of a document; a token that is not accepted (401) is renewed once and
// the ask repeated with the new one. The error is one of
//
//   - [*NotReadyError]: it is being made;
//   - [*Refusal]: Diadoc turned it down, or the access, or the ids are not such as can be sent;
//   - [*TemporaryError]: nothing is known of it yet: no connection, 429, 5xx, a gateway's page;
//   - [*UnusableError]: what came is no protocol;
//   - ctx's own, wrapped.
//
// With an error the Protocol is empty, whatever had come of it. No error holds a secret.
func (c *Client) Protocol(ctx context.Context, boxID, messageID, documentID string) (Protocol, error) {
	doc := Document{Box: boxID, Message: messageID, ID: documentID}
	if err := doc.check(); err != nil {
		return Protocol{}, err
	}
	p, err := c.inTurn(ctx, doc)
	switch {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		return Protocol{}, fmt.Errorf("asking Diadoc for the protocol of %s: %w", doc, ctx.Err())
	}
	return Protocol{}, of(doc, err)
}

// inTurn waits for one of the four places.
func (c *Client) inTurn(ctx context.Context, doc Document) (Protocol, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return Protocol{}, ctx.Err()
	}
	token, err := c.access.token(ctx, "")
	if err != nil {
		return Protocol{}, err
	}
	a, err := c.ask(ctx, doc, token)
	if err == nil && a.status == http.StatusUnauthorized {
		if token, err = c.access.token(ctx, token); err != nil {
			return Protocol{}, err
		}
		a, err = c.ask(ctx, doc, token)
	}
	if err != nil {
		return Protocol{}, err
	}
	p, err := c.judge(a)
	if a.status == http.StatusUnauthorized {
		c.access.rejected(ctx, token, err)
	}
	return p, err
}

func (c *Client) ask(ctx context.Context, doc Document, token string) (answer, error) {
	at := c.base + "/GenerateDocumentProtocol?boxId=" + escape.URLParam(doc.Box) +
		"&messageId=" + escape.URLParam(doc.Message) + "&documentId=" + escape.URLParam(doc.ID)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return answer{}, fmt.Errorf("making the request: %w", err)
	}
	r.Header.Set("Authorization", c.access.scheme.header(token))
	return c.wire.send(r, c.maxBody)
}

// check refuses ids that cannot stand in a query or in a line of a log.
func (d Document) check() error {
	for _, id := range []struct{ name, value string }{{"box", d.Box}, {"message", d.Message}, {"document", d.ID}} {
		var wrong string
		switch {
		case id.value == "":
			wrong = "is missing"
		case len(id.value) > idLength:
			wrong = fmt.Sprintf("has %d bytes, above %d", len(id.value), idLength)
		case !utf8.ValidString(id.value):
			wrong = "is not in UTF-8"
		case strings.ContainsFunc(id.value, func(r rune) bool { return !unicode.IsPrint(r) }):
			wrong = "holds a line end or another character that cannot be seen"
		default:
			continue
		}
		return &Refusal{Document: d.shown(), Meaning: "nothing was asked, for the id of the " + id.name + " " + wrong + "; correct it", Final: true}
	}
	return nil
}

// shown is d with ids that fit into a line of a log, whatever they were.
func (d Document) shown() Document {
	clip := func(id string) string { return new(secrets).said([]byte(id)) }
	return Document{Box: clip(d.Box), Message: clip(d.Message), ID: clip(d.ID)}
}

// of writes doc into err, of which the login knows nothing.
func of(doc Document, err error) error {
	var (
		notReady  *NotReadyError
		refusal   *Refusal
		temporary *TemporaryError
		unusable  *UnusableError
	)
	switch {
	case errors.As(err, &notReady):
		e := *notReady
		e.Document = doc
		return &e
	case errors.As(err, &refusal):
		e := *refusal
		e.Document = doc
		return &e
	case errors.As(err, &unusable):
		e := *unusable
		e.Document = doc
		return &e
	case errors.As(err, &temporary):
		e := *temporary
		e.Document = doc
		return &e
	}
	return &TemporaryError{Document: doc, Meaning: "no answer; it will be asked for again later", Err: err}
}
