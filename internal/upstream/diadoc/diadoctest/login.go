package diadoctest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const bodyLimit = 1 << 20

// issued is a token that was given out.
type issued struct {
	header string // the one value of Authorization that it is good with
	until  time.Time
}

func readBody(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the request broke off: %w", err)
	case len(b) > bodyLimit:
		return nil, fmt.Errorf("the request is longer than %d bytes", bodyLimit)
	}
	return b, nil
}

// authorized: the header is compared as a whole, so a blank or a quote too many is refused.
func (s *Server) authorized(r *http.Request) bool {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		s.breach("%d headers Authorization", len(values))
		return false
	}
	t := s.tokens[values[0]]
	if t == nil {
		if scheme, _, _ := strings.Cut(values[0], " "); scheme != "DiadocAuth" && scheme != "Bearer" {
			s.breach("an Authorization of the scheme %q", scheme)
		}
		return false
	}
	return s.opt.Now().Before(t.until)
}

// login carries out POST /V3/Authenticate?type=password.
func (s *Server) login(r *http.Request, body []byte) reply {
	if r.Method != http.MethodPost {
		s.breach("a login with %s", r.Method)
		return text(http.StatusMethodNotAllowed, "Используется неподходящий HTTP-метод")
	}
	if q, good := s.query(r, "type"); !good || q["type"] != "password" {
		s.breach("a login of another type than password")
		return text(http.StatusBadRequest, "Неверный параметр type")
	}
	if got := r.Header.Values("Authorization"); len(got) != 1 || got[0] != "DiadocAuth ddauth_api_client_id="+s.opt.ClientID {
		return text(http.StatusUnauthorized, "Ключ разработчика не зарегистрирован в Диадоке")
	}
	login, password, err := readLogin(r.Header.Get("Content-Type"), body)
	if err != nil {
		s.breach("a login that cannot be read: %v", err)
		return text(http.StatusBadRequest, err.Error())
	}
	if login != s.opt.Login || password != s.password || s.opt.Login == "" {
		return text(http.StatusUnauthorized, "Неверный логин или пароль")
	}
	token := s.issue(func(token string) string {
		return "DiadocAuth ddauth_api_client_id=" + s.opt.ClientID + ",ddauth_token=" + token
	})
	return text(http.StatusOK, token)
}

// readLogin reads the body in either form; without a Content-Type it is protobuf.
func readLogin(contentType string, body []byte) (login, password string, err error) {
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind == "application/json" {
		var v map[string]string // not a struct, which would take names in any case of letters
		if err := json.Unmarshal(body, &v); err != nil {
			return "", "", fmt.Errorf("reading the JSON: %w", err)
		}
		_, first := v["login"]
		if _, second := v["password"]; !first || !second || len(v) != 2 {
			return "", "", errors.New("the JSON does not hold login and password alone")
		}
		return v["login"], v["password"], nil
	}
	fields, err := Decode(body)
	if err != nil {
		return "", "", err
	}
	for _, f := range fields {
		switch {
		case f.Number == 1 && f.Wire == 2:
			login = string(f.Bytes)
		case f.Number == 2 && f.Wire == 2:
			password = string(f.Bytes)
		}
	}
	return login, password, nil
}

// exchange carries out the refresh-token flow of RFC 6749.
func (s *Server) exchange(r *http.Request, body []byte) reply {
	fail := func(status int, code string) reply {
		return reply{status: status, kind: "application/json", body: []byte(`{"error":"` + code + `"}`)}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, err := url.ParseQuery(string(body))
	if r.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" || err != nil || r.URL.RawQuery != "" {
		s.breach("a request for a token that is no posted form")
		return fail(http.StatusBadRequest, "invalid_request")
	}
	for name, all := range form {
		if len(all) != 1 {
			s.breach("the field %s comes %d times", name, len(all))
			return fail(http.StatusBadRequest, "invalid_request")
		}
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, word, basic := r.BasicAuth(); basic {
		if form.Has("client_secret") {
			s.breach("the client secret comes in two ways")
			return fail(http.StatusBadRequest, "invalid_request")
		}
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(word)
	}
	switch {
	case id != s.opt.ClientID || secret != s.opt.ClientSecret:
		return fail(http.StatusUnauthorized, "invalid_client")
	case form.Get("grant_type") != "refresh_token":
		return fail(http.StatusBadRequest, "unsupported_grant_type")
	case form.Get("scope") != s.opt.Scope:
		return fail(http.StatusBadRequest, "invalid_scope")
	case form.Get("refresh_token") != s.refresh:
		return fail(http.StatusBadRequest, "invalid_grant")
	}
	answer := map[string]any{"token_type": "Bearer", "expires_in": int(s.opt.TokenLife / time.Second)}
	answer["access_token"] = s.issue(func(token string) string { return "Bearer " + token })
	if s.opt.Rotate {
		s.refresh = s.random("refresh")
		answer["refresh_token"] = s.refresh
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return fail(http.StatusInternalServerError, "server_error")
	}
	return reply{status: http.StatusOK, kind: "application/json", body: b}
}

// issue gives out a token. One while the last was good, and nobody had been refused with it, is a breach: the vendor
// asks for one token for all calls and for as long as it lives.
func (s *Server) issue(header func(token string) string) string {
	now := s.opt.Now()
	if s.latest != nil && now.Before(s.latest.until) {
		s.breach("a login although the last token is good for %s more", s.latest.until.Sub(now))
	}
	token := s.random("token")
	s.latest = &issued{header: header(token), until: now.Add(s.opt.TokenLife)}
	s.tokens[s.latest.header] = s.latest
	s.history.Tokens = append(s.history.Tokens, token)
	return token
}

// random makes a word with the characters that a token may hold, / + and = among them.
func (s *Server) random(of string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", of, len(s.history.Tokens), s.opt.ClientID))
	return base64.StdEncoding.EncodeToString(sum[:]) + "/+="
}
