package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// connectTimeout bounds how long a TCP connection may take to come about.
const connectTimeout = 5 * time.Second

// deadAfter is how long a connection lives on whose far end confirms nothing that was sent.
// Keep-alive does not see it: it rests as long as something is unconfirmed.
const deadAfter = 30 * time.Second

// keepAlive: a device that lost its power says nothing; it is missed within half a minute.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}

// Dial opens the connection that the address names: tcp://host:port, or
// serial://PORT?baud=N&parity=none|even|odd&stop=1|2&data=8, where all but baud may be
// left out. A malformed address gives an *AddressError. Every error names the address.
// Dial is a Dialer.
//
// Closing a connection throws away what the device has not taken yet, on TCP as on a serial
// port: labels of a session that is over must not come out in the next. Who wants to be sure
// that something has arrived reads the answer to it before.
//
// At listen://host:port, or listen://:port for all addresses of this machine, the device
// connects to us: Dial listens and returns the first connection that comes. It waits for it
// as long as ctx lasts. The port is open until this connection is closed. A device that
// connects meanwhile takes over: the connection then ends with an error that says who came,
// and that two devices have the port, where they are two.
func Dial(ctx context.Context, address string) (Conn, error) {
	p, err := parse(address)
	if err != nil {
		return nil, err
	}
	switch {
	case p.tcp == "":
		return openSerial(ctx, p)
	case p.listen:
		d, err := openDoor(ctx, p)
		if err != nil {
			return nil, err
		}
		return dialDoor(ctx, d, (*door).shut)
	}
	d := net.Dialer{Timeout: connectTimeout, KeepAliveConfig: keepAlive}
	c, err := d.DialContext(ctx, "tcp", p.tcp)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	if err := prepare(c.(*net.TCPConn)); err != nil {
		c.Close()
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return c, nil
}

// prepare sets what every connection to a device needs: what is written leaves at once, what
// has not arrived is thrown away by Close, and a dead device is missed.
func prepare(c *net.TCPConn) error {
	if err := errors.Join(c.SetNoDelay(true), c.SetLinger(0)); err != nil {
		return err
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = endDead(fd, deadAfter) })
	return errors.Join(err, set)
}

// Until bounds what is read from and written to c: by the deadline, where it is not zero,
// and by the end of ctx, which interrupts a read or write under way. The caller calls
// release when it is done; release takes the bounds away and returns ctx's error if ctx
// has ended, so that an interruption is told from a timeout.
func Until(ctx context.Context, c Conn, deadline time.Time) (release func() error) {
	return until(ctx, deadline, c.SetReadDeadline, c.SetWriteDeadline)
}

// UntilRead bounds what is read from c as Until does, and leaves writing alone: for a
// connection that another goroutine writes to.
func UntilRead(ctx context.Context, c Conn, deadline time.Time) (release func() error) {
	return until(ctx, deadline, c.SetReadDeadline)
}

// UntilWritten bounds what is written to c as Until does, and leaves reading alone.
func UntilWritten(ctx context.Context, c Conn, deadline time.Time) (release func() error) {
	return until(ctx, deadline, c.SetWriteDeadline)
}

func until(ctx context.Context, deadline time.Time, bounds ...func(time.Time) error) (release func() error) {
	set := func(t time.Time) {
		for _, bound := range bounds {
			_ = bound(t) // a connection that takes no deadline any more is closed, and its next read says so
		}
	}
	set(deadline)
	struck := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(struck)
		set(longAgo)
	})
	return func() error {
		if !stop() {
			<-struck
		}
		set(time.Time{})
		return ctx.Err()
	}
}
