package ledger

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"linemark/internal/code"
)

// inPieces begins to receive n codes and ends after so many pieces, as a kill does.
func (p *plant) inPieces(block string, n, pieces int) []code.Code {
	codes := p.unit.issue(n)
	ctx, kill := context.WithCancel(p.ctx)
	defer kill()
	p.begun = func() {
		if pieces--; pieces == 0 {
			kill() // this commit is carried out, no other one is begun
		}
	}
	defer func() { p.begun = nil }()
	if err := p.Receive(ctx, p.unit.order, block, p.unit.profile, codes); !errors.Is(err, context.Canceled) {
		panic(err)
	}
	return codes
}

// A block that is on disk in part is no block to acknowledge: the intent stays, the account is equal, what is
// there is stock, and the rest comes in with the block, also after a code of it was printed.
func TestP4_BlockInPart(t *testing.T) {
	p := newPlant(t)
	try(p.BeginFetch(p.ctx, p.unit.order, 3*blockPiece))
	codes := p.inPieces("long", 3*blockPiece, 2)
	check := func(when string, last string, fetching, stored int, inPart bool) {
		t.Helper()
		o := p.orderOf(p.unit)
		blocks := must(p.Blocks(p.ctx, p.unit.order))
		if o.LastBlock != last || o.Fetching != fetching || o.Stored != stored || len(blocks) != 1 || blocks[0] != (Block{ServerID: "long", Quantity: stored, InPart: inPart}) {
			t.Errorf("%s: %+v, %+v", when, o, blocks)
		}
		account(t, p.Ledger)
	}
	check("after two pieces", "", 3*blockPiece, 2*blockPiece, true)
	p.reopen()
	check("after a reopening", "", 3*blockPiece, 2*blockPiece, true)
	printed := p.claim(p.unit, 5)
	try(p.Receive(p.ctx, p.unit.order, "long", p.unit.profile, codes))
	check("whole", "long", 0, 3*blockPiece, false)
	if err := p.Receive(p.ctx, p.unit.order, "long", p.unit.profile, codes); !errors.Is(err, ErrBlockKnown) {
		t.Errorf("a third time: %v", err)
	}
	all := append(printed, p.claim(p.unit, 3*blockPiece-5)...)
	seen := map[string]bool{}
	for _, c := range all {
		seen[string(c.Code)] = true
	}
	if len(all) != 3*blockPiece || len(seen) != len(all) {
		t.Errorf("%d claims of %d codes, want %d", len(all), len(seen), 3*blockPiece)
	}
}

// After the loss of what came later, the rest of such a block is as doubtful as any other block.
func TestP4_BlockInPartRecovered(t *testing.T) {
	p := newPlant(t)
	codes := p.inPieces("long", 3*blockPiece, 1)
	n := must(p.ReceiveRecovered(p.ctx, p.unit.order, "long", p.unit.profile, codes))
	if o := p.orderOf(p.unit); n != 2*blockPiece || o.LastBlock != "long" || o.Stored != 3*blockPiece || p.Stock(p.unit.id) != blockPiece {
		t.Errorf("%d codes in doubt, %d in stock, %+v", n, p.Stock(p.unit.id), o)
	}
}

// A long block with a code that is there already, or twice, or that cannot be told apart at once, is refused whole.
func TestP1_LongBlockIsRefusedWhole(t *testing.T) {
	p := newPlant(t)
	old := p.stock(p.unit, 2)
	fresh := p.unit.issue(2 * blockPiece)
	for name, codes := range map[string][]code.Code{
		"there already": append(fresh[:len(fresh):len(fresh)], old[1]),
		"twice":         append(fresh[:len(fresh):len(fresh)], fresh[0]),
	} {
		var repeated *RepeatedCode
		if err := p.Receive(p.ctx, p.unit.order, "long", p.unit.profile, codes); !errors.As(err, &repeated) || repeated.Ident != codes[len(codes)-1][:p.unit.profile.KI] {
			t.Errorf("%s: %v", name, err)
		}
		if blocks := must(p.Blocks(p.ctx, p.unit.order)); len(blocks) != 1 || p.Stock(p.unit.id) != 2 {
			t.Errorf("%s: %+v, %d in stock", name, blocks, p.Stock(p.unit.id))
		}
	}
	long := append(fresh[:len(fresh):len(fresh)], "no code of this group, kept as it is")
	try(p.Receive(p.ctx, p.unit.order, "long", p.unit.profile, long)) // in one commit
	if p.Stock(p.unit.id) != 2+len(long) {
		t.Errorf("%d in stock", p.Stock(p.unit.id))
	}
}

// While a long block comes in, a verdict waits for one piece of it at most.
func TestP6BlockLetsLinesPass(t *testing.T) {
	p := newPlant(t)
	w, codes := p.Ledger.w, p.unit.issue(5*blockPiece)
	var passed, pieces atomic.Int64
	verdict := &request{run: func(*tx) error { passed.Store(pieces.Load()); return nil }, done: make(chan error, 1)}
	p.begun = func() {
		if pieces.Add(1) == 1 { // the first piece is being written
			w.mu.Lock()
			w.queue = append(w.queue, verdict)
			w.mu.Unlock()
		}
	}
	try(p.Receive(p.ctx, p.unit.order, "long", p.unit.profile, codes))
	p.begun = nil
	select {
	case err := <-verdict.done:
		if err != nil || passed.Load() != 2 || pieces.Load() != 6 {
			t.Errorf("%v; the verdict was commit %d of %d", err, passed.Load(), pieces.Load())
		}
	default:
		t.Error("no verdict while a block came in")
	}
}

// Codes that share a statement are looked for all the same: one that has come in meanwhile leaves nothing of the piece.
func TestP1_PieceWithAKnownCode(t *testing.T) {
	p := newPlant(t)
	old := p.stock(p.unit, 1)
	for _, at := range []int{0, atATime - 1, atATime, 2 * atATime} {
		codes := p.unit.issue(2*atATime + 5)
		codes[at] = old[0]
		err := p.bulk(p.ctx, func(tx *tx) error {
			b, err := tx.newBlock(p.unit.order, "long", 0, nil, inPart)
			if err != nil {
				return err
			}
			return tx.addAll(b, 1, codes, p.unit.profile.KI)
		})
		if err == nil || p.Stock(p.unit.id) != 1 || len(must(p.Blocks(p.ctx, p.unit.order))) != 1 {
			t.Errorf("known at %d: %v, %d in stock", at, err, p.Stock(p.unit.id))
		}
	}
	account(t, p.Ledger)
}
