package host

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linemark/internal/config"
)

// ownLife is how long a certificate of our own lasts: nobody comes back to renew it, and people compare its fingerprint.
const ownLife = 10 * 365 * 24 * time.Hour

// untilCertificateEnds is how long before its end a certificate of our own is made anew.
const untilCertificateEnds = 30 * 24 * time.Hour

// certificateFiles are those of the page: the configured ones, or our own in the data folder.
func certificateFiles(cfg *config.Config) (cert, key string, own bool) {
	if cfg.HTTP.TLSCert != "" {
		return cfg.PathOf(cfg.HTTP.TLSCert), "", false
	}
	return filepath.Join(cfg.Agent.DataDir, "page-cert.pem"), filepath.Join(cfg.Agent.DataDir, "page-key.pem"), true
}

// certificate is what the page shows who it is with; one is made where none is configured.
func certificate(cfg *config.Config) (tls.Certificate, error) {
	certFile, keyFile, own := certificateFiles(cfg)
	if !own {
		cert, err := os.ReadFile(certFile)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("http.tls_cert: %w", err)
		}
		key, err := cfg.PageKeyPEM()
		if err != nil {
			return tls.Certificate{}, err
		}
		c, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return c, fmt.Errorf("http.tls_cert and http.tls_key: %w", err)
		}
		return c, nil
	}
	c, err := tls.LoadX509KeyPair(certFile, keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return c, fmt.Errorf("the page's own certificate: %w; remove %s and %s to have another made", err, certFile, keyFile)
	case time.Until(c.Leaf.NotAfter) > untilCertificateEnds:
		return c, nil
	}
	if err := makeCertificate(certFile, keyFile, cfg.HTTP.Names); err != nil {
		return tls.Certificate{}, fmt.Errorf("making the page's certificate: %w", err)
	}
	return tls.LoadX509KeyPair(certFile, keyFile)
}

func makeCertificate(certFile, keyFile string, names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "linemark"
	}
	// A clock that stands at its beginning must not make one that ends before it begins.
	begins := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ends := time.Now().Add(ownLife)
	if least := begins.Add(ownLife); ends.Before(least) {
		ends = least
	}
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "linemark on " + host},
		NotBefore: begins, NotAfter: ends,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		DNSNames: append([]string{"localhost", host}, names...)}
	if addresses, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
				c.IPAddresses = append(c.IPAddresses, n.IP)
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(keyFile), 0o750); err != nil { // as the ledger does, which may not be there yet
		return err
	}
	if err := os.Remove(keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
}

// Fingerprint is what browsers show of a certificate: people compare it once.
func Fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	var parts []string
	for i := 0; i < len(text); i += 2 {
		parts = append(parts, text[i:i+2])
	}
	return strings.Join(parts, ":")
}
