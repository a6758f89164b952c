package ziphertest

import (
	"fmt"
	"net"

	"linemark/drivers/link/linktest/answertest"
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
	return p.events.Err()
}

// host takes what one host sends, to the end of its connection.
func (p *Printer) host(conn net.Conn) {
	w := answertest.NewWriter(conn)
	p.mu.Lock()
	power := p.power
	p.hosts[w] = true
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	in := lines{take: func(line string) { p.command(w, power, line) }}
	w.Talk(in.feed)
	p.mu.Lock()
	delete(p.hosts, w)
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// answer sends a line to the host that asked, in the printer's present manner. The caller holds the lock of
// the printer.
func (p *Printer) answer(w *answertest.Writer, line string) {
	m := p.manner
	for _, l := range m.Before {
		w.Say(l + p.opt.End)
	}
	w.Push(answertest.Answers{Delay: m.Late, Twice: m.Twice, Bytewise: m.Split, Garbled: m.Garble, Lost: m.Silent}, line+p.opt.End)
}

// notice tells every host something that it did not ask for, if notices are on. The caller holds the lock.
func (p *Printer) notice(line string) {
	if !p.notices {
		return
	}
	for w := range p.hosts {
		w.Say(line + p.opt.End)
	}
}
