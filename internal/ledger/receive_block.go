package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"linemark/internal/code"
)

// blockPiece is how many codes of a block share a commit. Each code goes to a place of its own in the index, and a
// thousand of them keep the disk busy for as long as a verdict may take.
const blockPiece = 100

// inPart is what stands as the reason of a block of which pieces are on disk and others not yet.
const inPart = "in part"

// begun is a block that codes are added to.
type begun struct {
	product, id int64
	has         int  // codes that were there before
	inPart      bool // it was begun before
}

// Receive stores a block of codes as stock and makes it the block that the next call acknowledges. It clears the
// order's intent. A code that any product of this ledger has already is refused with a *RepeatedCode, and nothing
// is stored: such a block must be quarantined.
//
// A long block comes in by pieces, between which lines go on. Each is stock once it is on disk; the order's intent
// stays until the last one. When the agent ends on the way, Receive of the same block brings in what is missing.
func (l *Ledger) Receive(ctx context.Context, id OrderID, blockID string, p code.Profile, codes []code.Code) error {
	if l.w == nil {
		return errReadOnly
	}
	r := reception{l: l, order: id, block: blockID, codes: codes, idlens: make([]int, len(codes))}
	for i, c := range codes {
		ident, _, err := p.Ident(c)
		if err != nil {
			// The server's own document is broken here; the code is kept as it is and found by its whole text.
			ident = c
		}
		r.idlens[i] = len(ident)
	}
	if len(codes) > blockPiece {
		if done, err := r.byPieces(ctx); done || err != nil {
			return err
		}
	}
	return r.whole(ctx)
}

// reception is a block on its way in.
type reception struct {
	l      *Ledger
	order  OrderID
	block  string
	codes  []code.Code
	idlens []int // of their identification codes
}

// fresh says for certain that the block is new, and that none of its codes is in the ledger, or was. It costs
// lines nothing: it only reads. What it cannot say for certain is found out with the codes themselves.
func (r *reception) fresh(ctx context.Context) (bool, error) {
	keys, seen, lengths := make([]int64, len(r.codes)), make(map[int64]bool, len(r.codes)), map[int]bool{}
	for i, c := range r.codes {
		keys[i] = key(c[:r.idlens[i]])
		seen[keys[i]], lengths[r.idlens[i]] = true, true
	}
	if len(seen) < len(keys) || len(lengths) > 1 {
		return false, nil
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return false, err
	}
	var no bool
	err = r.l.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM block WHERE orders = ?1 AND server_id = ?2)
		OR EXISTS (SELECT 1 FROM idlen WHERE product = (SELECT product FROM orders WHERE id = ?1) AND n <> ?3)
		OR EXISTS (SELECT 1 FROM json_each(?4) k JOIN code ON code.key = k.value)
		OR EXISTS (SELECT 1 FROM json_each(?4) k JOIN purged ON purged.key = k.value)`, int64(r.order), r.block, r.idlens[0], string(list)).Scan(&no)
	if err != nil {
		return false, fmt.Errorf("looking for the codes of block %s: %w", r.block, err)
	}
	return !no, nil
}

// whole stores the block, or what is missing of it, in one commit.
func (r *reception) whole(ctx context.Context) error {
	r.l.receiving.RLock()
	defer r.l.receiving.RUnlock()
	return r.l.bulk(ctx, func(t *tx) error {
		b, err := t.newBlock(r.order, r.block, len(r.codes), nil, "")
		if err != nil {
			return err
		}
		text := fmt.Sprintf("received block %s: %d codes", r.block, len(r.codes))
		if b.inPart { // all its codes were counted by the entry of its first piece
			text = "received the rest of block " + r.block
		}
		seq, err := t.event("supply", text)
		if err != nil {
			return err
		}
		n := b.has
		for i, c := range r.codes {
			err := t.add(b, seq, c, r.idlens[i])
			var known *RepeatedCode
			if b.inPart && errors.As(err, &known) {
				continue // of a piece that came before
			}
			if err != nil {
				return err
			}
			n++
		}
		if b.inPart {
			if _, err := t.exec("UPDATE block SET quantity = ?, reason = '' WHERE id = ?", n, b.id); err != nil {
				return err
			}
		}
		return t.received(r.order, r.block)
	})
}

// byPieces stores the block if it is fresh, and says whether it is.
func (r *reception) byPieces(ctx context.Context) (bool, error) {
	r.l.receiving.Lock()
	defer r.l.receiving.Unlock()
	fresh, err := r.fresh(ctx)
	if err != nil || !fresh {
		return false, err
	}
	var b begun
	var seq int64
	for from := 0; from < len(r.codes); from += blockPiece {
		to := min(from+blockPiece, len(r.codes))
		err := r.l.bulk(ctx, func(t *tx) (err error) {
			if from == 0 {
				if b, err = t.newBlock(r.order, r.block, 0, nil, inPart); err != nil {
					return err
				}
				if seq, err = t.event("supply", fmt.Sprintf("received block %s: %d codes", r.block, len(r.codes))); err != nil {
					return err
				}
			}
			if err := t.addAll(b, seq, r.codes[from:to], r.idlens[0]); err != nil {
				return err
			}
			if to < len(r.codes) {
				_, err := t.exec("UPDATE block SET quantity = ? WHERE id = ?", to, b.id)
				return err
			}
			if _, err := t.exec("UPDATE block SET quantity = ?, reason = '' WHERE id = ?", to, b.id); err != nil {
				return err
			}
			return t.received(r.order, r.block)
		})
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// atATime is how many codes of a piece share a statement: each costs a third less than by itself.
const atATime = 20

var addMany = `WITH v(raw, key, sum) AS (VALUES ` + strings.Repeat("(?,?,?),", atATime-1) + `(?,?,?))
	INSERT INTO code (product, block, raw, idlen, key, state, last, sum) SELECT ?, ?, v.raw, ?, v.key, 0, ?, v.sum FROM v
	WHERE NOT EXISTS (SELECT 1 FROM code WHERE code.key = v.key) AND NOT EXISTS (SELECT 1 FROM purged WHERE purged.key = v.key)`

// addAll is add for codes that differ from each other, are known to be new, and have identification codes of the one
// length that the product has. They are looked for all the same: nothing is stored of a piece with one that is known.
func (t *tx) addAll(b begun, seq int64, codes []code.Code, idlen int) error {
	for ; len(codes) >= atATime; codes = codes[atATime:] {
		if err := t.cutElsewhere(b.product, codes[0], idlen); err != nil {
			return err
		}
		args := make([]any, 0, 3*atATime+4)
		for _, c := range codes[:atATime] {
			raw, ident := []byte(c), c[:idlen]
			args = append(args, raw, key(ident), sum(b.product, idlen, raw))
		}
		r, err := t.exec(addMany, append(args, b.product, b.id, idlen, seq)...)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return err
		}
		if n != atATime {
			return fmt.Errorf("%d of %d codes that were new are not any more", atATime-int(n), atATime)
		}
		t.moved[tallyKey{b.product, InStock}] += atATime
	}
	for _, c := range codes {
		if err := t.add(b, seq, c, idlen); err != nil {
			return err
		}
	}
	return nil
}

// received makes a block the one that the next call acknowledges.
func (t *tx) received(id OrderID, blockID string) error {
	_, err := t.exec("UPDATE orders SET last_block = ?, fetching = 0 WHERE id = ?", blockID, int64(id))
	return err
}
