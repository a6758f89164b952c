package ziphertest

import (
	"fmt"
	"net"
	"sync"
	"time"
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

// Close stops the printer: it closes its listeners and connections and waits until nothing of it runs. Records
// in the buffer stay unprinted. It returns the first error of writing the log. Closing twice is fine.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.server.Close()
	p.feeding.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logErr
}

// host takes what one host sends, to the end of its connection.
func (p *Printer) host(conn net.Conn) {
	h := &host{conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
	p.mu.Lock()
	h.power = p.power
	p.hosts[h] = true
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	var writing sync.WaitGroup
	writing.Go(h.write)

	in := lines{take: func(line string) { p.command(h, line) }}
	buf := make([]byte, 4<<10)
	for {
		n, err := conn.Read(buf)
		in.feed(buf[:n])
		if err != nil {
			break
		}
	}

	close(h.done)
	conn.Close() // before the log says so
	writing.Wait()
	p.mu.Lock()
	delete(p.hosts, h)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// host is one connection. What goes out is queued, so that a host which does not read holds nobody up.
type host struct {
	conn  net.Conn
	power int // of the printer when the connection began
	wake  chan struct{}
	done  chan struct{}

	mu    sync.Mutex
	queue []piece
}

// piece is bytes to be written in one go, some time after those before it.
type piece struct {
	after time.Duration
	bytes []byte
}

func (h *host) put(pieces ...piece) {
	h.mu.Lock()
	h.queue = append(h.queue, pieces...)
	h.mu.Unlock()
	notify(h.wake)
}

// write carries the queue out until the connection ends.
func (h *host) write() {
	for {
		h.mu.Lock()
		pieces := h.queue
		h.queue = nil
		h.mu.Unlock()
		for _, p := range pieces {
			if p.after > 0 {
				t := time.NewTimer(p.after)
				select {
				case <-t.C:
				case <-h.done:
				}
				t.Stop()
			}
			if _, err := h.conn.Write(p.bytes); err != nil {
				return // the reader meets the same end
			}
		}
		if len(pieces) > 0 {
			continue
		}
		select {
		case <-h.wake:
		case <-h.done:
			return
		}
	}
}

// answer sends a line to the host that asked, in the printer's present manner. The caller holds the lock of
// the printer.
func (p *Printer) answer(h *host, line string) {
	m := p.manner
	for _, l := range m.Before {
		h.put(piece{bytes: []byte(l + p.opt.End)})
	}
	if m.Silent {
		return
	}
	b := []byte(line + p.opt.End)
	if m.Twice {
		b = append(b, b...)
	}
	if m.Garble {
		for i := range b {
			b[i] ^= 1 << (i % 7)
		}
	}
	if !m.Split {
		h.put(piece{m.Late, b})
		return
	}
	for i := range b {
		h.put(piece{bytes: b[i : i+1]})
	}
}

// notice tells every host something that it did not ask for, if notices are on. The caller holds the lock.
func (p *Printer) notice(line string) {
	if !p.notices {
		return
	}
	for h := range p.hosts {
		h.put(piece{bytes: []byte(line + p.opt.End)})
	}
}
