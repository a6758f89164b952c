package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// MostDropped is how many codes in doubt one DropDoubtful takes at most: it is one commit, for which lines wait.
const MostDropped = 1000

// DropDoubtful withdraws codes that Doubtful has found, on a person's word that none of them is on a product that
// anybody sells. It is one commit, with an entry of the journal that says who and why: because.
//
// A code of which something new is known since it was found is kept, whatever that is: the word was not said of it.
// So is a container's own code, since what is in the container would stay.
func (l *Ledger) DropDoubtful(ctx context.Context, place string, d Drop, because string, found []DoubtfulCode) ([]DropOutcome, error) {
	if len(found) > MostDropped {
		return nil, fmt.Errorf("%d codes to be dropped at once, the most are %d", len(found), MostDropped)
	}
	d.WithChild, d.Read = false, false
	var outs []DropOutcome
	err := l.bulk(ctx, func(t *tx) error {
		outs = outs[:0]
		paper, n := 0, 0
		for _, c := range found {
			o, err := t.dropDoubtful(place, &paper, d, c)
			if err != nil {
				return err
			}
			o.Code = c.Code
			outs, n = append(outs, o), n+o.Codes
		}
		if n == 0 {
			return nil
		}
		_, err := t.event(place, fmt.Sprintf("%d codes in doubt dropped as %s: %s", n, d.Reason, because))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dropping codes in doubt: %w", err)
	}
	return outs, nil
}

func (t *tx) dropDoubtful(place string, paper *int, d Drop, c DoubtfulCode) (o DropOutcome, err error) {
	h, err := t.held(c.id)
	if errors.Is(err, sql.ErrNoRows) {
		o.Why = "not known here"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	switch o.Was = h.state; {
	case h.state != Doubtful:
		o.Why = fmt.Sprintf("it is %s by now", h.state)
		return o, nil
	case h.last != c.Seq:
		o.Why = "the journal says something new of it"
		return o, nil
	}
	var bears int
	if err := t.row("SELECT COUNT(*) FROM container WHERE code = ? AND state <> 3", h.id).Scan(&bears); err != nil {
		return o, err
	}
	if bears > 0 {
		o.Why = "it is on a container"
		return o, nil
	}
	return t.drop(place, paper, d, dropTarget{text: h.raw, code: h.id})
}
