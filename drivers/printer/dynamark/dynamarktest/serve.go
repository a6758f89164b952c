package dynamarktest

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (p *Printer) Serve(l net.Listener) error {
	if err := p.server.Serve(l, p.host); err != nil {
		return fmt.Errorf("accepting a connection to the laser: %w", err)
	}
	return nil
}

// ServeConn serves one connection and returns when it has ended. It closes conn.
func (p *Printer) ServeConn(conn net.Conn) { p.server.ServeConn(conn, p.host) }

// Close stops the laser: it closes its listeners and connections and waits until nothing of it runs. It returns
// the first error of writing the log. Closing twice is fine.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.over = true
	p.unstage()
	p.mu.Unlock()
	p.server.Close()
	p.working.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logErr
}

// host takes what the client sends, to the end of its connection. A second client waits until the first has gone.
func (p *Printer) host(conn net.Conn) {
	select {
	case p.seat <- struct{}{}:
	case <-p.server.Closed():
		return
	}
	defer func() { <-p.seat }()
	h := &host{conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
	p.mu.Lock()
	h.power = p.power
	p.client = h
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
	p.client = nil
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// host is one connection. What goes out is queued, so that a client which does not read holds nobody up.
type host struct {
	conn  net.Conn
	power int // of the laser when the connection began
	wake  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	queue   []piece
	answers int // queued and not written yet
}

// waiting tells whether an answer has not been written yet.
func (h *host) waiting() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answers > 0
}

// piece is bytes to be written in one go, some time after those before it.
type piece struct {
	after  time.Duration
	bytes  []byte
	answer bool // the last piece of an answer
}

func (h *host) put(pieces ...piece) {
	h.mu.Lock()
	h.queue = append(h.queue, pieces...)
	for _, p := range pieces {
		if p.answer {
			h.answers++
		}
	}
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
			if p.answer { // the other side may have it before Write returns
				h.mu.Lock()
				h.answers--
				h.mu.Unlock()
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

// answer sends a line to the client, in the laser's present manner. The caller holds the lock of the laser.
func (p *Printer) answer(h *host, line string) {
	m := p.manner
	for _, l := range m.Before {
		h.put(piece{bytes: []byte(l + "\r\n")})
	}
	if m.Silent {
		return
	}
	b := []byte(line + "\r\n")
	if m.Twice {
		b = append(b, b...)
	}
	if m.Garble {
		for i := range b {
			b[i] ^= 1 << (i % 7)
		}
	}
	if !m.Split {
		h.put(piece{m.Late, b, true})
		return
	}
	for i := range b {
		h.put(piece{bytes: b[i : i+1], answer: i == len(b)-1})
	}
}
