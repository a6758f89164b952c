package smartone

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

// message is one request of a method.
type message struct {
	op     string
	body   []byte
	token  string // empty: none goes out
	gzip   bool
	signed bool
}

// reply is an answer that came whole.
type reply struct {
	status int
	header http.Header
	body   []byte // unpacked
	over   bool   // longer than the limit, and cut
}

// call carries out a heavy method: with a token, signed, at its distance from the one before. Where
// the system turns the token away, it gets another and sends the same once more.
func (c *Client) call(ctx context.Context, m message) (*answer, error) {
	m.signed = true
	for again := false; ; again = true {
		token, err := c.token(ctx, m.token)
		if err != nil && again {
			err = arrived(err)
		}
		if err != nil {
			return nil, err
		}
		m.token = token
		a, err := c.heavyCall(ctx, m)
		if again {
			return a, arrived(err)
		}
		if !tokenRefused(err) {
			return a, err
		}
	}
}

// arrived is err of a request that has been there once already, whatever the one that turned it away has done
// with it.
func arrived(err error) error {
	if unknown, ok := errors.AsType[*UnknownError](err); ok && unknown.Unsent {
		sent := *unknown
		sent.Unsent = false
		return &sent
	}
	return err
}

func (c *Client) heavyCall(ctx context.Context, m message) (*answer, error) {
	if err := c.heavy.enter(ctx); err != nil {
		return nil, &UnknownError{Op: m.op, Unsent: true, Err: err}
	}
	r, err := c.exchange(ctx, m)
	c.heavy.leave()
	if err != nil {
		return nil, err
	}
	return c.judge(m.op, r)
}

func tokenRefused(err error) bool {
	var denied *AccessError
	var no *Refusal
	return errors.As(err, &denied) || errors.As(err, &no) && no.Code == CodeAccessDenied
}

// exchange sends m once and reads the answer. The error is an *UnknownError.
func (c *Client) exchange(ctx context.Context, m message) (r reply, err error) {
	began := time.Now()
	defer func() { c.taken(m, began, r, err) }()
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := c.request(ctx, m)
	if err != nil {
		return reply{}, &UnknownError{Op: m.op, Unsent: true, Err: err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return reply{}, &UnknownError{Op: m.op, Unsent: !connected.Load(), Err: err}
	}
	defer resp.Body.Close()
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil && c.o.Clock != nil {
		c.o.Clock(at.Sub(c.o.Now()))
	}
	r = reply{status: resp.StatusCode, header: resp.Header}
	r.body, err = c.read(resp)
	if err != nil {
		return r, &UnknownError{Op: m.op, Status: r.status, Seen: c.visible(string(r.body), seenLength),
			Err: fmt.Errorf("reading it: %w", err)}
	}
	if r.over = int64(len(r.body)) > c.o.MaxBody; r.over {
		r.body = r.body[:c.o.MaxBody]
	}
	return r, nil
}

func (c *Client) request(ctx context.Context, m message) (*http.Request, error) {
	sent, kind := m.body, "application/json; charset=utf-8"
	if m.gzip {
		sent, kind = packed(m.body), "application/octet-stream"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/"+m.op+"/", bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // without it nobody below can send the body a second time
	req.Header = http.Header{
		"Accept":           {"application/json"},
		"Content-Type":     {kind},
		"User-Agent":       {"linemark"},
		"X-Requested-With": {"XMLHttpRequest"},
		"X-Lang":           {c.o.Lang},
	}
	if m.token != "" {
		req.Header.Set(c.o.TokenHeader, c.o.TokenPrefix+m.token)
	}
	if m.signed {
		sig, err := c.signer.sign(m.body, sent)
		if err != nil {
			return nil, err
		}
		req.Header.Set("X-Signature", sig)
	}
	return req, nil
}

// packed gzips b; the same bytes always come out the same, since no time and no name go in.
func packed(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// read returns the body of an answer, unpacked where it is gzipped, and one byte more than the
// limit at most. With an error come the bytes before it.
func (c *Client) read(resp *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, c.o.MaxBody+1))
	if err != nil || !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, c.o.MaxBody+1))
}

// retryAfter reads the header's two forms, seconds and a date, up to 30 minutes; 0: it says nothing. A date is
// compared to the answer's own where there is one: the clock of this machine may be wrong.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const longest = 30 * time.Minute
	s := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, longest)
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(at.Sub(now), 0), longest)
}

// visible makes text of outside bytes fit for a log: one line, what cannot be seen as an escape,
// without the password and the token, cut after length characters.
func (c *Client) visible(s string, length int) string {
	s = c.hide(s[:min(len(s), 64<<10)])
	var b strings.Builder
	blank := false
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			blank = b.Len() > 0
			continue
		case blank:
			b.WriteByte(' ')
		}
		blank = false
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
	shown := []rune(c.hide(b.String())) // once more: blanks that were run together may have stood within a secret
	return string(shown[:min(len(shown), length)])
}
