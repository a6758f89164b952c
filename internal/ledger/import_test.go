package ledger

import (
	"context"
	"errors"
	"testing"

	"linemark/internal/code"
)

// importAll adds the codes one by one and goes on after repeated ones.
func (p *plant) importAll(k *kind, name string, codes []code.Code) (n, repeated int, err error) {
	n, err = p.Import(p.ctx, k.id, k.profile, name, func(add func(code.Code) error) error {
		for _, c := range codes {
			var known *RepeatedCode
			if err := add(c); errors.As(err, &known) {
				repeated++
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	return n, repeated, err
}

// P2: what an import brings is in the account, and the life of its codes tells of the file.
func TestP2_Import(t *testing.T) {
	p := newPlant(t)
	had := p.stock(p.unit, 2)
	codes := append(p.unit.issue(5), had[1])
	codes = append(codes, codes[0])
	n, repeated, err := p.importAll(p.unit, "codes.csv", codes)
	if n != 5 || repeated != 2 || err != nil {
		t.Fatalf("%d imported, %d repeated, %v", n, repeated, err)
	}
	if stock := p.Stock(p.unit.id); stock != 7 {
		t.Errorf("%d codes in stock", stock)
	}
	p.reopen()
	life := must(p.Trace(p.ctx, codes[3]))
	if life.State != InStock || life.Block != "codes.csv" || len(life.Journal) != 1 || life.Journal[0].Place != "import" {
		t.Errorf("%+v", life)
	}
	if open := must(p.OpenOrders(p.ctx)); len(open) != 2 {
		t.Errorf("%d open orders, want those of the plant", len(open))
	}
	// What was imported is printed as everything else is, after what was there before it.
	if c := p.claim(p.unit, 7); c[2].Code != codes[0] || c[6].Code != codes[4] {
		t.Errorf("claimed %+v", c)
	}
}

// P2: an import that fails leaves nothing, neither codes nor its file.
func TestP2_ImportAllOrNothing(t *testing.T) {
	p := newPlant(t)
	blocks := func() int {
		n := 0
		for _, o := range must(p.Orders(p.ctx)) {
			n += len(must(p.Blocks(p.ctx, o.ID)))
		}
		return n
	}
	stop := errors.New("stop")
	n, err := p.Import(p.ctx, p.unit.id, p.unit.profile, "x", func(add func(code.Code) error) error {
		for _, c := range p.unit.issue(3) {
			try(add(c))
		}
		return stop
	})
	if n != 0 || !errors.Is(err, stop) || p.Stock(p.unit.id) != 0 || blocks() != 0 {
		t.Errorf("stopped: %d, %v, %d in stock, %d blocks", n, err, p.Stock(p.unit.id), blocks())
	}
	var format *code.FormatError
	if n, _, err := p.importAll(p.unit, "x", append(p.unit.issue(2), "01")); n != 0 || !errors.As(err, &format) || p.Stock(p.unit.id) != 0 {
		t.Errorf("no code: %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(p.ctx)
	n, err = p.Import(ctx, p.unit.id, p.unit.profile, "x", func(add func(code.Code) error) error {
		try(add(p.unit.issue(1)[0]))
		cancel()
		return add(p.unit.issue(1)[0])
	})
	if n != 0 || !errors.Is(err, context.Canceled) || p.Stock(p.unit.id) != 0 {
		t.Errorf("interrupted: %d, %v", n, err)
	}
	if n, _, err := p.importAll(p.unit, "empty", nil); n != 0 || err != nil || blocks() != 0 {
		t.Errorf("empty: %d, %v, %d blocks", n, err, blocks())
	}
	p.claim0()
}

// claim0 checks that nothing can be claimed.
func (p *plant) claim0() {
	if c := must(p.Claim(p.ctx, "mark", p.unit.lot, 1)); len(c) != 0 {
		panic("a code that is not there was claimed")
	}
}
