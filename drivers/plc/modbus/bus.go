package modbus

import (
	"sync"
	"time"
)

// bus is what has to be remembered from one session to the next: until when an answer to an
// earlier request may still come. Over TCP answers carry the number of their request, and
// yet a gateway gives this number to whatever the unit behind it says next.
//
// A PLC that is asked at t answers before t + timeout + quiet, or not at all. That is the
// promise of the setting, and the driver's part is to send nothing until then.
type bus struct {
	wire    wire
	timeout time.Duration
	quiet   time.Duration

	mu     sync.Mutex
	owed   time.Time // no answer to what was asked comes after this; zero: nothing is owed
	missed int       // requests since the last proof of order that have no answer of the unit: so many a gateway may still hold
}

// maxProbes bounds how many late answers of a gateway a session finds out at its beginning.
const maxProbes = 16

// newBus begins with an answer owed on a serial line: nobody knows what was asked before this
// program ran. A gateway for many clients keeps that apart by itself.
func newBus(w wire, timeout, quiet time.Duration) *bus {
	b := &bus{wire: w, timeout: timeout, quiet: quiet}
	if w.rtu {
		b.owed = time.Now().Add(timeout + quiet)
	}
	return b
}

// asked notes a request that waits for its answer until the deadline.
func (b *bus) asked(deadline time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed = deadline.Add(b.quiet)
	b.missed++
}

// heard notes that something came in answer to a request, if only to an earlier one.
func (b *bus) heard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missed--
}

// stayed notes that what came was a gateway's own word, and the unit's may follow.
func (b *bus) stayed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missed++
}

// proved notes that answers belong to their requests: nothing is held back any more.
func (b *bus) proved() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missed = 0
}

// probes is how many questions of another form a session begins with: with one more than a gateway
// may hold answers, the question after them gets one of theirs while it holds any.
func (b *bus) probes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wire.rtu {
		return 1
	}
	return 1 + min(b.missed, maxProbes)
}

// answered notes that the request has its answer.
func (b *bus) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed = time.Time{}
}

// owes reports whether something was asked and not answered, or never proved to be.
func (b *bus) owes() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.owed.IsZero() || b.missed > 0
}

// rest is how long the line has to be quiet from now on before anything is asked. Behind a
// gateway the line is not heard, and only the time counts.
func (b *bus) rest() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.wire.rtu {
		return max(0, time.Until(b.owed))
	}
	return max(b.quiet, time.Until(b.owed))
}

// patience is how long to wait for a line that does not come to rest.
func (b *bus) patience() time.Duration { return 5 * (b.timeout + b.quiet) }
