package diadoc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// wire sends requests and reads answers, each once.
type wire struct {
	secrets
	http    *http.Client
	timeout time.Duration
}

// answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
	over   bool  // the body is longer than was allowed; body holds nothing or its beginning
	broken error // the body ended too early
}

// newWire follows no redirect: one would carry the authorization to wherever it points.
func newWire(t http.RoundTripper, timeout time.Duration) *wire {
	return &wire{timeout: timeout, http: &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send sends r and reads an answer of limit bytes at most, of any but a success only as much as is worth
// showing. An error means that there was no answer; it holds no secret.
func (w *wire) send(r *http.Request, limit int64) (answer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), w.timeout)
	defer cancel()
	r = r.WithContext(ctx)
	r.GetBody = nil // without it nobody below can send a login a second time
	r.Header.Set("User-Agent", "linemark")
	resp, err := w.http.Do(r)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err // the address adds only length
		}
		return answer{}, w.hidden(w.late(ctx, err))
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	success := a.status >= 200 && a.status < 300
	if !success {
		limit = textBytes
	}
	if a.over = success && resp.ContentLength > limit; a.over {
		return a, nil
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	a.broken = w.late(ctx, err)
	a.over = int64(len(a.body)) > limit
	return a, nil
}

// late says of a request that took too long what the context's error does not.
func (w *wire) late(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no whole answer within %s", w.timeout)
	}
	return err
}

// speaks: it is Diadoc itself that answers, and about what was asked. Overload, faults of the server,
// redirects, and refusals that come as a page of HTML (from a gateway: Diadoc's are plain text) are not.
// A 401 counts whatever its body, since the token has to be renewed on it.
func (a answer) speaks() bool {
	switch {
	case a.status == http.StatusUnauthorized:
		return true
	case a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout, a.status >= 500:
		return false
	case a.status >= 400:
		return !isPage(a.body)
	}
	return a.status >= 200 && a.status < 300
}

// retryAfter reads Retry-After in its two forms, whole seconds and a date (RFC 9110, 10.2.3), between
// 1 s and 30 min; 0 where there is none or it says nothing. A date is compared to the answer's own Date where
// there is one: the clock of this machine may be wrong.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return clamp(time.Duration(min(n, uint64(longest/time.Second))) * time.Second)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return clamp(at.Sub(now))
}

func clamp(d time.Duration) time.Duration { return min(max(d, shortest), longest) }
