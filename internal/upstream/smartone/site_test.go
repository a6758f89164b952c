package smartone_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/upstream/smartone"
	"linemark/internal/upstream/smartone/smartonetest"
)

const password = `pa"ss\wörd`

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func keyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key())})
}

func good() smartone.Options {
	return smartone.Options{URL: "http://localhost/tnt/", Login: "plant", Password: password, Key: keyPEM()}
}

// pipes is a listener of connections in memory, which synctest can see the end of.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type site struct {
	*smartone.Client
	t   *testing.T
	srv *smartonetest.Server
	net *pipes
}

// play runs f in a bubble of synctest, with a client and an emulator.
func play(t *testing.T, o smartone.Options, e smartonetest.Options, f func(t *testing.T, x *site)) {
	synctest.Test(t, func(t *testing.T) {
		x := &site{t: t, net: newPipes()}
		e.Login, e.Password, e.PublicKey = "plant", password, &key().PublicKey
		x.srv = smartonetest.New(e)
		web := &http.Server{Handler: http.StripPrefix("/tnt", x.srv), ErrorLog: nil}
		served := make(chan error, 1)
		go func() { served <- web.Serve(x.net) }()
		o.DialContext = x.net.dial
		var err error
		if x.Client, err = smartone.New(o); err != nil {
			t.Fatal(err)
		}
		f(t, x)
		_ = web.Close()
		<-served
		time.Sleep(time.Hour) // lets what waits in a handler end
	})
}

// document is a good one; n makes its codes.
func document(n int) smartone.Document {
	outer := code.Code(fmt.Sprintf("O%d", n))
	return smartone.Document{
		RequestID:  fmt.Sprintf("r-%d", n),
		Department: smartone.ID{Ext: "D"}, Line: smartone.ID{Ext: "L"}, Today: time.Now(),
		Rows: []smartone.Row{
			{Product: smartone.ID{Ext: "P"}, Unit: smartone.ID{Ext: "pack"}, Pack: smartone.ID{Ext: "outer"}, Codes: []smartone.Item{
				{Code: code.Code(fmt.Sprintf("0%d\x1d93a\"b\\", n)), Parent: outer}, {Code: code.Code(fmt.Sprintf("1%d\x1d93й", n)), Parent: outer},
			}},
			{Product: smartone.ID{Ext: "P"}, Unit: smartone.ID{Ext: "outer"}, Codes: []smartone.Item{{Code: outer}}},
		},
	}
}

func (x *site) body(d smartone.Document) []byte {
	x.t.Helper()
	b, err := smartone.EncodeAggregation(d)
	if err != nil {
		x.t.Fatal(err)
	}
	return b
}

func (x *site) send(body []byte) (smartone.Answer, error) {
	return x.MakeAggregation(x.t.Context(), body)
}

// clean fails where the emulator saw anything against the document, or not n documents.
func (x *site) clean(n int) smartonetest.History {
	x.t.Helper()
	h := x.srv.History()
	if len(h.Breaches) > 0 || len(h.Documents) != n || len(h.Twice()) > 0 {
		x.t.Fatalf("%d documents, breaches %q, twice %q", len(h.Documents), h.Breaches, h.Twice())
	}
	return h
}

func fault(path string, n int, f smartonetest.Fault) func(string, int) smartonetest.Fault {
	return func(p string, i int) smartonetest.Fault {
		if strings.HasSuffix(p, path) && i == n {
			return f
		}
		return smartonetest.Fault{}
	}
}

const aggregation = "/make_aggregation/"

func is[E error](err error) (E, bool) {
	var e E
	return e, errors.As(err, &e)
}
