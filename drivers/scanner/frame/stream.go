package frame

import (
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// Stream is what one device sends, with the times of it: a frame in which the device falls silent
// is given up.
type Stream struct {
	Cutter
	Timeout time.Duration // 0: a frame may wait for ever

	heard time.Time
}

// Timeout reads the setting frame_timeout of a device.
func Timeout(k *option.Keys) time.Duration { return k.Duration("frame_timeout", time.Second, 0) }

// Take feeds what has come now.
func (s *Stream) Take(now time.Time, b []byte, emit func(frame []byte, how Ending)) {
	s.heard = now
	s.Feed(b, emit)
}

// Start begins the device's silence, if it has said nothing yet.
func (s *Stream) Start(now time.Time) {
	if s.heard.IsZero() {
		s.heard = now
	}
}

// Heard returns when the device said something last.
func (s *Stream) Heard() time.Time { return s.heard }

// Due returns when the frame that has begun is to be given up. The zero time is never.
func (s *Stream) Due() time.Time {
	if s.Timeout <= 0 || !s.Begun() {
		return time.Time{}
	}
	return s.heard.Add(s.Timeout)
}

// Expire gives up the frame that is due, and returns it as a bad reading.
func (s *Stream) Expire(now time.Time) (scans []drivers.Scan) {
	if due := s.Due(); due.IsZero() || now.Before(due) {
		return nil
	}
	s.GiveUp(func(frame []byte, how Ending) { scans = s.Bad(frame, how) })
	return scans
}

// Bad returns the reading of a frame that was given up, and nil for a whole one.
func (s *Stream) Bad(frame []byte, how Ending) []drivers.Scan {
	switch how {
	case TooLong:
		return Bad(frame, fmt.Sprintf("the frame is longer than %d bytes", s.Max))
	case Unended:
		return Bad(frame, fmt.Sprintf("the frame has no end: nothing followed in %s", s.Timeout))
	}
	return nil
}

// Bad returns the scan of a frame that can be no code, with the reason in one clause.
func Bad(frame []byte, why string) []drivers.Scan { return []drivers.Scan{{Raw: frame, Bad: why}} }
