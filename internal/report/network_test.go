package report_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
)

// network joins the client to the emulator by pipes, which testing/synctest can see through.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	cut    atomic.Bool
}

// down cuts the cable, or joins it again.
func (n *network) down(cut bool) { n.cut.Store(cut) }

func newNetwork() *network {
	return &network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *network) dial(ctx context.Context, kind, _ string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: kind, Err: syscall.ECONNREFUSED}
	if n.cut.Load() {
		return nil, refused
	}
	near, far := net.Pipe()
	select {
	case n.conns <- far:
		return near, nil
	case <-n.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It is called once, by the http.Server.
func (n *network) Close() error {
	close(n.closed)
	return nil
}

// Addr implements net.Listener.
func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
