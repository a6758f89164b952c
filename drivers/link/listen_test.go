package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

const patience = 10 * time.Second

// freePort returns a listen address, and where a device has to connect.
func freePort(t *testing.T) (address, target string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "listen://" + l.Addr().String(), l.Addr().String()
}

// knock connects as a device does, which tries until the port is open.
func knock(t *testing.T, target, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	for end := time.Now().Add(patience); ; {
		c, err := d.Dial("tcp", target)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			return c
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

type dialled struct {
	conn Conn
	err  error
}

// begin dials without waiting for it.
func begin(t *testing.T, ctx context.Context, dial Dialer, address string) <-chan dialled {
	t.Helper()
	done := make(chan dialled, 1)
	go func() {
		c, err := dial(ctx, address)
		done <- dialled{c, err}
	}()
	return done
}

// arrive returns both ends of a connection that the device opened.
func arrive(t *testing.T, dial Dialer, address, target string) (Conn, net.Conn) {
	t.Helper()
	done := begin(t, t.Context(), dial, address)
	far := knock(t, target, "127.0.0.1")
	d := <-done
	if d.err != nil {
		t.Fatal(d.err)
	}
	t.Cleanup(func() { d.conn.Close() })
	return d.conn, far
}

// says checks that the text comes next on the connection.
func says(t *testing.T, c Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	c.SetReadDeadline(time.Now().Add(patience))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Errorf("read %q, %v, want %q", got[:n], err, text)
	}
	c.SetReadDeadline(time.Time{})
}

// isFree fails the test if the port is taken.
func isFree(t *testing.T, target string) {
	t.Helper()
	l, err := net.Listen("tcp", target)
	if err != nil {
		t.Errorf("the port is not free: %v", err)
		return
	}
	l.Close()
}

func TestListen(t *testing.T) {
	address, target := freePort(t)
	for range 3 { // each dial accepts the next connection
		c, far := arrive(t, Dial, address, target)
		io.WriteString(far, "code")
		says(t, c, "code")
		io.WriteString(c, "LON\r")
		says(t, far, "LON\r")
		far.Close()
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after the device hung up: %v", err)
		}
		for range 2 {
			if err := c.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		}
		isFree(t, target)
	}
}

func TestListenEndsWithContext(t *testing.T) {
	address, target := freePort(t)
	for name, dial := range map[string]Dialer{"dial": Dial, "dialer": NewDialer()} {
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(t, ctx, dial, address)
		cancel()
		if d := <-done; !errors.Is(d.err, context.Canceled) || !strings.Contains(d.err.Error(), address) {
			t.Errorf("%s: %v", name, d.err)
		}
		isFree(t, target)
	}
}

func TestListenWhereThePortIsTaken(t *testing.T) {
	address, target := freePort(t)
	arrive(t, Dial, address, target)
	for name, dial := range map[string]Dialer{"dial": Dial, "dialer": NewDialer()} {
		if _, err := dial(t.Context(), address); err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A device that comes back while its old connection looks open takes over; what it said before is read first.
func TestListenNewestWins(t *testing.T) {
	address, target := freePort(t)
	dial := NewDialer()
	c, far := arrive(t, dial, address, target)
	for round := range 3 {
		io.WriteString(far, "last")
		again := knock(t, target, "127.0.0.1")
		io.WriteString(again, fmt.Sprint("first", round))
		says(t, c, "last")
		_, err := c.Read(make([]byte, 1))
		if err == nil || !strings.Contains(err.Error(), "127.0.0.1 connected anew") || !strings.Contains(err.Error(), address) {
			t.Errorf("the old connection ended with %v", err)
		}
		if _, same := c.Read(make([]byte, 1)); same != err {
			t.Errorf("and then with %v", same)
		}
		c.Close()
		if c, err = dial(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		says(t, c, fmt.Sprint("first", round))
		far = again
	}
	c.Close()
}

// Of several that wait the newest is taken, the others are hung up on.
func TestListenNewestOfSeveral(t *testing.T) {
	address, target := freePort(t)
	dial := NewDialer()
	c, _ := arrive(t, dial, address, target)
	second := knock(t, target, "127.0.0.1")
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the first connection was not taken over")
	}
	third := knock(t, target, "127.0.0.1")
	second.SetReadDeadline(time.Now().Add(patience))
	if _, err := second.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the second: %v", err)
	}
	c.Close()
	c, err := dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(third, "third")
	says(t, c, "third")
}

func TestListenTwoDevices(t *testing.T) {
	address, target := freePort(t)
	c, _ := arrive(t, Dial, address, target)
	far := knock(t, target, "127.0.0.2")
	_, err := c.Read(make([]byte, 1))
	if err == nil || !strings.Contains(err.Error(), "two devices connect, first 127.0.0.1 and now 127.0.0.2") {
		t.Errorf("the connection ended with %v", err)
	}
	c.Close()
	far.SetReadDeadline(time.Now().Add(patience))
	if _, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the second device: %v", err)
	}
	isFree(t, target)
}

// The owner's own deadline is told from the end of the connection, also when that has come.
func TestListenDeadlines(t *testing.T) {
	address, target := freePort(t)
	c, _ := arrive(t, Dial, address, target)
	c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read past the deadline: %v", err)
	}
	c.SetReadDeadline(time.Time{})
	knock(t, target, "127.0.0.1")
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the taken connection ended with %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	release := Until(ctx, c, time.Time{})
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("read under an ended context")
	}
	if err := release(); !errors.Is(err, context.Canceled) {
		t.Errorf("release = %v", err)
	}
	c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after Close: %v", err)
	}
}

// Between two connections the port stays open, so that nobody is turned away and no byte is lost.
func TestDialerStays(t *testing.T) {
	address, target := freePort(t)
	dial := NewDialer()
	c, _ := arrive(t, dial, address, target)
	c.Close()
	far := knock(t, target, "127.0.0.1")
	io.WriteString(far, "code")
	c, err := dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	says(t, c, "code")
	c.Close()
}

// The port is free once the dial's context has ended, before Close or after.
func TestDialerLeavesWithContext(t *testing.T) {
	address, target := freePort(t)
	dial := NewDialer()
	for _, before := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		done := begin(t, ctx, dial, address)
		knock(t, target, "127.0.0.1")
		d := <-done
		if d.err != nil {
			t.Fatal(d.err)
		}
		if before {
			cancel()
		}
		d.conn.Close()
		cancel()
		for end := time.Now().Add(patience); !before && time.Now().Before(end); {
			l, err := net.Listen("tcp", target)
			if err == nil {
				l.Close()
				break
			}
		}
		isFree(t, target)
	}
}

func TestDialerLeavesInTheEnd(t *testing.T) {
	address, target := freePort(t)
	dial := (&keeper{stay: time.Millisecond}).dial
	c, _ := arrive(t, dial, address, target)
	c.Close()
	for end := time.Now().Add(patience); ; {
		l, err := net.Listen("tcp", target)
		if err == nil {
			l.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the port is kept for ever: %v", err)
		}
	}
}

// Any other address is dialled as ever.
func TestDialerElsewhere(t *testing.T) {
	dial := NewDialer()
	if _, err := dial(t.Context(), "listen://nowhere"); err == nil || !strings.Contains(err.Error(), "port is missing") {
		t.Errorf("%v", err)
	}
	_, target := freePort(t)
	if _, err := dial(t.Context(), "tcp://"+target); err == nil || !strings.Contains(err.Error(), "connecting to") {
		t.Errorf("%v", err)
	}
}
