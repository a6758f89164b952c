package feedtest

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/recordtest"
)

func TestBuffer(t *testing.T) {
	var b Buffer[string]
	if _, copies := b.Next(); copies != 0 || b.Spoiled() || b.Busy() {
		t.Error("an empty buffer holds something")
	}
	b.Add("a", 2)
	b.Add("b", 1)
	if l, copies := b.Next(); l != "a" || copies != 2 || b.Waiting() != 3 {
		t.Errorf("%s, %d copies of it, %d in all", l, copies, b.Waiting())
	}
	stop := b.Begin()
	if !b.Busy() || stopped(stop) {
		t.Error("nothing is under the head")
	}
	b.Spoil()
	if b.Busy() || !stopped(stop) || !b.Spoiled() || b.Waiting() != 3 {
		t.Errorf("a spoilt copy: busy %v, spoilt %v, %d in all", b.Busy(), b.Spoiled(), b.Waiting())
	}
	stop = b.Begin()
	if b.Take() || b.Spoiled() || !stopped(stop) || b.Waiting() != 2 {
		t.Errorf("the first of two copies came out: spoilt %v, %d in all", b.Spoiled(), b.Waiting())
	}
	if !b.Take() {
		t.Error("the job goes on after its last copy")
	}
	b.Add("c", 5)
	b.Add("d", 1)
	if got := b.Behind(); !slices.Equal(got, []string{"b", "c", "d"}) || b.Jobs() != 0 {
		t.Errorf("nothing is under the head: dropped %q, %d are left", got, b.Jobs())
	}
	b.Add("b", 1)
	stop = b.Begin()
	b.Add("c", 5)
	if got := b.Behind(); !slices.Equal(got, []string{"c"}) || b.Jobs() != 1 || b.Waiting() != 1 || stopped(stop) {
		t.Errorf("one copy is under the head: dropped %q, %d are left", got, b.Waiting())
	}
	b.Add("c", 5)
	b.Take()
	stop = b.Begin()
	if got := b.Behind(); !slices.Equal(got, []string{"c"}) || b.Jobs() != 1 || b.Waiting() != 1 || stopped(stop) {
		t.Errorf("the first of five is under the head: dropped %q, %d are left", got, b.Waiting())
	}
	b.Take()
	b.Add("b", 1)
	b.Add("c", 5)
	stop = b.Begin()
	if got := b.Empty(); !slices.Equal(got, []string{"b", "c"}) || b.Waiting() != 0 || !stopped(stop) {
		t.Errorf("dropped %q, %d are left", got, b.Waiting())
	}
}

// press is a printer that numbers its labels.
type press struct {
	Press[int]
	mu     sync.Mutex
	head   Head
	record recordtest.Record[int]
	left   int // labels still to be printed
	out    int
}

func newPress(left int) *press {
	p := &press{left: left}
	p.Press = Press[int]{Lock: &p.mu, Head: &p.head, Record: &p.record, Output: func() int {
		p.left--
		p.out++
		return p.out
	}}
	return p
}

func (p *press) ready() bool { return p.left > 0 }

func TestPrint(t *testing.T) {
	p := newPress(2)
	var told []int
	p.record.OnPrinted(func(n int) {
		p.mu.Lock() // is free
		defer p.mu.Unlock()
		told = append(told, n)
	})
	stop := p.head.Begin()
	for _, want := range []struct {
		n  int
		ok bool
	}{{1, true}, {2, true}, {0, false}} {
		if n, ok := p.Print(p.ready); n != want.n || ok != want.ok {
			t.Errorf("printed %d, %v, want %+v", n, ok, want)
		}
	}
	if !slices.Equal(told, []int{1, 2}) || !stopped(stop) {
		t.Errorf("told of %v", told)
	}
}

// The worker prints label after label, each for its time, waits for more, and begins one anew
// that was stopped.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPress(2)
		var out []time.Duration
		began := time.Now()
		p.record.OnPrinted(func(int) { out = append(out, time.Since(began)) })
		wake, closed, ended := make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			p.Run(wake, closed, time.Second, p.ready)
		}()
		more := func() {
			p.mu.Lock()
			p.left = 1
			p.mu.Unlock()
			wake <- struct{}{}
			synctest.Wait()
		}
		time.Sleep(1500 * time.Millisecond)
		p.mu.Lock()
		p.head.Free() // in the midst of the second
		p.mu.Unlock()
		time.Sleep(8500 * time.Millisecond)
		more()
		time.Sleep(10 * time.Second)
		more()
		close(closed) // in the midst of the last
		<-ended
		if want := []time.Duration{time.Second, 2500 * time.Millisecond, 11 * time.Second}; !slices.Equal(out, want) {
			t.Errorf("labels after %v, want %v", out, want)
		}
	})
}
