package diadoc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// passwordScheme is DiadocAuth with POST /V3/Authenticate?type=password.
type passwordScheme struct {
	client *Client
	at     string
	p      Password
}

func newPasswordScheme(c *Client, p Password) *passwordScheme {
	if p.TokenLife == 0 {
		p.TokenLife = defaultTokenLife
	}
	c.wire.fixed = []string{p.Password, p.ClientID}
	return &passwordScheme{client: c, at: c.base + "/V3/Authenticate?type=password", p: p}
}

// header has both values as they are: the scheme knows no quotes, and a token may hold / + and =.
func (s *passwordScheme) header(token string) string {
	return "DiadocAuth ddauth_api_client_id=" + s.p.ClientID + ",ddauth_token=" + token
}

func (s *passwordScheme) login(ctx context.Context) (string, time.Duration, error) {
	body, err := json.Marshal(struct {
		Login    string `json:"login"`
		Password string `json:"password"`
	}{s.p.Login, s.p.Password})
	if err != nil {
		return "", 0, fmt.Errorf("writing the login: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at, bytes.NewReader(body))
	if err != nil {
		return "", 0, fmt.Errorf("making the login: %w", err)
	}
	r.Header.Set("Authorization", "DiadocAuth ddauth_api_client_id="+s.p.ClientID)
	r.Header.Set("Content-Type", "application/json")
	got, err := s.client.sent(r)
	if err != nil {
		return "", 0, err
	}
	// A line end behind the token is nobody's; anything else that no token holds means that it is none.
	token := string(bytes.TrimSuffix(bytes.TrimSuffix(got, []byte("\n")), []byte("\r")))
	switch {
	case token == "":
		return "", 0, noToken("it is empty")
	case !isToken(token):
		return "", 0, noToken("it has a character that stands in no token")
	}
	return token, s.p.TokenLife, nil
}
