package text

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// session is one connection to a scanner. Next is called by one goroutine at a time,
// Close by any.
type session struct {
	conn    link.Conn
	rules   rules
	frames  frames
	repeats repeats
	within  time.Duration // in which something must come; 0: the device has no heartbeat
	onRead  func()        // called for every frame that holds a reading

	ready []drivers.Scan
	piece [4096]byte
	idle  time.Duration // how long was listened since the last byte

	mu  sync.Mutex
	err error // why the session is over
}

// shortest is the least time for a read: what waits in the connection is read even if a
// time limit was reached between two calls.
const shortest = 10 * time.Millisecond

// Next returns the next reading. The end of ctx interrupts it and loses nothing: what has
// come in stays for the next call. Any other error ends the session.
func (s *session) Next(ctx context.Context) (drivers.Scan, error) {
	for len(s.ready) == 0 {
		if err := s.fault(); err != nil {
			return drivers.Scan{}, err
		}
		if err := ctx.Err(); err != nil {
			return drivers.Scan{}, err
		}
		s.read(ctx)
	}
	next := s.ready[0]
	s.ready = s.ready[1:]
	return next, nil
}

// read takes in what comes next, or what its failing to come means.
func (s *session) read(ctx context.Context) {
	began, deadline := time.Now(), time.Time{}
	if limit := s.limit(); limit > 0 {
		deadline = began.Add(max(limit-s.idle, shortest))
	}
	release := link.UntilRead(ctx, s.conn, deadline)
	n, err := s.conn.Read(s.piece[:])
	interrupted := release()
	if n > 0 {
		s.idle = 0
		s.frames.feed(s.piece[:n], s.take)
	} else {
		s.idle += time.Since(began)
	}
	switch {
	case err == nil || interrupted != nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.late()
	default:
		s.fail(fmt.Errorf("reading from the scanner: %w", err))
	}
}

// limit is how long nothing may come at this moment; 0: for ever.
func (s *session) limit() time.Duration {
	limit := s.within
	if t := s.rules.timeout; t > 0 && s.frames.begun() && (limit == 0 || t < limit) {
		limit = t
	}
	return limit
}

// late gives up what has not come in its time.
func (s *session) late() {
	if t := s.rules.timeout; t > 0 && s.idle >= t {
		s.frames.expire(s.take)
	}
	if s.within > 0 && s.idle >= s.within {
		s.fail(fmt.Errorf("the scanner was silent for %s, though it should send a heartbeat", s.within))
	}
}

// take turns a frame into readings, without those that repeat the last ones.
func (s *session) take(frame []byte, how ending) {
	scans := s.rules.scans(frame, how)
	if len(scans) == 0 {
		return
	}
	if s.onRead != nil {
		s.onRead()
	}
	scans = s.repeats.fresh(scans, time.Now())
	for i := range scans {
		scans[i].More = i+1 < len(scans)
	}
	s.ready = append(s.ready, scans...)
}

// fail ends the session, unless it is over.
func (s *session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *session) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the connection, and with it a Next that waits.
func (s *session) Close() error { return s.conn.Close() }
