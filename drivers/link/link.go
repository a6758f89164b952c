// Package link opens the connections that devices are reached by: TCP, where either side may be the
// one that connects, and serial ports. Dial describes the addresses.
package link

import (
	"context"
	"io"
	"time"
)

// Conn is an open connection to a device. net.Conn satisfies it, and so does net.Pipe in tests.
type Conn interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// Dialer opens the connection that an address names.
type Dialer func(ctx context.Context, address string) (Conn, error)
