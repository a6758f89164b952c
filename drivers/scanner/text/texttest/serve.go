package texttest

import (
	"bytes"
	"context"
	"fmt"
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

// Connect connects to a host that listens at host:port, as a scanner does that is set up as TCP client, and
// serves this one connection. It returns nil when the connection has ended.
func (s *Scanner) Connect(ctx context.Context, target string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
	if err != nil {
		return fmt.Errorf("connecting the scanner to its host: %w", err)
	}
	s.ServeConn(conn)
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

	s.listen(conn)

	conn.Close() // before the log says so
	s.mu.Lock()
	s.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	if i := slices.Index(s.conns, conn); i >= 0 {
		if s.conns = slices.Delete(s.conns, i, i+1); len(s.conns) == 0 {
			s.connected = make(chan struct{})
		}
	}
	s.mu.Unlock()
}

// listen takes in what a host sends until the connection ends; why it ended makes no difference.
func (s *Scanner) listen(conn net.Conn) {
	var heard []byte
	longest := max(len(s.opt.Trigger), len(s.opt.TriggerOff))
	piece := make([]byte, 512)
	for {
		n, err := conn.Read(piece)
		for _, b := range piece[:n] {
			heard = append(heard, b)
			if extra := len(heard) - longest; extra > 0 {
				heard = heard[extra:]
			}
			for _, on := range []bool{true, false} {
				if s.isCommand(heard, on) {
					heard = heard[:0]
					s.command(conn, on)
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// isCommand reports whether what was heard ends with the command.
func (s *Scanner) isCommand(heard []byte, on bool) bool {
	command := s.opt.TriggerOff
	if on {
		command = s.opt.Trigger
	}
	return command != "" && bytes.HasSuffix(heard, []byte(command))
}

// command does what a host asked for, unless the scanner is without power.
func (s *Scanner) command(conn net.Conn, on bool) {
	s.mu.Lock()
	alive := slices.Contains(s.conns, conn)
	if alive {
		name := "trigger off"
		if on {
			name = "trigger"
		}
		s.log(event{Event: name})
	}
	s.mu.Unlock()
	if alive && s.opt.OnTrigger != nil {
		s.opt.OnTrigger(on)
	}
}

// Close stops the scanner: it closes its listeners and connections, which ends a frame that is being written,
// and waits until nothing of it runs. It returns the first error of writing the log. Closing twice is fine.
func (s *Scanner) Close() error {
	s.server.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logErr
}
