package supply

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/retry"
)

// Past is what the national system still knows of a product's orders: after the loss of a ledger
// all that is left of them. None of its calls issues or acknowledges anything.
type Past interface {
	// Placed returns every order of the product, whenever it was made.
	Placed(ctx context.Context, p Product) ([]PastOrder, error)
	// Given returns the blocks that were issued of an order, in no promised order.
	Given(ctx context.Context, p Product, orderID string) ([]PastBlock, error)
	// Again reads an issued block once more.
	Again(ctx context.Context, p Product, orderID, blockID string) (Block, error)
}

// PastOrder is an order with what only a recovery needs to know of it.
type PastOrder struct {
	ServerOrder
	Placed time.Time // zero: not told
	Issued int       // codes that were taken of it
}

// PastBlock is an issued block with the time of its issue; zero: not told.
type PastBlock struct {
	IssuedBlock
	At time.Time
}

// Recovery brings the orders of one product back into a ledger that has lost them. No Keeper
// works on the ledger meanwhile.
type Recovery struct {
	Product Product
	Groups  code.Table
	Ledger  *ledger.Ledger
	Past    Past
	Log     *slog.Logger

	profile code.Profile
}

// Recovered says what became of one order that the ledger did not know as the server does.
type Recovered struct {
	Product     string            `json:"product"`
	Order       string            `json:"order"`
	Quantity    int               `json:"quantity"`         // codes ordered
	State       ledger.OrderState `json:"state"`            // on the server
	Blocks      int               `json:"blocks"`           // stored now
	Codes       int               `json:"codes"`            // stored now, all of them doubtful
	Quarantined int               `json:"quarantined"`      // blocks kept apart, also by an earlier run
	Unreadable  int               `json:"unreadable"`       // issued codes that this ledger still lacks
	Refused     bool              `json:"refused"`          // the server would not read it again, although it is open
	Reason      string            `json:"reason,omitempty"` // of what was not recovered
}

// TakenUp says whether the order is one that the keeper goes on with.
func (r Recovered) TakenUp() bool {
	return !ended(r.State) && !r.Refused && r.Quarantined == 0 && r.Unreadable == 0
}

func ended(s ledger.OrderState) bool {
	return s == ledger.Shut || s == ledger.Refused || s == ledger.Expired
}

// past is an order under recovery.
type past struct {
	PastOrder
	Recovered
	id      ledger.OrderID    // 0: not in the ledger yet
	state   ledger.OrderState // in the ledger
	kept    int               // blocks in quarantine from before
	given   int               // codes of all issued blocks
	missing []PastBlock
	changed bool
}

// missed is one block on its way back.
type missed struct {
	order *past
	block PastBlock
}

// Run reads again what can be read and stores it as doubtful, block by block in the order of
// their issue, which is what "from this code on" later means. An order is refused in the ledger,
// which no Keeper touches, until its last block is stored: so Run may be interrupted anywhere,
// and another Run goes on. What it returns counts also when it ends with an error. An order that
// the ledger has whole is not mentioned.
func (r *Recovery) Run(ctx context.Context) ([]Recovered, error) {
	var err error
	if r.profile, err = r.Groups.Profile(r.Product.Group, r.Product.Type); err != nil {
		return nil, err
	}
	orders, err := r.look(ctx)
	if err == nil {
		err = r.bring(ctx, orders)
	}
	var all []Recovered
	for _, o := range orders {
		for _, b := range o.missing {
			o.Unreadable += b.Quantity
		}
		if o.changed || o.Refused || ended(o.State) && (o.id == 0 || o.Unreadable > 0 && o.state != ledger.Shut) {
			all = append(all, o.Recovered)
		}
	}
	return all, err
}

// look holds the server's list of orders against the ledger. It changes nothing.
func (r *Recovery) look(ctx context.Context) ([]*past, error) {
	listed, err := insist(ctx, r.Log, "the list of orders", func() ([]PastOrder, error) { return r.Past.Placed(ctx, r.Product) })
	if err != nil {
		return nil, err
	}
	known, err := r.Ledger.Orders(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(listed, func(a, b PastOrder) int { return a.Placed.Compare(b.Placed) })
	var orders []*past
	for _, s := range listed {
		o := &past{PastOrder: s, Recovered: Recovered{Product: r.Product.Name, Order: s.ID, Quantity: s.Quantity, State: s.State}}
		orders = append(orders, o)
		i := slices.IndexFunc(known, func(k ledger.Order) bool { return k.Product == r.Product.ID && k.ServerID == s.ID })
		have := map[string]bool{}
		held := 0
		if i >= 0 {
			o.id, o.state = known[i].ID, known[i].State
			stored, err := r.Ledger.Blocks(ctx, o.id)
			if err != nil {
				return orders, err
			}
			for _, b := range stored {
				have[b.ServerID] = !b.InPart
				held += b.Quantity
				if b.Quarantined {
					o.kept++
				}
			}
			o.Quarantined = o.kept
		}
		if ended(s.State) {
			o.Unreadable, o.Reason = max(0, s.Issued-held), s.Reason
			continue
		}
		if err := r.compare(ctx, o, have); err != nil {
			return orders, err
		}
	}
	return orders, nil
}

// compare finds the blocks of an open order that the ledger lacks, with times that order them
// among those of other orders.
func (r *Recovery) compare(ctx context.Context, o *past, have map[string]bool) error {
	if o.State == ledger.Pending && o.Issued == 0 {
		return nil
	}
	given, err := insist(ctx, r.Log, "the blocks of order "+o.Order, func() ([]PastBlock, error) { return r.Past.Given(ctx, r.Product, o.Order) })
	if retry.Refused(err) {
		o.Refused, o.Unreadable, o.Reason = true, o.Issued, err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	timed := !slices.ContainsFunc(given, func(b PastBlock) bool { return b.At.IsZero() })
	for _, b := range given {
		o.given += b.Quantity
		if have[b.ID] {
			continue
		}
		have[b.ID] = true
		if !timed {
			b.At = o.Placed // all alike: the order of the list is all there is
		}
		o.missing = append(o.missing, b)
	}
	return nil
}

// bring takes the orders up, reads what is missing of them, and lets those go on that are whole.
func (r *Recovery) bring(ctx context.Context, orders []*past) error {
	var all []missed
	for _, o := range orders {
		if err := r.ended(ctx, o); err != nil {
			return err
		}
		if ended(o.State) || o.Refused {
			continue
		}
		if err := r.takeUp(ctx, o); err != nil {
			return err
		}
		for _, b := range o.missing {
			all = append(all, missed{o, b})
		}
	}
	slices.SortStableFunc(all, func(a, b missed) int { return a.block.At.Compare(b.block.At) })
	for _, m := range all {
		if m.order.Refused {
			continue // the next block must not become the order's last one
		}
		if err := r.read(ctx, m.order, m.block); err != nil {
			return err
		}
	}
	for _, o := range orders {
		if err := r.goOn(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// ended lets an order go that the ledger has for open and the server has ended: in a copy of a ledger,
// whose original took the rest of it. A keeper would ask for its blocks for ever.
func (r *Recovery) ended(ctx context.Context, o *past) error {
	if !ended(o.State) || o.id == 0 || ended(o.state) {
		return nil
	}
	o.changed = true
	return r.Ledger.SetOrder(ctx, o.id, "", o.State, "ended on the server: "+o.Reason)
}

// unknownTime stands for the time of an order that does not tell it: a keeper that looks for the
// order then asks for all there are.
var unknownTime = time.Unix(0, 0).Add(clockMargin)

func (r *Recovery) takeUp(ctx context.Context, o *past) (err error) {
	whole := len(o.missing) == 0
	switch {
	case o.id != 0 && (whole || o.state == ledger.Refused):
		return nil
	case o.id != 0:
		o.state = ledger.Refused
		return r.Ledger.SetOrder(ctx, o.id, "", ledger.Refused, "until its blocks are read again")
	}
	o.changed, o.state = true, ledger.Refused
	if whole {
		o.state = o.open()
	}
	placed := o.Placed
	if placed.IsZero() {
		placed = unknownTime
	}
	o.id, err = r.Ledger.RecoverOrder(ctx, r.Product.ID, o.Order, o.Quantity, o.state, placed)
	return err
}

// open is the state from which a keeper goes on. It closes an order of which all was taken: that
// is believed only where the blocks say so too, since a closed order cannot be read again.
func (o *past) open() ledger.OrderState {
	if o.State == ledger.Exhausted && o.given < o.Quantity {
		return ledger.Active
	}
	return o.State
}

func (r *Recovery) read(ctx context.Context, o *past, b PastBlock) error {
	block, err := insist(ctx, r.Log, "block "+b.ID+" of order "+o.Order, func() (Block, error) { return r.Past.Again(ctx, r.Product, o.Order, b.ID) })
	if retry.Refused(err) {
		o.Refused, o.Reason = true, err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	if len(block.Codes) > 0 || b.Quantity > 0 {
		if err := r.store(ctx, o, b, block.Codes); err != nil {
			return err
		}
	}
	o.missing = slices.DeleteFunc(o.missing, func(m PastBlock) bool { return m.ID == b.ID })
	return nil
}

// store keeps a block: as doubtful codes, or in quarantine when they cannot be what was issued.
func (r *Recovery) store(ctx context.Context, o *past, b PastBlock, codes []code.Code) error {
	o.changed = true
	warned := false
	var bad error
	if len(codes) != b.Quantity {
		bad = fmt.Errorf("%d codes where the list of blocks says %d", len(codes), b.Quantity)
	}
	for _, c := range codes {
		hard, warnings := code.CheckServer(r.profile, r.Product.GTIN, c)
		if bad == nil {
			bad = hard
		}
		if len(warnings) > 0 && !warned {
			warned = true
			r.Log.Warn("recovered codes differ from their document", "block", b.ID, "first", code.Visible(c), "warning", warnings[0])
		}
	}
	if bad != nil {
		o.Quarantined++
		o.Reason = fmt.Sprintf("block %s is quarantined: %s", b.ID, bad)
		r.Log.Error("a block of codes is quarantined: it is not used and not acknowledged", "order", o.Order, "block", b.ID, "reason", bad)
		return r.Ledger.Quarantine(ctx, o.id, b.ID, codes, bad.Error())
	}
	n, err := r.Ledger.ReceiveRecovered(ctx, o.id, b.ID, r.profile, codes)
	if err != nil {
		return err
	}
	o.Blocks++
	o.Codes += n
	return nil
}

// goOn hands an order that is whole to the keeper. One with a block in quarantine is given up: to
// take its next block, or to close it, would acknowledge that one.
func (r *Recovery) goOn(ctx context.Context, o *past) error {
	switch {
	case o.id == 0 || ended(o.State) || o.state != ledger.Refused || o.Refused:
		return nil
	case o.Quarantined > o.kept:
		return r.Ledger.SetOrder(ctx, o.id, "", ledger.Refused, o.Reason)
	case o.kept > 0:
		return nil
	}
	o.changed = true
	return r.Ledger.SetOrder(ctx, o.id, "", o.open(), "recovered from the server")
}
