package sppltest

import (
	"fmt"
	"net"

	"linemark/drivers/link/linktest/answertest"
)

// maxFrame bounds a command; a longer one is dropped.
const maxFrame = 1 << 16

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (p *Printer) Serve(l net.Listener) error {
	if err := p.server.Serve(l, p.serve); err != nil {
		return fmt.Errorf("accepting a connection to the printer: %w", err)
	}
	return nil
}

// ServeConn serves one connection and returns when it has ended. It closes conn.
func (p *Printer) ServeConn(conn net.Conn) { p.server.ServeConn(conn, p.serve) }

// Close stops the printer: it closes its listeners and connections and waits until nothing of it runs. Rows
// in the queues stay unprinted. It returns the first error of writing the log. Closing twice is fine.
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

// serve takes what one host sends, to the end of its connection.
func (p *Printer) serve(conn net.Conn) {
	p.mu.Lock()
	h := &host{p: p, out: answertest.NewWriter(conn), power: p.power}
	p.hosts[h] = true
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	h.out.Talk(h.feed)
	p.mu.Lock()
	delete(p.hosts, h)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// host is one connection.
type host struct {
	p     *Printer
	out   *answertest.Writer
	power int    // of the printer when the connection began
	frame []byte // what came after a ~; nil between frames
}

// feed takes bytes in, however they are cut.
func (h *host) feed(b []byte) {
	for _, c := range b {
		switch {
		case h.frame == nil && c == '~':
			h.frame = []byte{}
		case h.frame == nil:
		case c == '^':
			h.p.obey(h, string(h.frame))
			h.frame = nil
		case len(h.frame) == maxFrame:
			h.frame = nil
		default:
			h.frame = append(h.frame, c)
		}
	}
}

// obey acts on a whole frame and answers each of its commands.
func (p *Printer) obey(h *host, frame string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || h.power != p.power {
		return
	}
	p.commands = append(p.commands, "~"+frame+"^")
	p.log(event{Event: "command", Text: frame})
	for _, c := range parse(frame) {
		tag, result := p.answer(c)
		if p.manner.Between != "" && !p.manner.Silent {
			h.out.Say(p.manner.Between)
		}
		h.say(tag + ":" + result)
	}
}

// say hands an answer over to be written. The caller holds the lock.
func (h *host) say(content string) {
	m := h.p.manner
	text := "~SPGRES{" + content + "}^"
	if h.p.opt.Spaced {
		text = "~ SPGRES{ " + content + "}^"
	}
	if !m.Silent {
		h.p.log(event{Event: "answer", Text: text})
	}
	h.out.Push(answertest.Answers{Delay: m.Late, Twice: m.Double, Bytewise: m.Split, Garbled: m.Garbled, Lost: m.Silent}, text)
}
