package modbus

import (
	"sync"
	"time"
)

// bus is what a line without transaction numbers has to remember from one session to the
// next: until when an answer to an earlier request may still come.
//
// A PLC that is asked at t answers before t + timeout + quiet, or not at all. That is the
// promise of the setting, and the driver's part is to send nothing until then.
type bus struct {
	wire    wire
	timeout time.Duration
	quiet   time.Duration

	mu   sync.Mutex
	owed time.Time // no answer to what was asked comes after this; zero: everything was answered
}

// newBus begins with an answer owed: nobody knows what was asked before this program ran.
func newBus(w wire, timeout, quiet time.Duration) *bus {
	return &bus{wire: w, timeout: timeout, quiet: quiet, owed: time.Now().Add(timeout + quiet)}
}

// asked notes a request that waits for its answer until the deadline.
func (b *bus) asked(deadline time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed = deadline.Add(b.quiet)
}

// answered notes that the request has its answer.
func (b *bus) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed = time.Time{}
}

// rest is how long the line has to be quiet from now on before anything is asked.
func (b *bus) rest() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.quiet, time.Until(b.owed))
}

// patience is how long to wait for a line that does not come to rest.
func (b *bus) patience() time.Duration { return 5 * (b.timeout + b.quiet) }
