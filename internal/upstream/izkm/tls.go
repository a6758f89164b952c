package izkm

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// encryption makes what a TLS connection is checked with, and says when the client certificate
// ends (zero: there is none). There is no way to leave the check of the server out.
//
// A certificate that is not valid yet passes: a machine that lost its clock in a power cut must
// come up again by itself.
func (o Options) encryption(secure bool, now func() time.Time) (*tls.Config, time.Time, error) {
	given := len(o.CA) > 0 || len(o.ClientCert) > 0 || len(o.ClientKey) > 0
	switch {
	case given && !secure:
		return nil, time.Time{}, errors.New("izkm: certificates are given, but the URL is http and would use none")
	case len(o.ClientCert) > 0 && len(o.ClientKey) == 0:
		return nil, time.Time{}, errors.New("izkm: a client certificate is given without its key")
	case len(o.ClientKey) > 0 && len(o.ClientCert) == 0:
		return nil, time.Time{}, errors.New("izkm: a client key is given without its certificate")
	}
	config := &tls.Config{Time: now}
	if len(o.CA) > 0 {
		pool, err := authorities(o.CA, now())
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("izkm: CA: %w", err)
		}
		config.RootCAs = pool
	}
	if len(o.ClientCert) == 0 {
		return config, time.Time{}, nil
	}
	own, err := clientPair(o.ClientCert, o.ClientKey)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("izkm: client certificate: %w", err)
	}
	ends := own.Leaf.NotAfter
	if now().After(ends) {
		return nil, time.Time{}, fmt.Errorf("izkm: client certificate: it expired on %s", ends.UTC().Format(time.DateOnly))
	}
	// Shown whatever authorities the server names: left to itself crypto/tls keeps a certificate
	// back whose issuer is not among them, though a server may name but the root above it.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	return config, ends, nil
}

// authorities reads all certificates of a PEM text. One that has expired may stand beside its
// successor.
func authorities(text []byte, now time.Time) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	var last time.Time
	for block, rest := pem.Decode(unmarked(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading a certificate: %w", err)
		}
		pool.AddCert(cert)
		if cert.NotAfter.After(last) {
			last = cert.NotAfter
		}
	}
	switch {
	case last.IsZero():
		return nil, errors.New("there is no certificate in the PEM")
	case now.After(last):
		return nil, fmt.Errorf("it expired on %s", last.UTC().Format(time.DateOnly))
	}
	return pool, nil
}

func clientPair(cert, key []byte) (tls.Certificate, error) {
	for block, rest := pem.Decode(unmarked(key)); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasPrefix(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return tls.Certificate{}, errors.New("its key is locked with a password; it must be without one")
		}
	}
	if block, _ := pem.Decode(unmarked(cert)); block == nil {
		return tls.Certificate{}, errors.New("there is no certificate in the PEM")
	}
	if block, _ := pem.Decode(unmarked(key)); block == nil {
		return tls.Certificate{}, errors.New("there is no key in the PEM")
	}
	return tls.X509KeyPair(unmarked(cert), unmarked(key))
}

// unmarked takes off a byte order mark, behind which the first block would not be found.
func unmarked(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\uFEFF")) }

// CertificateEnds is when the client certificate ends; zero without one.
func (c *Client) CertificateEnds() time.Time { return c.ends }

// broken judges a call that got no answer. Trouble with certificates is always Unreachable: the
// server hands nothing on of a connection whose handshake it has not accepted. In TLS 1.3 its
// refusal of our certificate comes when our side takes the connection for made.
func (c *Client) broken(err error, connected bool) (Kind, error) {
	var server *tls.CertificateVerificationError
	switch {
	case errors.As(err, &server):
		return Unreachable, fmt.Errorf("the certificate of the server is not trusted: %w", err)
	case !connected && c.ends.IsZero() && alerted(err, 40):
		// handshake_failure: what TLS 1.2 says to a client without a certificate, and of other faults.
		return Unreachable, fmt.Errorf("the server broke off; it may be that it demands a client certificate, and none is set: %w", err)
	case certificateRefused(err) && c.ends.IsZero():
		return Unreachable, fmt.Errorf("the server demands a client certificate, and none is set: %w", err)
	case certificateRefused(err):
		return Unreachable, fmt.Errorf("the server does not accept the client certificate: %w", err)
	case !connected:
		return Unreachable, err
	}
	return Interrupted, err
}

// certificateRefused reports one of the alerts of RFC 8446, chapter 6.2, that are about the
// client's certificate: 42 to 46, 48 (unknown_ca), 49 (access_denied), 116 (certificate_required).
func certificateRefused(err error) bool { return alerted(err, 42, 43, 44, 45, 46, 48, 49, 116) }

// alerted: crypto/tls does not export the alert that it received, only its text.
func alerted(err error, alerts ...tls.AlertError) bool {
	var remote *net.OpError
	if !errors.As(err, &remote) || remote.Op != "remote error" || remote.Err == nil {
		return false
	}
	return slices.ContainsFunc(alerts, func(a tls.AlertError) bool { return remote.Err.Error() == a.Error() })
}
