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
	Code  string    `json:"code,omitempty"` // hex: the code, or for "raw" and "heartbeat" the bytes
	Peer  string    `json:"peer,omitempty"`
}

// send records what passed and writes its frame to everybody connected, one after the other. A connection
// that does not take the whole frame in WriteTimeout is dropped, since the next frame would run into it.
func (s *Scanner) send(e event, reads []Read, frame string) bool {
	s.sending.Lock()
	defer s.sending.Unlock()

	s.mu.Lock()
	conns := slices.Clone(s.conns)
	lines := lines(e, reads, frame)
	for _, e := range lines {
		if len(conns) == 0 {
			e.Event = "dropped"
		}
		s.log(e)
	}
	at := len(s.reads)
	for _, r := range reads {
		r.At, r.Delivered = s.opt.Now(), len(conns) > 0
		s.reads = append(s.reads, r)
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
		for _, e := range lines {
			e.Event = "dropped"
			s.log(e)
		}
		for i := range reads {
			s.reads[at+i].Delivered = false
		}
		s.mu.Unlock()
	}
	return taken > 0
}

// lines returns the lines of the log: one for each reading, or e for a frame without any.
func lines(e event, reads []Read, frame string) (all []event) {
	if reads == nil {
		e.Code = hex.EncodeToString([]byte(frame))
		return []event{e}
	}
	for _, r := range reads {
		e := event{Event: "read", Code: hex.EncodeToString(r.Code)}
		if r.NoRead {
			e = event{Event: "noread"}
		}
		all = append(all, e)
	}
	return all
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
