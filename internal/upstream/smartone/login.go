package smartone

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"linemark/internal/code"
)

const opLogin = "login_api"

// session holds the token. One login is in flight at a time; whoever needs a token meanwhile takes
// what comes of it, a refusal too, so that a wrong password is not tried by each of them.
type session struct {
	mu     sync.Mutex
	token  string
	given  []string // tokens, the latest last: a server may repeat one that is not used any more
	flight *flight
}

const keptTokens = 8

type flight struct {
	done  chan struct{}
	token string
	err   error
	left  bool // its caller gave up, which says nothing of the login
}

// token returns a token that is not stale, which is one that the system has just turned away.
func (c *Client) token(ctx context.Context, stale string) (string, error) {
	s := c.login
	for {
		s.mu.Lock()
		if s.token != "" && s.token != stale {
			defer s.mu.Unlock()
			return s.token, nil
		}
		if f := s.flight; f != nil {
			s.mu.Unlock()
			select {
			case <-f.done:
			case <-ctx.Done():
				return "", &UnknownError{Op: opLogin, Err: ctx.Err()}
			}
			if f.err != nil && !f.left {
				return "", f.err
			}
			continue
		}
		f := &flight{done: make(chan struct{})}
		s.flight, s.token = f, ""
		s.mu.Unlock()

		f.token, f.err = c.signIn(ctx)
		f.left = ctx.Err() != nil
		s.mu.Lock()
		s.token, s.flight = f.token, nil
		if f.token != "" {
			s.given = append(s.given, f.token)
			s.given = s.given[max(0, len(s.given)-keptTokens):]
		}
		s.mu.Unlock()
		close(f.done)
		return f.token, f.err
	}
}

// SignIn asks for a fresh token: whether the system is there and knows the user. It signs and carries
// nothing out. The error is as of the other calls.
func (c *Client) SignIn(ctx context.Context) error {
	_, err := c.token(ctx, c.login.current())
	return err
}

// current is the token that is used now; empty while there is none.
func (s *session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

func (c *Client) signIn(ctx context.Context) (string, error) {
	b := []byte{'{'}
	b = append(quoted(b, code.Code(c.o.LoginField)), ':')
	b = append(quoted(b, code.Code(c.o.Login)), ',')
	b = append(quoted(b, code.Code(c.o.PasswordField)), ':')
	b = append(quoted(b, code.Code(c.o.Password)), '}')
	reply, err := c.exchange(ctx, message{op: opLogin, body: b, signed: c.o.SignLogin})
	if err != nil {
		return "", err
	}
	a, err := c.judge(opLogin, reply)
	var no *Refusal
	var other *UnknownError
	switch {
	case errors.As(err, &no):
		return "", &AccessError{Op: opLogin, Status: no.Status, Message: no.Message}
	case errors.As(err, &other):
		other.Seen = "" // the token may be in it under a name that is not known here
		return "", other
	case err != nil:
		return "", err
	}
	token, err := a.tokenAt(c.o.TokenField)
	if err != nil {
		return "", &UnknownError{Op: opLogin, Status: reply.status, Err: err}
	}
	return token, nil
}

// tokenAt finds the token in an answer; a dot in the name leads into an object.
func (a *answer) tokenAt(name string) (string, error) {
	raw := json.RawMessage(a.raw)
	for part := range strings.SplitSeq(name, ".") {
		var o map[string]json.RawMessage
		if json.Unmarshal(raw, &o) != nil || o[part] == nil {
			return "", errors.New("it holds no " + name + "; the setting of the token's field may be another")
		}
		raw = o[part]
	}
	var token string
	if json.Unmarshal(raw, &token) != nil || token == "" {
		return "", errors.New(name + " is not a text")
	}
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r == ' ' || notVisible(r) }) {
		return "", errors.New(name + " cannot be a token: it is too long, or no visible ASCII")
	}
	return token, nil
}
