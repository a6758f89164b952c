package texttest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"time"
)

// event is one line of the log.
type event struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	Code  string    `json:"code,omitempty"` // hex: the code, or for "raw" the bytes
	Peer  string    `json:"peer,omitempty"`
}

// send records what passed and writes its frame to everybody connected, one after the other. A connection
// that does not take the whole frame in WriteTimeout is dropped, since the next frame would run into it.
func (s *Scanner) send(e event, r *Read, frame string) bool {
	s.sending.Lock()
	defer s.sending.Unlock()

	s.mu.Lock()
	conns := slices.Clone(s.conns)
	switch {
	case r == nil:
		e.Code = hex.EncodeToString([]byte(frame))
	case !r.NoRead:
		e.Code = hex.EncodeToString(r.Code)
	}
	dropped := e
	dropped.Event = "dropped"
	if len(conns) == 0 {
		e = dropped
	}
	s.log(e)
	at := len(s.reads)
	if r != nil {
		r.At, r.Delivered = s.opt.Now(), len(conns) > 0
		s.reads = append(s.reads, *r)
	}
	s.mu.Unlock()

	taken := 0
	for _, c := range conns {
		if err := write(c, frame); err != nil {
			c.Close()
			continue
		}
		taken++
	}
	if len(conns) > 0 && taken == 0 {
		s.mu.Lock()
		s.log(dropped)
		if r != nil {
			s.reads[at].Delivered = false
		}
		s.mu.Unlock()
	}
	return taken > 0
}

func write(c net.Conn, frame string) error {
	if err := c.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
		return fmt.Errorf("setting the time for a frame: %w", err)
	}
	if _, err := c.Write([]byte(frame)); err != nil {
		return fmt.Errorf("writing a frame: %w", err)
	}
	return nil
}

// log writes one line. The caller holds the lock, so that lines stand in the order of the effects. The first
// failure is kept for Close.
func (s *Scanner) log(e event) {
	if s.opt.Log == nil {
		return
	}
	e.At = s.opt.Now()
	line, err := json.Marshal(e)
	if err == nil {
		_, err = s.opt.Log.Write(append(line, '\n'))
	}
	if err != nil && s.logErr == nil {
		s.logErr = fmt.Errorf("writing the log of the scanner: %w", err)
	}
}
