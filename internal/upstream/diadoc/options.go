package diadoc

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	defaultTimeout   = 2 * time.Minute
	defaultMaxBody   = 64 << 20
	defaultTokenLife = 24 * time.Hour // of a token that Authenticate gives
	defaultWait      = time.Minute
	// maxParallel is the vendor's advice for one access: four calls at a time, all with one token.
	maxParallel = 4
)

// Options is what a Client needs to know. Of Password and OpenID exactly one must be set.
type Options struct {
	URL string // base address: "https://diadoc-api.kontur.ru"; a path in it stays in front
	// AllowHTTP lets the addresses be plain http to another machine. To this machine's loopback they always may be.
	AllowHTTP bool

	Password *Password
	OpenID   *OpenID

	Timeout time.Duration // for one request with its whole answer; 0: 2 min
	MaxBody int64         // longest protocol in bytes; 0: 64 MiB
	Wait    time.Duration // until the next ask where "not ready" names no time, 1 s to 30 min; 0: 1 min

	// Transport replaces the network, its certificates and its proxies; nil: the system's, without a proxy.
	Transport http.RoundTripper
	// Now is the clock for the life of tokens and for dates; nil: time.Now.
	Now func() time.Time
	// Jitter is what is added to a wait, so that documents asked for together are not asked for together
	// for ever; nil: up to a tenth of it at random.
	Jitter func(time.Duration) time.Duration
}

// Password is the scheme DiadocAuth: a token for login and password, which the vendor calls obsolete and
// keeps working. Printing one shows nothing.
type Password struct {
	ClientID        string // the integrator's key, ddauth_api_client_id
	Login, Password string
	TokenLife       time.Duration // 0: 24 h, as the vendor says
}

// OpenID is the scheme that the vendor recommends: a refresh token is turned into access tokens, again and
// again (RFC 6749, section 6). Printing one shows nothing.
type OpenID struct {
	TokenURL               string // "https://identity.kontur.ru/connect/token"
	ClientID, ClientSecret string
	RefreshToken           string
	Scope                  string // sent if not empty
	// SecretInHeader sends ClientID and ClientSecret as HTTP Basic and not in the body (RFC 6749, 2.3.1).
	SecretInHeader bool
	// Rotated, if not nil, is told of each new refresh token that the server gives in place of the last
	// one, before anything else is done. It must be kept: after a restart the old one may be worth nothing.
	Rotated func(refreshToken string)
}

func (Password) String() string   { return "***" }
func (Password) GoString() string { return "***" }
func (OpenID) String() string     { return "***" }
func (OpenID) GoString() string   { return "***" }

func (o *Options) defaults() {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = tenth
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{DisableKeepAlives: true} // minutes pass between asks
	}
}

func (o Options) check() error {
	switch {
	case o.Timeout < 0 || o.MaxBody < 0:
		return errors.New("timeout and longest protocol must not be negative")
	case o.Wait != 0 && (o.Wait < shortest || o.Wait > longest):
		return fmt.Errorf("the wait for a protocol must be between %s and %s", shortest, longest)
	case o.Password == nil && o.OpenID == nil:
		return errors.New("there is neither a login with its password nor a refresh token")
	case o.Password != nil && o.OpenID != nil:
		return errors.New("there are both a login with its password and a refresh token; one of them must go")
	case o.Password != nil:
		return o.Password.check()
	}
	return o.OpenID.check()
}

func (p Password) check() error {
	switch {
	case p.ClientID == "":
		return errors.New("the client id (ddauth_api_client_id) is missing")
	case !isToken(p.ClientID):
		return errors.New("the client id holds a blank, a comma or another character that no client id has")
	case p.Login == "":
		return errors.New("the login is missing")
	case p.Password == "":
		return errors.New("the password is missing")
	case !utf8.ValidString(p.Login) || !utf8.ValidString(p.Password):
		// encoding/json would send U+FFFD in place of the byte and not say so
		return errors.New("login or password is not in UTF-8")
	case p.TokenLife < 0:
		return errors.New("the life of a token must not be negative")
	}
	return nil
}

func (p OpenID) check() error {
	switch {
	case p.ClientID == "":
		return errors.New("the client id is missing")
	case p.ClientSecret == "":
		return errors.New("the client secret is missing")
	case p.RefreshToken == "":
		return errors.New("the refresh token is missing")
	case strings.ContainsFunc(p.ClientID+p.ClientSecret+p.RefreshToken+p.Scope, unicode.IsControl):
		return errors.New("client id, client secret, refresh token or scope holds a line end or another control character")
	}
	return nil
}

// isToken: visible ASCII without what would end a value in the header DiadocAuth, where nothing is quoted.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`,"<>`, r) })
}

// address checks a base address. what names it in errors, which never show it: it may hold a password.
func address(what, s string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return nil, fmt.Errorf("%s is missing", what)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read", what)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s does not begin with https://", what)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%s names no host", what)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("%s holds more than a host and a path", what)
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("%s is plain http, which would send password and token in the open; use https", what)
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
