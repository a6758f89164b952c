package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"linemark/internal/code"
)

// Held is a code as it stands in the ledger, for checks that look at all of them.
type Held struct {
	ID       int64 // of its row
	Code     code.Code
	Ident    code.Code
	State    State
	Evidence Evidence
	Block    string // server's id of the block it came in
	Reported bool   // a utilisation report holds it
	Product  string // its product's name
	Claim    int64  // order of claiming, see Claim.Seq; 0: never claimed, below it: recovered or on a label that came printed
	Last     int64  // its newest entry of the journal; that of its block if it has none of its own
}

// EachCode calls f for every code in the order of receipt, until f returns an error.
func (l *Ledger) EachCode(ctx context.Context, f func(Held) error) error {
	rows, err := l.reads.QueryContext(ctx, "SELECT c.id, COALESCE(c.claim, 0), c.last, c.raw, c.idlen, c.state, c.evidence, b.server_id, c.utilisation > 0, p.name FROM code c JOIN block b ON b.id = c.block JOIN product p ON p.id = c.product ORDER BY c.id")
	if err != nil {
		return fmt.Errorf("reading the codes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h Held
		var raw []byte
		var idlen int
		if err := rows.Scan(&h.ID, &h.Claim, &h.Last, &raw, &idlen, &h.State, &h.Evidence, &h.Block, &h.Reported, &h.Product); err != nil {
			return fmt.Errorf("reading the codes: %w", err)
		}
		h.Code, h.Ident = code.Code(raw), code.Code(raw[:idlen])
		if err := f(h); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Step is an entry of the journal with what chains it to others.
type Step struct {
	Entry
	CodeID int64 // the code's row; 0: an entry of no single code
	Prev   int64 // the code's entry before; its block's for its first
}

// EachStep calls f for every entry of the journal in order, until f returns an error.
func (l *Ledger) EachStep(ctx context.Context, f func(Step) error) error {
	rows, err := l.reads.QueryContext(ctx, "SELECT j.seq, j.at, COALESCE(a.name, ''), j.place, COALESCE(j.code, 0), j.was, j.now, j.cause, COALESCE(j.prev, 0) FROM journal j LEFT JOIN agent a ON a.id = j.agent ORDER BY j.seq")
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Step
		var at int64
		var was, now sql.NullInt64
		if err := rows.Scan(&s.Seq, &at, &s.Agent, &s.Place, &s.CodeID, &was, &now, &s.Cause, &s.Prev); err != nil {
			return fmt.Errorf("reading the journal: %w", err)
		}
		s.At, s.Was, s.Now, s.HasStates = time.UnixMicro(at).UTC(), State(was.Int64), State(now.Int64), now.Valid
		if err := f(s); err != nil {
			return err
		}
	}
	return rows.Err()
}

// collect reads all rows before the caller goes on: the connection is the writer's only one.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
