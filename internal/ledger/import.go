package ledger

import (
	"context"
	"errors"
	"fmt"

	"linemark/internal/code"
)

// Import stores codes that came as a file as stock of a product: all that fill adds, or
// nothing if fill or the storage fails. The file becomes a closed order with one block of the
// file's name, so that a code's life tells where it came from.
//
// add refuses a code that the ledger has, or the file had before, with a *RepeatedCode; fill
// may go on without it. Each code is looked up and stored as it comes, in constant memory; one
// commit takes as long as the whole file, so no line may run meanwhile.
func (l *Ledger) Import(ctx context.Context, p ProductID, profile code.Profile, name string, fill func(add func(code.Code) error) error) (n int, err error) {
	if l.w == nil {
		return 0, errReadOnly
	}
	l.receiving.RLock()
	defer l.receiving.RUnlock()
	err = l.w.alone(func(t *tx) error {
		n = 0
		r, err := t.exec("INSERT INTO orders (product, quantity, state, reason, placed_at, changed_at) VALUES (?, 0, ?, ?, ?, ?)", int64(p), string(Shut), "imported from "+name, t.at, t.at)
		if err != nil {
			return err
		}
		order, err := r.LastInsertId()
		if err != nil {
			return err
		}
		block, err := t.newBlock(OrderID(order), name, 0, nil, "")
		if err != nil {
			return err
		}
		seq, err := t.event(placeImport, "codes of "+name)
		if err != nil {
			return err
		}
		err = fill(func(c code.Code) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			ident, _, err := profile.Ident(c)
			if err != nil {
				return err
			}
			if err := t.add(block, seq, c, len(ident)); err != nil {
				return err
			}
			n++
			return nil
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return errNothing
		}
		if _, err := t.event(placeImport, fmt.Sprintf("imported %s: %d codes", name, n)); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE block SET quantity = ? WHERE id = ?", n, block.id); err != nil {
			return err
		}
		_, err = t.exec("UPDATE orders SET quantity = ? WHERE id = ?", n, order)
		return err
	})
	if errors.Is(err, errNothing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

// errNothing undoes an import without codes.
var errNothing = errors.New("no codes")
