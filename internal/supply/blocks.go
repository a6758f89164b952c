package supply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/retry"
)

// take fetches the order's codes block after block. Each is on disk before the next call, which
// acknowledges it.
func (k *Keeper) take(ctx context.Context, o ledger.Order) error {
	if !k.compared[o.ID] || o.Fetching > 0 {
		if err := k.compare(ctx, o); err != nil {
			return err
		}
	}
	for {
		o, open, err := k.order(ctx, o.ID)
		if err != nil || !open {
			return err
		}
		left := o.Quantity - o.Stored
		if left <= 0 {
			if err := k.Ledger.SetOrder(ctx, o.ID, "", ledger.Exhausted, ""); err != nil {
				return err
			}
			return k.close(ctx, o)
		}
		k.doing(fmt.Sprintf("codes of order %s: %d of %d stored", o.ServerID, o.Stored, o.Quantity))
		if err := k.takeOne(ctx, o, min(left, k.Product.BlockQuantity)); err != nil {
			return err
		}
	}
}

func (k *Keeper) takeOne(ctx context.Context, o ledger.Order, quantity int) error {
	if err := k.Ledger.BeginFetch(ctx, o.ID, quantity); err != nil {
		return err
	}
	if err := k.Orders.Ready(); err != nil {
		return errors.Join(err, k.Ledger.EndFetch(ctx, o.ID))
	}
	block, err := k.Blocks.Take(ctx, k.Product, o.ServerID, quantity, o.LastBlock)
	if retry.Refused(err) { // a clear no: nothing was issued; the lists tell how the order and its blocks stand
		delete(k.compared, o.ID)
		return errors.Join(err, k.Ledger.EndFetch(ctx, o.ID), k.Ledger.SetOrder(ctx, o.ID, "", ledger.Pending, err.Error()))
	}
	if err != nil && retry.Unsent(err) {
		return errors.Join(err, k.Ledger.EndFetch(context.WithoutCancel(ctx), o.ID))
	}
	if err != nil {
		return err // lost: the intent stays, and the server's blocks are compared before the next call
	}
	if len(block.Codes) == 0 {
		if err := k.Ledger.EndFetch(ctx, o.ID); err != nil {
			return err
		}
		return fmt.Errorf("order %s gave an empty block although %d codes are missing", o.ServerID, o.Quantity-o.Stored)
	}
	if len(block.Codes) > quantity {
		return k.quarantine(ctx, o, block, fmt.Sprintf("%d codes where %d were asked for", len(block.Codes), quantity))
	}
	return k.store(ctx, o, block)
}

// lostCall is a call for codes whose answer was lost and of which the server had issued nothing yet when it
// was asked. It may still be on its way there.
type lostCall struct {
	quantity int
	at       time.Time
}

// lateFor is how long after that a block of such a call may still be issued.
const lateFor = 5 * time.Minute

// compare looks for blocks that the server has issued and the ledger does not have, and brings
// them in. It comes before any new call: at every start, and after every lost answer.
func (k *Keeper) compare(ctx context.Context, o ledger.Order) error {
	k.doing("the server's blocks of order " + o.ServerID)
	issued, err := k.Blocks.Issued(ctx, k.Product, o.ServerID)
	if err != nil {
		return err
	}
	stored, err := k.Ledger.Blocks(ctx, o.ID)
	if err != nil {
		return err
	}
	have, kept := map[string]bool{}, "" // kept: in quarantine, and the agent was killed before it ended the order
	var rest []string                   // there in part: the agent was killed while it stored them
	for _, b := range stored {
		have[b.ServerID] = true
		switch {
		case b.Quarantined:
			kept = b.ServerID
		case b.InPart:
			rest = append(rest, b.ServerID)
		}
	}
	for _, id := range rest {
		block, err := k.Blocks.Again(ctx, k.Product, o.ServerID, id)
		if err != nil {
			return err
		}
		k.Log.Warn("a block that was stored in part came in again", "order", o.ServerID, "block", id, "codes", len(block.Codes))
		if err := k.store(ctx, o, block); err != nil {
			return err
		}
		o.Fetching = 0 // that was the call
	}
	asked := o.Fetching
	if late := k.lost[o.ID]; asked == 0 && time.Since(late.at) < lateFor {
		asked = late.quantity
	}
	// All are fetched before the first is judged: one that nobody asked for makes the others doubtful too.
	var missing []Block
	foreign := asked == 0
	for _, b := range issued {
		if have[b.ID] {
			continue
		}
		block, err := k.Blocks.Again(ctx, k.Product, o.ServerID, b.ID)
		if err != nil {
			return err
		}
		if b.Quantity == 0 && len(block.Codes) == 0 {
			continue
		}
		k.Log.Warn("a block whose answer was lost came in again", "order", o.ServerID, "block", b.ID, "codes", len(block.Codes))
		missing = append(missing, block)
		foreign = foreign || b.Quantity != len(block.Codes) || len(block.Codes) > asked
	}
	// One lost call loses one block. More, or another size: another program takes codes of this order too.
	foreign = foreign || len(missing) > 1 || kept != ""
	var errs []error
	for _, block := range missing {
		if foreign {
			errs = append(errs, k.quarantine(ctx, o, block, "the server issued it, this agent did not ask for it"))
		} else {
			errs = append(errs, k.store(ctx, o, block))
		}
	}
	if kept != "" {
		errs = append(errs, k.giveUp(ctx, o, kept, "found at the start"))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	switch {
	case len(missing) > 0:
		delete(k.lost, o.ID)
	case o.Fetching > 0:
		k.lost[o.ID] = lostCall{o.Fetching, time.Now()}
	}
	k.compared[o.ID] = true
	return k.Ledger.EndFetch(ctx, o.ID)
}

func (k *Keeper) store(ctx context.Context, o ledger.Order, block Block) error {
	warned := 0
	for _, c := range block.Codes {
		hard, warnings := code.CheckServer(k.profile, k.Product.GTIN, c)
		if hard != nil {
			return k.quarantine(ctx, o, block, hard.Error())
		}
		if len(warnings) > 0 {
			if warned == 0 {
				k.Log.Warn("received codes differ from their document", "block", block.ID, "first", code.Visible(c), "warning", warnings[0])
			}
			warned++
		}
	}
	err := k.Ledger.Receive(ctx, o.ID, block.ID, k.profile, block.Codes)
	if err == nil {
		k.ended = 0
	}
	var repeated *ledger.RepeatedCode
	if errors.As(err, &repeated) {
		return k.quarantine(ctx, o, block, err.Error())
	}
	return err
}

func (k *Keeper) quarantine(ctx context.Context, o ledger.Order, block Block, reason string) error {
	k.Log.Error("a block of codes is quarantined: it is not used and not acknowledged", "order", o.ServerID, "block", block.ID, "reason", reason)
	if err := k.Ledger.Quarantine(ctx, o.ID, block.ID, block.Codes, reason); err != nil {
		return err
	}
	return k.giveUp(ctx, o, block.ID, reason)
}

// giveUp ends an order that has a block in quarantine: to take its next block, or to close it,
// would acknowledge that one.
func (k *Keeper) giveUp(ctx context.Context, o ledger.Order, blockID, reason string) error {
	k.hold()
	err := fmt.Errorf("block %s is quarantined: %s", blockID, reason)
	return errors.Join(err, k.Ledger.SetOrder(ctx, o.ID, "", ledger.Refused, err.Error()))
}
