// Package proxy stands between a program and one of its peers, and fails as networks do.
package proxy

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Proxy passes on what comes at its address to a peer, and back. Its methods may be called from any
// goroutine.
type Proxy struct {
	address, peer string
	running       sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond // something in here, or in a connection, has changed
	listener net.Listener
	over     bool
	fault    *Fault // nil: none
	taken    bool   // with Late: a connection is kept back
	conns    map[*conn]bool
	struck   int
	noticed  []time.Duration
}

// Listen begins to pass on, at an address host:port, to the peer at another.
func Listen(address, peer string) (*Proxy, error) {
	p := &Proxy{address: address, peer: peer, conns: map[*conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p, p.open()
}

// open listens. The caller holds the lock.
func (p *Proxy) open() error {
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return err
	}
	p.listener = l
	p.running.Go(func() { p.accept(l) })
	return nil
}

func (p *Proxy) accept(l net.Listener) {
	for {
		host, err := l.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(host.(*net.TCPConn)) })
	}
}

// carry passes one connection on until it has ended.
func (p *Proxy) carry(host *net.TCPConn) {
	p.mu.Lock()
	hangup := p.over || p.fault != nil && p.fault.Kind == Hangup
	if hangup && !p.over {
		p.struck++
	}
	p.mu.Unlock()
	if hangup {
		_ = host.Close() // that is the fault
		return
	}
	near, err := net.DialTimeout("tcp", p.peer, patience)
	if err != nil {
		_ = errors.Join(host.SetLinger(0), host.Close()) // as if there were nobody
		return
	}
	newConn(p, host, near.(*net.TCPConn)).carry()
}

// patience bounds how long a connection to the peer may take.
const patience = 5 * time.Second

// Begin lets a fault befall the connections. It replaces another.
func (p *Proxy) Begin(f Fault) {
	p.End()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.taken, p.struck, p.noticed = &f, false, 0, nil
	if f.Kind == Refuse {
		_ = p.listener.Close() // that is the fault
		p.listener = nil
		p.struck++
	}
	for c := range p.conns {
		if c.befall(&f) && (f.After == 0 && f.When == nil && f.Kind != AfterWork && f.Kind != Late || f.Kind == Refuse || f.Kind == Hangup) {
			c.strike()
		}
	}
	p.changed.Broadcast()
}

// End is the end of the fault. Connections that have vanished stay so: their host has to give them up.
func (p *Proxy) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = nil
	for c := range p.conns {
		c.heal()
	}
	if p.listener == nil && !p.over {
		for end := time.Now().Add(patience); p.open() != nil; { // somebody may have the port for a moment
			if time.Now().After(end) {
				panic("proxy: the port of " + p.address + " is lost")
			}
			time.Sleep(time.Millisecond)
		}
	}
	p.changed.Broadcast()
}

// Struck returns how many connections the fault has befallen since Begin.
func (p *Proxy) Struck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// Open returns how many connections the fault still holds: those that have vanished and were not given up, and
// those of which something is kept.
func (p *Proxy) Open() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if c.mode == vanished || c.mode == kept || c.mode == handing {
			n++
		}
	}
	return n
}

// Noticed returns how long hosts have taken, since Begin, to give a connection up that the fault had befallen.
func (p *Proxy) Noticed() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Duration(nil), p.noticed...)
}

// Close ends everything and waits for it.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.over = true
	if p.listener != nil {
		_ = p.listener.Close()
	}
	for c := range p.conns {
		c.reset()
	}
	p.changed.Broadcast()
	p.mu.Unlock()
	p.running.Wait()
}
