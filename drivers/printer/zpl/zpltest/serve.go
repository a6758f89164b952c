package zpltest

import (
	"fmt"
	"net"
)

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (p *Printer) Serve(l net.Listener) error {
	if err := p.server.Serve(l, p.host); err != nil {
		return fmt.Errorf("accepting a connection to the printer: %w", err)
	}
	return nil
}

// ServeConn serves one connection and returns when it has ended. It closes conn.
func (p *Printer) ServeConn(conn net.Conn) { p.server.ServeConn(conn, p.host) }

// host takes what one host sends, to the end of its connection.
func (p *Printer) host(conn net.Conn) {
	p.mu.Lock()
	w := newWire(p, conn)
	s := newStream(p, w)
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()

	buf := make([]byte, 16<<10)
	for {
		n, err := w.Read(buf)
		if n > 0 && s.feed(buf[:n]) != nil || err != nil {
			break
		}
	}

	w.end() // before the log says so
	s.end()
	p.mu.Lock()
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// Close stops the printer: it closes its listeners and connections and waits until nothing of it runs. Labels
// in the buffer stay unprinted. It returns the first error of writing the log. Closing twice is fine.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.server.Close()
	p.feeding.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events.Err()
}
