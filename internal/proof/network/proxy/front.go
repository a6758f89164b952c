package proxy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Front ends TLS before a peer that speaks none, and passes on what is inside.
type Front struct {
	peer     string
	listener net.Listener
	shown    atomic.Pointer[tls.Certificate]
	ctx      context.Context
	over     context.CancelFunc
	running  sync.WaitGroup
}

// NewFront begins to serve at an address of this machine's choice, with a certificate.
func NewFront(peer string, shown tls.Certificate) (*Front, error) {
	f := &Front{peer: peer}
	f.Show(shown)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.shown.Load(), nil },
	})
	if err != nil {
		return nil, err
	}
	f.listener = l
	f.ctx, f.over = context.WithCancel(context.Background())
	f.running.Go(f.accept)
	return f, nil
}

// Address is where it serves.
func (f *Front) Address() string { return f.listener.Addr().String() }

// Show changes the certificate that new connections see.
func (f *Front) Show(c tls.Certificate) { f.shown.Store(&c) }

func (f *Front) accept() {
	for {
		outer, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.running.Go(func() { f.carry(outer.(*tls.Conn)) })
	}
}

func (f *Front) carry(outer *tls.Conn) {
	closeOuter := func() { _ = outer.Close() } // its end is what matters
	defer closeOuter()
	defer context.AfterFunc(f.ctx, closeOuter)()
	if err := outer.HandshakeContext(f.ctx); err != nil {
		return
	}
	inner, err := net.DialTimeout("tcp", f.peer, patience)
	if err != nil {
		return
	}
	defer inner.Close()
	defer context.AfterFunc(f.ctx, func() { inner.Close() })()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(inner, outer) // an end of either side ends both
		_ = inner.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(outer, inner)
	_ = outer.Close()
	both.Wait()
}

// Close ends everything and waits for it.
func (f *Front) Close() {
	f.over()
	_ = f.listener.Close() // it may be closed
	f.running.Wait()
}

// Authority signs certificates.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// NewAuthority makes one.
func NewAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the plant"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, own, own, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{key, cert}, err
}

// PEM is the authority's own certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Sign makes a certificate for a host, by its address or its name, that ends at a moment. TLS knows whole seconds.
func (a *Authority) Sign(host string, ends time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: ends, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		own.IPAddresses = []net.IP{ip}
	} else {
		own.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, own, a.cert, &key.PublicKey, a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
