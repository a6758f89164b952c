// Package izkm speaks to IZKM, the national system's interface for ordering marking codes
// and reporting on them (LEGACY-API v1.10.0). It knows the protocol and nothing else.
//
// Every method sends one request (Orders: one a page) and repeats nothing: a repeated
// GET /codes takes a second block of codes, a repeated POST makes a second report. Whoever
// calls decides, from the *Error, whether to ask again, to look for what a lost answer
// left behind, or to give up.
package izkm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	defaultTimeout = 30 * time.Second
	// A block of 150,000 pharma codes is about 15 MB of JSON.
	defaultMaxBody = 64 << 20
)

// Options is what a Client needs to know of the installation.
type Options struct {
	URL     string        // base address, http or https; a path in it stays in front of /api/v2
	OMSID   string        // the participant's id in IZKM, sent in every query
	Token   string        // clientToken of this device, sent bare
	Group   string        // alias of the product group in the path
	Timeout time.Duration // for one request with its whole answer; 0: 30 s
	MaxBody int64         // longest answer in bytes; 0: 64 MiB

	// CA is the certificates, in PEM, of the only authorities that may have signed the server's;
	// nil: those that the system trusts.
	CA []byte
	// ClientCert and ClientKey, in PEM, are shown to a server that demands them. The key has no
	// password.
	ClientCert, ClientKey []byte

	// What the document contradicts itself in. Zero is its chapter 2.2.2 and its examples.
	QueryTwin   bool   // repeat omsId as omslid or omslId where the tables of 4.8, 4.10 and 4.11 spell it so
	TokenPrefix string // stands in front of the token as it is, with its blank: "Bearer "
	CloseBody   string // body of POST /buffer/close, for which none is described: "" or "{}"

	// Clock, if not nil, hears of every answer with a Date how far the server's clock is ahead of
	// this one (behind: negative). Date has whole seconds, rounded down, so a clock that agrees
	// shows as 0 to -1 s; the middle of the exchange, to which it is compared, adds an error of at
	// most half the exchange. It is called before the call returns, in the caller's goroutine, so
	// by several at once where calls are.
	Clock func(skew time.Duration)

	// Record, if not nil, is told of every call when it has ended, before it returns and in the caller's
	// goroutine. The token is in nothing that it is told.
	Record func(Exchange)

	// DialContext replaces the network; nil: the system's.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Now is the clock for dates in answers and certificates; nil: time.Now.
	Now func() time.Time
}

// Client is one device's access to one product group of IZKM. It is safe for concurrent
// use and holds no connection between calls.
type Client struct {
	base    string
	omsID   string
	token   *string // these two are behind a pointer so that no printed Client shows the token
	hide    func(string) string
	group   string
	timeout time.Duration
	maxBody int64
	now     func() time.Time
	clock   func(time.Duration)
	record  func(Exchange)
	ends    time.Time // of the client certificate
	http    *http.Client

	queryTwin   bool
	tokenPrefix string
	closeBody   string
}

// New checks o and returns a client. It touches no network.
func New(o Options) (*Client, error) {
	base, err := baseURL(o.URL)
	if err != nil {
		return nil, err
	}
	switch {
	case o.OMSID == "":
		return nil, errors.New("izkm: omsId is missing")
	case o.Token == "":
		return nil, errors.New("izkm: client token is missing")
	case strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, errors.New("izkm: client token holds a blank or a character outside ASCII")
	case strings.ContainsFunc(o.TokenPrefix, func(r rune) bool { return r < ' ' || r >= 0x7f }):
		return nil, errors.New("izkm: the prefix of the client token holds a character outside ASCII")
	case o.CloseBody != "" && o.CloseBody != "{}":
		return nil, errors.New("izkm: the body of /buffer/close is neither empty nor {}")
	case o.Timeout < 0 || o.MaxBody < 0:
		return nil, errors.New("izkm: timeout and largest answer must not be negative")
	}
	if err := checkAlias(o.Group); err != nil {
		return nil, fmt.Errorf("izkm: %w", err)
	}
	c := &Client{
		base: base, omsID: o.OMSID, token: &o.Token, group: o.Group,
		hide:    hider(o.Token),
		timeout: o.Timeout, maxBody: o.MaxBody, now: o.Now, clock: o.Clock, record: o.Record,
		queryTwin: o.QueryTwin, tokenPrefix: o.TokenPrefix, closeBody: o.CloseBody,
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.maxBody == 0 {
		c.maxBody = defaultMaxBody
	}
	if c.now == nil {
		c.now = time.Now
	}
	var encryption *tls.Config
	encryption, c.ends, err = o.encryption(strings.HasPrefix(base, "https:"), c.now)
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{
		Transport:     transport(o.DialContext, encryption),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// For returns the same access for another product group.
func (c *Client) For(group string) *Client {
	other := *c
	other.group = group
	return &other
}

// transport sends each request over a connection of its own. http.Transport repeats a
// request by itself when a reused connection dies before the answer, and so does HTTP/2;
// calls here are rare enough to pay a handshake for never being repeated. No proxy is
// taken from the environment for the same reason.
func transport(dial func(context.Context, string, string) (net.Conn, error), encryption *tls.Config) *http.Transport {
	var one http.Protocols
	one.SetHTTP1(true)
	return &http.Transport{
		DialContext:        dial,
		TLSClientConfig:    encryption,
		DisableKeepAlives:  true,
		DisableCompression: true,
		Protocols:          &one,
	}
}

// hider returns a function that takes token out of a text in any case of its letters.
func hider(token string) func(string) string {
	re := regexp.MustCompile("(?i)" + regexp.QuoteMeta(token))
	return func(s string) string { return re.ReplaceAllLiteralString(s, "***") }
}

func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("izkm: the URL cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("izkm: the URL begins with %q, not with http or https", u.Scheme)
	case u.Host == "":
		return "", errors.New("izkm: the URL names no host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("izkm: the URL holds more than an address and a path")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// checkAlias accepts any word that can stand in a path: the operator adds groups.
func checkAlias(group string) error {
	if group == "" {
		return errors.New("product group is missing")
	}
	for _, r := range group {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return fmt.Errorf("product group %q is not an alias of small latin letters", group)
		}
	}
	return nil
}
