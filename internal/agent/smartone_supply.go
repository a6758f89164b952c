package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/smartone"
)

// Nothing is ordered from SmartOne: an order is a slice of a batch that is there. Its id is the batch and
// where in it the slice begins, "123:9000"; that of a block has how many codes it holds besides, "123:9000:1000".
type slice struct {
	batch    int64
	from, to int
}

func (s slice) order() string { return fmt.Sprintf("%d:%d", s.batch, s.from) }
func (s slice) block() string { return fmt.Sprintf("%d:%d:%d", s.batch, s.from, s.to-s.from) }

// sliceOf reads an id. One of another national system is none.
func sliceOf(id string) (s slice, ok bool) {
	parts := strings.Split(id, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return s, false
	}
	numbers := [3]int64{}
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n < 0 || i > 0 && n > mostOfBatch {
			return s, false
		}
		numbers[i] = n
	}
	return slice{numbers[0], int(numbers[1]), int(numbers[1] + numbers[2])}, numbers[0] > 0
}

// batchCodes reads a page of a batch in its turn.
func (n *smartOne) batchCodes(ctx context.Context, q smartone.BatchQuery) (b smartone.Batch, err error) {
	err = n.try(ctx, "codes", func() (err error) {
		b, err = n.client.BatchCodes(ctx, q)
		return err
	})
	return b, err
}

// product is what the configuration says of a product.
func (n *smartOne) product(p supply.Product) (config.Product, error) {
	found, ok := n.cfg.Product(p.Name)
	if !ok {
		return found, fmt.Errorf("product %q is not in the configuration", p.Name)
	}
	return found, nil
}

// codes reads a slice of a product's codes; a shorter one, where the batch ends.
func (n *smartOne) codes(ctx context.Context, p supply.Product, s slice) ([]code.Code, error) {
	found, err := n.product(p)
	if err != nil {
		return nil, err
	}
	all, err := n.pools.codesOf(ctx, s.batch, p.ID, found, s.to)
	if err != nil {
		return nil, err
	}
	return all[min(s.from, len(all)):min(s.to, len(all))], nil
}

// Orderable implements supply.Limited: as many codes as are read already of the first batch that is not used
// up, so that the line need not wait for all pages of a large order.
func (n *smartOne) Orderable(ctx context.Context, p supply.Product, quantity int) (int, error) {
	free, err := n.free(ctx, p, 1)
	if err != nil {
		return 0, err
	}
	found, err := n.product(p)
	if err != nil {
		return 0, err
	}
	read, err := n.pools.codesOf(ctx, free.batch, p.ID, found, free.to)
	return min(quantity, len(read)-free.from), err
}

// free is the next slice of a product's batches that no order of the ledger covers.
func (n *smartOne) free(ctx context.Context, p supply.Product, quantity int) (slice, error) {
	covered, err := n.covered(ctx, p)
	if err != nil {
		return slice{}, err
	}
	found, err := n.product(p)
	if err != nil {
		return slice{}, err
	}
	// A batch that gives no codes holds up no other. What was used up is read again only where nothing else is left.
	var no error
	spent := false
	for _, again := range []bool{false, true} {
		for _, batch := range found.Batches {
			s := slice{batch: int64(batch), from: covered[int64(batch)]}
			s.to = s.from + quantity
			end, used, fresh := n.pools.usedUp(ctx, s.batch, p.ID, s.from)
			if used && no == nil {
				no = end.why
			}
			spent = spent || used && end.why == nil
			if used != again || used && fresh {
				continue
			}
			codes, err := n.codes(ctx, p, s)
			if err != nil && !n.passOver(err) {
				return slice{}, err
			}
			if no == nil {
				no = err
			}
			if s.to = s.from + len(codes); err == nil && len(codes) > 0 {
				n.passedOver(s.batch, no)
				return s, nil
			}
			spent = spent || err == nil
		}
	}
	switch {
	case no != nil && spent:
		return slice{}, fmt.Errorf("%w; all codes of the other batches are used up", no)
	case no != nil:
		return slice{}, no
	}
	return slice{}, &oneError{unsent: true, error: fmt.Errorf("all codes of %s are used up: make another batch in SmartOne, and name it in product.batches of %q", batches(found.Batches), p.Name)}
}

// passOver says whether an error is of one batch alone: it is refused, not made yet, or without codes of a product.
func (n *smartOne) passOver(err error) bool {
	no, refused := errors.AsType[*smartone.Refusal](err)
	return errors.Is(err, errNoCodes) || refused && !closed(no) && (!no.RetryLater || no.Code == smartone.CodeNotReady)
}

// passedOver tells people, once, that a batch is taken although another gives no codes.
func (n *smartOne) passedOver(batch int64, why error) {
	if why == nil {
		return
	}
	text := fmt.Sprintf("%v; meanwhile codes of batch %d are taken", why, batch)
	if told, _ := n.passed.Swap(batch, text); told != text && n.alarm != nil {
		n.alarm("national system", text)
	}
}

func batches(numbers []int) string {
	text := "batch"
	if len(numbers) > 1 {
		text = "batches"
	}
	for i, n := range numbers {
		if i > 0 {
			text += ","
		}
		text += " " + strconv.Itoa(n)
	}
	return text
}

// covered is up to where the ledger's orders cover each batch of a product. Of an order that was given up,
// that is what came in of it.
func (n *smartOne) covered(ctx context.Context, p supply.Product) (map[int64]int, error) {
	orders, err := n.ledger.Orders(ctx)
	if err != nil {
		return nil, err
	}
	covered := map[int64]int{}
	for _, o := range orders {
		s, ok := sliceOf(o.ServerID)
		if !ok || o.Product != p.ID {
			continue
		}
		if s.to = s.from + o.Quantity; o.State == ledger.Refused || o.State == ledger.Expired {
			blocks, err := n.ledger.Blocks(ctx, o.ID)
			if err != nil {
				return nil, err
			}
			s.to = s.from
			for _, b := range blocks {
				if taken, ok := sliceOf(b.ServerID); ok {
					s.to = max(s.to, taken.to)
				}
			}
		}
		covered[s.batch] = max(covered[s.batch], s.to)
	}
	return covered, nil
}

// Place implements supply.Orders. The codes were read by Orderable just before: nothing is asked here.
func (n *smartOne) Place(ctx context.Context, p supply.Product, quantity int) (string, error) {
	free, err := n.free(ctx, p, quantity)
	if err != nil {
		return "", &oneError{error: err, unsent: true}
	}
	if left := free.to - free.from; left < quantity {
		return "", &oneError{unsent: true, error: fmt.Errorf("batch %d has %d codes left, not %d", free.batch, left, quantity)}
	}
	return free.order(), nil
}

// List implements supply.Orders: the ledger's own orders, which are nobody else's affair. One of which
// a crash has left only the intent gets the slice that it would get now.
func (n *smartOne) List(ctx context.Context, p supply.Product, _ time.Time) ([]supply.ServerOrder, error) {
	orders, err := n.ledger.Orders(ctx)
	if err != nil {
		return nil, err
	}
	var listed []supply.ServerOrder
	for _, o := range orders {
		if o.Product != p.ID {
			continue
		}
		id := o.ServerID
		if id == "" && o.State == ledger.Placing {
			free, err := n.free(ctx, p, o.Quantity)
			if err != nil {
				return nil, err
			}
			if free.to-free.from < o.Quantity {
				continue
			}
			id = free.order()
		}
		s, ok := sliceOf(id)
		if !ok {
			continue
		}
		one := supply.ServerOrder{ID: id, GTIN: p.GTIN, Quantity: o.Quantity, State: ledger.Active}
		if why := n.pools.why(ctx, s.batch); why != "" {
			one.State, one.Reason = ledger.Refused, why
		}
		listed = append(listed, one)
	}
	return listed, nil
}

// Close implements supply.Orders: the batch is not told of it.
func (n *smartOne) Close(context.Context, supply.Product, string, string) error { return nil }

// Take implements supply.Blocks. Reading takes nothing away there, so a repeat of a lost call has the same
// answer; what is stored already is refused by the ledger.
func (n *smartOne) Take(ctx context.Context, p supply.Product, orderID string, quantity int, last string) (supply.Block, error) {
	s, ok := sliceOf(cmp.Or(last, orderID))
	if !ok {
		return supply.Block{}, &oneError{unsent: true, error: fmt.Errorf("order %s is none of SmartOne's", orderID)}
	}
	s.from = s.to // behind the last block; an order's id ends where it begins
	s.to += quantity
	codes, err := n.codes(ctx, p, s)
	s.to = s.from + len(codes)
	return supply.Block{ID: s.block(), Codes: codes}, err
}

// Issued implements supply.Blocks: no block can be lost there.
func (n *smartOne) Issued(context.Context, supply.Product, string) ([]supply.IssuedBlock, error) {
	return nil, nil
}

// Again implements supply.Blocks.
func (n *smartOne) Again(ctx context.Context, p supply.Product, orderID, blockID string) (supply.Block, error) {
	s, ok := sliceOf(blockID)
	if !ok {
		return supply.Block{}, &oneError{unsent: true, error: fmt.Errorf("block %s of order %s is none of SmartOne's", blockID, orderID)}
	}
	codes, err := n.codes(ctx, p, s)
	return supply.Block{ID: blockID, Codes: codes}, err
}
