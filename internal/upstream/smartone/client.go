// Package smartone speaks to SmartOne's "T&T SYSTEM": it reports aggregation (make_aggregation),
// and takes the codes of a batch (get_batch_codes). It knows the protocol and nothing else.
//
// A document is made once, by EncodeAggregation, and its bytes are stored before they are sent.
// MakeAggregation sends them once, or twice where the token had run out, and repeats nothing else:
// whoever calls decides, from the type of the error, whether the same bytes go again.
//
// Facts are from the vendor's document of make_aggregation and its public pages. What neither says
// is a setting of Options.
package smartone

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	defaultTimeout = 60 * time.Second
	defaultMaxBody = 64 << 20
	defaultGzip    = 8 << 10
	maxToken       = 8 << 10
)

// Gzip says which bodies of make_aggregation go out gzipped.
type Gzip string

// The vendor's page on make_aggregation says that its parameters are gzipped; another, that they
// can be. Empty is GzipAlways, which is right by both.
const (
	GzipAlways Gzip = "always"
	GzipLarge  Gzip = "large" // from Options.GzipFrom bytes
	GzipNever  Gzip = "never"
)

// Options is what a Client needs to know of the installation.
type Options struct {
	URL             string // base address, https (http to this machine alone); the methods' names stand behind it
	Login, Password string
	Key             []byte // the manufacturer's private key, in PEM; see ParseKey

	Padding   Padding
	Encoding  Encoding
	Signed    Signed
	Gzip      Gzip
	GzipFrom  int    // bytes from which GzipLarge gzips; 0: 8 KiB
	GzipBatch bool   // gzip the request of get_batch_codes too
	Lang      string // X-Lang: "en" (empty) or "az"

	// Fields of login_api, which is not described: by default "login" and "password" go out, and
	// "token" comes back. A dot in TokenField leads into an object: "data.token".
	LoginField, PasswordField, TokenField string
	SignLogin                             bool   // sign login_api too
	TokenHeader                           string // header that carries the token; empty: Authorization
	// TokenPrefix stands in front of the token, with its blank; empty: "Bearer ". NoTokenPrefix: none.
	TokenPrefix   string
	NoTokenPrefix bool

	Timeout time.Duration // for one request with its whole answer; 0: 60 s
	Spacing time.Duration // between two heavy calls of this client, and before its first; 0: 2 s, the least that is allowed
	MaxBody int64         // longest unpacked answer in bytes; 0: 64 MiB

	// Clock, if not nil, hears of every answer with a Date how far the server's clock is ahead of
	// this machine's, to the second and the answer's way.
	Clock func(ahead time.Duration)
	// Now is the clock that answers' dates are compared with; nil: time.Now.
	Now func() time.Time

	// Record, if not nil, is told of every call when it has ended, before it returns and in the caller's
	// goroutine. Neither password nor token is in what it is told.
	Record func(Exchange)

	TLS *tls.Config // authorities and client certificates; nil: what the system trusts
	// DialContext replaces the network; nil: the system's.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client is one account's access. It is safe for concurrent use; heavy calls of one client wait for
// each other. It holds no connection between calls.
type Client struct {
	o      Options
	base   string
	signer *signer
	http   *http.Client
	login  *session
	heavy  *spacing
	secret *regexp.Regexp // the password in all its forms; behind a pointer so that no printed Client shows it
}

// New checks o and returns a client. It touches no network. The error is one line with everything
// that is wrong.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	var wrong []string
	say := func(err error) {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	base, err := baseURL(o.URL)
	say(err)
	key, err := ParseKey(o.Key)
	if err != nil {
		say(fmt.Errorf("signature key: %w", err))
	}
	for _, need := range []struct{ name, value string }{{"login", o.Login}, {"password", o.Password}} {
		if need.value == "" {
			say(fmt.Errorf("the %s is missing", need.name))
		} else if err := checkText(need.value, textLength); err != nil {
			say(fmt.Errorf("the %s %w", need.name, err))
		}
	}
	say(oneOf("padding", o.Padding, PKCS1v15, PSS))
	say(oneOf("encoding of the signature", o.Encoding, Base64, Hex))
	say(oneOf("what is signed", o.Signed, SignPlain, SignSent))
	say(oneOf("gzip", o.Gzip, GzipAlways, GzipLarge, GzipNever))
	say(oneOf("X-Lang", o.Lang, "en", "az"))
	if o.LoginField == o.PasswordField {
		say(errors.New("the fields of login and password have one name"))
	}
	if !headerName(o.TokenHeader) || slices.Contains(fixedHeaders, http.CanonicalHeaderKey(o.TokenHeader)) {
		say(fmt.Errorf("%.40q cannot be the header of the token", o.TokenHeader))
	}
	if strings.ContainsFunc(o.TokenPrefix, notVisible) {
		say(errors.New("the prefix of the token holds a character outside ASCII"))
	}
	if o.Timeout < 0 || o.MaxBody < 0 || o.GzipFrom < 0 {
		say(errors.New("timeout and sizes must not be negative"))
	}
	if o.Spacing < DefaultSpacing {
		say(fmt.Errorf("%v between heavy calls is less than the system allows, %v", o.Spacing, DefaultSpacing))
	}
	if len(wrong) > 0 {
		return nil, errors.New("smartone: " + strings.Join(wrong, "; "))
	}
	c := &Client{o: o, base: base, heavy: newSpacing(o.Spacing), login: new(session)}
	c.secret = anyForm(o.Password)
	c.signer = &signer{key: key, padding: o.Padding, encoding: o.Encoding, signed: o.Signed}
	c.http = &http.Client{
		Transport:     transport(o),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.o.Key = nil
	return c, nil
}

func (o Options) withDefaults() Options {
	set(&o.Padding, PKCS1v15)
	set(&o.Encoding, Base64)
	set(&o.Signed, SignPlain)
	set(&o.Gzip, GzipAlways)
	set(&o.GzipFrom, defaultGzip)
	set(&o.Lang, "en")
	set(&o.LoginField, "login")
	set(&o.PasswordField, "password")
	set(&o.TokenField, "token")
	set(&o.TokenHeader, "Authorization")
	set(&o.TokenPrefix, "Bearer ")
	if o.NoTokenPrefix {
		o.TokenPrefix = ""
	}
	set(&o.Timeout, defaultTimeout)
	set(&o.Spacing, DefaultSpacing)
	set(&o.MaxBody, defaultMaxBody)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func set[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

func oneOf[T ~string](name string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %.40q; it is one of %q", name, value, allowed)
}

// String names the client without its secrets, whatever the verb.
func (c *Client) String() string { return "smartone at " + c.base }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// Format keeps %+v from walking into the secrets.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// transport sends each request over a connection of its own: http.Transport repeats some requests
// by itself when a reused connection dies, and so does HTTP/2. No proxy is taken from the
// environment for the same reason.
func transport(o Options) *http.Transport {
	var one http.Protocols
	one.SetHTTP1(true)
	return &http.Transport{
		DialContext:        o.DialContext,
		TLSClientConfig:    o.TLS,
		DisableKeepAlives:  true,
		DisableCompression: true, // answers are unpacked here, within the limit
		Protocols:          &one,
	}
}

var fixedHeaders = []string{"Content-Type", "Content-Length", "Accept", "User-Agent", "Host",
	"X-Requested-With", "X-Signature", "X-Lang"}

func headerName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func notVisible(r rune) bool { return r < ' ' || r >= 0x7f }

func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("the URL cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("the URL begins with %.20q, not with https", u.Scheme)
	case u.Hostname() == "":
		return "", errors.New("the URL names no host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the URL holds more than an address and a path")
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return "", errors.New("the URL is http; the system is reached by https alone")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func thisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
