package diadoc

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	tokenBytes = 16 << 10 // longest answer of a login; a header could not hold more either
	// A refused login is not tried again for this long: accounts are locked for wrong passwords, and every
	// document would try once.
	pauseRefused = longest
	// The same for a login that failed otherwise, where the server named no time.
	pauseFailed = 10 * time.Second
)

// scheme is one way of being let in.
type scheme interface {
	// login gets a new token. life is how long it is good; 0: until it is refused.
	login(ctx context.Context) (token string, life time.Duration, err error)
	// header is the value of Authorization.
	header(token string) string
}

// access keeps the one token of a client. Whoever holds turn may touch what stands below it, and log in:
// so there is one login at a time, and those who waited for it find its token.
type access struct {
	client *Client
	scheme scheme
	turn   chan struct{}

	current string    // token; empty: none yet
	until   time.Time // zero: no end known
	failure error     // of the last login
	held    time.Time // until then there is no other
}

// token returns the token to use instead of bad: the one at hand, or that of a new login. bad is empty where
// none has been refused.
func (a *access) token(ctx context.Context, bad string) (string, error) {
	if err := a.take(ctx); err != nil {
		return "", err
	}
	defer a.leave()
	now := a.client.now()
	if a.current != "" && a.current != bad && (a.until.IsZero() || now.Before(a.until)) {
		return a.current, nil
	}
	if left := a.held.Sub(now); left > 0 {
		return "", a.still(left)
	}
	token, life, err := a.scheme.login(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err() // it says nothing of the login, which the next one tries again
		}
		return "", a.hold(err)
	}
	a.client.wire.add(token)
	a.current, a.until, a.held = token, time.Time{}, time.Time{}
	if life > 0 {
		a.until = now.Add(life)
	}
	return token, nil
}

// rejected notes that a token just given out is refused as well: no login will help for a while.
func (a *access) rejected(ctx context.Context, token string, err error) {
	if a.take(ctx) != nil {
		return
	}
	defer a.leave()
	if a.current == token {
		a.failure, a.held = err, a.client.now().Add(pauseRefused)
	}
}

func (a *access) take(ctx context.Context) error {
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *access) leave() { <-a.turn }

// hold keeps err as the answer to all who need a login before its time is over.
func (a *access) hold(err error) error {
	pause := pauseRefused
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		var temporary *TemporaryError
		if !errors.As(err, &temporary) {
			temporary = &TemporaryError{Login: true, Meaning: "no answer; it will be asked for again later", Err: err}
		}
		temporary.After = max(temporary.After, pauseFailed)
		err, pause = temporary, temporary.After
	}
	a.failure, a.held = err, a.client.now().Add(pause)
	return err
}

// still is the failure that a login is held for, with the time that is left of it.
func (a *access) still(left time.Duration) error {
	var temporary *TemporaryError
	if !errors.As(a.failure, &temporary) {
		return a.failure
	}
	e := *temporary
	e.After = clamp(left)
	return &e
}

// sent sends the request of a login and returns the body of a success.
func (c *Client) sent(r *http.Request) ([]byte, error) {
	a, err := c.wire.send(r, tokenBytes)
	switch {
	case err != nil:
		return nil, err
	case !a.speaks():
		return nil, c.temporary(a, true)
	case a.status >= 400:
		return nil, c.refusal(a, true)
	case a.broken != nil, a.status != http.StatusOK, a.over, isPage(a.body):
		return nil, c.temporary(a, true)
	}
	return a.body, nil
}

// noToken is the error of a login that was answered with success and without a token.
func noToken(why string) *TemporaryError {
	return &TemporaryError{Login: true, Status: http.StatusOK, Meaning: "the answer holds no token; check the address of the server in the settings", Err: errors.New(why)}
}
