package sppltest

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
	return p.logErr
}

// serve takes what one host sends, to the end of its connection.
func (p *Printer) serve(conn net.Conn) {
	p.mu.Lock()
	h := &host{p: p, conn: conn, power: p.power, more: make(chan struct{}, 1), done: make(chan struct{})}
	p.hosts[h] = true
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()

	var writing sync.WaitGroup
	writing.Go(h.write)
	buf := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buf)
		h.feed(buf[:n])
		if err != nil {
			break
		}
	}

	conn.Close() // before the log says so
	close(h.done)
	writing.Wait()
	p.mu.Lock()
	delete(p.hosts, h)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// host is one connection. Its words are written by a goroutine of its own, so that a print waits for no host.
type host struct {
	p     *Printer
	conn  net.Conn
	power int    // of the printer when the connection began
	frame []byte // what came after a ~; nil between frames

	more chan struct{}
	done chan struct{}
	out  []word // guarded by the printer's lock
}

// word is what is written, and how.
type word struct {
	text  []byte
	late  time.Duration
	split bool
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
			h.out = append(h.out, word{text: []byte(p.manner.Between)})
		}
		h.say(tag + ":" + result)
	}
}

// say hands an answer over to be written. The caller holds the lock.
func (h *host) say(content string) {
	m := h.p.manner
	if m.Silent {
		return
	}
	text := "~SPGRES{" + content + "}^"
	if h.p.opt.Spaced {
		text = "~ SPGRES{ " + content + "}^"
	}
	h.p.log(event{Event: "answer", Text: text})
	w := word{text: []byte(text), late: m.Late, split: m.Split}
	if m.Garbled {
		for i := range w.text {
			w.text[i] = w.text[i]<<1 | 0x81
		}
	}
	h.out = append(h.out, w)
	if m.Double {
		h.out = append(h.out, w)
	}
	notify(h.more)
}

// write carries words to the host, to the end of the connection.
func (h *host) write() {
	for {
		select {
		case <-h.more:
		case <-h.done:
			return
		}
		h.p.mu.Lock()
		words := h.out
		h.out = nil
		h.p.mu.Unlock()
		for _, w := range words {
			if !h.put(w) {
				return
			}
		}
	}
}

// put writes one word; false when the connection is over.
func (h *host) put(w word) bool {
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
	for b := w.text; len(b) > 0; b = b[min(step, len(b)):] {
		if _, err := h.conn.Write(b[:min(step, len(b))]); err != nil {
			return false
		}
	}
	return true
}
