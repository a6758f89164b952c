// Package servetest holds what the tests of all emulated devices share.
package servetest

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// Start returns e, which the end of the test closes; an error of that fails the test.
func Start[E io.Closer](t testing.TB, e E) E {
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Pipe returns the far end of a connection in memory that serve is called with. The end of the test closes
// it and waits for serve.
func Pipe(t testing.TB, serve func(net.Conn)) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(near)
	}()
	t.Cleanup(func() {
		far.Close()
		<-done
	})
	return far
}

// Listen returns a listener on a free port of this machine, closed at the end of the test.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// Emulator is an emulated device.
type Emulator interface {
	Serve(net.Listener) error
	ServeConn(net.Conn)
	Close() error
}

var errDiskFull = errors.New("disk full")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errDiskFull }

// Check tests the life of an emulator: how it begins and ends to serve, and that Close tells of a log that
// could not be written. start returns a new one that keeps its log in the writer, and act makes it write
// there.
func Check[E Emulator](t *testing.T, start func(log io.Writer) E, act func(E)) {
	t.Run("close", func(t *testing.T) {
		e, l := start(io.Discard), Listen(t)
		served := make(chan error, 1)
		go func() { served <- e.Serve(l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		piped := Pipe(t, e.ServeConn)
		for range 2 {
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if err := <-served; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
		wantEnd(t, conn)
		wantEnd(t, piped)
		again := Listen(t)
		if err := e.Serve(again); err != nil {
			t.Errorf("Serve after Close: %v", err)
		}
		if _, err := again.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve after Close left its listener open: %v", err)
		}
		wantEnd(t, Pipe(t, e.ServeConn))
	})
	t.Run("failed listener", func(t *testing.T) {
		e, l := Start(t, start(io.Discard)), Listen(t)
		l.Close()
		if err := e.Serve(l); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	t.Run("broken log", func(t *testing.T) {
		e := start(broken{})
		act(e)
		for range 2 {
			if err := e.Close(); !errors.Is(err, errDiskFull) {
				t.Errorf("Close returns %v", err)
			}
		}
	})
}

// wantEnd fails the test if the other side has not closed conn.
func wantEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second)) // fails where the end has come already
	var late net.Error
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || errors.As(err, &late) && late.Timeout() {
		t.Errorf("a connection was left open: read %d bytes, %v", n, err)
	}
}
