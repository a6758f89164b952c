package zpltest

import (
	"fmt"
	"net"
)

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (p *Printer) Serve(l net.Listener) error {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		l.Close()
		return nil
	}
	p.listeners[l] = true
	p.running.Add(1)
	p.mu.Unlock()
	defer p.running.Done()
	for {
		conn, err := l.Accept()
		if err != nil {
			l.Close()
			p.mu.Lock()
			delete(p.listeners, l)
			over := p.over
			p.mu.Unlock()
			if over {
				return nil
			}
			return fmt.Errorf("accepting a connection to the printer: %w", err)
		}
		p.running.Go(func() { p.ServeConn(conn) })
	}
}

// ServeConn serves one connection and returns when it has ended. It closes conn.
func (p *Printer) ServeConn(conn net.Conn) {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		conn.Close()
		return
	}
	p.conns[conn] = true
	p.running.Add(1)
	s := newStream(p, conn)
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()

	buf := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 && s.feed(buf[:n]) != nil || err != nil {
			break
		}
	}

	conn.Close()
	s.end()
	p.mu.Lock()
	delete(p.conns, conn)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	p.running.Done()
}

// Close stops the printer: it closes its listeners and connections and waits until nothing of it runs. Labels
// in the buffer stay unprinted. It returns the first error of writing the log. Closing twice is fine.
func (p *Printer) Close() error {
	p.mu.Lock()
	if !p.over {
		p.over = true
		close(p.closed)
		for l := range p.listeners {
			l.Close()
		}
		for c := range p.conns {
			c.Close()
		}
	}
	p.mu.Unlock()
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logErr
}
