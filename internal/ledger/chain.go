package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// chainTables make the journal a chain: each entry bears a seal, which is
//
//	SHA-256(seal of the entry before, SHA-256(entry))
//
// The table seal has the seals that stand beside the journal. Its first row is where the chain begins: the
// last entry that is older, or 0, under a seal of zeros. Each other is of an entry that has left for an archive
// and is followed by one that is still here, so that the chain goes on across the gap.
const chainTables = `
ALTER TABLE journal ADD COLUMN seal BLOB;
CREATE TABLE seal (seq INTEGER PRIMARY KEY, seal BLOB NOT NULL);
INSERT INTO seal SELECT COALESCE(MAX(seq), 0), zeroblob(32) FROM journal;
`

// Seal is the seal of an entry of the journal: it holds for the entry and for all before it.
type Seal [sha256.Size]byte

// Head is an entry of the journal with its seal. Noted where nobody can change it, it proves later that the
// journal up to it is still the one that it was; see VerifyJournal.
type Head struct {
	Seq  int64
	Seal Seal
}

// String is the entry's number, a colon, and the seal in hexadecimal digits.
func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Seq, h.Seal[:]) }

// MarshalText is String.
func (h Head) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// ParseHead reads what String has written.
func ParseHead(text string) (Head, error) {
	var h Head
	seq, seal, _ := strings.Cut(strings.TrimSpace(text), ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	b, bad := hex.DecodeString(seal)
	if err != nil || n < 0 || bad != nil || len(b) != len(h.Seal) {
		return h, fmt.Errorf("%q is no head of a journal: a number, a colon and %d hexadecimal digits", text, 2*len(h.Seal))
	}
	h.Seq = n
	copy(h.Seal[:], b)
	return h, nil
}

// after is the seal of an entry that follows the one of s.
func (s Seal) after(digest Seal) Seal {
	var both [2 * sha256.Size]byte
	copy(both[:], s[:])
	copy(both[sha256.Size:], digest[:])
	return sha256.Sum256(both[:])
}

// leaf is all of a journal entry that its seal holds for.
type leaf struct {
	seq, at      int64
	agent, place string
	of           has
	code         int64  // its row
	text         []byte // the code itself
	was, now     int64
	cause        string
	prev         int64
}

// has says which of a leaf's parts there are.
type has byte

const (
	hasCode has = 1 << iota
	hasText
	hasWas
	hasNow
	hasPrev

	hasLife = hasCode | hasText | hasWas | hasNow | hasPrev // an entry of one code
)

// leafVersion is what the bytes of an entry begin with.
const leafVersion = 1

// digest is the SHA-256 of an entry. Its bytes are the version; number and time; agent, place and cause; what of
// the rest there is; code, its text, both states and the entry before. Numbers have 8 bytes, the highest first;
// a text follows its length, which is a varint. buf is room for them, and is returned.
func (e *leaf) digest(buf []byte) (Seal, []byte) {
	number := func(n int64) { buf = binary.BigEndian.AppendUint64(buf, uint64(n)) }
	length := func(n int) { buf = binary.AppendUvarint(buf, uint64(n)) }
	buf = append(buf[:0], leafVersion)
	number(e.seq)
	number(e.at)
	for _, text := range [...]string{e.agent, e.place, e.cause} {
		length(len(text))
		buf = append(buf, text...)
	}
	buf = append(buf, byte(e.of))
	number(e.code)
	length(len(e.text))
	buf = append(buf, e.text...)
	number(e.was)
	number(e.now)
	number(e.prev)
	return sha256.Sum256(buf), buf
}

// Head returns the newest sealed entry of the journal; the zero Head for a ledger of an earlier version, whose
// journal is no chain yet.
func (l *Ledger) Head(ctx context.Context) (Head, error) {
	chained, err := l.chained(ctx)
	if err != nil || !chained {
		return Head{}, err
	}
	// One transaction: beside a running agent the journal grows between two queries.
	snapshot, err := l.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Head{}, fmt.Errorf("reading the newest seal of the journal: %w", err)
	}
	defer snapshot.Rollback() //nolint:errcheck // nothing to roll back in a read
	h, err := newestSeal(func(query string) scanner { return snapshot.QueryRowContext(ctx, query) })
	if err != nil {
		return h, fmt.Errorf("reading the newest seal of the journal: %w", err)
	}
	return h, nil
}

// chained says whether the journal is a chain.
func (l *Ledger) chained(ctx context.Context) (is bool, err error) {
	err = l.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'seal')").Scan(&is)
	if err != nil {
		err = fmt.Errorf("looking for the journal's seals: %w", err)
	}
	return is, err
}

// newestSeal reads the last sealed entry, or where the chain begins if none is.
func newestSeal(row func(query string) scanner) (Head, error) {
	var h Head
	var seal []byte
	err := row("SELECT seq, seal FROM journal WHERE seq > (SELECT MAX(seq) FROM seal) AND length(seal) = 32 ORDER BY seq DESC LIMIT 1").Scan(&h.Seq, &seal)
	if errors.Is(err, sql.ErrNoRows) {
		err = row("SELECT seq, seal FROM seal ORDER BY seq DESC LIMIT 1").Scan(&h.Seq, &seal)
	}
	copy(h.Seal[:], seal)
	return h, err
}

// head is where the chain stands in this transaction.
func (t *tx) head() (*Head, error) {
	switch {
	case t.sealed != nil:
	case t.w.head != nil:
		t.sealed = new(Head)
		*t.sealed = *t.w.head
	default:
		h, err := newestSeal(func(query string) scanner { return t.row(query) })
		if err != nil {
			return nil, err
		}
		// An entry that somebody has written by hand has no seal, and its number is used up.
		last := int64(0)
		if err := t.row("SELECT COALESCE(MAX(seq), 0) FROM journal").Scan(&last); err != nil {
			return nil, err
		}
		h.Seq = max(h.Seq, last)
		t.sealed = &h
	}
	return t.sealed, nil
}
