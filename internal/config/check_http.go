package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"linemark/internal/rights"
)

func (c *checker) http() {
	at := c.root.at("http")
	c.metrics()
	if !isHostPort(c.cfg.HTTP.Listen) {
		c.add(at.at("listen"), fmt.Sprintf("%q is no host:port", c.cfg.HTTP.Listen), "write an address and a port, such as "+defaultListen)
		c.cfg.HTTP.Listen = defaultListen
		return
	}
	c.pageUsers(at.at("listen"))
	c.pageCertificate(at)
	for _, name := range c.cfg.HTTP.Names {
		if here := at.at("names"); !c.bad[here.path] && (name == "" || strings.ContainsAny(name, " /:")) {
			c.add(here, fmt.Sprintf("%q is no name of a PC", name), "write names alone, such as line3.plant.local")
			break
		}
	}
}

func (c *checker) metrics() {
	at := c.root.at("metrics").at("listen")
	switch listen := c.cfg.Metrics.Listen; {
	case !c.ok(at):
	case !isHostPort(listen):
		c.add(at, fmt.Sprintf("%q is no host:port", listen), "write an address and a port, such as 0.0.0.0:8482")
	case listen == c.cfg.HTTP.Listen:
		c.add(at, "is the page's own", "write another port, or remove it: the page's port answers, too")
	}
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, numeric := strconv.ParseUint(port, 10, 16)
	return err == nil && numeric == nil && strconv.FormatUint(n, 10) == port && !strings.ContainsAny(host, " /")
}

// pageUsers wants somebody to have a password where others than this PC can reach the page: everybody in
// the plant's network could start batches and settle reports.
func (c *checker) pageUsers(at *place) {
	if !c.cfg.HTTP.Beyond() || c.bad[at.path] {
		return
	}
	users, err := rights.Beside(c.cfg.Dir).Users()
	switch {
	case err != nil:
		c.add(at, "is beyond this PC, and its users cannot be read: "+withoutPath(err), "run this as an administrator, or listen at "+defaultListen)
	case len(users) == 0:
		c.add(at, "is beyond this PC, and nobody has a password yet", "linemark user set --config "+c.cfg.File+" --role engineer NAME; or listen at "+defaultListen)
	default:
		return
	}
	c.problems[len(c.problems)-1].Secret = true
	if _, port, err := net.SplitHostPort(c.cfg.HTTP.Listen); err == nil {
		c.cfg.HTTP.Listen = net.JoinHostPort("127.0.0.1", port) // there the page says why
	}
}

func (c *checker) pageCertificate(at *place) {
	cert, key := at.at("tls_cert"), at.at("tls_key")
	if c.bad[cert.path] || c.bad[key.path] || !c.given(cert) && !c.given(key) {
		return
	}
	if c.given(cert) != c.given(key) {
		if c.given(key) {
			cert = key
		}
		c.add(cert, "stands alone", "give tls_cert and tls_key, or neither: then the page has a certificate of its own")
		return
	}
	chain, err := os.ReadFile(c.cfg.PathOf(c.cfg.HTTP.TLSCert))
	if err != nil {
		c.add(cert, "cannot be read: "+withoutPath(err), "the path starts at the configuration file's folder")
		return
	}
	secret, problem := c.key(c.cfg.HTTP.TLSKey)
	if problem.what != "" {
		c.add(key, problem.what, problem.hint)
		c.problems[len(c.problems)-1].Secret = true
		return
	}
	if _, err := tls.X509KeyPair(chain, secret); err != nil {
		c.add(key, "does not fit tls_cert: "+strings.TrimPrefix(err.Error(), "tls: "), "both are PEM; the certificate comes first in its file, and the key is the one that it was made for")
	}
}

// PageKeyPEM returns the key of the page's certificate as it is kept.
func (c *Config) PageKeyPEM() ([]byte, error) {
	key, problem := resolver{systemLookup(), c.File, c.Dir}.key(c.HTTP.TLSKey)
	if problem.what != "" {
		return nil, errors.New("http.tls_key: " + problem.what)
	}
	return key, nil
}
