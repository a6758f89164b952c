// Package dialogue talks with scanners: one connection on which readings and answers come as they
// like, while commands are sent.
//
// What a device's words mean is said by a Device, which touches no connection and no clock. A
// Session brings them together: one goroutine reads, one writes, and everything that the device
// said or that has come due is worked through by whoever calls Next. While nobody does, the
// device's clock stands: an answer that nobody took is not late, and a scanner that nobody
// listened to was not silent.
package dialogue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/scanner/frame"
)

// Device is one kind of scanner. A session calls its methods one at a time.
type Device interface {
	// Take is given what has come, however it was cut on its way, and returns what was read. An
	// error ends the session, after the readings that came with it.
	Take(now time.Time, b []byte) ([]drivers.Scan, error)
	// Tick is asked what is due: readings, bytes to send, and when to ask again unless something
	// happens before. The zero time is never. An error ends the session, after the readings.
	Tick(now time.Time) (Due, error)
	// Trigger returns the command that makes the device read. The session calls undo if nothing
	// of it was sent; nil: there is nothing to undo.
	Trigger(now time.Time) (command []byte, undo func())
	// Ready reports whether the device has said what it must before a session begins.
	Ready() bool
}

// Due is what Tick wants.
type Due struct {
	Scans []drivers.Scan
	Send  []byte
	Wake  time.Time
}

// Earliest returns the first of the moments, where the zero time is never.
func Earliest(moments ...time.Time) (first time.Time) {
	for _, t := range moments {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// mostAhead bounds the readings that come before a session is ready.
const mostAhead = 1000

// Session is one connection to a scanner. Next is called by one goroutine at a time, Trigger and
// Close by any.
type Session struct {
	conn   link.Conn
	pieces chan []byte   // what was read; closed at the end of the connection
	queued chan struct{} // something is in out
	nudged chan struct{} // Trigger changed what is due
	closed chan struct{}
	mute   chan struct{} // closed when nothing is sent any more
	close  func() error
	work   sync.WaitGroup

	mu    sync.Mutex
	dev   Device
	out   []*command
	fault error         // why the session ended
	left  time.Time     // since when nobody is in Next; zero: somebody is
	deaf  time.Duration // how long nobody was, altogether

	ready   []drivers.Scan // this and what follows are Next's
	repeats frame.Repeats
	over    error
}

// Open begins a session over conn and returns when the device is ready. Codes that repeat those of
// the frame before within the window are not given on; 0: every one is. Open closes conn if it
// fails. The end of ctx ends the wait.
func Open(ctx context.Context, conn link.Conn, dev Device, window time.Duration) (*Session, error) {
	s := &Session{
		conn: conn, dev: dev, repeats: frame.Repeats{Window: window},
		pieces: make(chan []byte), queued: make(chan struct{}, 1), nudged: make(chan struct{}, 1),
		closed: make(chan struct{}), mute: make(chan struct{}),
	}
	s.close = sync.OnceValue(s.shut)
	s.work.Go(s.read)
	s.work.Go(s.write)
	for !dev.Ready() {
		err := s.step(ctx)
		if err == nil && len(s.ready) > mostAhead {
			err = errors.New("the scanner sends more readings than anybody could trigger")
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Next returns the next reading. The end of ctx interrupts it and loses nothing. Any other error
// ends the session.
func (s *Session) Next(ctx context.Context) (drivers.Scan, error) {
	for len(s.ready) == 0 {
		if err := s.step(ctx); err != nil {
			return drivers.Scan{}, err
		}
	}
	next := s.ready[0]
	s.ready = s.ready[1:]
	return next, nil
}

// Close ends the connection, and with it a Next that waits and a command under way. Closing twice
// is fine.
func (s *Session) Close() error { return s.close() }

func (s *Session) shut() error {
	close(s.closed)
	err := s.conn.Close()
	s.work.Wait()
	return err
}

// step works through what has come and what is due, or waits until something happens.
func (s *Session) step(ctx context.Context) error {
	if s.over != nil {
		return s.over
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.listen()
	defer s.leave()
	select {
	case b, going := <-s.pieces: // what waits is taken before anything is late
		return s.take(b, going)
	default:
	}
	at, moved := s.tick()
	if moved {
		return nil
	}
	var alarm <-chan time.Time
	if !at.IsZero() {
		t := time.NewTimer(time.Until(at))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case b, going := <-s.pieces:
		return s.take(b, going)
	case <-alarm:
	case <-s.nudged:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// take hands on what has come, and does what is due then.
func (s *Session) take(b []byte, going bool) error {
	if !going {
		s.over = s.ended()
		return s.over
	}
	s.mu.Lock()
	scans, err := s.dev.Take(s.now(), b)
	s.mu.Unlock()
	s.give(scans)
	if s.end(err); err == nil {
		s.tick()
	}
	return nil
}

// tick does what is due. It returns when to ask again, and whether there is something new. Nothing
// is due of a connection that has ended: what it carried before is still taken.
func (s *Session) tick() (at time.Time, moved bool) {
	s.mu.Lock()
	if s.fault != nil {
		s.mu.Unlock()
		return time.Time{}, false
	}
	opening := !s.dev.Ready()
	due, err := s.dev.Tick(s.now())
	if len(due.Send) > 0 {
		s.queue(&command{what: "a command", text: due.Send})
	}
	opened := opening && s.dev.Ready()
	if !due.Wake.IsZero() {
		at = due.Wake.Add(s.deaf)
	}
	s.mu.Unlock()
	s.give(due.Scans)
	s.end(err)
	return at, err != nil || len(due.Scans) > 0 || opened
}

// end is told of the device's own reason to end the session: the readings go before it.
func (s *Session) end(err error) {
	if err != nil {
		s.over = err
		s.fail(err)
	}
}

// give puts readings in line for Next, without those that repeat the frame before.
func (s *Session) give(scans []drivers.Scan) {
	for len(scans) > 0 {
		n := 1
		for n < len(scans) && scans[n-1].More {
			n++
		}
		s.ready = append(s.ready, s.repeats.Fresh(scans[:n:n], time.Now())...)
		scans = scans[n:]
	}
}

// now is the device's clock. The caller holds the lock.
func (s *Session) now() time.Time {
	if !s.left.IsZero() {
		return s.left.Add(-s.deaf)
	}
	return time.Now().Add(-s.deaf)
}

// listen lets the device's clock go on.
func (s *Session) listen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.left.IsZero() {
		s.deaf += time.Since(s.left)
		s.left = time.Time{}
	}
}

// leave stops the device's clock.
func (s *Session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = time.Now()
}

// read carries what comes to Next, to the end of the connection.
func (s *Session) read() {
	defer close(s.pieces)
	for {
		piece := make([]byte, 4096)
		n, err := s.conn.Read(piece)
		if n > 0 {
			select {
			case s.pieces <- piece[:n]:
			case <-s.closed:
				return
			}
		}
		if err != nil {
			s.fail(fmt.Errorf("reading from the scanner: %w", err))
			return
		}
	}
}

// fail keeps the first reason why the session ended.
func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		s.fault = err
	}
}

func (s *Session) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return fmt.Errorf("reading from the scanner: %w", net.ErrClosed)
	}
	return s.fault
}

// wake tells a waiting goroutine; one that was told already knows.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
