package agent

import (
	"context"
	"sync"

	"linemark/internal/line"
)

// news carries what a PLC has to tell to the stations, in order, while its owner goes on: a station that has
// more to hear of than it can hold may be waiting for that owner to take a write.
type news struct {
	mu    sync.Mutex
	told  []func()
	fresh chan struct{} // something was told
}

func newNews() *news { return &news{fresh: make(chan struct{}, 1)} }

// to returns a Post that never waits.
func (n *news) to(post line.Post) line.Post {
	return func(ev line.Event) {
		n.mu.Lock()
		n.told = append(n.told, func() { post(ev) })
		n.mu.Unlock()
		select {
		case n.fresh <- struct{}{}:
		default: // it is known already
		}
	}
}

// carry works until ctx ends.
func (n *news) carry(ctx context.Context) {
	for {
		n.mu.Lock()
		told := n.told
		n.told = nil
		n.mu.Unlock()
		for _, post := range told {
			post()
		}
		if len(told) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-n.fresh:
		}
	}
}
