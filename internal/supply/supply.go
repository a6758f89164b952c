// Package supply keeps the stock of marking codes filled: it orders from the national system,
// takes the codes block by block, and acknowledges a block only by asking for the next one
// after it is on disk (P4). A block whose answer was lost is found again before anything else
// is asked.
package supply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/retry"
)

// Orders is where codes are ordered.
type Orders interface {
	// Ready returns why nothing can be ordered or taken now, or nil: an outage that is known.
	Ready() error
	// Place orders codes and returns the server's id of the order.
	Place(ctx context.Context, p Product, quantity int) (string, error)
	// List returns the orders of the product's group that were made since a moment.
	List(ctx context.Context, p Product, since time.Time) ([]ServerOrder, error)
	// Close says that all codes of the order are stored; it acknowledges its last block.
	Close(ctx context.Context, p Product, orderID, lastBlock string) error
}

// Limited is an Orders whose codes were made elsewhere, and may come to an end.
type Limited interface {
	// Orderable returns how many codes one order may ask for now: quantity, or fewer but at least one. With
	// none left the error says what a person can do.
	Orderable(ctx context.Context, p Product, quantity int) (int, error)
}

// Blocks is where the codes of an order are taken. Take is not repeatable: each success issues
// codes. last acknowledges an earlier block; it is empty for the first.
type Blocks interface {
	Take(ctx context.Context, p Product, orderID string, quantity int, last string) (Block, error)
	Issued(ctx context.Context, p Product, orderID string) ([]IssuedBlock, error)
	Again(ctx context.Context, p Product, orderID, blockID string) (Block, error)
}

// Product is a product to keep in stock.
type Product struct {
	ID ledger.ProductID
	ledger.Product
	TemplateID    int
	ReleaseMethod string
	LowWater      int // order and fetch more below this many codes
	OrderQuantity int
	BlockQuantity int
	Cover         time.Duration // the stock is to last as long at the measured speed; 0: LowWater alone counts
}

// ServerOrder is an order as the server lists it, cut to one product.
type ServerOrder struct {
	ID       string
	GTIN     string
	Quantity int
	State    ledger.OrderState // Pending, Active, Exhausted, Shut, Refused, Expired
	Reason   string
}

// Block is a block of codes, raw.
type Block struct {
	ID    string
	Codes []code.Code
}

// IssuedBlock is a block that the server says it has issued.
type IssuedBlock struct {
	ID       string
	Quantity int
}

// Keeper keeps one product in stock. One Keeper owns all orders of its product.
type Keeper struct {
	Product Product
	Groups  code.Table // the standard one, or what the site has changed it to
	Ledger  *ledger.Ledger
	Orders  Orders
	Blocks  Blocks
	Log     *slog.Logger
	Now     func() time.Time         // the wall clock, to compare with what was recorded; nil: time.Now
	Every   time.Duration            // between two looks at the stock; 0: 1 s
	Speed   func() float64           // codes an hour, measured; nil or 0: not known
	Alarm   func(place, text string) // nil: only logged

	profile   code.Profile
	compared  map[ledger.OrderID]bool      // orders whose blocks were compared with the server's since the start
	lost      map[ledger.OrderID]lostCall  // calls for codes that were lost, and the lists had nothing of them
	searched  map[ledger.OrderID]time.Time // lost orders: since when lists answer without them
	absent    map[ledger.OrderID]time.Time // orders that the lists do not have: since when
	ended     int                          // orders that ended without their codes since a block was last stored
	holdUntil time.Time                    // no order before
	mu        sync.Mutex
	status    Status
	alarm     string // what people were told last
	alarmAt   time.Time
}

// Status tells what a keeper is doing.
type Status struct {
	Product string
	Stock   int
	Doing   string // what it waits for
	Since   time.Time
	Trouble string // the last error; empty when the last step was good
}

// Run works until ctx ends. Errors are kept in Status, logged when they change (an outage is
// logged by whoever owns the access), and retried with growing pauses.
func (k *Keeper) Run(ctx context.Context) error {
	var err error
	if k.profile, err = k.Groups.Profile(k.Product.Group, k.Product.Type); err != nil {
		return err
	}
	k.compared, k.lost = map[ledger.OrderID]bool{}, map[ledger.OrderID]lostCall{}
	k.searched, k.absent = map[ledger.OrderID]time.Time{}, map[ledger.OrderID]time.Time{}
	every := k.Every
	if every == 0 {
		every = time.Second
	}
	var pause retry.Backoff
	for {
		err := k.step(ctx)
		wait := every
		if err != nil && ctx.Err() == nil {
			wait = pause.Next(err)
			k.trouble(err)
		} else {
			pause.Reset()
			k.trouble(nil)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// step does what there is to do now, and returns when there is nothing left or something fails.
func (k *Keeper) step(ctx context.Context) error {
	open, err := k.Ledger.OpenOrders(ctx)
	if err != nil {
		return err
	}
	var errs []error
	coming := 0
	for _, o := range open {
		if o.Product == k.Product.ID {
			k.deadline(o) // of all orders, whatever holds up one of them
		}
	}
	for _, o := range open {
		if o.Product != k.Product.ID {
			continue
		}
		err := k.see(ctx, o)
		if ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
		now, ok, err := k.order(ctx, o.ID)
		if err != nil {
			return err
		}
		if ok && !k.gone(o.ID) {
			coming += now.Quantity - now.Stored
		}
	}
	if err := errors.Join(errs...); err != nil && (retry.Outage(err) || coming > 0) {
		return err // what is on its way comes first; an order that is gone holds up no other
	}
	stock := k.Ledger.Stock(k.Product.ID)
	need := k.need()
	switch {
	case stock+coming >= need:
	case time.Now().Before(k.holdUntil):
		k.doing("a while: the last order ended without its codes, the next one may cost as much for as little")
	default:
		errs = append(errs, k.place(ctx, k.quantity(need-stock-coming)))
		return errors.Join(errs...)
	}
	if coming == 0 && stock >= need {
		k.doing("nothing: the stock is above its low water")
	}
	return errors.Join(errs...)
}

// order reads an order again; ok is false when it is no longer open.
func (k *Keeper) order(ctx context.Context, id ledger.OrderID) (ledger.Order, bool, error) {
	open, err := k.Ledger.OpenOrders(ctx)
	if err != nil {
		return ledger.Order{}, false, err
	}
	for _, o := range open {
		if o.ID == id {
			return o, true, nil
		}
	}
	return ledger.Order{}, false, nil
}

func (k *Keeper) see(ctx context.Context, o ledger.Order) error {
	switch o.State {
	case ledger.Placing:
		return k.search(ctx, o)
	case ledger.Pending:
		return k.ask(ctx, o)
	case ledger.Active:
		return k.take(ctx, o)
	case ledger.Exhausted:
		return k.close(ctx, o)
	}
	return nil
}

func (k *Keeper) place(ctx context.Context, quantity int) error {
	k.doing("the order to be taken")
	if err := k.Orders.Ready(); err != nil {
		return err
	}
	if full, err := k.full(ctx); full || err != nil {
		return err
	}
	if made, ok := k.Orders.(Limited); ok {
		most, err := made.Orderable(ctx, k.Product, quantity)
		if err != nil {
			return err
		}
		quantity = min(quantity, most)
	}
	id, err := k.Ledger.PlaceOrder(ctx, k.Product.ID, quantity)
	if err != nil {
		return err
	}
	serverID, err := k.Orders.Place(ctx, k.Product, quantity)
	switch {
	case err != nil && retry.Unsent(err):
		return errors.Join(err, k.Ledger.ForgetOrder(context.WithoutCancel(ctx), id)) // nothing left: there is nothing to look for
	case err == nil:
		return k.Ledger.SetOrder(ctx, id, serverID, ledger.Pending, "")
	case retry.Refused(err):
		return errors.Join(err, k.Ledger.SetOrder(ctx, id, "", ledger.Refused, err.Error()))
	}
	return err // lost: the order stays Placing and is looked for in the server's list
}

// holds are the pauses before the next order after one has ended without its codes: an order
// costs money, and whatever ended the first may well end the others.
var holds = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

func (k *Keeper) hold() {
	k.holdUntil = time.Now().Add(holds[min(k.ended, len(holds)-1)])
	k.ended++
}

// searchFor is how long the server's lists must answer without a lost order before it is
// ordered again; clockMargin is how far the two clocks may differ.
const (
	searchFor   = 5 * time.Minute
	clockMargin = 48 * time.Hour
)

// since is the moment from which the server's list is asked for an order. A clock that was ahead when
// the order was placed, and is not any more, must not hide it.
func (k *Keeper) since(o ledger.Order) time.Time {
	at := o.PlacedAt
	if now := k.now(); now.Before(at) {
		at = now
	}
	return at.Add(-clockMargin)
}

func (k *Keeper) now() time.Time {
	if k.Now == nil {
		return time.Now()
	}
	return k.Now()
}

// search looks for an order whose answer was lost. Ordering again at once could order twice.
func (k *Keeper) search(ctx context.Context, o ledger.Order) error {
	k.doing("the server's list: the answer to an order was lost")
	listed, err := k.Orders.List(ctx, k.Product, k.since(o))
	if err != nil {
		return err
	}
	known, err := k.Ledger.Orders(ctx)
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, o := range known {
		ours[o.ServerID] = true
	}
	for _, s := range listed {
		if s.GTIN == k.Product.GTIN && s.Quantity == o.Quantity && !ours[s.ID] {
			k.Log.Warn("an order whose answer was lost is on the server: taken up", "order", s.ID, "gtin", s.GTIN)
			return k.Ledger.SetOrder(ctx, o.ID, s.ID, ledger.Pending, "found in the server's list")
		}
	}
	if k.searched[o.ID].IsZero() {
		k.searched[o.ID] = time.Now()
	}
	if time.Since(k.searched[o.ID]) < searchFor {
		return nil
	}
	k.Log.Warn("an order whose answer was lost is not on the server: it is placed again", "gtin", k.Product.GTIN, "quantity", o.Quantity)
	return k.Ledger.SetOrder(ctx, o.ID, "", ledger.Refused, "never arrived: not in the server's list for "+searchFor.String())
}

func (k *Keeper) ask(ctx context.Context, o ledger.Order) error {
	k.doing("order " + o.ServerID + " to become ready")
	listed, err := k.Orders.List(ctx, k.Product, k.since(o))
	if err != nil {
		return err
	}
	for _, s := range listed {
		if s.ID != o.ServerID || s.GTIN != k.Product.GTIN {
			continue
		}
		delete(k.absent, o.ID)
		switch s.State {
		case ledger.Pending:
			return nil
		case ledger.Active, ledger.Exhausted:
			if err := k.Ledger.SetOrder(ctx, o.ID, "", ledger.Active, ""); err != nil {
				return err
			}
			o.State = ledger.Active
			return k.take(ctx, o)
		default:
			k.hold()
			k.Log.Warn("the order ended without its codes", "order", o.ServerID, "state", string(s.State), "reason", s.Reason, "stored", o.Stored, "ordered", o.Quantity)
			if err := k.Ledger.SetOrder(ctx, o.ID, "", s.State, s.Reason); err != nil {
				return err
			}
			return fmt.Errorf("order %s is %s: %s", o.ServerID, s.State, s.Reason)
		}
	}
	if k.absent[o.ID].IsZero() {
		k.absent[o.ID] = time.Now()
	}
	if k.gone(o.ID) {
		k.alarmed(fmt.Sprintf("order %s is not in the server's list any more: ask the operator; other codes are ordered", o.ServerID))
	}
	return fmt.Errorf("order %s is not in the server's list of orders", o.ServerID)
}

// absence is how long the server's lists must answer without an order before it is not waited for.
const absence = time.Hour

// gone says whether an order is not waited for any more, though it is still asked about.
func (k *Keeper) gone(id ledger.OrderID) bool {
	since, ok := k.absent[id]
	return ok && time.Since(since) > absence
}

func (k *Keeper) close(ctx context.Context, o ledger.Order) error {
	k.doing("order " + o.ServerID + " to be closed")
	if err := k.compare(ctx, o); err != nil {
		return err
	}
	if err := k.Orders.Close(ctx, k.Product, o.ServerID, o.LastBlock); err != nil && !retry.Refused(err) {
		return err
	} else if err != nil {
		k.Log.Warn("the server would not close a fully taken order: it closes by itself", "order", o.ServerID, "error", err)
	}
	return k.Ledger.SetOrder(ctx, o.ID, "", ledger.Shut, "")
}

func (k *Keeper) doing(what string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.status.Doing != what {
		k.status.Doing, k.status.Since = what, time.Now()
	}
}

func (k *Keeper) trouble(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	k.mu.Lock()
	changed := k.status.Trouble != text
	k.status.Trouble = text
	k.mu.Unlock()
	if changed && err != nil && !retry.Outage(err) {
		k.Log.Warn("supply has trouble and tries again", "product", k.Product.Name, "error", text)
	}
}

// Status returns what the keeper is doing.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.status
	s.Product, s.Stock = k.Product.Name, k.Ledger.Stock(k.Product.ID)
	return s
}
