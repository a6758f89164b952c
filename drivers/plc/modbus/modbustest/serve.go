package modbustest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"time"
)

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (p *PLC) Serve(l net.Listener) error {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		l.Close()
		return nil
	}
	p.listeners[l] = true
	p.running.Add(1)
	p.mu.Unlock()
	defer p.running.Done()
	for {
		conn, err := l.Accept()
		if err != nil {
			l.Close()
			p.mu.Lock()
			delete(p.listeners, l)
			over := p.over
			p.mu.Unlock()
			if over {
				return nil
			}
			return fmt.Errorf("accepting a connection to the PLC: %w", err)
		}
		p.running.Go(func() { p.ServeConn(conn) })
	}
}

// ServeConn serves one connection and returns when it has ended. It closes conn. Bytes that are no Modbus TCP
// end the connection.
func (p *PLC) ServeConn(conn net.Conn) {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		conn.Close()
		return
	}
	p.conns[conn] = true
	p.running.Add(1)
	p.mu.Unlock()

	in := bufio.NewReader(conn)
	for {
		f, err := readFrame(in)
		if err != nil || !p.handle(conn, f) {
			break
		}
	}

	conn.Close()
	p.mu.Lock()
	delete(p.conns, conn)
	p.mu.Unlock()
	p.running.Done()
}

// handle answers one request. It is false when the connection has ended.
func (p *PLC) handle(conn net.Conn, f frame) bool {
	if p.opt.Unit != 0 && f.unit != p.opt.Unit {
		return true
	}
	p.mu.Lock()
	p.requests++
	n, decide := p.requests, p.fault
	p.mu.Unlock()
	var fault Fault
	if decide != nil {
		fault = decide(n, f.pdu[0])
	}
	if fault.Kind == Exception {
		f.pdu = refuse(f.pdu[0], fault.Code)
	} else {
		f.pdu = p.carryOut(f.pdu)
	}
	switch fault.Kind {
	case Silence:
		return true
	case Cut:
		return false
	case Late:
		if !p.wait(fault.Delay) {
			return false
		}
	case WrongTransaction:
		f.transaction--
	case WrongUnit:
		f.unit++
	case ByteByByte:
		for _, b := range f.bytes() {
			if _, err := conn.Write([]byte{b}); err != nil || !p.wait(fault.Delay) {
				return false
			}
		}
		return true
	}
	_, err := conn.Write(f.bytes())
	return err == nil
}

// wait is false when the PLC is closed meanwhile.
func (p *PLC) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.closed:
		return false
	}
}

// Close stops the PLC: it closes its listeners and connections and waits until nothing of it runs. It returns
// the first error of writing the log. Closing twice is fine.
func (p *PLC) Close() error {
	p.mu.Lock()
	if !p.over {
		p.over = true
		close(p.closed)
		for l := range p.listeners {
			l.Close()
		}
		for c := range p.conns {
			c.Close()
		}
	}
	p.mu.Unlock()
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logErr
}

// log writes one line. The caller holds the lock, so that lines stand in the order of the writes. The first
// failure is kept for Close.
func (p *PLC) log(name string, addr, value int) {
	if p.opt.Log == nil {
		return
	}
	line, err := json.Marshal(struct {
		At      time.Time `json:"at"`
		Event   string    `json:"event"`
		Address int       `json:"address"`
		Value   int       `json:"value"`
	}{p.opt.Now(), name, addr, value})
	if err == nil {
		_, err = p.opt.Log.Write(append(line, '\n'))
	}
	if err != nil && p.logErr == nil {
		p.logErr = fmt.Errorf("writing the log of the PLC: %w", err)
	}
}
