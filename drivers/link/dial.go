package link

import (
	"context"
	"fmt"
	"net"
	"time"
)

// connectTimeout bounds how long a TCP connection may take to come about.
const connectTimeout = 5 * time.Second

// Dial opens the connection that the address names: tcp://host:port, or
// serial://PORT?baud=N&parity=none|even|odd&stop=1|2&data=8, where all but baud may be
// left out. A malformed address gives an *AddressError. Every error names the address.
// Dial is a Dialer.
func Dial(ctx context.Context, address string) (Conn, error) {
	p, err := parse(address)
	if err != nil {
		return nil, err
	}
	if p.tcp == "" {
		return openSerial(ctx, p)
	}
	d := net.Dialer{
		Timeout: connectTimeout,
		// A device that lost its power says nothing: it is missed within half a minute.
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	c, err := d.DialContext(ctx, "tcp", p.tcp)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	if err := c.(*net.TCPConn).SetNoDelay(true); err != nil {
		c.Close()
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return c, nil
}

// Until bounds what is read from and written to c: by the deadline, where it is not zero,
// and by the end of ctx, which interrupts a read or write under way. The caller calls
// release when it is done; release takes the bounds away and returns ctx's error if ctx
// has ended, so that an interruption is told from a timeout.
func Until(ctx context.Context, c Conn, deadline time.Time) (release func() error) {
	set := func(t time.Time) {
		// A connection that takes no deadline any more is closed, and its next read says so.
		_ = c.SetReadDeadline(t)
		_ = c.SetWriteDeadline(t)
	}
	set(deadline)
	struck := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(struck)
		set(time.Unix(1, 0))
	})
	return func() error {
		if !stop() {
			<-struck
		}
		set(time.Time{})
		return ctx.Err()
	}
}
