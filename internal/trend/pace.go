package trend

import "time"

// pace remembers the last looks, for the speed of this minute.
type pace struct {
	looks [64]struct {
		at  time.Duration
		all int // products read up to then
	}
	n   int // looks so far
	all int
}

const (
	// paceOver is how far back the speed is measured; the looks are not exactly a second apart.
	paceOver = time.Minute + 500*time.Millisecond
	// paceLeast is how much time there must be: of less nobody can tell a speed.
	paceLeast = 10 * time.Second
)

func (p *pace) add(at time.Duration, read int) {
	p.all += read
	look := &p.looks[p.n%len(p.looks)]
	look.at, look.all = at, p.all
	p.n++
}

// perMinute returns how many products a minute were read in the last one; nil while that is not known.
func (p *pace) perMinute(now time.Duration) *float64 {
	if p.n == 0 {
		return nil
	}
	last := p.looks[(p.n-1)%len(p.looks)]
	first := last
	for i := max(0, p.n-len(p.looks)); i < p.n; i++ {
		if look := p.looks[i%len(p.looks)]; last.at-look.at <= paceOver {
			first = look
			break
		}
	}
	if now-last.at > mostStep || last.at-first.at < paceLeast {
		return nil
	}
	speed := float64(last.all-first.all) / (last.at - first.at).Minutes()
	return &speed
}
