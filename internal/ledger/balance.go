package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Balance is the account of one product's codes: Received must equal the sum over all states (P2).
type Balance struct {
	ID       ProductID
	Product  Product
	Received int // codes of all stored blocks
	States   map[State]int
	Archived int // codes that have left the ledger for archives, each in its last state
}

// Equal says whether the two sides are equal.
func (b Balance) Equal() bool {
	sum := b.Archived
	for _, n := range b.States {
		sum += n
	}
	return sum == b.Received
}

// Stock returns how many codes of a product are in stock, without touching the disk.
func (l *Ledger) Stock(p ProductID) int {
	l.w.mu.RLock()
	defer l.w.mu.RUnlock()
	return int(l.w.tally[tallyKey{int64(p), InStock}])
}

// Balance returns the account of every product from the running tally: cheap at any size.
func (l *Ledger) Balance(ctx context.Context) ([]Balance, error) {
	return l.balance(ctx, false)
}

// Recount returns the account counted from the codes themselves, and an error that names the
// difference if the running tally says otherwise.
func (l *Ledger) Recount(ctx context.Context) ([]Balance, error) {
	return l.balance(ctx, true)
}

func (l *Ledger) balance(ctx context.Context, recount bool) ([]Balance, error) {
	// One transaction, so that a writer between two queries cannot make the sides differ.
	snapshot, err := l.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("reading the balance: %w", err)
	}
	defer snapshot.Rollback() //nolint:errcheck // nothing to roll back in a read
	rows, err := snapshot.QueryContext(ctx, `SELECT p.id, p.name, p.gtin, p.grp, p.type,
		COALESCE((SELECT SUM(b.quantity) FROM block b JOIN orders o ON o.id = b.orders WHERE o.product = p.id AND b.quarantine IS NULL), 0)
		FROM product p ORDER BY p.id`)
	all, err := collect(rows, err, func(s scanner) (b Balance, err error) {
		err = s.Scan(&b.ID, &b.Product.Name, &b.Product.GTIN, &b.Product.Group, &b.Product.Type, &b.Received)
		b.States = map[State]int{}
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the balance: %w", err)
	}
	counts, err := readTally(ctx, snapshot, "SELECT product, state, n FROM tally WHERE n <> 0 AND (state >= 0 OR state = -2)")
	if err != nil {
		return nil, fmt.Errorf("reading the balance: %w", err)
	}
	var differs error
	if recount {
		running := counts
		if counts, err = readTally(ctx, snapshot, "SELECT product, state, COUNT(*) FROM code GROUP BY product, state"); err != nil {
			return nil, fmt.Errorf("counting the codes: %w", err)
		}
		if err := countArchived(ctx, snapshot, counts); err != nil {
			return nil, fmt.Errorf("counting the archived codes: %w", err)
		}
		differs = difference(running, counts)
	}
	for i := range all {
		all[i].Archived = int(counts[tallyKey{int64(all[i].ID), archivedState}])
		for _, s := range States() {
			if n := counts[tallyKey{int64(all[i].ID), s}]; n != 0 {
				all[i].States[s] = int(n)
			}
		}
	}
	return all, differs
}

// countArchived adds the codes that have left; an older ledger has no table of them.
func countArchived(ctx context.Context, snapshot *sql.Tx, counts map[tallyKey]int64) error {
	var has bool
	if err := snapshot.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'purged')").Scan(&has); err != nil || !has {
		return err
	}
	left, err := readTally(ctx, snapshot, "SELECT product, -2, COUNT(*) FROM purged WHERE product > 0 GROUP BY product")
	for k, n := range left {
		counts[k] = n
	}
	return err
}

// difference names every count in which the running tally is not what was counted.
func difference(running, counted map[tallyKey]int64) error {
	var errs []error
	for k, n := range running {
		if counted[k] != n {
			errs = append(errs, fmt.Errorf("product %d: %d codes are %s, the running tally says %d", k.product, counted[k], k.state, n))
		}
	}
	for k, n := range counted {
		if _, ok := running[k]; !ok {
			errs = append(errs, fmt.Errorf("product %d: %d codes are %s, the running tally says 0", k.product, n, k.state))
		}
	}
	return errors.Join(errs...)
}

type tallied struct {
	key tallyKey
	n   int64
}

func scanTally(s scanner) (c tallied, err error) {
	err = s.Scan(&c.key.product, &c.key.state, &c.n)
	return c, err
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readTally(ctx context.Context, q queryer, counts string) (map[tallyKey]int64, error) {
	rows, err := q.QueryContext(ctx, counts)
	all, err := collect(rows, err, scanTally)
	if err != nil {
		return nil, err
	}
	m := map[tallyKey]int64{}
	for _, t := range all {
		m[t.key] = t.n
	}
	return m, nil
}

// flushTally writes what the transaction has moved: one row for each product and state, however many codes.
func (t *tx) flushTally() error {
	query, args := "INSERT INTO tally (product, state, n) VALUES (?, ?, ?)", make([]any, 0, 6)
	for k, n := range t.moved {
		if n == 0 {
			continue
		}
		if args = append(args, k.product, int(k.state), n); len(args) > 3 {
			query += ", (?, ?, ?)"
		}
	}
	if len(args) == 0 {
		return nil
	}
	_, err := t.exec(query+" ON CONFLICT (product, state) DO UPDATE SET n = n + excluded.n", args...)
	return err
}

// ContainerCount says how many containers of a station are in a state.
type ContainerCount struct {
	Line, Station string
	OfContainers  bool
	State         ContainerState
	N             int
}

// Containers counts the containers.
func (l *Ledger) Containers(ctx context.Context) ([]ContainerCount, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT line, station, holds = 'container', state, COUNT(*) FROM container GROUP BY line, station, holds, state ORDER BY 1, 2, 4")
	return collect(rows, err, func(s scanner) (c ContainerCount, err error) {
		err = s.Scan(&c.Line, &c.Station, &c.OfContainers, &c.State, &c.N)
		return c, err
	})
}
