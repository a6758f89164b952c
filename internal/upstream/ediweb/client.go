// Package ediweb fetches the QR codes of electronic waybills from Ediweb, up to a hundred with
// one call (method getStackQrCode of its API v1.1). It knows the protocol and nothing else.
//
// The method only reads, so a call that failed may be made again. What the document leaves open
// (authentication, host, more parameters) is an option; how an inventory is built it does not
// say, so an inner archive is matched to an id only where that is beyond doubt, and is handed
// over as a stray otherwise.
package ediweb

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"linemark/internal/escape"
	"linemark/internal/upstream/ediweb/stack"
)

const (
	defaultTimeout = time.Minute
	// The document's sample, of two waybills, has 65 kB.
	defaultMaxBody = 32 << 20
)

// Options is what a Client needs to know of the installation.
type Options struct {
	URL string // base address, http or https; a path in it stays in front of /edi/api/v1.1

	// AuthHeader and AuthValue are a header that lets the calls in, sent exactly so; both empty:
	// none. The document shows no request header, so its name is a setting too.
	AuthHeader, AuthValue string
	// Extra are more query parameters; the document's table seems to have lost one, a date.
	Extra map[string]string

	Timeout time.Duration // for one lot with its whole answer; 0: 1 minute
	MaxBody int64         // longest answer in bytes, before and after gzip; 0: 32 MiB
	Limits  stack.Limits  // of what the answer unpacks to

	// Transport carries the requests; nil: one that takes no proxy from the environment.
	Transport http.RoundTripper
	// Now is the clock for dates in answers; nil: time.Now.
	Now func() time.Time
}

// Client is one organisation's access to Ediweb. It is safe for concurrent use.
type Client struct {
	base    string
	allow   func(http.Header)   // so that no printed Client shows the secret
	hide    func(string) string // takes it out of a text
	extra   *string             // "&name=value", ready for the address; a key may be in it too
	timeout time.Duration
	maxBody int64
	limits  stack.Limits
	now     func() time.Time
	http    *http.Client
}

// New checks o and returns a client. It touches no network.
func New(o Options) (*Client, error) {
	base, err := baseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("ediweb: %w", err)
	}
	if err := checkAuth(o.AuthHeader, o.AuthValue); err != nil {
		return nil, fmt.Errorf("ediweb: %w", err)
	}
	extra, err := extraQuery(o.Extra)
	if err != nil {
		return nil, fmt.Errorf("ediweb: %w", err)
	}
	limits, err := o.Limits.WithDefaults()
	if err != nil {
		return nil, fmt.Errorf("ediweb: %w", err)
	}
	if o.Timeout < 0 || o.MaxBody < 0 {
		return nil, errors.New("ediweb: timeout and largest answer must not be negative")
	}
	c := &Client{
		base: base, extra: &extra, hide: hider(o.AuthValue, o.Extra),
		allow: func(h http.Header) {
			if o.AuthHeader != "" {
				h[o.AuthHeader] = []string{o.AuthValue} // not through Set: the spelling of the setting
			}
		},
		timeout: o.Timeout, maxBody: o.MaxBody, limits: limits, now: o.Now,
		http: &http.Client{
			Transport:     transport(o.Transport),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
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
	return c, nil
}

// transport leaves gzip alone: http.Transport would trust the header that names it and fail
// where it is not true, while the bytes tell it surely.
func transport(given http.RoundTripper) http.RoundTripper {
	switch t := given.(type) {
	case nil:
		return &http.Transport{DisableCompression: true, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
	case *http.Transport:
		t = t.Clone()
		t.DisableCompression = true
		return t
	}
	return given
}

func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("the URL cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("the URL begins with %q, not with http or https", u.Scheme)
	case u.Host == "":
		return "", errors.New("the URL names no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("the URL holds more than an address and a path")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// ownHeaders are decided by the connection, or would change what comes back.
var ownHeaders = []string{"Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Te", "Trailer",
	"Accept-Encoding", "Range", "Expect"}

func checkAuth(name, value string) error {
	switch {
	case name == "" && value == "":
		return nil
	case name == "" || value == "":
		return errors.New("the header for access needs a name and a value")
	case !isToken(name):
		return fmt.Errorf("%q cannot be the name of a header", name)
	case slices.Contains(ownHeaders, textproto.CanonicalMIMEHeaderKey(name)):
		return fmt.Errorf("the header %q has a meaning of its own", name)
	case strings.TrimSpace(value) != value || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r >= 0x7f }):
		return errors.New("the value of the header for access begins or ends with a blank or holds a character outside ASCII")
	}
	return nil
}

// isToken is the rule for a header's name (RFC 9110, 5.6.2).
func isToken(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func extraQuery(extra map[string]string) (string, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		switch name {
		case "":
			return "", errors.New("an extra parameter has no name")
		case "id_type", "org_id", "doc_ids":
			return "", fmt.Errorf("extra parameter %q is one of the method's own", name)
		}
		b.WriteString("&" + escape.URLParam(name) + "=" + escape.URLParam(extra[name]))
	}
	return b.String(), nil
}

// hider returns a function that takes the secret out of a text in any case of its letters: the
// value of the header, the same without its scheme ("Bearer "), and those parameters that are
// long enough to be a key.
func hider(value string, extra map[string]string) func(string) string {
	secrets := []string{value}
	if _, bare, ok := strings.Cut(value, " "); ok {
		secrets = append(secrets, strings.TrimSpace(bare))
	}
	for _, v := range extra {
		if len(v) >= 8 {
			secrets = append(secrets, v, escape.URLParam(v))
		}
	}
	var any []string
	for _, s := range secrets {
		if s != "" {
			any = append(any, regexp.QuoteMeta(s))
		}
	}
	if len(any) == 0 {
		return func(s string) string { return s }
	}
	slices.SortFunc(any, func(a, b string) int { return len(b) - len(a) }) // the longest first
	re := regexp.MustCompile("(?i)" + strings.Join(any, "|"))
	return func(s string) string { return re.ReplaceAllLiteralString(s, "***") }
}
