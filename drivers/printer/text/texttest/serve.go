package texttest

import (
	"bytes"
	"fmt"
	"net"

	"linemark/drivers/link/linktest/answertest"
)

// maxFrame bounds what is gathered without an end in it; more is dropped.
const maxFrame = 64 << 10

// host is one connection.
type host struct {
	out  *answertest.Writer
	dead bool // dropped by a power cycle: what it sent before does not count. Under the printer's lock.
	buf  []byte
}

// tell queues a message of the printer.
func (p *Printer) tell(h *host, text string, how Speech) {
	h.out.Push(answertest.Answers{Delay: how.Delay, Twice: how.Double, Bytewise: how.Split, Garbled: how.Garble, Lost: how.Silent},
		text+p.opt.Protocol.AnswerEnd)
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
	h := &host{out: answertest.NewWriter(conn)}
	p.mu.Lock()
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	if p.opt.Protocol.Forgets {
		p.empty()
	}
	p.hosts[h] = true
	p.mu.Unlock()
	h.out.Talk(func(b []byte) { p.read(h, b) })
	p.mu.Lock()
	delete(p.hosts, h)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// read cuts what the host sends into frames.
func (p *Printer) read(h *host, b []byte) {
	h.buf = append(h.buf, b...)
	for {
		frame, rest, whole := bytes.Cut(h.buf, []byte(p.opt.Protocol.End))
		if !whole {
			break
		}
		h.buf = rest
		p.mu.Lock()
		dead, how := h.dead, p.speech
		p.mu.Unlock()
		if dead {
			return
		}
		if answer := p.take(frame); answer != "" {
			p.tell(h, answer, how)
		}
	}
	if len(h.buf) > maxFrame {
		h.buf = nil
	}
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
	return p.events.Err()
}
