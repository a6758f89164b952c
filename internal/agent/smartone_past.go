package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/smartone"
)

// pastOne is SmartOne as a recovery needs it. It does not know which codes of a batch were taken: all that
// the ledger does not have are read again, and whether they were printed nobody knows.
type pastOne struct{ *smartOne }

// pastBlock is how many codes a block holds that is read again.
const pastBlock = 1000

// Placed implements supply.Past: what the ledger has, and of each batch one order for the rest.
func (p pastOne) Placed(ctx context.Context, product supply.Product) ([]supply.PastOrder, error) {
	found, err := p.product(product)
	if err != nil {
		return nil, err
	}
	if len(found.Batches) == 0 || found.Preprinted == config.Yes {
		return nil, p.try(ctx, probe, func() error { return p.reach(ctx) }) // its clock is wanted
	}
	orders, err := p.ledger.Orders(ctx)
	if err != nil {
		return nil, err
	}
	var past []supply.PastOrder
	known := map[int64]int{} // up to where orders of the ledger reach
	for _, o := range orders {
		if _, ok := sliceOf(o.ServerID); !ok || o.Product != product.ID {
			continue
		}
		one := supply.PastOrder{Placed: o.PlacedAt, Issued: o.Quantity, ServerOrder: supply.ServerOrder{ID: o.ServerID, GTIN: product.GTIN, Quantity: o.Quantity, State: ledger.Exhausted}}
		if ended := o.State == ledger.Shut || o.State == ledger.Expired; ended {
			one.State, one.Issued, one.Reason = o.State, 0, o.Reason
		}
		past = append(past, one)
		s, _ := sliceOf(o.ServerID)
		known[s.batch] = max(known[s.batch], s.from+o.Quantity)
	}
	for _, number := range found.Batches {
		rest := slice{batch: int64(number), from: known[int64(number)], to: mostOfBatch}
		codes, err := p.codes(ctx, product, rest)
		if no, refused := errors.AsType[*smartone.Refusal](err); err != nil && !errors.Is(err, errNoCodes) && (!refused || no.Code != smartone.CodeNotReady) {
			return nil, err
		}
		if err == nil && len(codes) > 0 {
			past = append(past, supply.PastOrder{Placed: time.Now().UTC(), Issued: len(codes),
				ServerOrder: supply.ServerOrder{ID: rest.order(), GTIN: product.GTIN, Quantity: len(codes), State: ledger.Exhausted}})
		}
	}
	return past, nil
}

// mostOfBatch is more codes than any batch has.
const mostOfBatch = 1 << 30

// Given implements supply.Past: the blocks that the ledger has of the order, and the rest of it in blocks.
func (p pastOne) Given(ctx context.Context, product supply.Product, orderID string) ([]supply.PastBlock, error) {
	s, ok := sliceOf(orderID)
	if !ok {
		return nil, fmt.Errorf("order %s is none of SmartOne's", orderID)
	}
	orders, err := p.ledger.Orders(ctx)
	if err != nil {
		return nil, err
	}
	var blocks []supply.PastBlock
	s.to = mostOfBatch
	for _, o := range orders {
		if o.ServerID != orderID || o.Product != product.ID {
			continue
		}
		begin := s.from
		s.to = s.from + o.Quantity
		stored, err := p.ledger.Blocks(ctx, o.ID)
		if err != nil {
			return nil, err
		}
		for _, b := range stored {
			taken, ok := sliceOf(b.ServerID)
			if !ok {
				continue
			}
			blocks = append(blocks, supply.PastBlock{IssuedBlock: supply.IssuedBlock{ID: b.ServerID, Quantity: taken.to - taken.from}})
			s.from = max(s.from, taken.to, begin)
		}
	}
	codes, err := p.codes(ctx, product, s)
	if err != nil {
		return nil, err
	}
	for n := 0; n < len(codes); n += pastBlock {
		one := slice{s.batch, s.from + n, s.from + min(n+pastBlock, len(codes))}
		blocks = append(blocks, supply.PastBlock{IssuedBlock: supply.IssuedBlock{ID: one.block(), Quantity: one.to - one.from}})
	}
	return blocks, nil
}

// Again implements supply.Past.
func (p pastOne) Again(ctx context.Context, product supply.Product, orderID, blockID string) (supply.Block, error) {
	return p.smartOne.Again(ctx, product, orderID, blockID)
}
