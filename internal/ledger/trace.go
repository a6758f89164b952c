package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"linemark/internal/code"
)

// ErrNotFound is returned by Trace for a code that this ledger has never had.
var ErrNotFound = errors.New("no such code in the ledger")

// Entry is one entry of the journal.
type Entry struct {
	Seq       int64
	At        time.Time
	Agent     string
	Place     string
	Was, Now  State
	HasStates bool // false for an entry that covers many codes, such as a received block
	Cause     string
}

// Life is all that the ledger knows of one code.
type Life struct {
	Code        code.Code
	Ident       code.Code
	Product     Product
	State       State
	Evidence    Evidence
	Line, Batch string
	Order       string // server's ids
	Block       string
	Journal     []Entry // oldest first
	Reports     []Report
	Parents     []code.Code // the container's code, its container's code, ...
	Children    []code.Code // what this container's code holds
	Archive     string      // the file that it is read from; empty: the ledger has it
}

// Trace finds a code by its full text or its identification code, or a container by its SSCC,
// and tells its life.
func (l *Ledger) Trace(ctx context.Context, text code.Code) (Life, error) {
	if code.ValidSSCC(text) == nil {
		if life, err := l.traceSSCC(ctx, text); !errors.Is(err, ErrNotFound) {
			return life, err
		}
	}
	id, err := l.findAny(ctx, text)
	if errors.Is(err, ErrNotFound) {
		return l.traceArchive(ctx, text)
	}
	if err != nil {
		return Life{}, err
	}
	var life Life
	var raw []byte
	var idlen int
	var last, report, container int64
	err = l.reads.QueryRowContext(ctx, `SELECT c.raw, c.idlen, c.state, c.evidence, c.last, c.utilisation, COALESCE(c.container, 0), p.name, p.gtin, p.grp, p.type,
		COALESCE(lot.line, ''), COALESCE(lot.batch, ''), o.server_id, b.server_id
		FROM code c JOIN product p ON p.id = c.product JOIN block b ON b.id = c.block JOIN orders o ON o.id = b.orders LEFT JOIN lot ON lot.id = c.lot WHERE c.id = ?`, id).
		Scan(&raw, &idlen, &life.State, &life.Evidence, &last, &report, &container, &life.Product.Name, &life.Product.GTIN, &life.Product.Group, &life.Product.Type,
			&life.Line, &life.Batch, &life.Order, &life.Block)
	if err != nil {
		return Life{}, fmt.Errorf("tracing the code: %w", err)
	}
	life.Code, life.Ident = code.Code(raw), code.Code(raw[:idlen])
	if life.Journal, err = l.chain(ctx, last); err != nil {
		return Life{}, err
	}
	own := int64(0)
	if err := l.reads.QueryRowContext(ctx, "SELECT id FROM container WHERE code = ?", id).Scan(&own); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Life{}, fmt.Errorf("tracing the code: %w", err)
	}
	return l.family(ctx, life, report, own, container)
}

func (l *Ledger) traceSSCC(ctx context.Context, sscc code.Code) (Life, error) {
	life := Life{Code: sscc, Ident: sscc, State: Printed}
	var own, parent int64
	err := l.reads.QueryRowContext(ctx, "SELECT id, line, batch, COALESCE(parent, 0) FROM container WHERE sscc = ?", string(sscc)).Scan(&own, &life.Line, &life.Batch, &parent)
	if errors.Is(err, sql.ErrNoRows) {
		return Life{}, ErrNotFound
	}
	if err != nil {
		return Life{}, fmt.Errorf("tracing the transport code: %w", err)
	}
	return l.family(ctx, life, 0, own, parent)
}

// findAny looks for a code whose identification code the text is, or begins with: the full
// code, also one whose verification part differs. The group's profile is not needed for it.
func (l *Ledger) findAny(ctx context.Context, text code.Code) (int64, error) {
	idents, err := l.idents(ctx, text)
	if err != nil {
		return 0, err
	}
	for _, ident := range idents {
		rows, err := l.reads.QueryContext(ctx, "SELECT id FROM code WHERE key = ? AND substr(raw, 1, idlen) = ?", key(ident), []byte(ident))
		ids, err := collect(rows, err, scanInt)
		if err != nil {
			return 0, fmt.Errorf("looking for the code: %w", err)
		}
		if len(ids) > 0 {
			return ids[0], nil
		}
	}
	return 0, ErrNotFound
}

// lengthsOfCodes selects how long the identification codes of a ledger, and transport codes, are, the longest first.
const lengthsOfCodes = "SELECT n FROM idlen UNION SELECT 20 ORDER BY n DESC"

// idents returns what a text begins with that may be an identification code or a transport code. That is a few of its
// beginnings, however long a text somebody asks for.
func (l *Ledger) idents(ctx context.Context, text code.Code) ([]code.Code, error) {
	var has bool
	err := l.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'idlen')").Scan(&has)
	if err != nil {
		return nil, fmt.Errorf("looking for the lengths of codes: %w", err)
	}
	query := lengthsOfCodes
	if !has { // a ledger of the first version, which is only read
		query = "SELECT DISTINCT idlen FROM code ORDER BY idlen DESC"
	}
	rows, err := l.reads.QueryContext(ctx, query)
	lengths, err := collect(rows, err, scanInt)
	if err != nil {
		return nil, fmt.Errorf("looking for the lengths of codes: %w", err)
	}
	return beginnings(text, lengths), nil
}

// idents is Ledger.idents within a commit.
func (t *tx) idents(text code.Code) ([]code.Code, error) {
	rows, err := t.query(lengthsOfCodes)
	lengths, err := collect(rows, err, scanInt)
	return beginnings(text, lengths), err
}

func beginnings(text code.Code, lengths []int64) (idents []code.Code) {
	for _, n := range lengths {
		if n > code.GTINLength && n <= int64(len(text)) {
			idents = append(idents, text[:n])
		}
	}
	return idents
}

func (l *Ledger) chain(ctx context.Context, seq int64) ([]Entry, error) {
	var entries []Entry
	for seq != 0 {
		var e Entry
		var at, prev int64
		var was, now sql.NullInt64
		err := l.reads.QueryRowContext(ctx, "SELECT j.seq, j.at, a.name, j.place, j.was, j.now, j.cause, COALESCE(j.prev, 0) FROM journal j JOIN agent a ON a.id = j.agent WHERE j.seq = ?", seq).
			Scan(&e.Seq, &at, &e.Agent, &e.Place, &was, &now, &e.Cause, &prev)
		if err != nil {
			return nil, fmt.Errorf("reading journal entry %d: %w", seq, err)
		}
		e.At, e.Was, e.Now, e.HasStates = time.UnixMicro(at).UTC(), State(was.Int64), State(now.Int64), now.Valid
		entries = append(entries, e)
		seq = prev
	}
	slices.Reverse(entries)
	return entries, nil
}

// family adds reports, parents and children. own is the container that bears this code, in the
// container that it is in.
func (l *Ledger) family(ctx context.Context, life Life, utilisation, own, in int64) (Life, error) {
	ids := []int64{utilisation}
	containerCode := func(id int64) (c code.Code, parent, aggregation int64, err error) {
		var raw []byte
		err = l.reads.QueryRowContext(ctx, "SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = k.code), CAST(k.sscc AS BLOB)), COALESCE(parent, 0), aggregation FROM container k WHERE id = ?", id).
			Scan(&raw, &parent, &aggregation)
		return code.Code(raw), parent, aggregation, err
	}
	if own != 0 {
		_, parent, aggregation, err := containerCode(own)
		if err != nil {
			return life, fmt.Errorf("tracing the container: %w", err)
		}
		in, ids = max(in, parent), append(ids, aggregation)
		rows, err := l.reads.QueryContext(ctx, `SELECT substr(raw, 1, idlen) FROM code WHERE container = ?1
			UNION ALL SELECT COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = k.code), CAST(k.sscc AS BLOB)) FROM container k WHERE k.parent = ?1`, own)
		if life.Children, err = collect(rows, err, scanCode); err != nil {
			return life, fmt.Errorf("tracing the container: %w", err)
		}
	}
	for in != 0 {
		c, parent, aggregation, err := containerCode(in)
		if err != nil {
			return life, fmt.Errorf("tracing the container: %w", err)
		}
		life.Parents, ids, in = append(life.Parents, c), append(ids, aggregation), parent
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue // box and pallet in one report
		}
		found, err := l.reports(ctx, fmt.Sprintf("WHERE id = %d AND id > 0", id))
		if err != nil {
			return life, err
		}
		life.Reports = append(life.Reports, found...)
	}
	return life, nil
}
