package proxy

import (
	"cmp"
	"time"
)

// Kind is one way in which a network fails.
type Kind int

// The kinds of faults. Each befalls the connections that are open when it begins and, where nothing else is
// said, those that are made while it lasts.
const (
	Cut       Kind = iota + 1 // both ends are reset, whatever is under way
	Close                     // both ends are closed in order, in the middle of what is under way
	Stall                     // nothing passes, either way; afterwards everything does, unless the host has given up meanwhile
	Vanish                    // the connection stays open for ever, and nothing that is sent on it arrives
	Drip                      // what passes does so byte by byte
	AfterWork                 // what the host sends arrives, the answer does not: both ends are reset in its place
	Late                      // what the host sends is kept and reaches the peer when the host's next connection is at work
	Refuse                    // connections are reset, new ones refused
	Hangup                    // connections are reset, new ones accepted and closed
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{Cut, Close, Stall, Vanish, Drip, AfterWork, Late, Refuse, Hangup}
}

// String names a kind.
func (k Kind) String() string {
	names := map[Kind]string{
		Cut: "cut", Close: "close", Stall: "stall", Vanish: "half-open", Drip: "drip",
		AfterWork: "reset after the work", Late: "late", Refuse: "refuse", Hangup: "accept and close",
	}
	return cmp.Or(names[k], "none")
}

// Fault is what befalls the connections through a Proxy.
type Fault struct {
	Kind Kind
	// After is how many bytes still pass on a connection, both ways together, before the fault strikes there.
	After int
	// When, if set, waits for a piece that the host sends: After counts from its first byte.
	When func(piece []byte) bool
	// Pause is the time between two bytes of Drip, and with Late how long the host's next connection has been
	// at work before what was kept arrives.
	Pause time.Duration
	// Ahead, if set, is the piece of a later connection that what Late has kept overtakes, in place of Pause.
	Ahead func(piece []byte) bool
	// Spare lets new connections alone.
	Spare bool
	// Lost, if set, is told whenever something that the peer has sent is thrown away.
	Lost func()
}

// mode is how a connection stands.
type mode int

const (
	flowing  mode = iota
	stalled       // nothing passes
	dripping      // byte by byte
	vanished      // everything is swallowed
	working       // the answer is swallowed, and its arrival ends the connection
	kept          // what the host sends is kept, what the peer sends is swallowed
	handing       // what was kept goes to the peer, then the connection ends
	closing       // both ends were told of the end; what still comes is swallowed
	dead
)

// reached is what a request takes to be worked on: an answer that comes sooner is one to an earlier request.
const reached = 10 * time.Millisecond

// due tells how much of the next piece on a lane may pass now, and whether the fault strikes behind it. The
// caller holds the lock.
func (c *conn) due(l *lane, piece []byte) (n int, strikes bool) {
	f := c.fault
	if f == nil || c.struck() {
		return len(piece), false
	}
	if f.When != nil && !c.armed {
		if l != c.up || !f.When(piece) {
			return len(piece), false
		}
	}
	whole := f.Kind == AfterWork || f.Kind == Late // all of the request passes, or nothing
	if f.Kind == Late && c.p.taken || whole && l != c.up {
		return len(piece), false
	}
	c.armed = true
	if whole {
		c.left -= len(piece)
		return len(piece), f.When != nil || c.left < 0
	}
	if c.left >= len(piece) {
		c.left -= len(piece)
		return len(piece), c.left == 0
	}
	return c.left, true
}

// strike lets the fault befall the connection. The caller holds the lock.
func (c *conn) strike() {
	c.struckAt = time.Now()
	c.p.struck++
	switch c.fault.Kind {
	case Cut, Refuse, Hangup:
		c.reset()
	case Close:
		c.end()
	case Stall:
		c.mode = stalled
	case Vanish:
		c.mode = vanished
		c.swallow(c.up)
		c.swallow(c.down)
	case Drip:
		c.mode = dripping
	case AfterWork:
		c.mode = working
	case Late:
		c.mode, c.p.taken, c.pause, c.ahead = kept, true, c.fault.Pause, c.fault.Ahead
		c.swallow(c.down)
	}
	c.p.changed.Broadcast()
}

// heal is the end of the fault for one connection. One that has vanished stays so, and what is kept comes when
// its time has come: the host has to give both up. The caller holds the lock.
func (c *conn) heal() {
	switch c.mode {
	case stalled:
		if c.mode = flowing; c.abandoned {
			c.reset()
		}
	case dripping:
		c.mode = flowing
	case working:
		c.reset()
	}
	c.fault = nil
}
