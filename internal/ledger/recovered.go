package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
)

// recovered is the claim number of a code that came back from the server after the loss of a
// ledger: it may have been printed, at an unknown time. It overtakes no other code.
const recovered = -1

// released is what the journal says of codes that a person vouches for, before his reason.
const released = "released: "

// RecoverOrder takes up an order that this ledger does not know but the server does, with the time
// at which it was placed: the server's lists are asked for orders since then. It returns the
// order's number, also when it is known.
func (l *Ledger) RecoverOrder(ctx context.Context, p ProductID, serverID string, quantity int, s OrderState, placed time.Time) (OrderID, error) {
	var id int64
	err := l.do(ctx, func(t *tx) error {
		err := t.row("SELECT id FROM orders WHERE server_id = ? AND product = ?", serverID, int64(p)).Scan(&id)
		if err == nil {
			return nil
		}
		if _, err := t.event("recover", "order "+serverID+" taken up from the server"); err != nil {
			return err
		}
		r, err := t.exec("INSERT INTO orders (product, quantity, server_id, state, reason, placed_at, changed_at) VALUES (?, ?, ?, ?, 'recovered from the server', ?, ?)", int64(p), quantity, serverID, string(s), placed.UnixMicro(), t.at)
		if err != nil {
			return err
		}
		id, err = r.LastInsertId()
		return err
	})
	return OrderID(id), err
}

// ReceiveRecovered stores a block that the server has issued before, all or nothing. Nobody
// knows which of its codes were printed, so they come in as doubtful: a scan makes one verified,
// and Release returns those to the stock that a person vouches for. A block that is stored is
// ErrBlockKnown; of one that is there in part the rest comes in.
func (l *Ledger) ReceiveRecovered(ctx context.Context, id OrderID, blockID string, p code.Profile, codes []code.Code) (n int, err error) {
	l.receiving.RLock()
	defer l.receiving.RUnlock()
	err = l.do(ctx, func(t *tx) error {
		n = 0
		block, err := t.newBlock(id, blockID, len(codes), nil, "")
		if err != nil {
			return err
		}
		seq, err := t.event("recover", fmt.Sprintf("recovered block %s: %d codes", blockID, len(codes)))
		if err != nil {
			return err
		}
		for _, c := range codes {
			ident, _, err := p.Ident(c)
			if err != nil {
				ident = c
			}
			var known *RepeatedCode
			err = t.add(block, seq, c, len(ident))
			if errors.As(err, &known) {
				continue // this ledger knows better
			}
			if err != nil {
				return err
			}
			h, err := t.find(ident)
			if err != nil {
				return err
			}
			if err := t.move(h, Doubtful, NoEvidence, "recover", "recovered from the server: whether it was printed is not known"); err != nil {
				return err
			}
			if _, err := t.exec("UPDATE code SET claim = ? WHERE id = ?", recovered, h.id); err != nil {
				return err
			}
			n++
		}
		if _, err := t.exec("UPDATE block SET quantity = ?, reason = '' WHERE id = ?", block.has+n, block.id); err != nil {
			return err
		}
		_, err = t.exec("UPDATE orders SET last_block = ?, fetching = 0 WHERE id = ?", blockID, int64(id))
		return err
	})
	return n, err
}

// The recovered codes that a person may speak of: those of an order, and those of a product from
// one on.
const (
	ofOrder = "block IN (SELECT b.id FROM block b JOIN orders o ON o.id = b.orders WHERE o.server_id = ?1)"
	fromOn  = "product = (SELECT product FROM code WHERE id = ?1) AND id >= ?1"
)

// ReadOfOrder returns how many recovered codes of an order were found on products since: so many
// speak against the word that none was printed.
func (l *Ledger) ReadOfOrder(ctx context.Context, serverID string) (int, error) {
	return l.readSince(ctx, ofOrder, serverID)
}

// ReadFrom is ReadOfOrder for the recovered codes of a product from this one on.
func (l *Ledger) ReadFrom(ctx context.Context, first code.Code) (int, error) {
	id, err := l.findAny(ctx, first)
	if err != nil {
		return 0, err
	}
	return l.readSince(ctx, fromOn, id)
}

func (l *Ledger) readSince(ctx context.Context, where string, arg any) (n int, err error) {
	err = l.reads.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM code WHERE state <> 5 AND claim = %d AND %s", recovered, where), arg).Scan(&n)
	return n, err
}

// ReleaseOrder returns the recovered codes of an order to the stock, all of them, on a person's
// word that none was printed.
func (l *Ledger) ReleaseOrder(ctx context.Context, serverID, reason string) (int, error) {
	return l.release(ctx, reason, ofOrder, serverID)
}

// ReleaseFrom returns the recovered codes of a product to the stock from this one on, in the
// order in which the server issued them, on a person's word that none of these was printed.
func (l *Ledger) ReleaseFrom(ctx context.Context, first code.Code, reason string) (int, error) {
	id, err := l.findAny(ctx, first)
	if err != nil {
		return 0, err
	}
	return l.release(ctx, reason, fromOn, id)
}

// release moves recovered codes in commits of their own, so that no line waits for it.
func (l *Ledger) release(ctx context.Context, reason, where string, args ...any) (int, error) {
	if reason == "" {
		return 0, errors.New("a release needs a reason")
	}
	total := 0
	for {
		n := 0
		err := l.do(ctx, func(t *tx) error {
			rows, err := t.query(fmt.Sprintf("SELECT %s FROM code WHERE state = 5 AND claim = %d AND %s ORDER BY id LIMIT %d", heldColumns, recovered, where, slice), args...)
			found, err := collect(rows, err, scanHeld)
			if err != nil {
				return err
			}
			for _, h := range found {
				if err := t.move(h, InStock, NoEvidence, "recover", released+reason); err != nil {
					return err
				}
				if _, err := t.exec("UPDATE code SET claim = NULL, lot = NULL WHERE id = ?", h.id); err != nil {
					return err
				}
			}
			n = len(found)
			return nil
		})
		if err != nil {
			return total, err
		}
		if total += n; n < slice {
			return total, nil
		}
	}
}
