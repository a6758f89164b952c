package texttest

import (
	"fmt"
	"io"
	"net"
	"slices"
)

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (s *Scanner) Serve(l net.Listener) error {
	if err := s.server.Serve(l, s.host); err != nil {
		return fmt.Errorf("accepting a connection to the scanner: %w", err)
	}
	return nil
}

// ServeConn serves one connection and returns when it has ended. It closes conn.
func (s *Scanner) ServeConn(conn net.Conn) { s.server.ServeConn(conn, s.host) }

// host keeps one host among those that are sent to, until its connection ends.
func (s *Scanner) host(conn net.Conn) {
	s.mu.Lock()
	s.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	if s.conns = append(s.conns, conn); len(s.conns) == 1 {
		close(s.connected)
	}
	s.mu.Unlock()

	// Reading is how the end of the connection is noticed; why it ended makes no difference.
	_, _ = io.Copy(io.Discard, conn)

	conn.Close() // before the log says so
	s.mu.Lock()
	s.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	i := slices.Index(s.conns, conn)
	if s.conns = slices.Delete(s.conns, i, i+1); len(s.conns) == 0 {
		s.connected = make(chan struct{})
	}
	s.mu.Unlock()
}

// Close stops the scanner: it closes its listeners and connections, which ends a frame that is being written,
// and waits until nothing of it runs. It returns the first error of writing the log. Closing twice is fine.
func (s *Scanner) Close() error {
	s.server.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logErr
}
