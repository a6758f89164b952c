package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// ErrNoChain means that the ledger is of an earlier version: the chain of its journal begins when this one's
// agent opens it.
var ErrNoChain = errors.New("the journal is no chain yet: the ledger is of an earlier version")

// Proof says what VerifyJournal has proved.
type Proof struct {
	Older        int64 // the entries up to this one are older than the chain: nothing is said of them; 0: there are none
	Entries      int64 // that are proved
	From, To     int64 // the first and the last entry of the chain; From is higher while there is none
	FromAt, ToAt time.Time
	Head         Head // the newest entry
	Unproved     []Unproved
}

// Unproved is a run of entries that have left for archives, of which some are not there or cannot be read.
// The chain goes on behind it from the seal that was kept.
type Unproved struct {
	From, To int64
	Archives []string // one of which has them
	Why      string   // what is the matter with the first of these
}

// mostRead is how long one look at the journal may keep SQLite from beginning its log anew, and restRead the
// pause after it in which an agent at work does so. A line at full speed writes 10 MB a second into the log.
const (
	mostRead = time.Second
	restRead = 50 * time.Millisecond
)

// VerifyJournal reads the whole journal, with what has left for archives, and proves that it is unbroken: no
// entry is missing, was changed or was put in, since it was written. noted are heads that were noted before; each
// must be part of it. It may run beside an agent at work. progress is told now and then how many entries are proved; nil: nobody is.
//
// Entries in archives that are away are not proved, and no error: see Proof.Unproved. What is broken is a
// *BrokenError, a noted head that is no part of the journal a *HeadError with the Proof of what it is.
//
// There is no secret in it: who can write the whole file can make another journal that is unbroken. Only a
// head that was noted where he cannot write tells them apart.
func (l *Ledger) VerifyJournal(ctx context.Context, progress func(entries int64), noted ...Head) (Proof, error) {
	return l.verifyJournal(ctx, mostRead, progress, noted)
}

func (l *Ledger) verifyJournal(ctx context.Context, atOnce time.Duration, progress func(entries int64), noted []Head) (Proof, error) {
	chained, err := l.chained(ctx)
	if err != nil {
		return Proof{}, err
	}
	if !chained {
		return Proof{}, ErrNoChain
	}
	if progress == nil {
		progress = func(int64) {}
	}
	v := &prover{l: l, ctx: ctx, atOnce: atOnce, progress: progress, noted: map[int64][]Head{}, shelf: shelf{l: l, atOnce: runLength}}
	defer v.shelf.close()
	for _, h := range noted {
		v.noted[h.Seq] = append(v.noted[h.Seq], h)
	}
	err = v.all()
	if err == nil {
		err = v.foreign(noted)
	}
	return v.proof, err
}

// prover walks along the journal.
type prover struct {
	l        *Ledger
	ctx      context.Context
	atOnce   time.Duration // how long one look may take
	progress func(int64)
	noted    map[int64][]Head
	found    []Head // of the noted ones
	wrong    *HeadError

	proof Proof
	at    Head  // the entry that was looked at last
	since int64 // the first entry that no stored seal has been held against
	shelf shelf
	from  []string // the archives that entries since then are from
	doubt *doubted

	agents map[int64]string
	buf    []byte
}

// doubted is an entry whose seal is not the one that it should be: the next one tells which of both is wrong.
type doubted struct {
	err        *BrokenError
	want, have Seal
}

func (v *prover) all() error {
	// What was noted was on disk before: it must be in what is read from here on.
	had := int64(0)
	if filepath.Base(v.l.path) == FileName {
		var err error
		if had, err = readReached(filepath.Dir(v.l.path)); err != nil {
			return err
		}
	}
	if err := v.begin(); err != nil {
		return err
	}
	for {
		done, err := v.look()
		switch {
		case errors.Is(err, errShelf):
			if err := v.shelf.fill(v.ctx, v.at.Seq+1); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case done:
			v.progress(v.proof.Entries)
			return v.end(had)
		}
		if err := v.l.letSettle(v.ctx); err != nil {
			return err
		}
	}
}

// letSettle gives an agent at work a moment without readers.
func (l *Ledger) letSettle(ctx context.Context) error {
	if l.w == nil && !Locked(filepath.Dir(l.path)) {
		return ctx.Err() // nobody writes
	}
	_ = l.settleLog(ctx) // who may only read leaves it to the agent
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(restRead):
		return nil
	}
}

// begin reads where the chain begins.
func (v *prover) begin() error {
	var seal []byte
	err := v.l.reads.QueryRowContext(v.ctx, "SELECT seq, seal FROM seal ORDER BY seq LIMIT 1").Scan(&v.at.Seq, &seal)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("reading where the journal's chain begins: %w", err)
	}
	if err != nil || string(seal) != string(v.at.Seal[:]) {
		return &BrokenError{Seq: v.at.Seq + 1, To: v.at.Seq + 1, What: NoBeginning}
	}
	v.proof.Older, v.proof.From, v.proof.To, v.proof.Head = v.at.Seq, v.at.Seq+1, v.at.Seq, v.at
	v.since = v.at.Seq + 1
	v.pass()
	return nil
}

const selectLeaves = `SELECT j.seq, j.at, j.agent, j.place, j.code, j.was, j.now, j.cause, j.prev, j.seal, c.raw
	FROM journal j LEFT JOIN code c ON c.id = j.code WHERE j.seq > ? ORDER BY j.seq`

// look reads one moment's journal on from where it stands, for a bounded time. done says that it has come to
// the end, errShelf that archives are to be read before it can go on.
func (v *prover) look() (done bool, err error) {
	snapshot, err := v.l.reads.BeginTx(v.ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return false, fmt.Errorf("reading the journal: %w", err)
	}
	defer snapshot.Rollback() //nolint:errcheck // nothing to roll back in a read
	if err := v.names(snapshot); err != nil {
		return false, err
	}
	rows, err := snapshot.QueryContext(v.ctx, selectLeaves, v.at.Seq)
	if err != nil {
		return false, fmt.Errorf("reading the journal: %w", err)
	}
	defer rows.Close()
	var row [11]any
	var into [len(row)]any
	for i := range row {
		into[i] = &row[i]
	}
	for begun, n := time.Now(), 0; rows.Next(); {
		if err := rows.Scan(into[:]...); err != nil {
			return false, fmt.Errorf("reading the journal: %w", err)
		}
		seq, ok := row[0].(int64)
		if !ok {
			return false, &DamagedError{What: "an entry of the journal has no number"}
		}
		if seq > v.at.Seq+1 {
			if err := v.gap(snapshot, seq-1); err != nil {
				return false, err
			}
		}
		if err := v.entry(row[:]); err != nil {
			return false, err
		}
		if n++; n%1024 == 0 {
			v.progress(v.proof.Entries)
			if err := v.ctx.Err(); err != nil {
				return false, err
			}
			if time.Since(begun) > v.atOnce {
				return false, nil
			}
		}
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("reading the journal: %w", err)
	}
	if v.doubt != nil { // nothing follows that could tell more
		return false, v.doubt.err
	}
	return true, nil
}

// names reads the agents' names as one moment has them.
func (v *prover) names(snapshot *sql.Tx) error {
	v.agents = map[int64]string{}
	rows, err := snapshot.QueryContext(v.ctx, "SELECT id, name FROM agent")
	_, err = collect(rows, err, func(s scanner) (x struct{}, err error) {
		var id int64
		var name string
		if err = s.Scan(&id, &name); err == nil {
			v.agents[id] = name
		}
		return x, err
	})
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	return nil
}

// leafOf takes an entry out of its row; false: a value in it is of a kind that was never written.
func (v *prover) leafOf(row []any) (e leaf, ok bool) {
	ok = true
	number := func(i int, bit has) (n int64) {
		if row[i] == nil && bit != 0 {
			return 0
		}
		n, is := row[i].(int64)
		ok, e.of = ok && is, e.of|bit
		return n
	}
	text := func(i int) string {
		s, is := row[i].(string)
		ok = ok && is
		return s
	}
	e.seq, e.at, e.agent = number(0, 0), number(1, 0), v.agents[number(2, 0)]
	e.place, e.cause = text(3), text(7)
	e.code, e.was, e.now, e.prev = number(4, hasCode), number(5, hasWas), number(6, hasNow), number(8, hasPrev)
	if raw, is := row[10].([]byte); is {
		e.text, e.of = raw, e.of|hasText
	}
	return e, ok
}

// entry holds an entry of the journal, which follows the last one, against its seal.
func (v *prover) entry(row []any) error {
	e, ok := v.leafOf(row)
	seal, _ := row[9].([]byte)
	var have Seal
	broken := &BrokenError{Seq: e.seq, To: e.seq, At: time.UnixMicro(e.at).UTC(), What: Changed}
	if len(seal) != len(have) {
		if v.doubt != nil {
			return v.doubt.err
		}
		broken.What = Unsealed
		return broken
	}
	copy(have[:], seal)
	var digest Seal
	digest, v.buf = e.digest(v.buf)
	if d := v.doubt; d != nil {
		// It follows the seal that the entry before should have, and not the one that it has: that seal
		// was changed, and the entry was not.
		if d.want.after(digest) == have {
			d.err.What = SealChanged
		}
		return d.err
	}
	want := v.at.Seal.after(digest)
	if !ok || want != have {
		if v.since < e.seq { // nobody has held those before it against anything
			broken.Seq, broken.Archives = v.since, v.from
		}
		broken.Want, broken.Have = want, have
		v.doubt = &doubted{broken, want, have}
		if !ok {
			return broken
		}
		v.at.Seq = e.seq
		return nil
	}
	v.step(Head{e.seq, have}, e.at)
	v.held()
	return nil
}

// step goes on to an entry that is proved.
func (v *prover) step(to Head, at int64) {
	if v.proof.FromAt.IsZero() {
		v.proof.FromAt = time.UnixMicro(at).UTC()
	}
	v.proof.ToAt = time.UnixMicro(at).UTC()
	v.proof.Entries++
	v.at = to
	v.pass()
}

// pass looks whether the seal at which it stands was noted.
func (v *prover) pass() {
	v.proof.To, v.proof.Head = v.at.Seq, v.at
	for _, h := range v.noted[v.at.Seq] {
		if h == v.at {
			v.found = append(v.found, h)
		} else if v.wrong == nil {
			v.wrong = &HeadError{Head: h, Why: fmt.Sprintf("entry %d of this journal bears another seal, %x", h.Seq, v.at.Seal[:])}
		}
	}
}

// held says that all up to here was held against a stored seal.
func (v *prover) held() { v.since, v.from = v.at.Seq+1, nil }
