package dynamarktest

import (
	"fmt"
	"net"

	"linemark/drivers/link/linktest/answertest"
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
	return p.events.Err()
}

// host takes what the client sends, to the end of its connection. A second client waits until the first has gone.
func (p *Printer) host(conn net.Conn) {
	select {
	case p.seat <- struct{}{}:
	case <-p.server.Closed():
		return
	}
	defer func() { <-p.seat }()
	w := answertest.NewWriter(conn)
	p.mu.Lock()
	power := p.power
	p.client = w
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	in := lines{take: func(line string) { p.command(w, power, line) }}
	w.Talk(in.feed)
	p.mu.Lock()
	p.client = nil
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// answer sends a line to the client, in the laser's present manner. The caller holds the lock of the laser.
func (p *Printer) answer(w *answertest.Writer, line string) {
	m := p.manner
	for _, l := range m.Before {
		w.Say(l + "\r\n")
	}
	w.Push(answertest.Answers{Delay: m.Late, Twice: m.Twice, Bytewise: m.Split, Garbled: m.Garble, Lost: m.Silent}, line+"\r\n")
}
