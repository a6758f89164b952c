package shift

import (
	"net"
	"sync"
	"syscall"
)

// wires is the plant's network: what listens at an address, and pipes to it. It is the place where a
// connection breaks, and where an agent is killed in the midst of a word.
type wires struct {
	mu    sync.Mutex
	doors map[string]*door
	away  map[string]bool // addresses that nobody answers for
	open  map[*wire]bool
	life  int  // of the agent that may dial
	still bool // the agent is being killed: nothing of what it does has an effect any more
	trap  *trap
	fell  chan struct{} // signalled when a trap was sprung
}

// trap kills the agent in the midst of a write.
type trap struct {
	address string
	after   int // writes that still get through
	share   int // of the last one that does, in quarters
}

func newWires() *wires {
	return &wires{doors: map[string]*door{}, away: map[string]bool{}, open: map[*wire]bool{}, fell: make(chan struct{}, 1)}
}

// door is a listener of the network.
type door struct {
	address string
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (w *wires) listen(address string) (net.Listener, error) {
	d := &door{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doors[address] = d
	return d, nil
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *door) Close() error   { d.once.Do(func() { close(d.closed) }); return nil }
func (d *door) Addr() net.Addr { return &net.UnixAddr{Name: d.address, Net: "pipe"} }

// wire is the agent's end of a connection.
type wire struct {
	net.Conn
	to      *wires
	address string
	once    sync.Once
	closed  chan struct{}
}

// dial connects the agent of one life.
func (w *wires) dial(life int, address string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	w.mu.Lock()
	d := w.doors[address]
	if d == nil || w.away[address] || life != w.life || w.still {
		w.mu.Unlock()
		return nil, refused
	}
	near, far := net.Pipe()
	c := &wire{Conn: near, to: w, address: address, closed: make(chan struct{})}
	w.open[c] = true
	w.mu.Unlock()
	select {
	case d.conns <- far:
		return c, nil
	case <-d.closed:
		_ = c.Close() // a pipe has nothing to say at its end
		return nil, refused
	}
}

func (c *wire) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.to.mu.Lock()
		delete(c.to.open, c)
		c.to.mu.Unlock()
	})
	return c.Conn.Close()
}

func (c *wire) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.to.isStill() {
		return c.hang()
	}
	return n, err
}

func (c *wire) Write(b []byte) (int, error) {
	if c.to.isStill() {
		return c.hang()
	}
	part, sprung := c.to.spring(c.address, b)
	if !sprung {
		return c.Conn.Write(b)
	}
	if len(part) > 0 {
		_, _ = c.Conn.Write(part)
	}
	c.to.fell <- struct{}{}
	return c.hang()
}

// hang keeps the agent in a call of which it never hears the end.
func (c *wire) hang() (int, error) {
	<-c.closed
	return 0, net.ErrClosed
}

func (w *wires) isStill() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.still
}

// spring says whether this write springs the trap, and which part of it goes through.
func (w *wires) spring(address string, b []byte) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trap == nil || w.trap.address != address || w.still {
		return nil, false
	}
	if w.trap.after > 0 {
		w.trap.after--
		return nil, false
	}
	part := b[:len(b)*w.trap.share/4]
	w.trap, w.still = nil, true
	return part, true
}

// set lays a trap; nil takes one up that was not sprung.
func (w *wires) set(t *trap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap = t
}

// freeze takes away the effect of all that the agent does.
func (w *wires) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.still, w.trap = true, nil
}

// end cuts all connections of the agent's life; what it still dials is refused.
func (w *wires) end() {
	w.mu.Lock()
	w.life++
	w.still, w.trap = false, nil
	w.mu.Unlock()
	w.cut("")
}

// cut ends the connections to an address; empty: all.
func (w *wires) cut(address string) {
	w.mu.Lock()
	var all []*wire
	for c := range w.open {
		if address == "" || c.address == address {
			all = append(all, c)
		}
	}
	w.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
}

// goAway lets nobody reach an address until it comes back.
func (w *wires) goAway(address string) {
	w.mu.Lock()
	w.away[address] = true
	w.mu.Unlock()
	w.cut(address)
}

func (w *wires) comeBack(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.away, address)
}
