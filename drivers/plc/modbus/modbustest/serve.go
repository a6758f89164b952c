package modbustest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// Serve accepts connections from l until Close, which it reports with nil, or until l fails.
func (p *PLC) Serve(l net.Listener) error {
	if err := p.server.Serve(l, p.client); err != nil {
		return fmt.Errorf("accepting a connection to the PLC: %w", err)
	}
	return nil
}

// ServeConn serves one connection and returns when it has ended. It closes conn. Bytes that are no Modbus TCP
// end the connection; on a bus they are passed over.
func (p *PLC) ServeConn(conn net.Conn) { p.server.ServeConn(conn, p.client) }

// client answers one client, to the end of its connection.
func (p *PLC) client(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		f, err := p.next(in)
		if errors.Is(err, errChecksum) {
			continue
		}
		if err != nil || !p.handle(conn, f) {
			return
		}
	}
}

func (p *PLC) next(in *bufio.Reader) (frame, error) {
	if p.opt.RTU {
		return readRTU(in)
	}
	return readFrame(in)
}

// handle answers one request. It is false when the connection has ended.
func (p *PLC) handle(conn net.Conn, f frame) bool {
	toAll := p.opt.RTU && f.unit == 0 // carried out by every unit, answered by none
	if p.opt.Unit != 0 && f.unit != p.opt.Unit && !toAll {
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
	return toAll || p.answer(conn, f, fault)
}

// wait is false when the PLC is closed meanwhile.
func (p *PLC) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.server.Closed():
		return false
	}
}

// Close stops the PLC: it closes its listeners and connections and waits until nothing of it runs. It returns
// the first error of writing the log. Closing twice is fine.
func (p *PLC) Close() error {
	p.server.Close()
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
