package diadoc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// openIDScheme is a Bearer token by the refresh-token flow of RFC 6749, section 6.
type openIDScheme struct {
	client *Client
	at     string
	o      OpenID // RefreshToken is the latest; touched by logins alone, of which there is one at a time
}

func newOpenIDScheme(c *Client, at string, o OpenID) *openIDScheme {
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(o.ClientSecret)))
	c.wire.fixed = []string{o.ClientSecret, o.RefreshToken, basic}
	return &openIDScheme{client: c, at: at, o: o}
}

func (s *openIDScheme) header(token string) string { return "Bearer " + token }

func (s *openIDScheme) login(ctx context.Context) (string, time.Duration, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.o.RefreshToken}}
	if s.o.Scope != "" {
		form.Set("scope", s.o.Scope)
	}
	if !s.o.SecretInHeader {
		form.Set("client_id", s.o.ClientID)
		form.Set("client_secret", s.o.ClientSecret)
	}
	ctx, end := unhurried(ctx)
	defer end()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, fmt.Errorf("making the login: %w", err)
	}
	if s.o.SecretInHeader { // encoded first, as the RFC has it
		r.SetBasicAuth(url.QueryEscape(s.o.ClientID), url.QueryEscape(s.o.ClientSecret))
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	got, err := s.client.sent(r)
	if err != nil {
		return "", 0, err
	}
	var a struct {
		Access  string          `json:"access_token"`
		Type    string          `json:"token_type"`
		Expires json.RawMessage `json:"expires_in"` // a number; some servers put it into quotes
		Refresh string          `json:"refresh_token"`
	}
	if json.Unmarshal(got, &a) != nil { // its error would show the answer
		return "", 0, noToken("it is not the JSON of a token")
	}
	// First of all, for the old one may be worth nothing any more, whatever the rest of the answer is.
	if a.Refresh != "" && a.Refresh != s.o.RefreshToken {
		s.o.RefreshToken = a.Refresh
		s.client.wire.add(a.Refresh)
		if s.o.Rotated != nil {
			s.o.Rotated(a.Refresh)
		}
	}
	switch {
	case a.Access == "":
		return "", 0, noToken("it names no access_token")
	case !isToken(a.Access):
		return "", 0, noToken("its access_token has a character that stands in no token")
	case a.Type != "" && !strings.EqualFold(a.Type, "Bearer"):
		return "", 0, noToken("its token is not of the type Bearer")
	}
	seconds, err := strconv.ParseFloat(strings.Trim(string(a.Expires), `"`), 64)
	if err != nil || !(seconds > 0) {
		return a.Access, 0, nil
	}
	return a.Access, time.Duration(min(seconds, 365*24*3600) * float64(time.Second)), nil
}

// grace is how long a login goes on after its caller has gone.
const grace = 5 * time.Second

// unhurried lets a login outlive its caller by the grace: its answer may bring the refresh token that alone is
// good from now on, and one that is lost with a program's end takes a person to replace.
func unhurried(caller context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(caller))
	unwatch := context.AfterFunc(caller, func() { time.AfterFunc(grace, cancel) })
	return ctx, func() { unwatch(); cancel() }
}
