package supply

import (
	"context"
	"fmt"
	"math"
	"time"

	"linemark/internal/ledger"
)

// need is how many codes there must be, in stock or on their way: the low water, or what the
// measured speed uses up in the time that the stock is to cover.
func (k *Keeper) need() int {
	need := k.Product.LowWater
	if k.Speed != nil && k.Product.Cover > 0 {
		need = max(need, int(math.Ceil(k.Speed()*k.Product.Cover.Hours())))
	}
	return need
}

// maxOrder is the most codes of one GTIN in an order (document, chapter 3, footnote 1).
const maxOrder = 150_000

// quantity is how many codes to order when so many are missing: the configured quantity, or more
// where the speed asks for it.
func (k *Keeper) quantity(missing int) int {
	if k.Product.Cover == 0 {
		return k.Product.OrderQuantity
	}
	return min(max(k.Product.OrderQuantity, missing), maxOrder)
}

// maxActive is how many orders may be open at a time (document, chapter 3, footnote 1).
const maxActive = 100

// full says whether the system takes no further order because too many are open. What is stored
// whole is closed by its keeper meanwhile; the rest needs a person.
func (k *Keeper) full(ctx context.Context) (bool, error) {
	open, err := k.Ledger.OpenOrders(ctx)
	if err != nil || len(open) < maxActive {
		return false, err
	}
	closing := 0
	for _, o := range open {
		if o.State == ledger.Exhausted || o.Stored >= o.Quantity {
			closing++
		}
	}
	k.doing(fmt.Sprintf("fewer open orders: %d are open, the system takes %d; %d of them are stored whole and are being closed", len(open), maxActive, closing))
	k.alarmed(fmt.Sprintf("%d orders are open: no more codes can be ordered until some are closed", len(open)))
	return true, nil
}

// selfClosing is when an order whose codes were all issued closes by itself, and can be read again
// no more (document, 4.3); closingWarning is how long before people are told.
const (
	selfClosing    = 48 * time.Hour
	closingWarning = 24 * time.Hour
)

// deadline warns when an order may close by itself with a block still missing: one was lost, it was
// the last one, and nothing has brought it back for a day.
func (k *Keeper) deadline(o ledger.Order) {
	if o.Fetching == 0 || o.Stored+o.Fetching < o.Quantity {
		return
	}
	left := selfClosing - k.now().Sub(o.FetchingAt)
	if left > closingWarning {
		return
	}
	what := fmt.Sprintf("order %s closes by itself in %s, and %d of its codes have not come: then they cannot be read again", o.ServerID, left.Round(time.Hour), o.Fetching)
	if left <= 0 {
		what = fmt.Sprintf("order %s may have closed by itself, and %d of its codes have not come: ask the operator", o.ServerID, o.Fetching)
	}
	k.alarmed(what)
}

// alarmed tells people of something once an hour.
func (k *Keeper) alarmed(text string) {
	if text == k.alarm && time.Since(k.alarmAt) < time.Hour {
		return
	}
	k.alarm, k.alarmAt = text, time.Now()
	k.Log.Warn(text, "product", k.Product.Name)
	if k.Alarm != nil {
		k.Alarm(k.Product.Name, text)
	}
}
