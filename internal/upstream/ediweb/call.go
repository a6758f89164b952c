package ediweb

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"linemark/internal/escape"
	"linemark/internal/upstream/ediweb/stack"
)

const method = "/edi/api/v1.1/getStackQrCode"

// address writes the parameters in the order of the document's sample, the comma as %2C.
func (c *Client) address(t IDType, org string, ids []string) string {
	return c.base + method + "?id_type=" + escape.URLParam(string(t)) + "&org_id=" + escape.URLParam(org) +
		"&doc_ids=" + escape.URLParam(strings.Join(ids, ",")) + *c.extra
}

// ask makes one call and fills in what its answer says of itself. It returns the answer's archive.
func (c *Client) ask(ctx context.Context, t IDType, org string, lot *Lot) ([]stack.Entry, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address(t, org, lot.IDs), nil)
	if err != nil {
		return nil, c.hidden(invalid("writing the request: %w", err))
	}
	// No Accept-Encoding: the document shows none, and gzip is told by the bytes.
	req.Header = http.Header{"Accept": {"*/*"}, "User-Agent": {"linemark"}}
	c.allow(req.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // the address would only add length
		}
		e := &Error{Kind: Unreachable, IDs: len(lot.IDs), Err: err}
		if connected.Load() {
			e.Kind = Interrupted
		}
		return nil, c.hidden(e)
	}
	defer resp.Body.Close()
	lot.RequestUUID = c.visible(resp.Header.Get("request_uuid"), uuidLength)
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBody+1))
	e := &Error{Status: resp.StatusCode, RequestUUID: lot.RequestUUID, IDs: len(lot.IDs)}
	entries := c.judge(e, resp.Header, body, err)
	if e.Kind != "" {
		return nil, c.hidden(e)
	}
	lot.FileName = fileName(resp.Header)
	return entries, nil
}

// judge decides what an answer means: it fills in e, or returns the archive.
func (c *Client) judge(e *Error, header http.Header, body []byte, cut error) []stack.Entry {
	over := int64(len(body)) > c.maxBody
	var unpacking error
	if cut == nil && !over {
		body, unpacking = c.gunzip(body)
	}
	e.Err = cut
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		e.Kind = Unauthorized
	case e.Status == http.StatusTooManyRequests:
		e.Kind, e.RetryAfter = Busy, retryAfter(header, c.now())
	case e.Status >= 500:
		e.Kind = ServerFault
		if e.Status == http.StatusServiceUnavailable {
			e.RetryAfter = retryAfter(header, c.now())
		}
	case e.Status >= 400:
		e.Kind = Refused
	case e.Status != http.StatusOK:
		e.Kind = Unexpected
		if to := header.Get("Location"); to != "" {
			e.Err = fmt.Errorf("redirected to %s, which is not followed", c.visible(to, seenLength))
		}
	case cut != nil:
		e.Kind, e.Err = Interrupted, fmt.Errorf("reading the answer: %w", cut)
		return nil
	case over || errors.Is(unpacking, errTooLong):
		e.Kind, e.Err = TooLarge, fmt.Errorf("longer than %d bytes", c.maxBody)
		return nil
	case unpacking != nil:
		e.Kind, e.Err = Unexpected, unpacking
		return nil
	default:
		entries, err := stack.Read(body, c.limits)
		if err == nil {
			return entries
		}
		e.Kind, e.Err = Unexpected, err
		switch {
		case !errors.Is(err, stack.ErrNotZip):
			e.Kind = Hostile
		case stack.IsZip(body):
			return nil // a broken archive: its bytes tell nobody anything
		case len(body) == 0:
			e.Err = fmt.Errorf("an empty answer, %w", stack.ErrNotZip)
		}
		if e.Kind == Hostile {
			return nil
		}
	}
	e.Seen = c.visible(string(body), seenLength)
	return nil
}

var errTooLong = errors.New("too long")

// gunzip takes off gzip where the bytes show it, whatever the headers say: once where the service
// packed its answer, twice where something on the way did it again.
func (c *Client) gunzip(body []byte) ([]byte, error) {
	magic := []byte("\x1f\x8b")
	for range 2 {
		if !bytes.HasPrefix(body, magic) {
			return body, nil
		}
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return body, fmt.Errorf("unpacking gzip: %w", err)
		}
		unpacked, err := io.ReadAll(io.LimitReader(r, c.maxBody+1))
		switch {
		case err != nil:
			return body, fmt.Errorf("unpacking gzip: %w", err)
		case int64(len(unpacked)) > c.maxBody:
			return nil, errTooLong
		}
		body = unpacked
	}
	if bytes.HasPrefix(body, magic) {
		return nil, errors.New("packed by gzip more than twice")
	}
	return body, nil
}

// fileName is how the answer calls itself: file_name, in Base64 and so proof against alphabets,
// else content-disposition; empty where both are missing or unreadable. It is no path.
func fileName(h http.Header) string {
	given := strings.TrimRight(strings.TrimSpace(h.Get("file_name")), "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if name, err := e.DecodeString(given); err == nil && len(name) > 0 && utf8.Valid(name) {
			return string(name)
		}
	}
	if _, params, err := mime.ParseMediaType(h.Get("content-disposition")); err == nil && utf8.ValidString(params["filename"]) {
		return params["filename"]
	}
	return ""
}
