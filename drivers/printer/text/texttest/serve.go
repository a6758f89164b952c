package texttest

import (
	"bytes"
	"fmt"
	"net"
	"time"
)

// maxFrame bounds what is gathered without an end in it; more is dropped.
const maxFrame = 64 << 10

// host is one connection. What is said to it leaves in order from a goroutine of its own, so
// that a host that does not read holds up nothing else.
type host struct {
	conn net.Conn
	out  chan speech
	dead bool // dropped by a power cycle: what it sent before does not count. Under the printer's lock.
}

type speech struct {
	text string
	how  Speech
}

// say queues a message with its end. A host that lets thousands wait hears no more.
func (h *host) say(text string, how Speech) {
	select {
	case h.out <- speech{text, how}:
	default:
	}
}

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
	h := &host{conn: conn, out: make(chan speech, 4096)}
	gone, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		p.speak(h, gone)
	}()
	p.mu.Lock()
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	if p.opt.Protocol.Forgets {
		p.empty()
	}
	p.hosts[h] = true
	p.mu.Unlock()

	p.read(h)

	conn.Close()
	close(gone)
	<-told
	p.mu.Lock()
	delete(p.hosts, h)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// read cuts what the host sends into frames.
func (p *Printer) read(h *host) {
	var buf []byte
	end := []byte(p.opt.Protocol.End)
	piece := make([]byte, 4096)
	for {
		n, err := h.conn.Read(piece)
		buf = append(buf, piece[:n]...)
		for {
			frame, rest, whole := bytes.Cut(buf, end)
			if !whole {
				break
			}
			buf = rest
			p.mu.Lock()
			dead, how := h.dead, p.speech
			p.mu.Unlock()
			if dead {
				return
			}
			if answer := p.take(frame); answer != "" {
				h.say(answer, how)
			}
		}
		if len(buf) > maxFrame {
			buf = nil
		}
		if err != nil {
			return
		}
	}
}

// speak sends what is queued for the host until it is gone.
func (p *Printer) speak(h *host, gone <-chan struct{}) {
	for {
		select {
		case s := <-h.out:
			if !p.utter(h, s, gone) {
				return
			}
		case <-gone:
			return
		}
	}
}

func (p *Printer) utter(h *host, s speech, gone <-chan struct{}) bool {
	if s.how.Silent {
		return true
	}
	if s.how.Delay > 0 {
		t := time.NewTimer(s.how.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-gone:
			return false
		}
	}
	b := []byte(s.text + p.opt.Protocol.AnswerEnd)
	if s.how.Garble {
		for i := range b {
			b[i] |= 0x80
		}
	}
	if s.how.Double {
		b = append(b, b...)
	}
	step := len(b)
	if s.how.Split {
		step = 1
	}
	for ; len(b) > 0; b = b[step:] {
		if _, err := h.conn.Write(b[:step]); err != nil {
			return false
		}
	}
	return true
}

// Close stops the printer: it closes its listeners and connections and waits until nothing of
// it runs. Labels in the buffer stay unprinted. It returns the first error of writing the log.
// Closing twice is fine.
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
