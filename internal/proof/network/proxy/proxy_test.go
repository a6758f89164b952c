package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a peer that gives back what it gets, and keeps it.
type echo struct {
	l   net.Listener
	got chan string
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{l, make(chan string, 100)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for b := make([]byte, 100); ; {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					e.got <- string(b[:n])
					if _, err := c.Write(b[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return e
}

// between returns a proxy before a peer, and how a host reaches it.
func between(t *testing.T, e *echo) (*Proxy, func() net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	p, err := Listen(address, e.l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// hear reads so much, or until the end or a while has passed.
func hear(t *testing.T, c net.Conn, n int, within time.Duration) (string, error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	n, err := io.ReadFull(c, b)
	return string(b[:n]), err
}

const long, short = 10 * time.Second, 100 * time.Millisecond

func TestFaults(t *testing.T) {
	silence := func(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
	reset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	end := func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
	over := func(err error) bool { return reset(err) || end(err) } // the host's own write may have met the reset
	for _, c := range []struct {
		fault  Fault
		heard  string // of "hello, world", 12 bytes each way
		err    func(error) bool
		within time.Duration
		later  string // what comes after the end of the fault
	}{
		{Fault{Kind: Cut, After: 15}, "hel", reset, long, ""},
		{Fault{Kind: Cut, After: 5}, "", reset, long, ""},
		{Fault{Kind: Close, After: 15}, "hel", end, long, ""},
		{Fault{Kind: Stall, After: 15}, "hel", silence, short, "lo, world"},
		{Fault{Kind: Vanish, After: 15}, "hel", silence, short, ""},
		{Fault{Kind: AfterWork}, "", reset, long, ""},
		{Fault{Kind: Refuse}, "", over, long, ""},
		{Fault{Kind: Hangup}, "", over, long, ""},
		{Fault{Kind: Drip, Pause: time.Millisecond}, "hello, world", nil, long, ""},
		{Fault{Kind: Drip, After: 5, Pause: time.Millisecond}, "hello, world", nil, long, ""},
		{Fault{Kind: Cut, When: func(b []byte) bool { return bytes.Contains(b, []byte("other")) }}, "hello, world", nil, long, ""},
	} {
		t.Run(c.fault.Kind.String(), func(t *testing.T) {
			p, dial := between(t, newEcho(t))
			host := dial()
			say(t, host, "1")
			if got, err := hear(t, host, 1, long); got != "1" {
				t.Fatalf("before the fault: %q, %v", got, err)
			}
			p.Begin(c.fault)
			if c.fault.Kind == AfterWork { // what has not been asked is no answer
				_, _ = io.WriteString(host, "hello,")
				time.Sleep(2 * reached)
				_, _ = io.WriteString(host, " world")
			} else {
				_, _ = io.WriteString(host, "hello, world") // it may be reset already
			}
			got, err := hear(t, host, 12, c.within)
			if got != c.heard || c.err == nil && err != nil || c.err != nil && !c.err(err) {
				t.Errorf("%q, %v", got, err)
			}
			if c.err != nil && p.Struck() == 0 {
				t.Error("no connection was struck")
			}
			p.End()
			if later, _ := hear(t, host, len(c.later), long); later != c.later {
				t.Errorf("afterwards %q", later)
			}
			again := dial()
			say(t, again, "2")
			if got, err := hear(t, again, 1, long); got != "2" {
				t.Errorf("a connection after the fault: %q, %v", got, err)
			}
		})
	}
}

// What was kept of a connection that was given up comes when the next one is at work, or before a piece of it.
func TestLate(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		e := newEcho(t)
		p, dial := between(t, e)
		f := Fault{Kind: Late, Pause: short, When: func(b []byte) bool { return b[0] == 'x' }}
		if ahead {
			f.Ahead = func(b []byte) bool { return b[0] == 'y' }
		}
		p.Begin(f)
		old := dial()
		say(t, old, "a")
		if got, err := hear(t, old, 1, long); got != "a" {
			t.Fatalf("%q, %v", got, err)
		}
		say(t, old, "xxx")
		if got, err := hear(t, old, 1, short); err == nil || p.Open() != 1 {
			t.Errorf("an answer to what is kept: %q", got)
		}
		old.Close()
		fresh := dial()
		say(t, fresh, "b")
		if _, err := hear(t, fresh, 1, long); err != nil {
			t.Fatal(err)
		}
		if ahead {
			say(t, fresh, "y")
		}
		want := []string{"a", "b", "xxx", "y"}
		for _, w := range want[:3+map[bool]int{true: 1}[ahead]] {
			select {
			case got := <-e.got:
				if got != w {
					t.Errorf("the peer got %q, want %q", got, w)
				}
			case <-time.After(long):
				t.Fatalf("the peer never got %q", w)
			}
		}
	}
}

// New connections are refused, hung up or left alone, as the fault has it.
func TestNewConnections(t *testing.T) {
	p, dial := between(t, newEcho(t))
	p.Begin(Fault{Kind: Refuse})
	if c, err := net.Dial("tcp", p.address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v, %v", c, err)
	}
	p.Begin(Fault{Kind: Hangup})
	if got, err := hear(t, dial(), 1, long); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("hung up: %q, %v", got, err)
	}
	p.Begin(Fault{Kind: Vanish})
	c := dial()
	say(t, c, "1")
	if got, err := hear(t, c, 1, short); err == nil {
		t.Errorf("vanished: %q", got)
	}
	p.Begin(Fault{Kind: Vanish, Spare: true})
	c = dial()
	say(t, c, "1")
	if got, err := hear(t, c, 1, long); got != "1" {
		t.Errorf("spared: %q, %v", got, err)
	}
}
