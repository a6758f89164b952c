package line

import (
	"sync"
	"time"

	"linemark/internal/code"
)

// Read is one reading of a station, and what was decided on it.
type Read struct {
	At    time.Time // when it came in
	Code  code.Code // as read; empty for a no-read
	Why   string    // what spoke against it, in the words of the alarm; empty: it is good
	Grade string    // the symbol's print quality as the scanner gave it; empty if it gave none
}

// keptReads is how many readings of each station are remembered.
const keptReads = 12

// notebook remembers the newest readings of a station.
type notebook struct {
	mu   sync.Mutex
	ring [keptReads]Read
	n    int // noted so far
}

func (b *notebook) note(s Scan, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ring[b.n%keptReads] = Read{At: s.At, Code: s.Code, Why: why, Grade: s.Grade.Text}
	b.n++
}

// newest returns a copy, the newest first.
func (b *notebook) newest() []Read {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Read, min(b.n, keptReads))
	for i := range all {
		all[i] = b.ring[(b.n-1-i)%keptReads]
	}
	return all
}

// judged tells what was decided on a reading. Whoever listens changes nothing of what the station does, and
// is no part of its state: a recording does not hold it.
func (s *status) judged(now time.Time, scan Scan, why string) {
	if s.listener == nil {
		return
	}
	if scan.At.IsZero() {
		scan.At = now
	}
	s.listener(scan, why)
}

// listen has f told of every reading that the station decides on, by the goroutine that steps it.
func (s *status) listen(f func(s Scan, why string)) { s.listener = f }

// Reads returns the newest readings of a station, the newest first: none of one that reads nothing.
func (l *Line) Reads(station string) []Read {
	p := l.byName[station]
	if p == nil {
		return nil
	}
	return p.reads.newest()
}
