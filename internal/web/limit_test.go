package web

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestLimit: beyond so many connections of one address no more are taken, until one of them ends.
func TestLimit(t *testing.T) {
	defer goleak.VerifyNone(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(inner, 5, 3)
	accepted := make(chan net.Conn, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	var mine []net.Conn
	defer func() {
		_ = l.Close()
		<-done
		for _, c := range mine {
			_ = c.Close()
		}
	}()
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
		c, err := d.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		mine = append(mine, c)
		return c
	}
	taken := func(from string) net.Conn {
		t.Helper()
		dial(from)
		select {
		case c := <-accepted:
			mine = append(mine, c)
			return c
		case <-time.After(10 * time.Second):
			t.Fatalf("a connection from %s is not taken", from)
		}
		return nil
	}
	refused := func(from string) {
		t.Helper()
		c := dial(from)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		var timeout net.Error
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
			t.Fatalf("one connection too many from %s goes on: %v", from, err)
		} else if !errors.Is(err, io.EOF) {
			t.Logf("it ends with %v", err)
		}
	}
	first := taken("127.0.0.1")
	taken("127.0.0.1")
	taken("127.0.0.1")
	refused("127.0.0.1")
	taken("127.0.0.2")
	taken("127.0.0.2")
	refused("127.0.0.2")                // its own share is not used up, but that of all is
	_, _ = first.Close(), first.Close() // twice is once
	taken("127.0.0.1")
	refused("127.0.0.1")
}
