package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// conn is one connection of a host to the peer. All but its two ends is guarded by the proxy's lock.
type conn struct {
	p        *Proxy
	up, down *lane
	fault    *Fault // that is to befall it or has; nil: none
	armed    bool   // what the fault waits for has come
	left     int    // bytes until it strikes
	struckAt time.Time
	lost     func() // is told of what the peer sent and the host does not get; nil: nobody is
	mode     mode

	abandoned bool                    // the host has given it up
	moved     bool                    // something of the host's has reached the peer
	follows   bool                    // what was kept is on its way
	pause     time.Duration           // see Fault
	ahead     func(piece []byte) bool // see Fault
}

// lane is one direction of a connection.
type lane struct {
	from, to *net.TCPConn
	queue    [][]byte
	ended    bool // from sends nothing more
	broken   bool // it ended by an error
}

func newConn(p *Proxy, host, peer *net.TCPConn) *conn {
	c := &conn{p: p, up: &lane{from: host, to: peer}, down: &lane{from: peer, to: host}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	if f := p.fault; f != nil && !f.Spare && !(f.Kind == Late && p.taken) {
		c.befall(f)
		if f.Kind == Vanish || f.Kind == Stall && f.After == 0 {
			c.strike()
		}
	}
	if p.over {
		c.reset()
	}
	return c
}

// befall sets what the connection is to suffer; false: it suffers from an earlier fault still. The caller holds
// the lock.
func (c *conn) befall(f *Fault) bool {
	if c.mode != flowing {
		return false
	}
	c.fault, c.lost, c.armed, c.left, c.struckAt = f, f.Lost, false, f.After, time.Time{}
	return true
}

func (c *conn) struck() bool { return !c.struckAt.IsZero() }

// carry passes everything on until the connection has ended.
func (c *conn) carry() {
	var lanes sync.WaitGroup
	for _, l := range []*lane{c.up, c.down} {
		lanes.Go(func() { c.read(l) })
		lanes.Go(func() { c.write(l) })
	}
	lanes.Wait()
	_ = errors.Join(c.up.from.Close(), c.up.to.Close()) // they may be closed
	c.p.mu.Lock()
	delete(c.p.conns, c)
	c.p.mu.Unlock()
}

// read takes in what comes on a lane.
func (c *conn) read(l *lane) {
	piece := make([]byte, 4096)
	for {
		n, err := l.from.Read(piece)
		c.p.mu.Lock()
		if n > 0 {
			l.queue = append(l.queue, append([]byte(nil), piece[:n]...))
			if c.mode == vanished || c.mode == closing || c.mode == kept && l == c.down {
				c.swallow(l)
			}
		}
		if err != nil {
			l.ended, l.broken = true, !errors.Is(err, io.EOF)
			c.over(l)
		}
		c.p.changed.Broadcast()
		c.p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// over takes note of the end of one side. The caller holds the lock.
func (c *conn) over(l *lane) {
	host := l == c.up
	if host && c.struck() && c.mode != closing && c.mode != dead {
		c.abandoned = true
		c.p.noticed = append(c.p.noticed, time.Since(c.struckAt))
	}
	switch c.mode {
	case stalled, dripping: // what was sent before comes to its end first
		if c.mode == dripping && l.broken {
			c.reset()
		}
	case vanished:
		if host {
			c.reset()
		}
	case kept, handing:
	case closing:
		if c.up.ended && c.down.ended {
			c.mode = dead
		}
	default:
		if l.broken {
			c.reset()
		}
	}
}

// write sends on what came on a lane, as the connection's mode has it.
func (c *conn) write(l *lane) {
	for {
		piece, pause, ok := c.next(l)
		if !ok {
			return
		}
		if l == c.up {
			c.overtaken(piece)
		}
		if len(piece) > 0 {
			if _, err := l.to.Write(piece); err != nil {
				c.p.mu.Lock()
				c.reset()
				c.p.mu.Unlock()
				return
			}
		}
		if l == c.up {
			c.atWork()
		}
		if pause > 0 {
			time.Sleep(pause)
		}
	}
}

// next waits for what is to be sent next. It is not ok when there will be nothing more.
func (c *conn) next(l *lane) (piece []byte, pause time.Duration, ok bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	for {
		switch {
		case c.mode == dead || c.mode == closing:
			return nil, 0, false
		case c.mode == stalled || c.mode == vanished || c.mode == kept:
			c.p.changed.Wait()
			continue
		case c.mode == handing && l == c.down:
			return nil, 0, false
		case len(l.queue) == 0 && c.mode == handing:
			c.end()
			return nil, 0, false
		case len(l.queue) == 0 && l.ended:
			_ = l.to.CloseWrite() // it may be closed
			return nil, 0, false
		case len(l.queue) == 0:
			c.p.changed.Wait()
			continue
		}
		first := l.queue[0]
		if c.mode == working && l == c.down {
			c.swallow(l)
			if time.Since(c.struckAt) >= reached {
				c.reset()
				return nil, 0, false
			}
			continue
		}
		n, strikes := len(first), false
		switch c.mode {
		case dripping:
			n, pause = 1, c.fault.Pause
		case flowing:
			n, strikes = c.due(l, first)
		}
		if strikes && c.fault.Kind == Late {
			c.strike()
			continue
		}
		if l.queue[0] = first[n:]; n == len(first) {
			l.queue = l.queue[1:]
		}
		if strikes {
			c.last(l, first[:n])
			c.strike()
			continue
		}
		return first[:n], pause, true
	}
}

// last sends what passes before the fault strikes. The caller holds the lock: nothing may come between.
func (c *conn) last(l *lane, piece []byte) {
	_ = l.to.SetWriteDeadline(time.Now().Add(patience))
	_, _ = l.to.Write(piece) // an end shows at the other side too
	_ = l.to.SetWriteDeadline(time.Time{})
}

// atWork lets what another connection has kept follow this one.
func (c *conn) atWork() {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if c.moved || c.mode != flowing {
		return
	}
	c.moved = true
	for other := range c.p.conns {
		if other != c && other.mode == kept && other.abandoned && !other.follows && other.ahead == nil {
			other.follows = true
			c.p.running.Go(func() { other.follow(other.pause) })
		}
	}
}

// overtaken lets what another connection has kept go before a piece that waits for that.
func (c *conn) overtaken(piece []byte) {
	c.p.mu.Lock()
	over := false
	for other := range c.p.conns {
		if other != c && other.mode == kept && other.abandoned && other.ahead != nil && other.ahead(piece) {
			other.mode, over = handing, true
			c.p.changed.Broadcast()
		}
	}
	c.p.mu.Unlock()
	if over {
		time.Sleep(10 * reached)
	}
}

// follow waits and hands over what was kept.
func (c *conn) follow(pause time.Duration) {
	for end := time.Now().Add(pause); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c.p.mu.Lock()
		over := c.mode != kept
		c.p.mu.Unlock()
		if over {
			return
		}
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if c.mode == kept {
		c.mode = handing
		c.p.changed.Broadcast()
	}
}

// swallow throws away what waits on a lane. The caller holds the lock.
func (c *conn) swallow(l *lane) {
	if len(l.queue) > 0 && l == c.down && c.lost != nil {
		c.lost()
	}
	l.queue = nil
}

// reset ends both sides at once. The caller holds the lock.
func (c *conn) reset() {
	if c.mode == dead {
		return
	}
	c.mode = dead
	c.swallow(c.down)
	for _, side := range []*net.TCPConn{c.up.from, c.up.to} {
		_ = errors.Join(side.SetLinger(0), side.Close()) // it may be closed
	}
	c.p.changed.Broadcast()
}

// end tells both sides that nothing more comes. The caller holds the lock.
func (c *conn) end() {
	c.mode = closing
	c.swallow(c.up)
	c.swallow(c.down)
	_ = errors.Join(c.up.from.CloseWrite(), c.up.to.CloseWrite()) // they may be closed
	if c.up.ended && c.down.ended {
		c.mode = dead
	}
	c.p.changed.Broadcast()
}
