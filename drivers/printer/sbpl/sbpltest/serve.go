package sbpltest

import (
	"fmt"
	"net"
	"sync"
	"time"

	"linemark/drivers/link/linktest/answertest"
)

// Serve accepts connections for jobs from l until Close, which it reports with nil, or until l fails.
func (p *Printer) Serve(l net.Listener) error { return p.serve(l, p.host) }

// ServeStatus does the same for connections that only the status is told on, as on port 1025.
func (p *Printer) ServeStatus(l net.Listener) error { return p.serve(l, p.statusHost) }

func (p *Printer) serve(l net.Listener, handle func(net.Conn)) error {
	if err := p.server.Serve(l, handle); err != nil {
		return fmt.Errorf("accepting a connection to the printer: %w", err)
	}
	return nil
}

// ServeConn serves one connection for jobs and returns when it has ended. It closes conn.
func (p *Printer) ServeConn(conn net.Conn) { p.server.ServeConn(conn, p.host) }

// ServeStatusConn serves one connection for the status and returns when it has ended. It closes conn.
func (p *Printer) ServeStatusConn(conn net.Conn) { p.server.ServeConn(conn, p.statusHost) }

func (p *Printer) host(conn net.Conn)       { p.attend(conn, true, !p.opt.Separate) }
func (p *Printer) statusHost(conn net.Conn) { p.attend(conn, false, true) }

// attend takes what one host sends, to the end of its connection.
func (p *Printer) attend(conn net.Conn, jobs, status bool) {
	w := answertest.NewWriter(conn)
	var telling sync.WaitGroup
	if status && p.opt.Status == Status4Cyclic {
		telling.Go(func() { p.tell(w) })
	}
	p.mu.Lock()
	s := &stream{p: p, out: w, power: p.power, jobs: jobs, status: status}
	p.log(event{Event: "connected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
	w.Talk(s.feed)
	telling.Wait()
	p.mu.Lock()
	p.log(event{Event: "disconnected", Peer: conn.RemoteAddr().String()})
	p.mu.Unlock()
}

// tell sends the status again and again until the connection ends.
func (p *Printer) tell(w *answertest.Writer) {
	t := time.NewTicker(p.opt.Every)
	defer t.Stop()
	for {
		p.mu.Lock()
		w.Push(p.answers, p.state())
		p.mu.Unlock()
		select {
		case <-t.C:
		case <-w.Stopped():
			return
		}
	}
}

// Close stops the printer: it closes its listeners and connections and waits until nothing of it runs. Labels
// in the buffer stay unprinted. It returns the first error of writing the log. Closing twice is fine.
func (p *Printer) Close() error {
	p.mu.Lock()
	p.over = true
	p.room.Broadcast()
	p.mu.Unlock()
	p.server.Close()
	p.feeding.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events.Err()
}
