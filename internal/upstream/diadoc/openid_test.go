package diadoc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/diadoc/diadoctest"
)

func openIDSite(t *testing.T, rotate bool, change func(*OpenID)) *site {
	return newSite(t,
		serverSays(func(o *diadoctest.Options) {
			o.ClientSecret, o.RefreshToken, o.Rotate, o.TokenLife, o.Scope = testSecret, testRefresh, rotate, time.Hour, "Diadoc offline_access"
		}),
		clientSays(func(o *Options) {
			o.Password = nil
			o.OpenID = &OpenID{TokenURL: o.URL + diadoctest.PathToken, ClientID: testClient, ClientSecret: testSecret, RefreshToken: testRefresh, Scope: "Diadoc offline_access"}
			change(o.OpenID)
		}))
}

func TestOpenID(t *testing.T) {
	for _, rotate := range []bool{false, true} {
		for _, inHeader := range []bool{false, true} {
			var told []string
			s := openIDSite(t, rotate, func(o *OpenID) {
				o.SecretInHeader = inHeader
				o.Rotated = func(token string) { told = append(told, token) }
			})
			s.good(t)
			s.clock.move(time.Hour - time.Second)
			s.good(t)
			s.logins(t, 1)
			s.clock.move(time.Second)
			s.good(t)
			s.logins(t, 2)
			s.Revoke()
			s.good(t)
			s.logins(t, 3)
			want := 0
			if rotate {
				want = 3
			}
			if len(told) != want || rotate && (told[0] == told[1] || told[1] == told[2]) {
				t.Errorf("rotate %t: told of %q", rotate, told)
			}
			s.unbroken(t)
		}
	}
}

func TestOpenIDRefused(t *testing.T) {
	for name, change := range map[string]func(*OpenID){
		"invalid_grant":  func(o *OpenID) { o.RefreshToken = "an old one" },
		"invalid_client": func(o *OpenID) { o.ClientSecret = "wrong" },
		"invalid_scope":  func(o *OpenID) { o.Scope = "" },
	} {
		s := openIDSite(t, false, change)
		for range 2 {
			_, err := s.ask(t.Context())
			var refusal *Refusal
			if !errors.As(err, &refusal) || !refusal.Login || refusal.Final || !refusal.WholeBox || !strings.Contains(refusal.Text, name) {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.logins(t, 1)
	}
}

// Answers of the token endpoint: which token they give, for how long, and that a new refresh token is kept even
// where the rest is of no use.
func TestOpenIDAnswers(t *testing.T) {
	for _, tc := range []struct {
		answer    string
		token     string
		life      time.Duration
		refreshed bool
	}{
		{`{"access_token":"a.b-c_","token_type":"Bearer","expires_in":3600}`, "a.b-c_", time.Hour, false},
		{`{"access_token":"a","token_type":"bearer","expires_in":"60","refresh_token":"new"}`, "a", time.Minute, true},
		{`{"access_token":"a"}`, "a", 0, false},
		{`{"access_token":"a","expires_in":null}`, "a", 0, false},
		{`{"access_token":"a","expires_in":0}`, "a", 0, false},
		{`{"access_token":"a","expires_in":-5}`, "a", 0, false},
		{`{"access_token":"a","expires_in":1e300}`, "a", 365 * 24 * time.Hour, false},
		{`{"access_token":"a","expires_in":"NaN","refresh_token":"new"}`, "a", 0, true},
		{`{"access_token":"a","expires_in":{},"refresh_token":"new"}`, "a", 0, true},
		{`{"access_token":"a b","refresh_token":"new"}`, "", 0, true},
		{`{"access_token":"a","token_type":"mac"}`, "", 0, false},
		{`{"refresh_token":"new"}`, "", 0, true},
		{`{}`, "", 0, false},
		{`a token`, "", 0, false},
		{``, "", 0, false},
	} {
		told := ""
		s := openIDSite(t, false, func(o *OpenID) { o.Rotated = func(token string) { told = token } })
		s.faulty(diadoctest.PathToken, diadoctest.Fault{Kind: diadoctest.Status, Status: 200, Body: tc.answer})
		token, life, err := s.access.scheme.login(t.Context())
		if token != tc.token || life != tc.life || (err != nil) != (tc.token == "") {
			t.Errorf("%s: %q for %s, %v", tc.answer, token, life, err)
		}
		if (told == "new") != tc.refreshed {
			t.Errorf("%s: told of %q", tc.answer, told)
		}
		if tc.refreshed && err != nil && strings.Contains(err.Error(), "new") {
			t.Errorf("shows the refresh token: %v", err)
		}
	}
}

// A caller that goes away while the refresh token is being replaced does not lose the new one.
func TestRefreshTokenOutlivesItsCaller(t *testing.T) {
	told := make(chan string, 1)
	s := openIDSite(t, true, func(o *OpenID) { o.Rotated = func(token string) { told <- token } })
	entered, answer := make(chan struct{}), make(chan struct{})
	s.SetFault(func(_, path string, n int) diadoctest.Fault {
		if path == diadoctest.PathToken && n == 1 {
			close(entered)
			return diadoctest.Fault{Until: answer}
		}
		return diadoctest.Fault{}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := s.ask(ctx); ended <- err }()
	<-entered
	cancel()
	close(answer)
	if token := <-told; token == testRefresh || token == "" {
		t.Errorf("told of %q", token)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	s.good(t)
	s.logins(t, 1)
}

// No login, and no ask, follows a redirect with the secrets in hand.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var hosts []string
	c, err := New(Options{
		URL: "https://diadoc.example", Password: &Password{ClientID: "c", Login: "l", Password: "p4ssw0rd"},
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return &http.Response{StatusCode: 307, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody, Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Protocol(t.Context(), "b", "m", "d"); err == nil || !strings.Contains(err.Error(), "https://elsewhere.example/") {
		t.Errorf("%v", err)
	}
	if len(hosts) != 1 || hosts[0] != "diadoc.example" {
		t.Errorf("sent to %q", hosts)
	}
}
