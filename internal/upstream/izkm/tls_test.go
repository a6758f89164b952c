package izkm

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pair is a certificate with its key, in PEM and for use.
type pair struct {
	cert, key []byte
	leaf      *x509.Certificate
	private   *ecdsa.PrivateKey
}

// issue makes a certificate that by signs, or that signs itself where by is nil.
func issue(t *testing.T, by *pair, change ...func(*x509.Certificate)) *pair {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: t.Name()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		form.IsCA, form.KeyUsage, form.Subject.CommonName = true, x509.KeyUsageCertSign, "CA "+form.SerialNumber.String()
	}
	for _, f := range change {
		f(form)
	}
	parent, signer := form, private
	if by != nil {
		parent, signer = by.leaf, by.private
	}
	der, err := x509.CreateCertificate(rand.Reader, form, parent, &private.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{inPEM("CERTIFICATE", der), inPEM("PRIVATE KEY", pkcs8), leaf, private}
}

func inPEM(kind string, b []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
}

func notYet(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
}

func (p *pair) loaded(t *testing.T) tls.Certificate {
	t.Helper()
	c, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *pair) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.leaf)
	return pool
}

func join(texts ...[]byte) []byte { return bytes.Join(texts, nil) }

func TestNewJudgesCertificates(t *testing.T) {
	ca, old := issue(t, nil), issue(t, nil, expired)
	own, other, ended, future := issue(t, ca), issue(t, ca), issue(t, ca, expired), issue(t, ca, notYet)
	legacy := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x")})
	bom := []byte("\uFEFF")
	cases := []struct {
		name          string
		ca, cert, key []byte
		says          string // empty: accepted
	}{
		{"none", nil, nil, nil, ""},
		{"a CA", ca.cert, nil, nil, ""},
		{"two CAs, text between", join([]byte("first\r\n"), ca.cert, []byte("second\n"), other.cert), nil, nil, ""},
		{"a CA that ended beside its successor", join(old.cert, ca.cert), nil, nil, ""},
		{"all with a byte order mark", join(bom, ca.cert), join(bom, own.cert), join(bom, own.key), ""},
		{"certificate and key in one file", nil, join(own.key, own.cert), join(own.key, own.cert), ""},
		{"not valid yet", nil, future.cert, future.key, ""},
		{"no PEM", []byte("/etc/ca.pem"), nil, nil, "CA: there is no certificate"},
		{"DER", ca.leaf.Raw, nil, nil, "CA: there is no certificate"},
		{"a key for a CA", ca.key, nil, nil, "CA: there is no certificate"},
		{"a broken CA", join(ca.cert, inPEM("CERTIFICATE", ca.leaf.Raw[:99])), nil, nil, "CA: reading a certificate"},
		{"a CA that ended", old.cert, nil, nil, "CA: it expired on " + old.leaf.NotAfter.UTC().Format(time.DateOnly)},
		{"no key", nil, own.cert, nil, "without its key"},
		{"no certificate", nil, nil, own.key, "without its certificate"},
		{"another's key", nil, own.cert, other.key, "client certificate: tls: private key does not match"},
		{"no PEM of a certificate", nil, []byte("x"), own.key, "client certificate: there is no certificate"},
		{"no PEM of a key", nil, own.cert, []byte("x"), "client certificate: there is no key"},
		{"a key twice", nil, own.key, own.key, "client certificate: tls: failed to find certificate PEM"},
		{"a certificate twice", nil, own.cert, own.cert, "client certificate: tls: found a certificate rather than a key"},
		{"a locked key", nil, own.cert, inPEM("ENCRYPTED PRIVATE KEY", []byte("x")), "locked with a password"},
		{"a key locked the old way", nil, own.cert, legacy, "locked with a password"},
		{"ended", nil, ended.cert, ended.key, "client certificate: it expired on " + ended.leaf.NotAfter.UTC().Format(time.DateOnly)},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			o := Options{URL: "https://izkm.example", OMSID: testOMS, Token: testToken, Group: "water", CA: tc.ca, ClientCert: tc.cert, ClientKey: tc.key}
			c, err := New(o)
			if tc.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				var ends time.Time
				if tc.cert != nil {
					ends = own.leaf.NotAfter
					if tc.name == "not valid yet" {
						ends = future.leaf.NotAfter
					}
				}
				if got := c.For("beer").CertificateEnds(); !got.Equal(ends) {
					t.Errorf("ends %v, want %v", got, ends)
				}
				o.URL = "http://izkm.example"
				if _, err := New(o); (err == nil) != (tc.name == "none") {
					t.Errorf("without TLS: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want an error with %q", err, tc.says)
			}
			if body := strings.Split(string(own.key), "\n")[1]; strings.Contains(err.Error(), body) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

// Connections with real servers: which ones come about, and what is said of the others.
func TestTLS(t *testing.T) {
	ca, stranger := issue(t, nil), issue(t, nil)
	server, own := issue(t, ca), issue(t, ca)
	named := issue(t, ca, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"izkm.example"} })
	demands := func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool() }
	version := func(v uint16, f func(*tls.Config)) func(*tls.Config) {
		return func(c *tls.Config) { f(c); c.MinVersion, c.MaxVersion = v, v }
	}
	plain := func(*tls.Config) {}
	trusts := func(p *pair) func(*Options) { return func(o *Options) { o.CA = p.cert } }
	shows := func(p *pair) func(*Options) {
		return func(o *Options) { o.CA, o.ClientCert, o.ClientKey = ca.cert, p.cert, p.key }
	}
	const notTrusted, demanded, notAccepted = "the certificate of the server is not trusted", "demands a client certificate", "does not accept the client certificate"
	cases := []struct {
		name   string
		server *pair
		config func(*tls.Config)
		client func(*Options)
		says   []string // nil: the call succeeds
	}{
		{"the right CA", server, plain, trusts(ca), nil},
		{"the right CA, TLS 1.2", server, version(tls.VersionTLS12, plain), trusts(ca), nil},
		{"the right CA, TLS 1.1", server, version(tls.VersionTLS11, plain), trusts(ca), []string{"protocol version"}},
		{"one of two CAs", server, plain, func(o *Options) { o.CA = join(stranger.cert, ca.cert) }, nil},
		{"another CA", server, plain, trusts(stranger), []string{notTrusted, "unknown authority"}},
		{"a CA the system does not know", server, plain, func(*Options) {}, []string{notTrusted, "unknown authority"}},
		{"signed by itself", stranger, plain, trusts(ca), []string{notTrusted}},
		{"another name", named, plain, trusts(ca), []string{notTrusted, "127.0.0.1"}},
		{"ended", issue(t, ca, expired), plain, trusts(ca), []string{notTrusted, "expired"}},
		{"not yet valid", issue(t, ca, notYet), plain, trusts(ca), []string{notTrusted, "not yet valid"}},
		{"client certificate not asked for", server, plain, shows(own), nil},
		{"client certificate, TLS 1.2", server, version(tls.VersionTLS12, demands), shows(own), nil},
		{"client certificate, TLS 1.3", server, version(tls.VersionTLS13, demands), shows(own), nil},
		{"client certificate of an issuer not named", server, func(c *tls.Config) {
			c.ClientAuth, c.ClientCAs = tls.RequireAnyClientCert, stranger.pool()
		}, shows(own), nil},
		{"no client certificate, TLS 1.2", server, version(tls.VersionTLS12, demands), trusts(ca), []string{demanded}},
		{"no client certificate, TLS 1.3", server, version(tls.VersionTLS13, demands), trusts(ca), []string{demanded}},
		{"a stranger's, TLS 1.2", server, version(tls.VersionTLS12, demands), shows(issue(t, stranger)), []string{notAccepted}},
		{"a stranger's, TLS 1.3", server, version(tls.VersionTLS13, demands), shows(issue(t, stranger)), []string{notAccepted}},
		{"not valid yet, TLS 1.3", server, version(tls.VersionTLS13, demands), shows(issue(t, ca, notYet)), []string{notAccepted}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{tc.server.loaded(t)}}
			tc.config(config)
			w := serveTLS(t, config, always(reply(200, `{"success":true,"reportId":"r"}`)))
			c := w.client(t, tc.client, func(o *Options) { o.URL = "https://" + w.host() })
			calls := []error{c.Ping(t.Context())}
			_, err := c.SendUtilisation(t.Context(), []byte(`{}`))
			calls = append(calls, err)
			for _, err := range calls {
				if tc.says == nil {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				e := asError(t, err)
				if e.Kind != Unreachable || e.Status != 0 {
					t.Errorf("kind %q: %v", e.Kind, e)
				}
				for _, word := range tc.says {
					if !strings.Contains(e.Error(), word) {
						t.Errorf("%q does not say %q", e.Error(), word)
					}
				}
			}
			if n := len(w.heard()); (n == 2) != (tc.says == nil) || n%2 != 0 {
				t.Errorf("the server heard %d requests", n)
			}
		})
	}
}

// Over TLS too it is HTTP/1, though the server offers HTTP/2, which repeats by itself.
func TestHTTP1OverTLS(t *testing.T) {
	ca := issue(t, nil)
	config := &tls.Config{Certificates: []tls.Certificate{issue(t, ca).loaded(t)}, NextProtos: []string{"h2", "http/1.1"}}
	var chosen string
	config.VerifyConnection = func(s tls.ConnectionState) error {
		chosen = s.NegotiatedProtocol
		return nil
	}
	w := serveTLS(t, config, func(_ int, r *http.Request) string {
		if r.Proto != "HTTP/1.1" || chosen == "h2" {
			t.Errorf("spoke %s, agreed on %q", r.Proto, chosen)
		}
		return reply(200, `{"success":true}`)
	})
	c := w.client(t, func(o *Options) { o.URL, o.CA = "https://"+w.host(), ca.cert })
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// An alert that is not about our certificate says nothing about what was taken in.
func TestOtherAlertsLoseTheAnswer(t *testing.T) {
	for alert, kind := range map[tls.AlertError]Kind{20: Interrupted, 40: Interrupted, 80: Interrupted, 42: Unreachable, 116: Unreachable} {
		got, err := new(Client).broken(&net.OpError{Op: "remote error", Err: alert}, true)
		if got != kind || err == nil {
			t.Errorf("alert %d (%v): %s", alert, alert, got)
		}
	}
	if got, _ := new(Client).broken(&net.OpError{Op: "local error", Err: tls.AlertError(42)}, true); got != Interrupted {
		t.Errorf("our own alert: %s", got)
	}
}
