package izkm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"linemark/internal/escape"
)

// request is one call of a method of the document; path begins after the group's alias.
type request struct {
	method string
	path   string
	query  []param // besides omsId; a param without a value is left out
	twin   string  // how the method's table spells omsId, where that is another way
	body   []byte
}

type param struct{ name, value string }

func (r request) op() string { return r.method + " " + r.path }

// call sends r once and reads the answer into a. Any error is an *Error.
func (c *Client) call(ctx context.Context, r request, a answer) (failed error) {
	if err := checkAlias(c.group); err != nil {
		return invalid(r.op(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var connected atomic.Pointer[time.Time]
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			now := c.now()
			connected.Store(&now)
		},
	})
	req, err := http.NewRequestWithContext(ctx, r.method, c.address(r), bytes.NewReader(r.body))
	if err != nil {
		return invalid(r.op(), err)
	}
	req.GetBody = nil // without it nobody below can send the body a second time
	req.Header = http.Header{
		"Accept":       {"application/json"},
		"Content-Type": {"application/json"}, // the document demands it of GET too
		"User-Agent":   {"linemark"},
		"clientToken":  {c.tokenPrefix + *c.token}, // not through Set: the document's own spelling
	}
	x := c.exchange(req, r.body)
	defer func() { c.ended(x, failed) }()
	resp, err := c.http.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // Op says which call it was; the address adds only length
		}
		kind, err := c.broken(err, connected.Load() != nil)
		return c.hidden(&Error{Op: r.op(), Kind: kind, Err: err})
	}
	defer resp.Body.Close()
	c.compareClocks(connected.Load(), resp.Header.Get("Date"))
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBody+1))
	x.answered(resp.StatusCode, body)
	if err != nil {
		return c.hidden(&Error{
			Op: r.op(), Status: resp.StatusCode, Kind: Interrupted, Seen: c.visible(string(body), seenLength),
			Err: fmt.Errorf("reading the answer: %w", err),
		})
	}
	return c.judge(r.op(), resp.StatusCode, resp.Header, body, a)
}

// compareClocks tells Options.Clock what date means for an exchange that began at began and has
// just brought the head of its answer.
func (c *Client) compareClocks(began *time.Time, date string) {
	if c.clock == nil || began == nil {
		return
	}
	if theirs, err := http.ParseTime(date); err == nil {
		ours := began.Add(c.now().Sub(*began) / 2)
		c.clock(theirs.Sub(ours))
	}
}

// address writes the URL of r. Values go through escape.URLParam, which never writes a
// blank as "+" and leaves no "+" of a time zone bare.
func (c *Client) address(r request) string {
	var b strings.Builder
	b.WriteString(c.base + "/api/v2/" + c.group + r.path + "?omsId=" + escape.URLParam(c.omsID))
	if c.queryTwin && r.twin != "" {
		b.WriteString("&" + r.twin + "=" + escape.URLParam(c.omsID))
	}
	for _, p := range r.query {
		if p.value != "" {
			b.WriteString("&" + p.name + "=" + escape.URLParam(p.value))
		}
	}
	return b.String()
}

// judge decides what an answer that came whole means. The order of the cases is the
// protocol's: access first, whatever the body; then overload and server faults; then a
// refusal, which may come with status 200; and only then success.
func (c *Client) judge(op string, status int, header http.Header, body []byte, a answer) error {
	e := &Error{Op: op, Status: status}
	over := int64(len(body)) > c.maxBody
	var env envelope
	var unread error
	if !over {
		body, unread = jsonObject(body)
		if unread == nil {
			unread = env.read(body)
		}
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Kind = Unauthorized
	case status == http.StatusTooManyRequests:
		e.Kind, e.RetryAfter = Busy, retryAfter(header.Get("Retry-After"), c.now())
	case status >= 500:
		e.Kind = ServerFault
		if status == http.StatusServiceUnavailable {
			e.RetryAfter = retryAfter(header.Get("Retry-After"), c.now())
		}
	case env.refused():
		e.Kind = Refused
	case status >= 400 && unread == nil:
		e.Kind = Refused
	case status >= 400: // a gateway's page says nothing of what became of the call
		e.Kind, e.Err = Unexpected, unread
	case status != http.StatusOK:
		e.Kind = Unexpected
		if to := header.Get("Location"); to != "" {
			e.Err = fmt.Errorf("redirected to %s, which is not followed", c.visible(to, seenLength))
		}
	case over:
		e.Kind, e.Err = TooLarge, fmt.Errorf("longer than %d bytes", c.maxBody)
	case unread != nil:
		e.Kind, e.Err = Unexpected, unread
	default:
		err := c.accept(env, body, a)
		if err == nil {
			return nil
		}
		e.Kind, e.Err = Unexpected, err
	}
	e.Codes = env.errors()
	if len(e.Codes) == 0 {
		e.Seen = c.visible(string(body), seenLength)
	}
	return c.hidden(e)
}

// accept reads an answer of status 200 that refuses nothing.
func (c *Client) accept(env envelope, body []byte, a answer) error {
	if id := env.omsID(); id != "" && !strings.EqualFold(id, c.omsID) {
		return errors.New("it is for another omsId")
	}
	if err := decode(body, a); err != nil {
		return err
	}
	return a.complete()
}
