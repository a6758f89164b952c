package diadoc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/upstream/diadoc/diadoctest"
)

// good fails the test unless the ask brings the protocol.
func (s *site) good(t *testing.T) {
	t.Helper()
	if _, err := s.ask(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// logins checks how many there have been.
func (s *site) logins(t *testing.T, want int) {
	t.Helper()
	h := s.History()
	if n := h.Count(diadoctest.PathLogin) + h.Count(diadoctest.PathToken); n != want {
		t.Errorf("%d logins, want %d", n, want)
	}
}

func TestTokenIsKeptForItsLife(t *testing.T) {
	s := newSite(t)
	s.good(t)
	s.clock.move(24*time.Hour - time.Second)
	s.good(t)
	s.logins(t, 1)
	s.clock.move(time.Second)
	s.good(t)
	s.logins(t, 2)
	if n := s.History().Count(diadoctest.PathProtocol); n != 3 {
		t.Errorf("%d asks: the end of the token was not foreseen", n)
	}
	s.unbroken(t)
}

func TestTokenIsRenewedWhenRefused(t *testing.T) {
	s := newSite(t)
	s.good(t)
	s.Revoke()
	s.good(t)
	s.logins(t, 2)
	if n := s.History().Count(diadoctest.PathProtocol); n != 3 {
		t.Errorf("%d asks, want one, one refused, and its repeat", n)
	}
	s.unbroken(t)
}

// A new token that is refused as well ends in one clear refusal, and in no storm of logins.
func TestNewTokenIsRefusedToo(t *testing.T) {
	s := newSite(t)
	s.faulty(diadoctest.PathProtocol, diadoctest.Fault{Kind: diadoctest.Status, Status: 401, Body: "Токен отозван"})
	for i := range 3 {
		_, err := s.ask(t.Context())
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Status != 401 || refusal.Login || refusal.Final || !refusal.WholeBox || refusal.Text != "Токен отозван" {
			t.Fatalf("%v", err)
		}
		s.logins(t, 2)
		// Twice with each token of the first time; then once, to see whether the last one is good by now.
		if n := s.History().Count(diadoctest.PathProtocol); n != 2+i {
			t.Errorf("%d asks", n)
		}
	}
	s.clock.move(30 * time.Minute)
	if _, err := s.ask(t.Context()); err == nil {
		t.Error("no error")
	}
	s.logins(t, 3)
	s.SetFault(nil)
	s.good(t)
	s.logins(t, 3)
}

// A wrong password is tried once in half an hour, for all documents together.
func TestWrongPassword(t *testing.T) {
	s := newSite(t)
	s.SetPassword("another")
	for i := range 5 {
		_, err := s.Protocol(t.Context(), testBox, testMessage, fmt.Sprint("document-", i))
		var refusal *Refusal
		if !errors.As(err, &refusal) || !refusal.Login || refusal.Final || !refusal.WholeBox || refusal.Status != 401 || refusal.Text != "Неверный логин или пароль" {
			t.Fatalf("%v", err)
		}
		if !strings.HasPrefix(err.Error(), "logging in to Diadoc") || !strings.Contains(err.Error(), fmt.Sprint("document-", i)) {
			t.Errorf("%v", err)
		}
	}
	s.clock.move(30*time.Minute - time.Second)
	if _, err := s.ask(t.Context()); err == nil {
		t.Error("no error")
	}
	s.logins(t, 1)
	if n := s.History().Count(diadoctest.PathProtocol); n != 0 {
		t.Errorf("%d asks without a token", n)
	}
	s.SetPassword(testPassword)
	s.clock.move(time.Second)
	s.good(t)
	s.unbroken(t)
}

// A login that fails for the moment holds the others back as long as the server says.
func TestLoginFailsForTheMoment(t *testing.T) {
	type fault = diadoctest.Fault
	for _, tc := range []struct {
		name  string
		fault fault
		hold  time.Duration
		says  string
	}{
		{"overload", fault{Kind: diadoctest.Status, Status: 429, RetryAfter: "90"}, 90 * time.Second, "too many requests"},
		{"fault", fault{Kind: diadoctest.Status, Status: 500}, 10 * time.Second, "unexpected error"},
		{"told to come at once", fault{Kind: diadoctest.Status, Status: 503, RetryAfter: "1"}, 10 * time.Second, "not available"},
		{"no connection", fault{Kind: diadoctest.Reset}, 10 * time.Second, "no answer"},
		{"cut", fault{Kind: diadoctest.Cut}, 10 * time.Second, "the answer broke off"},
		{"a gateway's page", fault{Kind: diadoctest.HTML}, 10 * time.Second, "a page of some gateway"},
		{"a gateway's 403", fault{Kind: diadoctest.HTML, Status: 403}, 10 * time.Second, "a page of some gateway"},
		{"sent elsewhere", fault{Kind: diadoctest.Move}, 10 * time.Second, "sent elsewhere"},
		{"no token", fault{Kind: diadoctest.Empty}, 10 * time.Second, "it is empty"},
		{"line ends alone", fault{Kind: diadoctest.Status, Status: 200, Body: "\r\n"}, 10 * time.Second, "it is empty"},
		{"a sentence", fault{Kind: diadoctest.Status, Status: 200, Body: "no token"}, 10 * time.Second, "a character that stands in no token"},
		{"a token with more behind it", fault{Kind: diadoctest.Status, Status: 200, Body: "token,x=y"}, 10 * time.Second, "a character that stands in no token"},
		{"two line ends", fault{Kind: diadoctest.Status, Status: 200, Body: "token\n\n"}, 10 * time.Second, "a character that stands in no token"},
		{"far too long", fault{Kind: diadoctest.Status, Status: 200, Body: strings.Repeat("t", 16<<10+1)}, 10 * time.Second, "not an answer of Diadoc"},
		{"accepted, and nothing more", fault{Kind: diadoctest.Status, Status: 202, Body: "token"}, 10 * time.Second, "not an answer of Diadoc"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.faulty(diadoctest.PathLogin, tc.fault)
			for _, left := range []time.Duration{tc.hold, tc.hold / 2} {
				_, err := s.ask(t.Context())
				var temporary *TemporaryError
				if !errors.As(err, &temporary) || !temporary.Login || !strings.Contains(err.Error(), tc.says) {
					t.Fatalf("%v", err)
				}
				if temporary.After != left || temporary.Document != testDocument {
					t.Errorf("%#v, want it after %s", temporary, left)
				}
				s.clock.move(tc.hold / 2)
			}
			s.logins(t, 1)
			s.SetFault(nil)
			s.good(t)
			s.logins(t, 2)
		})
	}
}

// A token comes as the text of the body; a line end behind it is taken off and nothing else is.
func TestTokenOfTheBody(t *testing.T) {
	for body, want := range map[string]string{"a/+=": "a/+=", "a/+=\n": "a/+=", "a/+=\r\n": "a/+="} {
		s := newSite(t)
		s.faulty(diadoctest.PathLogin, diadoctest.Fault{Kind: diadoctest.Status, Status: 200, Body: body})
		if got, err := s.access.token(t.Context(), ""); err != nil || got != want {
			t.Errorf("%q: %q, %v", body, got, err)
		}
	}
}

// Twenty documents at once: one login, and four calls at a time.
func TestManyAtOnce(t *testing.T) {
	s := newSite(t)
	full := make(chan struct{}) // closed when four asks are under way
	var asks int
	var mu sync.Mutex
	s.SetFault(func(_, path string, n int) diadoctest.Fault {
		if path != diadoctest.PathProtocol {
			return diadoctest.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		if asks++; asks == 4 {
			close(full)
		}
		return diadoctest.Fault{Until: full}
	})
	round := func() {
		t.Helper()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := s.ask(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	round()
	s.logins(t, 1)
	s.Revoke()
	round()
	s.logins(t, 2)
	if h := s.History(); h.MostAsks != 4 || h.MostLogins != 1 {
		t.Errorf("%d asks and %d logins at a time", h.MostAsks, h.MostLogins)
	}
	s.unbroken(t)
}

// The fifth waits until one of the four has its answer.
func TestFourAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asking atomic.Int32
		answer := make(chan struct{})
		c, err := New(Options{
			URL: "https://diadoc.example", Password: &Password{ClientID: "c", Login: "l", Password: "p4ssw0rd"},
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				body := "token"
				if r.Method == http.MethodGet {
					asking.Add(1)
					<-answer
					body = string(diadoctest.Encode(testForm, testSign))
				}
				return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			go func() {
				if _, err := c.Protocol(t.Context(), "b", "m", "d"); err != nil {
					t.Error(err)
				}
			}()
		}
		for _, want := range []int32{4, 5, 6, 6, 6, 6} {
			synctest.Wait()
			if n := asking.Load(); n != want {
				t.Errorf("%d have asked, want %d", n, want)
			}
			answer <- struct{}{}
		}
		synctest.Wait()
	})
}

// Who waits for a place or for another's login can be called off; who is called off within a login leaves the
// next one to make it.
func TestWaitingEndsWithItsCaller(t *testing.T) {
	s := newSite(t)
	entered := make(chan struct{}, 8)
	never := make(chan struct{})
	s.SetFault(func(_, path string, n int) diadoctest.Fault {
		if path == diadoctest.PathLogin && n == 1 {
			entered <- struct{}{}
			return diadoctest.Fault{Kind: diadoctest.Empty, Until: never}
		}
		return diadoctest.Fault{}
	})
	first, stopFirst := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := s.ask(first); ended <- err }()
	<-entered

	waiting, stopWaiting := context.WithCancel(t.Context())
	waited := make(chan error, 5)
	for range 5 { // three wait for the login, two for a place
		go func() { _, err := s.ask(waiting); waited <- err }()
	}
	stopWaiting()
	for range 5 {
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	next := make(chan error, 1)
	go func() { _, err := s.ask(t.Context()); next <- err }()
	stopFirst()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := <-next; err != nil {
		t.Errorf("after a login that was called off: %v", err)
	}
	s.logins(t, 2)
}
