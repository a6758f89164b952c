package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"linemark/internal/code"
)

// purge takes what an archive holds out of the ledger, piece by piece. What has changed since it was
// packed stays, with the whole of its pallet; what has left already is passed over.
func (l *Ledger) purge(ctx context.Context, id int64, path string, o ArchiveOptions) (total int, err error) {
	var reports []int64
	err = eachPiece(path, func(records []record, at int64) error {
		trees := map[int64][]record{}
		var order []int64
		var loose []record
		for _, r := range records {
			switch {
			case r.Report != nil:
				reports = append(reports, r.Report.ID)
			case r.Tree != 0:
				if trees[r.Tree] == nil {
					order = append(order, r.Tree)
				}
				trees[r.Tree] = append(trees[r.Tree], r)
			case r.Code != nil:
				loose = append(loose, r)
			}
		}
		if len(order)+len(loose) == 0 {
			return nil
		}
		n := 0
		err := l.bulk(ctx, func(t *tx) error {
			n = 0
			for _, r := range loose {
				gone, err := t.purgeAll([]record{r}, id, at)
				if n += gone; err != nil {
					return err
				}
			}
			for _, root := range order {
				gone, err := t.purgeAll(trees[root], id, at)
				if n += gone; err != nil {
					return err
				}
			}
			return nil
		})
		if total += n; err != nil || n == 0 {
			return err
		}
		return o.Pause(ctx)
	})
	if err != nil {
		return total, fmt.Errorf("taking archived codes out of the ledger: %w", err)
	}
	return total, l.do(ctx, func(t *tx) error {
		for _, r := range reports {
			if _, err := t.exec(`UPDATE report SET body = NULL WHERE id = ?1 AND state IN `+done+`
				AND NOT EXISTS (SELECT 1 FROM code WHERE utilisation = ?1 AND utilisation > 0) AND NOT EXISTS (SELECT 1 FROM container WHERE aggregation = ?1 AND aggregation > 0)
				AND NOT EXISTS (SELECT 1 FROM dropped WHERE report = ?1)`, r); err != nil {
				return err
			}
		}
		if _, err := t.event("archive", fmt.Sprintf("%d codes have left for archive %d", total, id)); err != nil {
			return err
		}
		_, err := t.exec("UPDATE archive SET purged_at = ? WHERE id = ?", t.at, id)
		return err
	})
}

// purgeAll takes one code, or one pallet with all that is on it, out of the ledger, if it is still just
// what was packed. It returns how many codes have gone.
func (t *tx) purgeAll(records []record, archive, at int64) (int, error) {
	for _, r := range records {
		same, err := t.unchanged(r)
		if err != nil || !same {
			return 0, err
		}
	}
	n := 0
	for _, r := range records {
		if c := r.Code; c != nil {
			n++
			if err := t.purgeCode(c, archive, at); err != nil {
				return 0, err
			}
		}
		if c := r.Container; c != nil {
			if err := t.purgeContainer(c, archive, at); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (t *tx) unchanged(r record) (same bool, err error) {
	if c := r.Code; c != nil {
		err = t.row("SELECT last = ? AND state = ? AND utilisation = ? AND COALESCE(container, 0) = ? AND raw = ? FROM code WHERE id = ?", c.Last, c.State, c.Utilisation, c.Container, c.Raw, c.ID).Scan(&same)
	}
	if c := r.Container; c != nil {
		err = t.row("SELECT state = ? AND COALESCE(parent, 0) = ? AND aggregation = ? AND edits = ? FROM container WHERE id = ?", c.State, c.Parent, c.Aggregation, c.Edits, c.ID).Scan(&same)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil // it has left
	}
	return same, err
}

func (t *tx) purgeCode(c *archivedCode, archive, at int64) error {
	for _, s := range c.Journal {
		if !s.Own {
			continue
		}
		if err := t.purgeEntry(s.Seq, c.ID); err != nil {
			return err
		}
	}
	if _, err := t.exec("DELETE FROM dropped WHERE code = ?", c.ID); err != nil {
		return err
	}
	res, err := t.exec("DELETE FROM code WHERE id = ?", c.ID)
	if err := oneRow(res, err, fmt.Sprintf("code %d has left", c.ID)); err != nil {
		return err
	}
	if err := t.keepHash(c.Raw[:c.IdentLength], c.ProductID, archive, at); err != nil {
		return err
	}
	t.moved[tallyKey{c.ProductID, State(c.State)}]--
	t.moved[tallyKey{c.ProductID, archivedState}]++
	known, sampled := 0, 0
	if c.Known {
		known = 1
	}
	if c.Sampled {
		sampled = 1
	}
	_, err = t.exec("INSERT INTO purged_lot (lot, state, sampled, n, known) VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE SET n = n + 1, known = known + excluded.known", c.Lot, c.State, sampled, known)
	return err
}

func (t *tx) purgeContainer(c *archivedContainer, archive, at int64) error {
	if _, err := t.exec("DELETE FROM dropped WHERE container = ?", c.ID); err != nil {
		return err
	}
	res, err := t.exec("DELETE FROM container WHERE id = ?", c.ID)
	if err := oneRow(res, err, fmt.Sprintf("container %d has left", c.ID)); err != nil || c.SSCC == "" {
		return err
	}
	return t.keepHash([]byte(c.SSCC), 0, archive, at)
}

func (t *tx) keepHash(ident []byte, product, archive, at int64) error {
	_, err := t.exec("INSERT INTO purged (key, chk, product, archive, at) VALUES (?, ?, ?, ?, ?)", key(code.Code(ident)), check(ident), product, archive, at)
	return err
}

// left says whether a code or transport code has left the ledger for an archive.
func (t *tx) left(ident code.Code) (bool, error) {
	var n int
	err := t.row("SELECT COUNT(*) FROM purged WHERE key = ? AND chk = ?", key(ident), check([]byte(ident))).Scan(&n)
	return n > 0, err
}

// leftAny is left for a text that begins with an identification code, as findAny.
func (t *tx) leftAny(text code.Code) (bool, error) {
	idents, err := t.idents(text)
	if err != nil {
		return false, err
	}
	for _, ident := range idents {
		if left, err := t.left(ident); left || err != nil {
			return left, err
		}
	}
	return false, nil
}

// leftCut is left for a scan, whose identification code may be cut by the rules of another time.
func (t *tx) leftCut(product int64, scan, ident code.Code) (bool, error) {
	if left, err := t.left(ident); left || err != nil {
		return left, err
	}
	lengths, err := t.lengths(product)
	if err != nil {
		return false, err
	}
	for _, n := range lengths {
		if n == len(ident) || n <= code.GTINLength || n > len(scan) {
			continue
		}
		if left, err := t.left(scan[:n]); left || err != nil {
			return left, err
		}
	}
	return false, nil
}
