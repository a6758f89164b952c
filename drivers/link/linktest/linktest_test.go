package linktest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is the smallest device: it sends back what it is sent.
type echo struct {
	server Server
	mu     sync.Mutex
	log    io.Writer
	err    error
}

func (e *echo) handle(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func (e *echo) Serve(l net.Listener) error { return e.server.Serve(l, e.handle) }

func (e *echo) ServeConn(conn net.Conn) { e.server.ServeConn(conn, e.handle) }

func (e *echo) Close() error {
	e.server.Close()
	return e.err
}

func TestServingAndClosing(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *echo { return &echo{log: log} },
		func(e *echo) { _, e.err = e.log.Write(nil) })
}

// heard tells whether the echo answers on the connection.
func heard(t *testing.T, conn net.Conn) bool {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return false
	}
	if _, err := conn.Write([]byte("x\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && line == "x\n"
}

// A drop ends every connection and no listener, and may come from under the device's lock.
func TestDrop(t *testing.T) {
	e, l := servetest.Start(t, &echo{}), servetest.Listen(t)
	served := make(chan error, 1)
	go func() { served <- e.Serve(l) }()
	e.server.Drop() // of nothing
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	for range 2 {
		conns := []net.Conn{dial(), dial(), servetest.Pipe(t, e.ServeConn)}
		for i, c := range conns {
			if !heard(t, c) {
				t.Fatalf("connection %d is not served", i)
			}
		}
		e.mu.Lock()
		e.server.Drop()
		e.mu.Unlock()
		for i, c := range conns {
			if heard(t, c) {
				t.Errorf("connection %d outlived the drop", i)
			}
		}
	}
	select {
	case err := <-served:
		t.Errorf("the drop ended Serve with %v", err)
	case <-e.server.Closed():
		t.Error("the drop closed the server")
	default:
	}
}

// Every Close waits for the handlers, which learn of it from Closed.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		far := servetest.Pipe(t, func(conn net.Conn) {
			s.ServeConn(conn, func(net.Conn) {
				<-s.Closed()
				time.Sleep(time.Second)
			})
		})
		synctest.Wait()
		begun := time.Now()
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				s.Close()
				if took := time.Since(begun); took != time.Second {
					t.Errorf("Close returned after %v, its handler ends after a second", took)
				}
			})
		}
		synctest.Wait()
		if _, err := far.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the connection is not closed before its handler ends: %v", err)
		}
		all.Wait()
		<-s.Closed()
	})
}

// ServeConn lasts as long as its handler, and closes what the handler left open.
func TestServeConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		begun := time.Now()
		far := servetest.Pipe(t, func(conn net.Conn) {
			s.ServeConn(conn, func(net.Conn) { time.Sleep(time.Second) })
			if took := time.Since(begun); took != time.Second {
				t.Errorf("ServeConn returned after %v", took)
			}
		})
		if _, err := far.Read(make([]byte, 1)); err != io.EOF || time.Since(begun) != time.Second {
			t.Errorf("read %v after %v", err, time.Since(begun))
		}
		s.Close()
		if len(s.open) != 0 {
			t.Errorf("%d connections are still kept", len(s.open))
		}
	})
}

// Whatever comes together with Close, nothing runs after it and no handler begins.
func TestTogether(t *testing.T) {
	for range 100 {
		var s Server
		var mu sync.Mutex
		var after error
		over := false
		handle := func(conn net.Conn) {
			mu.Lock()
			if over {
				after = fmt.Errorf("a handler began after Close")
			}
			mu.Unlock()
			_, _ = io.Copy(io.Discard, conn)
		}
		var all sync.WaitGroup
		for range 4 {
			near, far := net.Pipe()
			all.Go(func() { s.ServeConn(near, handle) })
			all.Go(s.Drop)
			defer far.Close()
		}
		all.Go(func() {
			s.Close()
			mu.Lock()
			over = true
			mu.Unlock()
		})
		all.Wait()
		if after != nil {
			t.Fatal(after)
		}
	}
}
