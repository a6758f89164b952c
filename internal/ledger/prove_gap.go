package ledger

import (
	"database/sql"
	"errors"
	"fmt"
)

// errShelf says that archives are to be read first. Files of any size are not read inside of a transaction.
var errShelf = errors.New("an archive is to be read")

// gap goes on over entries that are no longer in the journal: up to entry to they must be in archives.
func (v *prover) gap(snapshot *sql.Tx, to int64) error {
	if v.doubt != nil {
		return v.doubt.err
	}
	var newest int64
	if err := snapshot.QueryRowContext(v.ctx, "SELECT COALESCE(MAX(id), 0) FROM archive").Scan(&newest); err != nil {
		return fmt.Errorf("looking for archives: %w", err)
	}
	if newest > v.shelf.newest {
		return errShelf
	}
	kept, err := v.kept(snapshot, to)
	if err != nil {
		return err
	}
	for v.at.Seq < to {
		seq := v.at.Seq + 1
		e, there, err := v.shelf.take(seq)
		if err != nil {
			return err
		}
		if !there {
			if len(v.shelf.away) == 0 || len(kept) == 0 {
				return &BrokenError{Seq: seq, To: seq, What: Missing}
			}
			v.skip(kept[0])
			kept = kept[1:]
			continue
		}
		v.step(Head{seq, v.at.Seal.after(e.digest)}, e.at)
		v.note(v.shelf.names[e.archive])
		if len(kept) == 0 || kept[0].Seq != seq {
			continue
		}
		if kept[0] != v.at {
			return &BrokenError{Seq: v.since, To: seq, What: Changed, Want: v.at.Seal, Have: kept[0].Seal, Archives: v.from}
		}
		kept = kept[1:]
		v.held()
	}
	return nil
}

// kept reads the seals that stand beside the journal, of entries behind the last one and up to another.
func (v *prover) kept(snapshot *sql.Tx, to int64) ([]Head, error) {
	rows, err := snapshot.QueryContext(v.ctx, "SELECT seq, seal FROM seal WHERE seq > ? AND seq <= ? ORDER BY seq", v.at.Seq, to)
	all, err := collect(rows, err, func(s scanner) (h Head, err error) {
		var seal []byte
		err = s.Scan(&h.Seq, &seal)
		copy(h.Seal[:], seal)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the seals beside the journal: %w", err)
	}
	return all, nil
}

// skip goes on from a seal that was kept, over entries that nobody can look at. What it has taken from archives
// since the last seal is not proved either.
func (v *prover) skip(to Head) {
	u := Unproved{From: v.since, To: to.Seq, Why: v.shelf.away[0].why}
	for _, a := range v.shelf.away {
		u.Archives = append(u.Archives, a.name)
	}
	v.proof.Entries -= v.at.Seq - (v.since - 1)
	v.proof.Unproved = append(v.proof.Unproved, u)
	if v.wrong != nil && v.wrong.Seq >= v.since {
		v.wrong = nil // it was held against such an entry
	}
	v.at = to
	v.pass()
	v.held()
}

// note remembers which archives the entries are from that no stored seal has been held against.
func (v *prover) note(archive string) {
	if len(v.from) == 0 || v.from[len(v.from)-1] != archive {
		for _, name := range v.from {
			if name == archive {
				return
			}
		}
		v.from = append(v.from, archive)
	}
}

// codesAtOnce are looked at in one transaction: some 50 ms.
const codesAtOnce = 50_000

// end wants the journal to reach as far as anything says that it did: the note beside the ledger, and each code.
// Its own seals cannot tell that its last entries are gone.
func (v *prover) end(had int64) error {
	if had > v.proof.To {
		return &BrokenError{Seq: v.proof.To + 1, To: had, What: Cut}
	}
	for after := int64(0); ; {
		var id, last, newest int64
		err := v.l.reads.QueryRowContext(v.ctx, `SELECT COALESCE(MAX(id), 0), COALESCE(MAX(last), 0), (SELECT COALESCE(MAX(seq), 0) FROM journal)
			FROM (SELECT id, last FROM code WHERE id > ? ORDER BY id LIMIT ?)`, after, codesAtOnce).Scan(&id, &last, &newest)
		if err != nil {
			return fmt.Errorf("reading the codes: %w", err)
		}
		if last > newest && last > v.proof.Older {
			return &BrokenError{Seq: newest + 1, To: last, What: Cut}
		}
		if id == 0 {
			return nil
		}
		after = id
	}
}
