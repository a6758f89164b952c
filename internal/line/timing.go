package line

import (
	"sync"
	"time"

	"linemark/internal/ledger"
)

// Timing takes down how long things take at one station. Its functions are called by the station's goroutine,
// which they must not hold up.
type Timing struct {
	// Verdict is told how long after a reading came in everything that follows from it was done: the ledger has it,
	// and what the PLC is to do it has taken.
	Verdict func(time.Duration)
	// PrintToScan is told how long after the printer was given its label a good product was read at the check.
	PrintToScan func(time.Duration)
}

// handed remembers when the newest labels of a line went to its printers. An older one is overwritten: its product
// is then not timed.
type handed struct {
	mu    sync.Mutex
	begun time.Time
	ring  [4093]struct { // a prime: claims come in regular steps
		claim int64
		after time.Duration // since begun, on the monotonic clock
	}
}

func newHanded() *handed { return &handed{begun: time.Now()} }

// give notes labels that go to a printer now.
func (h *handed) give(claims []ledger.Claim) {
	if h == nil {
		return
	}
	after := time.Since(h.begun)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range claims {
		slot := &h.ring[c.Seq%int64(len(h.ring))]
		slot.claim, slot.after = c.Seq, after
	}
}

// take returns how long ago a label went to its printer, once.
func (h *handed) take(claim int64) (time.Duration, bool) {
	if h == nil || claim <= 0 {
		return 0, false
	}
	after := time.Since(h.begun)
	h.mu.Lock()
	defer h.mu.Unlock()
	slot := &h.ring[claim%int64(len(h.ring))]
	if slot.claim != claim {
		return 0, false
	}
	slot.claim = 0
	return after - slot.after, true
}

// timeReadings tells how long readings have taken whose verdict is out.
func (p *place) timeReadings(s []Scan) {
	if p.timing.Verdict == nil {
		return
	}
	for i := range s {
		if !s[i].At.IsZero() {
			p.timing.Verdict(time.Since(s[i].At))
		}
	}
}

// timeGood tells how long good products took from their printer to the reading.
func (p *place) timeGood(all []ledger.Verdict) {
	if p.timing.PrintToScan == nil {
		return
	}
	for i := range all {
		if all[i].Outcome != ledger.Good {
			continue
		}
		if d, ok := p.handed.take(all[i].Claim); ok {
			p.timing.PrintToScan(d)
		}
	}
}
