package line

import "sync"

// asks are what people wait for an answer to.
type asks struct {
	mu      sync.Mutex
	last    int64
	waiting map[int64]chan Reply
}

// expect numbers something that is about to be asked.
func (a *asks) expect() (int64, <-chan Reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil {
		a.waiting = map[int64]chan Reply{}
	}
	a.last++
	answer := make(chan Reply, 1)
	a.waiting[a.last] = answer
	return a.last, answer
}

func (a *asks) forget(no int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, no)
}

// reply answers, if somebody waits still.
func (a *asks) reply(r Reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer := a.waiting[r.No]; answer != nil {
		answer <- r
		delete(a.waiting, r.No)
	}
}
