package ledger

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// purgeEntry takes one entry out of the journal; keepSeals must follow in the same commit.
func (t *tx) purgeEntry(seq, code int64) error {
	var seal []byte
	err := t.row("DELETE FROM journal WHERE seq = ? AND code = ? RETURNING seal", seq, code).Scan(&seal)
	if errors.Is(err, sql.ErrNoRows) {
		return &StateError{fmt.Sprintf("journal entry %d of code %d is missing", seq, code)}
	}
	if err != nil || len(seal) != len(Seal{}) {
		return err // one that is older than the chain has none
	}
	h := Head{Seq: seq}
	copy(h.Seal[:], seal)
	t.gone = append(t.gone, h)
	return nil
}

// keepSeals keeps, of each run of entries that are gone from the journal, the last one's seal: what follows it
// is proved from there, also while nobody has the archive. A run that has grown together needs no other.
func (t *tx) keepSeals() error {
	slices.SortFunc(t.gone, func(a, b Head) int { return cmp.Compare(a.Seq, b.Seq) })
	for i, h := range t.gone {
		if i == 0 || t.gone[i-1].Seq != h.Seq-1 {
			// The first row stays: the chain begins there.
			if _, err := t.exec("DELETE FROM seal WHERE seq = ? AND seq > (SELECT MIN(seq) FROM seal)", h.Seq-1); err != nil {
				return err
			}
		}
		if i < len(t.gone)-1 && t.gone[i+1].Seq == h.Seq+1 {
			continue
		}
		if _, err := t.exec("INSERT INTO seal (seq, seal) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM journal WHERE seq = ?1 + 1)", h.Seq, h.Seal[:]); err != nil {
			return err
		}
	}
	return nil
}
