package diadoc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/diadoc/diadoctest"
)

func TestFaults(t *testing.T) {
	type fault = diadoctest.Fault
	for _, tc := range []struct {
		name  string
		fault fault
		want  any // the type of error; nil: the protocol
		says  string
		after time.Duration
	}{
		{"byte by byte", fault{Kind: diadoctest.Drip}, nil, "", 0},
		{"no connection", fault{Kind: diadoctest.Reset}, new(*TemporaryError), "no answer", 0},
		{"answer cut off", fault{Kind: diadoctest.Cut}, new(*TemporaryError), "the answer broke off", 0},
		{"half of it as if it were all", fault{Kind: diadoctest.Half}, new(*UnusableError), "came and cannot be used (HTTP 200)", 0},
		{"garbage", fault{Kind: diadoctest.Garbage}, new(*UnusableError), "wire type 3", 0},
		{"a gateway's page", fault{Kind: diadoctest.HTML}, new(*TemporaryError), "a page of some gateway", 0},
		{"a gateway's 403", fault{Kind: diadoctest.HTML, Status: 403}, new(*TemporaryError), "a page of some gateway", 0},
		{"a gateway's 404", fault{Kind: diadoctest.HTML, Status: 404}, new(*TemporaryError), "a page of some gateway", 0},
		{"a gateway's 502", fault{Kind: diadoctest.HTML, Status: 502, RetryAfter: "9"}, new(*TemporaryError), "a gateway got no answer", 9 * time.Second},
		{"sent elsewhere", fault{Kind: diadoctest.Move}, new(*TemporaryError), "sent elsewhere, which is not followed", 0},
		{"nothing at all", fault{Kind: diadoctest.Empty}, new(*NotReadyError), "not ready yet", time.Minute},
		{"nothing but a time", fault{Kind: diadoctest.Empty, RetryAfter: "1400"}, new(*NotReadyError), "ask again in 23m20s", 1400 * time.Second},
		{"a time that cannot be read", fault{Kind: diadoctest.Empty, RetryAfter: "soon"}, new(*NotReadyError), "ask again in 1m0s", time.Minute},
		{"204 and no time", fault{Kind: diadoctest.Status, Status: 204}, new(*NotReadyError), "not ready yet", time.Minute},
		{"a time beside a page", fault{Kind: diadoctest.HTML, RetryAfter: "5"}, new(*NotReadyError), "not ready yet", 5 * time.Second},
		{"accepted, and a time", fault{Kind: diadoctest.Status, Status: 202, RetryAfter: "5"}, new(*NotReadyError), "not ready yet", 5 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.faulty(diadoctest.PathProtocol, tc.fault)
			p, err := s.ask(t.Context())
			if tc.want == nil {
				if err != nil || !bytes.Equal(p.PrintForm, testForm) || !bytes.Equal(p.Signature, testSign) {
					t.Fatalf("%q, %v", p, err)
				}
				return
			}
			if err == nil || !errors.As(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("%T %v, want a %T with %q", err, err, tc.want, tc.says)
			}
			after := time.Duration(0)
			switch want := tc.want.(type) {
			case **TemporaryError:
				after = (*want).After
			case **NotReadyError:
				after = (*want).After
			}
			if after != tc.after {
				t.Errorf("after %s, want %s", after, tc.after)
			}
			if p.PrintForm != nil || p.Signature != nil {
				t.Errorf("something is left: %q", p)
			}
			if strings.ContainsAny(err.Error(), "\r\n<") || !strings.Contains(err.Error(), testID) {
				t.Errorf("not one clear line: %q", err)
			}
			if n := s.History().Count(diadoctest.PathProtocol); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// An empty protocol makes one clear line, and leaves nothing.
func TestEmptyProtocol(t *testing.T) {
	s := newSite(t)
	s.put(func(d *diadoctest.Document) { d.PrintForm, d.Signature = nil, nil })
	p, err := s.ask(t.Context())
	want := "the protocol of document " + testID + " of message " + testMessage + " in box " + testBox + " came and cannot be used (HTTP 200): " +
		"it is empty: a print form and a signature of no bytes; it will be asked for again; if that stays so, download the protocol in Diadoc by hand and tell Kontur"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if p.PrintForm != nil || p.Signature != nil {
		t.Errorf("something is left: %q", p)
	}
}

func TestTooLong(t *testing.T) {
	body := diadoctest.Encode(testForm, testSign)
	for name, f := range map[string]diadoctest.Fault{"with its length": {}, "in pieces": {Kind: diadoctest.Drip}} {
		for limit, fits := range map[int]bool{len(body): true, len(body) - 1: false} {
			s := newSite(t, clientSays(func(o *Options) { o.MaxBody = int64(limit) }))
			s.faulty(diadoctest.PathProtocol, f)
			p, err := s.ask(t.Context())
			var unusable *UnusableError
			switch {
			case fits && err != nil:
				t.Errorf("%s: %v", name, err)
			case !fits && (!errors.As(err, &unusable) || !unusable.Final || !strings.Contains(err.Error(), "longer than the limit") || p.PrintForm != nil):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) { u.t.Error("read"); return 0, io.EOF }
func (unread) Close() error               { return nil }

// Of a body that says itself that it is too long nothing is read.
func TestTooLongIsNotRead(t *testing.T) {
	w := newWire(transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: 101, Body: unread{t}, Request: r}, nil
	}), time.Minute)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://diadoc.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := w.send(r, 100); err != nil || !a.over {
		t.Errorf("%+v, %v", a, err)
	}
}

// A body without a length that is said beforehand, longer than allowed.
func TestTooLongWithoutLength(t *testing.T) {
	c, err := New(Options{
		URL: "https://diadoc.example", MaxBody: 100, Password: &Password{ClientID: "c", Login: "l", Password: "password"},
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			body := "token"
			if r.Method == http.MethodGet {
				body = string(diadoctest.Encode(testForm, bytes.Repeat(testSign, 100)))
			}
			return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var unusable *UnusableError
	if _, err := c.Protocol(t.Context(), "b", "m", "d"); !errors.As(err, &unusable) || !unusable.Final {
		t.Error(err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that does not answer is a passing trouble; a caller that goes away is none at all.
func TestSlow(t *testing.T) {
	s := newSite(t, clientSays(func(o *Options) { o.Timeout = 50 * time.Millisecond }))
	s.faulty(diadoctest.PathProtocol, diadoctest.Fault{Until: make(chan struct{})})
	_, err := s.ask(t.Context())
	var temporary *TemporaryError
	if !errors.As(err, &temporary) || !strings.Contains(err.Error(), "no whole answer within 50ms") || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	came := make(chan struct{}, 2)
	s = newSite(t)
	s.SetFault(func(_, path string, _ int) diadoctest.Fault {
		if path == diadoctest.PathProtocol {
			came <- struct{}{}
			return diadoctest.Fault{Until: make(chan struct{})}
		}
		return diadoctest.Fault{}
	})
	ended := make(chan error)
	go func() {
		_, err := s.ask(ctx)
		ended <- err
	}()
	<-came
	cancel()
	err = <-ended
	if !errors.Is(err, context.Canceled) || errors.As(err, &temporary) || !strings.Contains(err.Error(), testID) {
		t.Errorf("%v", err)
	}
}

// Whatever a server sends back, no error shows a secret.
func TestSecretsStayHidden(t *testing.T) {
	for _, path := range []string{diadoctest.PathLogin, diadoctest.PathProtocol} {
		s := newSite(t)
		if _, err := s.ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		token := s.History().Tokens[0]
		everything := testPassword + " " + testClient + " " + token + " " + `p\u0026\"a\\s\u003cs\u003e ё+/=` + " " + strings.ReplaceAll(token, "=", "%3D") + " &#x70;&amp;" + testPassword[2:3] + "a\\s&lt;s&gt; ё&#43;/=" +
			" " + token[:10] + "\x00" + token[10:] + " конец"
		for _, status := range []int{400, 401, 403, 409, 429, 500, 302} {
			s.clock.move(24*time.Hour + 30*time.Minute) // so that a login is needed, and none is held
			s.faulty(path, diadoctest.Fault{Kind: diadoctest.Status, Status: status, Body: everything})
			_, err := s.ask(t.Context())
			if err == nil || status != 302 && (!strings.Contains(err.Error(), "***") || !strings.Contains(err.Error(), "конец")) {
				t.Fatalf("%s %d: %v", path, status, err)
			}
			for _, secret := range []string{testPassword, testClient, token, `p\u0026`, `%3D`, "&lt;"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s %d: shows %q: %v", path, status, secret, err)
				}
			}
		}
	}
}

// Of two secrets, one within the other, nothing is left; and words without end are cut.
func TestSaid(t *testing.T) {
	s := secrets{fixed: []string{"pass", "passphrase", ""}}
	if got := s.said([]byte(" the passphrase\tand PASS ")); got != "the *** and ***" {
		t.Errorf("%q", got)
	}
	if got := s.said([]byte(strings.Repeat("ё", 10_000))); got != strings.Repeat("ё", 500)+"…" {
		t.Errorf("%d bytes", len(got))
	}
	long := strings.Repeat("x", 4000)
	s.add(long)
	if got := s.said([]byte("[" + long + "]")); got != "[***]" {
		t.Errorf("%q", got)
	}
}
