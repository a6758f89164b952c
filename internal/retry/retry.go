// Package retry holds what every owner of a retry needs: growing pauses, and what an error of
// a client can say about its own outcome. Nothing here retries by itself: each thing that is
// tried again has one owner, and it is not in this package.
package retry

import (
	"errors"
	"math/rand/v2"
	"net"
	"time"
)

// Backoff gives growing pauses with jitter. The zero value goes from half a second to a minute.
type Backoff struct {
	First time.Duration // the first pause; 0: 500 ms
	Most  time.Duration // the longest pause; 0: 1 min
	tries int
}

// Next returns the pause before the next try. A server's own Retry-After is never undercut.
func (b *Backoff) Next(err error) time.Duration {
	first, most := b.First, b.Most
	if first == 0 {
		first = 500 * time.Millisecond
	}
	if most == 0 {
		most = time.Minute
	}
	pause := min(most, first<<min(b.tries, 10))
	b.tries++
	pause = pause/2 + rand.N(pause/2+1)
	return max(pause, waited(err))
}

// waited is how long a system asked to be left alone.
func waited(err error) time.Duration {
	var w interface{ Wait() time.Duration }
	if errors.As(err, &w) {
		return w.Wait()
	}
	return 0
}

// Reset begins again with the first pause.
func (b *Backoff) Reset() { b.tries = 0 }

// Refused says whether the other side has clearly said no: it did nothing, and a repeat of the
// same request would get the same answer.
func Refused(err error) bool {
	var r interface{ Refused() bool }
	return errors.As(err, &r) && r.Refused()
}

// Outage says whether an error is that of a system which does not answer as it should, and not
// its clear no. Whoever owns the access to that system logs it, once for all that suffer from it.
func Outage(err error) bool {
	var o interface{ Lost() bool }
	var l interface{ Local() bool }
	return errors.As(err, &o) && !Refused(err) && !(errors.As(err, &l) && l.Local())
}

// Unsent says whether a request certainly had no effect: no connection came about. A 401 or 403 is
// no such sign: a gateway may say it after the work was done.
func Unsent(err error) bool {
	var u interface{ Unsent() bool }
	if errors.As(err, &u) && u.Unsent() {
		return true
	}
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}
