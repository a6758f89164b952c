package ngpcltest

import (
	"fmt"
	"net"
	"sync"
	"time"
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
	return p.logErr
}

// serve takes what one host sends, to the end of its connection. Answers are written by a goroutine of their
// own, so that a host may send before it has read them.
func (p *Printer) serve(conn net.Conn) {
	p.mu.Lock()
	h := &host{p: p, power: p.power, more: make(chan struct{}, 1), done: make(chan struct{})}
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()

	var writing sync.WaitGroup
	writing.Go(func() {
		h.write(conn)
		conn.Close()
	})
	buf := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buf)
		h.feed(buf[:n])
		if err != nil {
			break
		}
	}

	close(h.done)
	conn.Close()
	writing.Wait()
	p.mu.Lock()
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// host is one connection.
type host struct {
	p     *Printer
	power int    // of the printer when the connection began
	frame []byte // what came after a {; nil between frames

	more chan struct{}
	done chan struct{}
	out  []word // guarded by the printer's lock
	last bool   // nothing is taken or said any more; guarded by the printer's lock
}

// word is what is written, and how.
type word struct {
	text  string
	late  time.Duration
	split bool
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
	words := p.say(text)
	if updated && !p.opt.Trigger {
		p.mark() // gives the lock back; the answer is not out before the mark
		p.mu.Lock()
	}
	h.out = append(h.out, words...)
	h.last = p.opt.CloseEach
	p.mu.Unlock()
	select {
	case h.more <- struct{}{}:
	default:
	}
}

// say puts an answer into the printer's manner. The caller holds the lock.
func (p *Printer) say(text string) []word {
	m := p.manner
	if m.Silent {
		return nil
	}
	p.log(event{Event: "answer", Text: text})
	if p.opt.LineEnds {
		text += "\r\n"
	}
	if m.Garbled {
		b := []byte(text)
		for i := range b {
			b[i] = b[i]<<1 | 0x81
		}
		text = string(b)
	}
	w := word{text, m.Late, m.Split}
	words := []word{{text: m.Between}, w}
	if m.Double {
		words = append(words, w)
	}
	return words
}

// write carries answers to the host, to the end of the connection.
func (h *host) write(conn net.Conn) {
	for {
		select {
		case <-h.more:
		case <-h.done:
			return
		}
		h.p.mu.Lock()
		words, last := h.out, h.last
		h.out = nil
		h.p.mu.Unlock()
		for _, w := range words {
			if !h.put(conn, w) {
				return
			}
		}
		if last {
			return
		}
	}
}

// put writes one word; false when the connection is over.
func (h *host) put(conn net.Conn, w word) bool {
	if w.late > 0 {
		t := time.NewTimer(w.late)
		select {
		case <-t.C:
		case <-h.done:
			t.Stop()
			return false
		}
	}
	step := max(1, len(w.text))
	if w.split {
		step = 1
	}
	for b := []byte(w.text); len(b) > 0; b = b[min(step, len(b)):] {
		if _, err := conn.Write(b[:min(step, len(b))]); err != nil {
			return false
		}
	}
	return true
}
