// Package linktest serves the connections of an emulated device: a printer, scanner or PLC that stands in for
// a real one in tests, in a demonstration plant and at a desk.
package linktest

import (
	"io"
	"net"
	"sync"
)

// Server holds the listeners and connections of one emulated device. The zero value is ready for use; it must
// not be copied afterwards. Its methods may be called from any goroutine.
//
// A handler is called once for each connection, outside the server's lock: it may take the device's lock, and
// Drop and Closed may be called under that lock. The handler owns the connection until it returns, and the
// server closes the connection then, if the handler has not. It has to return soon after the connection was
// closed under it or Closed was signalled, because Close waits for it; so Close must not be called by a
// handler, nor under a lock that a handler takes.
type Server struct {
	running sync.WaitGroup // calls of Serve and ServeConn

	mu     sync.Mutex
	over   bool
	closed chan struct{}      // made when it is first asked for
	open   map[io.Closer]bool // listeners and connections
}

// Serve accepts connections from l and calls handle for each in a goroutine of its own. It closes l and
// returns nil after Close, also after one that came before it, or the error of l as it is when l fails by
// itself. Connections accepted before l failed go on.
func (s *Server) Serve(l net.Listener, handle func(net.Conn)) error {
	if !s.enter(l) {
		return nil
	}
	defer s.leave(l)
	for {
		conn, err := l.Accept()
		if err != nil {
			select {
			case <-s.Closed():
				return nil
			default:
				return err
			}
		}
		s.running.Go(func() { s.ServeConn(conn, handle) })
	}
}

// ServeConn calls handle with conn, closes conn and returns. After Close it only closes conn.
func (s *Server) ServeConn(conn net.Conn, handle func(net.Conn)) {
	if !s.enter(conn) {
		return
	}
	defer s.leave(conn)
	handle(conn)
}

// enter keeps what is served and counts its call as running. After Close it closes it and is false.
func (s *Server) enter(c io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		c.Close()
		return false
	}
	if s.open == nil {
		s.open = map[io.Closer]bool{}
	}
	s.open[c] = true
	s.running.Add(1)
	return true
}

func (s *Server) leave(c io.Closer) {
	c.Close()
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
	s.running.Done()
}

// Drop closes all connections and goes on listening, as a device does that is switched off and on. It does
// not wait for the handlers.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if conn, ok := c.(net.Conn); ok {
			conn.Close()
		}
	}
}

// Close closes all listeners and connections and waits until every Serve, ServeConn and handler has come to
// its end. Closing twice is fine, and the second call waits as well.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.over {
		s.over = true
		close(s.signal())
		for c := range s.open {
			c.Close()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Closed returns a channel that is closed as soon as Close is called. It is for what a handler waits for
// besides its connection.
func (s *Server) Closed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signal()
}

// signal returns the channel of Closed. The caller holds the lock.
func (s *Server) signal() chan struct{} {
	if s.closed == nil {
		s.closed = make(chan struct{})
	}
	return s.closed
}

// Notify signals a channel that holds one signal. It never waits.
func Notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
