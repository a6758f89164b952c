package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"linemark/internal/code"
)

func (p *plant) orderOf(k *kind) Order {
	for _, o := range must(p.Orders(p.ctx)) {
		if o.ID == k.order {
			return o
		}
	}
	panic("no such order")
}

func TestReceiveIsAllOrNothing(t *testing.T) {
	p := newPlant(t)
	old := p.stock(p.unit, 3)
	boxes := p.stock(p.box, 2)
	fresh := p.unit.issue(4)
	tests := []struct {
		name, block string
		codes       []code.Code
		repeated    code.Code
	}{
		{"a code received before", "b-x", []code.Code{fresh[0], fresh[1], old[1], fresh[2]}, old[1]},
		{"a code twice in the block", "b-y", []code.Code{fresh[0], fresh[1], fresh[0]}, fresh[0]},
		{"another check part, same identification code", "b-z", []code.Code{fresh[0], old[2][:32] + "93zzzz"}, old[2]},
		{"a code of another product", "b-w", []code.Code{fresh[0], boxes[1]}, boxes[1]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := p.Receive(p.ctx, p.unit.order, test.block, p.unit.profile, test.codes)
			var repeated *RepeatedCode
			if !errors.As(err, &repeated) || repeated.Ident != test.repeated[:p.unit.profile.KI] {
				t.Fatalf("receive: %v, want the repeated code %s", err, code.Visible(test.repeated))
			}
			if n := p.Stock(p.unit.id); n != 3 {
				t.Errorf("%d codes in stock, want 3", n)
			}
			if o := p.orderOf(p.unit); o.LastBlock != "block-1" || o.Stored != 3 {
				t.Errorf("last block %q, %d stored", o.LastBlock, o.Stored)
			}
			if n := len(must(p.Blocks(p.ctx, p.unit.order))); n != 1 {
				t.Errorf("%d blocks", n)
			}
			if p.Fault() != nil {
				t.Errorf("fault %v", p.Fault())
			}
		})
	}
	try(p.Receive(p.ctx, p.unit.order, "b-x", p.unit.profile, fresh)) // the refused block left no trace
	if n := p.Stock(p.unit.id); n != 7 {
		t.Errorf("%d codes in stock, want 7", n)
	}
}

func TestReceiveKnownBlock(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2)
	err := p.Receive(p.ctx, p.unit.order, "block-1", p.unit.profile, p.unit.issue(2))
	if !errors.Is(err, ErrBlockKnown) {
		t.Fatalf("receive: %v, want ErrBlockKnown", err)
	}
	p.stock(p.box, 2) // the same id at another order is another block
	if p.Stock(p.unit.id) != 2 || p.Stock(p.box.id) != 2 {
		t.Errorf("stock %d, %d", p.Stock(p.unit.id), p.Stock(p.box.id))
	}
	if err := p.Receive(p.ctx, 999, "b", p.unit.profile, nil); err == nil {
		t.Error("a block of no order was stored")
	}
}

// The bytes go in and come out as they are (P8), also where they break the group's format.
func TestP8_CodesAreKeptByteForByte(t *testing.T) {
	p := newPlant(t)
	odd := []code.Code{
		code.Code("01" + p.unit.GTIN + "21" + "short" + "\x1d93abcd"),
		code.Code("01" + p.unit.GTIN + "21" + "\xe8\x00'\"%_; \\\x7f" + "\x1d93abcd"),
		"",
		code.Code("01" + p.unit.GTIN + "21" + "Aa1!\"%&'()*+,\x1d93-./:"),
	}
	try(p.Receive(p.ctx, p.unit.order, "odd", p.unit.profile, odd))
	claims := p.claim(p.unit, len(odd))
	for i, c := range claims {
		if c.Code != odd[i] {
			t.Errorf("code %d came out as %q, went in as %q", i, c.Code, odd[i])
		}
	}
	for i, v := range must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, odd)) {
		if v.Outcome != Good || v.ID != claims[i].ID {
			t.Errorf("scan of %q: %s", odd[i], v.Outcome)
		}
	}
	if life := must(p.Trace(p.ctx, odd[1])); life.Code != odd[1] {
		t.Errorf("traced %q", life.Code)
	}
}

func TestP4_LastBlockOnlyAfterItIsStored(t *testing.T) {
	p := newPlant(t)
	last := func() string { return p.orderOf(p.unit).LastBlock }
	if last() != "" {
		t.Fatalf("last block %q before any", last())
	}
	first := p.stock(p.unit, 2)
	if last() != "block-1" {
		t.Fatalf("last block %q, want block-1", last())
	}
	try(p.Quarantine(p.ctx, p.unit.order, "bad", first, "repeated"))
	if last() != "block-1" {
		t.Fatalf("a quarantined block would be acknowledged")
	}
	try(p.BeginFetch(p.ctx, p.unit.order, 2))
	if err := p.Receive(p.ctx, p.unit.order, "block-x", p.unit.profile, first); err == nil {
		t.Fatal("repeated codes were stored")
	}
	if o := p.orderOf(p.unit); o.LastBlock != "block-1" || o.Fetching != 2 {
		t.Fatalf("after a refused block: last %q, intent %d", o.LastBlock, o.Fetching)
	}
	p.stock(p.unit, 2)
	p.reopen()
	if o := p.orderOf(p.unit); o.LastBlock != "block-2" || o.Fetching != 0 || o.Stored != 4 {
		t.Fatalf("after a reopening: %+v", o)
	}
}

func TestP4_IntentSurvives(t *testing.T) {
	p := newPlant(t)
	try(p.BeginFetch(p.ctx, p.unit.order, 100))
	if err := p.BeginFetch(p.ctx, p.unit.order, 50); err == nil {
		t.Error("two calls under way for one order")
	}
	p.reopen()
	if o := p.orderOf(p.unit); o.Fetching != 100 {
		t.Fatalf("intent %d after reopening, want 100", o.Fetching)
	}
	try(p.EndFetch(p.ctx, p.unit.order))
	try(p.BeginFetch(p.ctx, p.unit.order, 50))
}

func TestQuarantine(t *testing.T) {
	p := newPlant(t)
	bad := []code.Code{"a\x1db", "line\nbreak", "\xff"}
	try(p.Quarantine(p.ctx, p.unit.order, "bad", bad, "U+FFFD in it"))
	if p.Stock(p.unit.id) != 0 || p.orderOf(p.unit).Stored != 0 {
		t.Error("quarantined codes count as stock")
	}
	blocks := must(p.Blocks(p.ctx, p.unit.order))
	if len(blocks) != 1 || blocks[0] != (Block{ServerID: "bad", Quantity: 3, Quarantined: true}) {
		t.Errorf("blocks %+v", blocks)
	}
	if err := p.Receive(p.ctx, p.unit.order, "bad", p.unit.profile, p.unit.issue(1)); !errors.Is(err, ErrBlockKnown) {
		t.Errorf("receiving it again: %v", err)
	}
	if err := p.Quarantine(p.ctx, p.unit.order, "bad", bad, "again"); !errors.Is(err, ErrBlockKnown) {
		t.Errorf("quarantining it again: %v", err)
	}
	var kept []byte
	try(p.reads.QueryRow("SELECT quarantine FROM block").Scan(&kept))
	if want := "\"a\\x1db\"\n\"line\\nbreak\"\n\"\\xff\""; string(kept) != want {
		t.Errorf("kept %q, want %q", kept, want)
	}
}

func TestOrders(t *testing.T) {
	p := newPlant(t)
	if again := must(p.Product(p.ctx, bottle)); again != p.unit.id {
		t.Errorf("the same GTIN has numbers %d and %d", p.unit.id, again)
	}
	var ids []OrderID
	for range 4 {
		ids = append(ids, must(p.PlaceOrder(p.ctx, p.unit.id, 500)))
	}
	try(p.SetOrder(p.ctx, ids[1], "srv-1", Pending, ""))
	try(p.SetOrder(p.ctx, ids[1], "", Shut, "all taken")) // keeps the server's id
	try(p.SetOrder(p.ctx, ids[2], "srv-2", Refused, "no money"))
	try(p.SetOrder(p.ctx, ids[3], "", Expired, ""))
	if err := p.SetOrder(p.ctx, 999, "x", Active, ""); err == nil {
		t.Error("an order that does not exist was changed")
	}
	all := must(p.Orders(p.ctx))
	o := all[3]
	if o.ID != ids[1] || o.ServerID != "srv-1" || o.State != Shut || o.Reason != "all taken" || o.Quantity != 500 || o.GTIN != p.unit.GTIN || o.Product != p.unit.id {
		t.Errorf("order %+v", o)
	}
	if o.PlacedAt.IsZero() || !o.ChangedAt.After(o.PlacedAt) {
		t.Errorf("placed %s, changed %s", o.PlacedAt, o.ChangedAt)
	}
	open := fmt.Sprint()
	for _, o := range must(p.OpenOrders(p.ctx)) {
		open += fmt.Sprintf("%d %s, ", o.ID, o.State)
	}
	if want := fmt.Sprintf("1 active, 2 active, %d placing, ", ids[0]); open != want {
		t.Errorf("open orders %s, want %s", open, want)
	}
}

// P1: a code that came in while the rules of its group were others is known under the new ones: it
// does not come in a second time, and it is read on its product.
func TestP1_RulesChange(t *testing.T) {
	p := newPlant(t)
	short := must(code.NewProfile("water", code.Unit, true, 11, code.Field{AI: "93", Length: 4}))
	odd := code.Code("01" + bottle.GTIN + "21elevenchars" + "\x1d93dGVz") // not of the standard structure: kept whole
	try(p.Receive(p.ctx, p.unit.order, "b1", p.unit.profile, []code.Code{odd}))
	var repeated *RepeatedCode
	if err := p.Receive(p.ctx, p.unit.order, "b2", short, []code.Code{odd}); !errors.As(err, &repeated) {
		t.Errorf("a second time: %v", err)
	}
	standard := p.stock(p.unit, 1)[0]
	if err := p.Receive(p.ctx, p.unit.order, "b3", short, []code.Code{standard}); err == nil {
		t.Error("a second time, cut elsewhere")
	}
	c := p.claim(p.unit, 2)
	scans := []code.Code{c[0].Code, code.Code(strings.ReplaceAll(string(c[1].Code), "\x1d", ""))}
	for i, v := range must(p.Verify(p.ctx, "check", p.unit.lot, short, scans)) {
		if v.Outcome != Good || v.ID != c[i].ID {
			t.Errorf("scan %d: %+v", i, v)
		}
	}
}
