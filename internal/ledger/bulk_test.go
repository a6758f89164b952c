package ledger

import (
	"sync"
	"testing"
)

// What writes much lets lines pass: of blocks that arrive together each has a commit of its own, and a verdict
// that is asked for meanwhile waits for one of them at most.
func TestP6BulkLetsLinesPass(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	w := p.Ledger.w
	var order []string
	note := func(what string) func(*tx) error {
		return func(*tx) error { order = append(order, what); return nil }
	}
	w.turn <- struct{}{} // nobody commits until all wait
	var all sync.WaitGroup
	queue := func(bulk bool, what string) {
		w.mu.RLock()
		before := len(w.queue) + len(w.bulk)
		w.mu.RUnlock()
		all.Go(func() {
			if bulk {
				try(p.bulk(p.ctx, note(what)))
			} else {
				try(p.do(p.ctx, note(what)))
			}
		})
		for { // until it waits
			w.mu.RLock()
			n := len(w.queue) + len(w.bulk)
			w.mu.RUnlock()
			if n > before {
				return
			}
		}
	}
	queue(true, "block 1")
	queue(true, "block 2")
	queue(false, "verdict 1")
	queue(false, "verdict 2")
	<-w.turn
	all.Wait()
	if got := order; len(got) != 4 || got[0] != "verdict 1" || got[1] != "verdict 2" || got[2] != "block 1" || got[3] != "block 2" {
		t.Errorf("carried out in the order %v", got)
	}

	// And is not passed for ever.
	order = nil
	w.turn <- struct{}{}
	queue(true, "block")
	for range 3 * sharedCommit * mostPassed / 2 {
		w.mu.Lock()
		w.queue = append(w.queue, &request{run: note("verdict"), done: make(chan error, 1)})
		w.mu.Unlock()
	}
	<-w.turn
	all.Wait()
	at := 0
	for i, what := range order {
		if what == "block" {
			at = i
		}
	}
	if at != sharedCommit*mostPassed {
		t.Errorf("the block came after %d verdicts, want %d", at, sharedCommit*mostPassed)
	}
}
