package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linemark/internal/code"
)

// OrderState is where an order of codes is. The words are on disk.
type OrderState string

// The states of an order; from Pending on they follow the national system's.
const (
	Placing   OrderState = "placing"  // on disk before it is sent: whether it arrived is not known until it was answered
	Pending   OrderState = "pending"  // accepted, codes are being made
	Active    OrderState = "active"   // codes can be taken
	Exhausted OrderState = "taken"    // all codes were taken, not closed yet
	Shut      OrderState = "closed"   // closed on both sides
	Refused   OrderState = "rejected" // the national system said no
	Expired   OrderState = "expired"
)

// OrderID is an order's row number.
type OrderID int64

// Order is an order of codes of one product.
type Order struct {
	ID         OrderID
	Product    ProductID
	Name, GTIN string // of the product
	Quantity   int
	ServerID   string
	State      OrderState
	Reason     string
	PlacedAt   time.Time
	Fetching   int       // codes asked for in the call that is under way or whose answer was lost; 0: none
	FetchingAt time.Time // when that call began
	LastBlock  string    // server's id of the newest stored block: what the next call acknowledges
	Stored     int       // codes received so far
	ChangedAt  time.Time // of the state
}

// PlaceOrder writes the intent to order, before anything is sent.
func (l *Ledger) PlaceOrder(ctx context.Context, p ProductID, quantity int) (OrderID, error) {
	var id int64
	err := l.do(ctx, func(t *tx) error {
		r, err := t.exec("INSERT INTO orders (product, quantity, state, placed_at, changed_at) VALUES (?, ?, 'placing', ?, ?)", int64(p), quantity, t.at, t.at)
		if err != nil {
			return err
		}
		id, err = r.LastInsertId()
		return err
	})
	return OrderID(id), err
}

// ForgetOrder takes back the intent to order: it is certain that nothing was sent.
func (l *Ledger) ForgetOrder(ctx context.Context, id OrderID) error {
	return l.do(ctx, func(t *tx) error {
		r, err := t.exec("DELETE FROM orders WHERE id = ? AND state = 'placing'", int64(id))
		return oneRow(r, err, fmt.Sprintf("order %d was sent", id))
	})
}

// SetOrder records what became of an order. serverID is kept when it is empty.
func (l *Ledger) SetOrder(ctx context.Context, id OrderID, serverID string, s OrderState, reason string) error {
	return l.do(ctx, func(t *tx) error {
		if _, err := t.event("supply", fmt.Sprintf("order %d %s %s", id, s, reason)); err != nil {
			return err
		}
		r, err := t.exec(`UPDATE orders SET server_id = CASE WHEN ? = '' THEN server_id ELSE ? END, state = ?, reason = ?, changed_at = ? WHERE id = ?`,
			serverID, serverID, string(s), reason, t.at, int64(id))
		return oneRow(r, err, fmt.Sprintf("order %d", id))
	})
}

// BeginFetch writes the intent to take codes of an order, before the call (P4).
func (l *Ledger) BeginFetch(ctx context.Context, id OrderID, quantity int) error {
	return l.do(ctx, func(t *tx) error {
		r, err := t.exec("UPDATE orders SET fetching = ?, fetching_at = ? WHERE id = ? AND fetching = 0", quantity, t.at, int64(id))
		return oneRow(r, err, fmt.Sprintf("order %d has a call under way", id))
	})
}

// EndFetch clears the intent: the call had no effect, or all its blocks are stored.
func (l *Ledger) EndFetch(ctx context.Context, id OrderID) error {
	return l.do(ctx, func(t *tx) error {
		_, err := t.exec("UPDATE orders SET fetching = 0 WHERE id = ?", int64(id))
		return err
	})
}

// ErrBlockKnown means that a block is stored already.
var ErrBlockKnown = errors.New("the block is stored already")

// add stores one code as stock. A code that is there already, also one that was cut elsewhere when
// the rules of its group were others, is a *RepeatedCode, and nothing is changed.
func (t *tx) add(b begun, seq int64, c code.Code, idlen int) error {
	product, block := b.product, b.id
	ident, raw := c[:idlen], []byte(c)
	if err := t.cutElsewhere(product, c, idlen); err != nil {
		return err
	}
	// One statement looks and stores: half the time of two.
	r, err := t.exec(`INSERT INTO code (product, block, raw, idlen, key, state, last, sum) SELECT ?1, ?2, ?3, ?4, ?5, 0, ?6, ?7
		WHERE NOT EXISTS (SELECT 1 FROM code WHERE key = ?5 AND idlen = ?4 AND substr(raw, 1, idlen) = substr(?3, 1, ?4))
		AND NOT EXISTS (SELECT 1 FROM purged WHERE key = ?5 AND chk = ?8)`,
		product, block, raw, idlen, key(ident), seq, sum(product, idlen, raw), check([]byte(ident)))
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return &RepeatedCode{Ident: ident}
	}
	t.moved[tallyKey{product, InStock}]++
	return nil
}

// cutElsewhere looks for c among codes of the product whose identification codes have other lengths,
// and keeps the list of these lengths.
func (t *tx) cutElsewhere(product int64, c code.Code, idlen int) error {
	lengths, err := t.lengths(product)
	if err != nil {
		return err
	}
	for _, n := range lengths {
		if n == idlen || n <= code.GTINLength || n > len(c) {
			continue
		}
		if _, err := t.find(c[:n]); err == nil {
			return &RepeatedCode{Ident: c[:n]}
		} else if !errors.Is(err, errNoCode) {
			return err
		}
		if left, err := t.left(c[:n]); err != nil {
			return err
		} else if left {
			return &RepeatedCode{Ident: c[:n]}
		}
	}
	if slices.Contains(lengths, idlen) {
		return nil
	}
	if _, err := t.exec("INSERT INTO idlen (product, n) VALUES (?, ?)", product, idlen); err != nil {
		return err
	}
	delete(t.idlens, product)
	return nil
}

// lengths returns the lengths of a product's identification codes, shortest first.
func (t *tx) lengths(product int64) ([]int, error) {
	if known, ok := t.idlens[product]; ok {
		return known, nil
	}
	rows, err := t.query("SELECT n FROM idlen WHERE product = ? ORDER BY n", product)
	lengths, err := collect(rows, err, func(s scanner) (n int, err error) {
		err = s.Scan(&n)
		return n, err
	})
	if err != nil {
		return nil, err
	}
	if t.idlens == nil {
		t.idlens = map[int64][]int{}
	}
	t.idlens[product] = lengths
	return lengths, nil
}

// RepeatedCode says that a received code exists already.
type RepeatedCode struct{ Ident code.Code }

func (e *RepeatedCode) Error() string {
	return "code received a second time: " + code.Visible(e.Ident)
}

// Quarantine keeps a block whose codes may not be used, raw, with the reason. It is neither
// stock nor acknowledged.
func (l *Ledger) Quarantine(ctx context.Context, id OrderID, blockID string, codes []code.Code, reason string) error {
	raw := make([]string, len(codes))
	for i, c := range codes {
		raw[i] = fmt.Sprintf("%q", string(c))
	}
	return l.do(ctx, func(t *tx) error {
		if _, err := t.newBlock(id, blockID, len(codes), []byte(strings.Join(raw, "\n")), reason); err != nil {
			return err
		}
		_, err := t.event("supply", fmt.Sprintf("quarantined block %s: %s", blockID, reason))
		return err
	})
}

// newBlock begins a block of n codes, or goes on with one that is there in part.
func (t *tx) newBlock(id OrderID, blockID string, n int, quarantine []byte, reason string) (b begun, err error) {
	err = t.row("SELECT id, quantity, quarantine IS NULL AND reason = ? FROM block WHERE orders = ? AND server_id = ?", inPart, int64(id), blockID).Scan(&b.id, &b.has, &b.inPart)
	if err == nil && (!b.inPart || quarantine != nil) {
		return b, ErrBlockKnown
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return b, err
	}
	if err := t.row("SELECT product FROM orders WHERE id = ?", int64(id)).Scan(&b.product); err != nil || b.inPart {
		return b, err
	}
	r, err := t.exec("INSERT INTO block (orders, server_id, quantity, received_at, quarantine, reason) VALUES (?, ?, ?, ?, ?, ?)", int64(id), blockID, n, t.at, quarantine, reason)
	if err != nil {
		return b, err
	}
	b.id, err = r.LastInsertId()
	return b, err
}

// Block is a stored block.
type Block struct {
	ServerID    string
	Quantity    int
	Quarantined bool
	InPart      bool // the agent ended, or its disk failed, while it was being stored: Receive goes on with it
}

// Blocks returns an order's blocks in the order in which they were stored.
func (l *Ledger) Blocks(ctx context.Context, id OrderID) ([]Block, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT server_id, quantity, quarantine IS NOT NULL, quarantine IS NULL AND reason = ? FROM block WHERE orders = ? ORDER BY id", inPart, int64(id))
	return collect(rows, err, func(s scanner) (b Block, err error) {
		err = s.Scan(&b.ServerID, &b.Quantity, &b.Quarantined, &b.InPart)
		return b, err
	})
}

// OpenOrders returns the orders that are neither closed nor refused nor expired, oldest first.
func (l *Ledger) OpenOrders(ctx context.Context) ([]Order, error) {
	return l.orders(ctx, "WHERE o.state NOT IN ('closed', 'rejected', 'expired')")
}

// Orders returns all orders, oldest first.
func (l *Ledger) Orders(ctx context.Context) ([]Order, error) { return l.orders(ctx, "") }

func (l *Ledger) orders(ctx context.Context, where string) ([]Order, error) {
	rows, err := l.reads.QueryContext(ctx, `SELECT o.id, o.product, p.name, p.gtin, o.quantity, o.server_id, o.state, o.reason, o.placed_at, o.fetching, o.fetching_at, o.last_block, o.changed_at,
		COALESCE((SELECT SUM(quantity) FROM block b WHERE b.orders = o.id AND b.quarantine IS NULL), 0)
		FROM orders o JOIN product p ON p.id = o.product `+where+" ORDER BY o.id")
	return collect(rows, err, func(s scanner) (o Order, err error) {
		var placed, changed, fetching int64
		err = s.Scan(&o.ID, &o.Product, &o.Name, &o.GTIN, &o.Quantity, &o.ServerID, &o.State, &o.Reason, &placed, &o.Fetching, &fetching, &o.LastBlock, &changed, &o.Stored)
		o.PlacedAt, o.ChangedAt = time.UnixMicro(placed).UTC(), time.UnixMicro(changed).UTC()
		o.FetchingAt = time.UnixMicro(fetching).UTC()
		return o, err
	})
}

type affected interface{ RowsAffected() (int64, error) }

// oneRow turns "nothing matched" into an error that says what was expected.
func oneRow(r affected, err error, otherwise string) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n != 1 {
		err = &StateError{otherwise}
	}
	return err
}

// StateError says that a call does not fit the state that the ledger holds: nothing was changed,
// and a repeat of the call would get the same answer.
type StateError struct{ What string }

func (e *StateError) Error() string { return e.What }
