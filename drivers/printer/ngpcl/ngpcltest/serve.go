package ngpcltest

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

// Close stops the printer: it closes its listeners and connections and waits until nothing of it runs. It
// returns the first error of writing the log. Closing twice is fine.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events.Err()
}

// serve takes what one host sends, to the end of its connection.
func (p *Printer) serve(conn net.Conn) {
	p.mu.Lock()
	h := &host{p: p, out: answertest.NewWriter(conn), power: p.power}
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	h.out.Talk(h.feed)
	p.mu.Lock()
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// host is one connection.
type host struct {
	p     *Printer
	out   *answertest.Writer
	power int    // of the printer when the connection began
	frame []byte // what came after a {; nil between frames
	last  bool   // nothing is taken or said any more
}

// feed takes bytes in, however they are cut.
func (h *host) feed(b []byte) {
	for _, c := range b {
		switch {
		case c == '{':
			h.frame = []byte{}
		case h.frame == nil:
		case c == '}':
			h.obey(string(h.frame))
			h.frame = nil
		case len(h.frame) == maxFrame:
			h.frame = nil
		default:
			h.frame = append(h.frame, c)
		}
	}
}

// obey acts on a command and answers it.
func (h *host) obey(frame string) {
	p := h.p
	p.mu.Lock()
	if p.over || h.last || h.power != p.power {
		p.mu.Unlock()
		return
	}
	p.commands = append(p.commands, "{"+frame+"}")
	p.log(event{Event: "command", Text: frame})
	text, updated := p.answer(frame)
	m := p.manner
	if updated && !p.opt.Trigger {
		p.mark() // gives the lock back; the answer is not out before the mark
		p.mu.Lock()
	}
	h.say(m, text)
	if h.last = p.opt.CloseEach; h.last {
		h.out.HangUp()
	}
	p.mu.Unlock()
}

// say answers in a manner. The caller holds the printer's lock.
func (h *host) say(m Manner, text string) {
	if !m.Silent {
		h.p.log(event{Event: "answer", Text: text})
	}
	if h.p.opt.LineEnds {
		text += "\r\n"
	}
	h.out.Push(answertest.Answers{Before: m.Between, Delay: m.Late, Twice: m.Double, Bytewise: m.Split, Garbled: m.Garbled, Lost: m.Silent}, text)
}
