package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
)

// together runs the calls so that they all wait while one commit is under way, and returns
// their errors and how many commits they took.
func (p *plant) together(calls ...func() error) ([]error, int64) {
	return p.meanwhile(func() {}, calls...)
}

// meanwhile is together, with something done once all the calls wait.
func (p *plant) meanwhile(done func(), calls ...func() error) ([]error, int64) {
	held, hold := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		once := sync.OnceFunc(func() { close(held); <-hold })
		first <- p.do(p.ctx, func(*tx) error { once(); return nil })
	}()
	<-held
	before := p.commits.Load()
	errs := make([]error, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() { errs[i] = call() })
	}
	p.w.until(func() bool { return len(p.w.queue)+len(p.w.bulk) == len(calls) })
	done()
	close(hold)
	try(<-first)
	all.Wait()
	return errs, p.commits.Load() - before
}

// until returns when the writer has come to what is asked, which it must.
func (w *writer) until(so func() bool) {
	for is := false; !is; {
		runtime.Gosched()
		w.mu.RLock()
		is = so()
		w.mu.RUnlock()
	}
}

func TestCallsShareACommit(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 200)
	var mu sync.Mutex
	seen := map[code.Code]bool{}
	claim := func() error {
		claims, err := p.Claim(p.ctx, "mark", p.unit.lot, 3)
		mu.Lock()
		defer mu.Unlock()
		for _, c := range claims {
			if seen[c.Code] {
				t.Errorf("%s was claimed twice", code.Visible(c.Code))
			}
			seen[c.Code] = true
		}
		return err
	}
	var calls []func() error
	for range 16 {
		calls = append(calls, claim)
	}
	errs, commits := p.together(calls...)
	if err := errors.Join(errs...); err != nil || commits != 1 || len(seen) != 48 {
		t.Errorf("%v, %d commits for %d codes; want 1 for 48", err, commits, len(seen))
	}
}

func TestOneBadCallFailsAlone(t *testing.T) {
	p := newPlant(t)
	old := p.stock(p.unit, 20)
	known := p.claim(p.unit, 2)
	calls := map[string]func() error{
		"repeated code": func() error { return p.Receive(p.ctx, p.unit.order, "x", p.unit.profile, old[:1]) },
		"known block":   func() error { return p.Receive(p.ctx, p.unit.order, "block-1", p.unit.profile, nil) },
		"unknown id":    func() error { return p.Confirm(p.ctx, "mark", []int64{known[0].ID, 999}, ByIdentity) },
		"used order id": func() error { return p.SetOrder(p.ctx, p.box.order, "order-"+p.box.Name, Active, "") },
		"claim": func() error {
			if n := len(must(p.Claim(p.ctx, "mark", p.unit.lot, 5))); n != 5 {
				return fmt.Errorf("%d codes claimed", n)
			}
			return nil
		},
		"receive": func() error { return p.Receive(p.ctx, p.unit.order, "y", p.unit.profile, p.unit.issue(7)) },
		"confirm": func() error { return p.Confirm(p.ctx, "mark", []int64{known[1].ID}, ByIdentity) },
	}
	var names []string
	var list []func() error
	for name, call := range calls {
		names, list = append(names, name), append(list, call)
	}
	bad := map[string]bool{"repeated code": true, "known block": true, "unknown id": true}
	errs, commits := p.together(list...)
	for i, err := range errs {
		if (err != nil) != bad[names[i]] {
			t.Errorf("%s: %v", names[i], err)
		}
	}
	if commits != int64(1+len(calls)) || p.Fault() != nil {
		t.Errorf("%d commits, fault %v", commits, p.Fault())
	}
	if n := p.Stock(p.unit.id); n != 20-2-5+7 || p.state(known[0].ID) != Claimed || p.state(known[1].ID) != Printed {
		t.Errorf("%d in stock, %s and %s", n, p.state(known[0].ID), p.state(known[1].ID))
	}
}

// More calls than one commit takes, and than any queue of a fixed length would.
func TestManyCallsWait(t *testing.T) {
	p := newPlant(t)
	var calls []func() error
	for range 1000 {
		calls = append(calls, func() error {
			_, err := p.NextSSCC(p.ctx, "0301234567")
			return err
		})
	}
	errs, commits := p.together(calls...)
	if err := errors.Join(errs...); err != nil || commits != (1000+sharedCommit-1)/sharedCommit {
		t.Errorf("%v, %d commits", err, commits)
	}
}

func TestCloseCarriesOutWhatWaits(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 30)
	closed := make(chan error, 1)
	var calls []func() error
	for range 10 {
		calls = append(calls, func() error {
			_, err := p.Claim(p.ctx, "mark", p.unit.lot, 1)
			return err
		})
	}
	errs, _ := p.meanwhile(func() {
		go func() { closed <- p.Close() }()
		p.w.until(func() bool { return p.w.closed })
	}, calls...)
	if err := errors.Join(append(errs, <-closed)...); err != nil {
		t.Error(err)
	}
	p.open()
	if n := p.Stock(p.unit.id); n != 20 {
		t.Errorf("%d codes in stock, want 20", n)
	}
}

// An import that comes when the ledger is closed ends like any other call.
func TestImportAfterClose(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 1)
	ended := make(chan error, 1)
	try(p.Close())
	go func() {
		_, err := p.Import(p.ctx, p.unit.id, p.unit.profile, "file", func(func(code.Code) error) error { return nil })
		ended <- err
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for ever")
	}
	p.open()
}

// TestEverythingAtOnce lets 16 goroutines use the ledger as a line with all its stations does.
func TestEverythingAtOnce(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 1500)
	p.stock(p.box, 100)
	const rounds = 12
	var mu sync.Mutex
	given := map[code.Code]bool{}
	take := func(k *kind, n int) []Claim {
		claims := must(p.Claim(p.ctx, "mark", k.lot, n))
		mu.Lock()
		defer mu.Unlock()
		for _, c := range claims {
			if given[c.Code] {
				t.Errorf("%s was claimed twice", code.Visible(c.Code))
			}
			given[c.Code] = true
		}
		return claims
	}
	print := func(int) {
		claims := take(p.unit, 5)
		try(p.Confirm(p.ctx, "mark", ids(claims[1:]), ByIdentity))
		try(p.Doubt(p.ctx, "mark", ids(claims[:1]), "fault"))
		for _, v := range must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, texts(claims))) {
			if v.Outcome != Good {
				t.Errorf("a product of its own: %s", v.Outcome)
			}
		}
	}
	pack := func(int) {
		units, label := take(p.unit, 3), take(p.box, 1)[0]
		box := p.openBox(3)
		for _, o := range p.put(box, texts(units)...) {
			if !o.Packed {
				t.Errorf("not packed: %s", o.Outcome)
			}
		}
		try(p.Fill(p.ctx, box))
		try(p.CloseWithCode(p.ctx, "box", box, label.ID, ByScan))
	}
	receive := func(who int) func(int) {
		k := &kind{Product: p.unit.Product, profile: p.unit.profile, issued: (who + 1) * 1_000_000}
		order := must(p.PlaceOrder(p.ctx, p.unit.id, 100))
		return func(round int) {
			codes := k.issue(20)
			try(p.Receive(p.ctx, order, fmt.Sprint(round), k.profile, codes))
			var repeated *RepeatedCode
			if err := p.Receive(p.ctx, order, fmt.Sprint("again", round), k.profile, codes[:2]); !errors.As(err, &repeated) {
				t.Errorf("codes a second time: %v", err)
			}
		}
	}
	look := func(int) {
		for _, b := range must(p.Balance(p.ctx)) {
			if !b.Equal() {
				t.Errorf("balance %+v", b)
			}
		}
		must(p.Recount(p.ctx))
		must(p.OpenOrders(p.ctx))
		p.Stock(p.unit.id)
	}
	report := func(int) {
		for _, d := range must(p.DueUtilisation(p.ctx, "VERIFIED")) {
			must(p.BuildUtilisation(p.ctx, d, 10, frozen))
		}
	}
	var sscc sync.Map
	number := func(int) {
		s := must(p.NextSSCC(p.ctx, "0301234567"))
		if _, again := sscc.LoadOrStore(s, true); again {
			t.Errorf("%s was given twice", s)
		}
	}
	work := []func(int){print, print, print, print, pack, pack, pack, receive(1), receive(2), receive(3), look, look, report, number, number, number}
	if len(work) != 16 {
		t.Fatal("not 16 of them")
	}
	var all sync.WaitGroup
	for _, f := range work {
		all.Go(func() {
			for round := range rounds {
				f(round)
			}
		})
	}
	all.Wait()
	if p.Fault() != nil {
		t.Errorf("fault %v", p.Fault())
	}
}
