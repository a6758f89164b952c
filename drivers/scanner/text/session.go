package text

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// session is one connection to a scanner. Next is called by one goroutine at a time,
// Close by any.
type session struct {
	conn   link.Conn
	rules  rules
	frames frames
	window time.Duration

	ready []drivers.Scan
	piece [4096]byte
	err   error

	last   []byte // the code given last, if nothing else was read since
	lastAt time.Time
}

// Next returns the next reading. The end of ctx interrupts it and loses nothing: what has
// come in stays for the next call. Any other error ends the session.
func (s *session) Next(ctx context.Context) (drivers.Scan, error) {
	for len(s.ready) == 0 {
		if s.err != nil {
			return drivers.Scan{}, s.err
		}
		if err := ctx.Err(); err != nil {
			return drivers.Scan{}, err
		}
		release := link.Until(ctx, s.conn, time.Time{})
		n, err := s.conn.Read(s.piece[:])
		interrupted := release()
		s.frames.feed(s.piece[:n], s.take)
		if err != nil && interrupted == nil {
			s.err = fmt.Errorf("reading from the scanner: %w", err)
		}
	}
	next := s.ready[0]
	s.ready = s.ready[1:]
	return next, nil
}

// take turns a frame into readings, without those that repeat the last one.
func (s *session) take(frame []byte, long bool) {
	for _, scan := range s.rules.scans(frame, long) {
		if s.window > 0 && s.repeats(scan) {
			continue
		}
		s.ready = append(s.ready, scan)
	}
}

// repeats reports whether the scanner says again what it has just said. The window begins
// with the reading that was given on, so a code that stays before the scanner is given
// again each time the window has passed.
func (s *session) repeats(scan drivers.Scan) bool {
	now := time.Now()
	if scan.Code == nil {
		s.last = nil
		return false
	}
	if s.last != nil && bytes.Equal(s.last, scan.Code) && now.Sub(s.lastAt) < s.window {
		return true
	}
	s.last, s.lastAt = bytes.Clone(scan.Code), now
	return false
}

// Close ends the connection, and with it a Next that waits.
func (s *session) Close() error { return s.conn.Close() }
