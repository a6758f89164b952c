package ledger

import (
	"context"
	"fmt"

	"linemark/internal/code"
)

// Held is a code as it stands in the ledger, for checks that look at all of them.
type Held struct {
	Code     code.Code
	Ident    code.Code
	State    State
	Evidence Evidence
	Block    string // server's id of the block it came in
	Reported bool   // a utilisation report holds it
	Product  string // its product's name
}

// EachCode calls f for every code in the order of receipt, until f returns an error.
func (l *Ledger) EachCode(ctx context.Context, f func(Held) error) error {
	rows, err := l.reads.QueryContext(ctx, "SELECT c.raw, c.idlen, c.state, c.evidence, b.server_id, c.utilisation > 0, p.name FROM code c JOIN block b ON b.id = c.block JOIN product p ON p.id = c.product ORDER BY c.id")
	if err != nil {
		return fmt.Errorf("reading the codes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h Held
		var raw []byte
		var idlen int
		if err := rows.Scan(&raw, &idlen, &h.State, &h.Evidence, &h.Block, &h.Reported, &h.Product); err != nil {
			return fmt.Errorf("reading the codes: %w", err)
		}
		h.Code, h.Ident = code.Code(raw), code.Code(raw[:idlen])
		if err := f(h); err != nil {
			return err
		}
	}
	return rows.Err()
}
