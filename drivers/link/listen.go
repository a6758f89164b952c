package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// listenScheme stands before the address of a device that connects to this machine.
const listenScheme = "listen"

// Listens reports whether a device at this address connects to this machine by itself.
func Listens(address string) bool { return strings.HasPrefix(address, listenScheme+"://") }

// lastWords is how long a connection is still read whose place another has taken: what the
// device sent on it before is there already.
const lastWords = 100 * time.Millisecond

var longAgo = time.Unix(1, 0)

// door is a listening port at which one device knocks. It is used by one dial, or by the
// connection that this dial returned, at a time.
type door struct {
	address  string
	listener *net.TCPListener
	waiting  net.Conn // came while another was open; the next to be returned
}

func openDoor(ctx context.Context, p place) (*door, error) {
	l, err := (&net.ListenConfig{KeepAliveConfig: keepAlive}).Listen(ctx, "tcp", p.tcp)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", p.address, err)
	}
	return &door{address: p.address, listener: l.(*net.TCPListener)}, nil
}

// accept returns the connection that waits, or else the first that comes.
func (d *door) accept(ctx context.Context) (net.Conn, error) {
	if c := d.waiting; c != nil {
		d.waiting = nil
		return c, nil
	}
	_ = d.listener.SetDeadline(time.Time{}) // fails on a closed listener, and Accept says so
	struck := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(struck)
		_ = d.listener.SetDeadline(longAgo)
	})
	c, err := d.welcome()
	if !stop() {
		<-struck
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("waiting for the device to connect to %s: %w", d.address, err)
	}
	return c, nil
}

// welcome returns the next connection that comes.
func (d *door) welcome() (net.Conn, error) {
	c, err := d.listener.AcceptTCP()
	if err != nil {
		return nil, err
	}
	_ = prepare(c) // fails on a connection that its peer has ended already, and reading says so
	return c, nil
}

func (d *door) shut() {
	_ = d.listener.Close() // its connections go on, and nobody waits for another
	if d.waiting != nil {
		d.waiting.Close()
	}
}

// dialDoor waits for the device. When the connection is closed, leave takes the door.
func dialDoor(ctx context.Context, d *door, leave func(*door)) (Conn, error) {
	c, err := d.accept(ctx)
	if err != nil {
		d.shut()
		return nil, err
	}
	a := &answered{Conn: c, door: d, leave: leave}
	a.close = sync.OnceValue(a.shut)
	_ = d.listener.SetDeadline(time.Time{})
	a.watching.Go(a.watch)
	return a, nil
}

// answered is a connection that the device opened. While it is open the port goes on
// listening, because a device that lost its power or its cable comes back long before the
// old connection is seen to be dead: the newest connection is the device's.
type answered struct {
	net.Conn
	door     *door
	leave    func(*door)
	watching sync.WaitGroup
	close    func() error

	mu       sync.Mutex
	closed   bool
	deadline time.Time // for reading, as the owner set it
	over     error     // why this is the device's connection no more
	end      time.Time // of reading, once it is over
}

func (a *answered) watch() {
	for {
		c, err := a.door.welcome()
		if err != nil {
			a.finish(fmt.Errorf("listening on %s: %w", a.door.address, err))
			return
		}
		if a.door.waiting != nil {
			a.door.waiting.Close()
		}
		a.door.waiting = c
		a.finish(a.replaced(c))
	}
}

// replaced says in whose favour this connection ends.
func (a *answered) replaced(by net.Conn) error {
	was, is := host(a.RemoteAddr()), host(by.RemoteAddr())
	if was == is {
		return fmt.Errorf("%s: the device at %s connected anew and its old connection is over (if this goes on, two devices or programs there use this port)",
			a.door.address, was)
	}
	return fmt.Errorf("%s: two devices connect, first %s and now %s: give each a port of its own", a.door.address, was, is)
}

func host(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}

func (a *answered) finish(why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.over != nil {
		return
	}
	a.over, a.end = why, time.Now().Add(lastWords)
	_ = a.bound()
}

// bound sets the earlier of the two ends of reading. The caller holds the lock.
func (a *answered) bound() error {
	t := a.deadline
	if a.over != nil && (t.IsZero() || t.After(a.end)) {
		t = a.end
	}
	return a.Conn.SetReadDeadline(t)
}

func (a *answered) SetReadDeadline(t time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deadline = t
	return a.bound()
}

func (a *answered) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	if err == nil {
		return n, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	owners := errors.Is(err, os.ErrDeadlineExceeded) && !a.deadline.IsZero() && !time.Now().Before(a.deadline)
	if a.over != nil && !a.closed && !owners {
		err = a.over
	}
	return n, err
}

// Close ends the connection and the listening.
func (a *answered) Close() error { return a.close() }

func (a *answered) shut() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	_ = a.door.listener.SetDeadline(longAgo)
	err := a.Conn.Close()
	a.watching.Wait()
	a.leave(a.door)
	return err
}
