package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"linemark/internal/code"
)

// JournalQuery says which entries of the journal are wanted. What is empty keeps none out.
type JournalQuery struct {
	From, To   time.Time // not before From, and before To; see clockSlack
	Place      string    // this place, or the line of that name with all its stations
	Text       string    // stands in the cause, in letters of either case
	OnlyPeople bool      // what somebody has asked for
	Code       code.Code // of this code's life: its full text or its identification code
	Before     int64     // older than the entry of this number; 0: from the newest on
	Limit      int       // how many at most; 0: 100, and never more than 1,000
}

// JournalEntry is an entry of the journal for who looks at all of it.
type JournalEntry struct {
	Entry
	Code  code.Code // the identification code that it is of; empty: of no single code
	Codes int       // how many codes it is of where these are many, such as those of a block; 0: not said
}

// JournalPage is a piece of the journal.
type JournalPage struct {
	Entries []JournalEntry // newest first
	// More is Before of the query for what follows; 0: nothing does. It may be there with no entry: a query ends
	// when it has gone over mostWalked entries.
	More int64
}

// mostWalked is how many entries one query goes over: some tenths of a second.
const mostWalked = 200_000

// limit is how many rows a query returns that asks for n.
func limit(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 1000)
}

// clockSlack is by how much the clock may have been set back: entries are found by their time although they do not
// rise with it. Where it was set back by more, a query by time may miss entries beside that moment.
const clockSlack = 5 * time.Minute

// Journal returns entries of the journal, newest first. ErrNotFound means that the code of the query is not known.
func (l *Ledger) Journal(ctx context.Context, q JournalQuery) (page JournalPage, err error) {
	q.Limit = limit(q.Limit)
	if q.Code != "" {
		page, err = l.journalOfCode(ctx, q)
	} else {
		page, err = l.walkJournal(ctx, q, mostWalked)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("reading the journal: %w", err)
	}
	return page, err
}

// journalOfCode finds the entries by the code's own chain, also in an archive.
func (l *Ledger) journalOfCode(ctx context.Context, q JournalQuery) (page JournalPage, err error) {
	life, err := l.Trace(ctx, q.Code)
	if err != nil {
		return page, err
	}
	for i := len(life.Journal) - 1; i >= 0; i-- {
		e := JournalEntry{Entry: life.Journal[i]}
		if q.Before > 0 && e.Seq >= q.Before || !q.takes(e.Entry) {
			continue
		}
		if page.full(q) {
			break
		}
		if e.Codes = manyCodes(e.Entry); e.HasStates {
			e.Code = life.Ident
		}
		page.Entries = append(page.Entries, e)
	}
	return page, nil
}

// full says that a page has all that was asked for, and where the rest begins.
func (p *JournalPage) full(q JournalQuery) bool {
	if len(p.Entries) < q.Limit {
		return false
	}
	p.More = p.Entries[len(p.Entries)-1].Seq
	return true
}

// walkJournal goes backwards over as many as most numbers of the journal.
func (l *Ledger) walkJournal(ctx context.Context, q JournalQuery, most int64) (page JournalPage, err error) {
	from, before, err := l.journalBounds(ctx, q)
	if err != nil {
		return page, err
	}
	newest, _, err := l.entryUpTo(ctx, before-1) // steps over what has left for an archive
	if err != nil || newest < from {             // none has the number 0
		return page, err
	}
	floor := max(from, newest+1-most)
	query, args := q.walk(floor, newest)
	rows, err := l.reads.QueryContext(ctx, query, args...)
	if err != nil {
		return page, err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanJournal(rows)
		if err != nil {
			return page, err
		}
		if !q.takes(e.Entry) {
			continue
		}
		if page.full(q) {
			return page, nil
		}
		page.Entries = append(page.Entries, e)
	}
	if floor > from {
		page.More = floor
	}
	return page, rows.Err()
}

func scanJournal(s scanner) (e JournalEntry, err error) {
	var at int64
	var was, now sql.NullInt64
	var ident []byte
	if err := s.Scan(&e.Seq, &at, &e.Agent, &e.Place, &was, &now, &e.Cause, &ident); err != nil {
		return e, err
	}
	e.At, e.Was, e.Now, e.HasStates = time.UnixMicro(at).UTC(), State(was.Int64), State(now.Int64), now.Valid
	e.Code, e.Codes = code.Code(ident), manyCodes(e.Entry)
	return e, nil
}

// entryUpTo returns the newest entry that has this number or a lower one; 0 if there is none.
func (l *Ledger) entryUpTo(ctx context.Context, number int64) (seq, at int64, err error) {
	err = l.reads.QueryRowContext(ctx, "SELECT seq, at FROM journal WHERE seq <= ? ORDER BY seq DESC LIMIT 1", number).Scan(&seq, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return seq, at, err
}

// journalBounds returns the numbers between which the entries of a query are: not below from, and below before.
func (l *Ledger) journalBounds(ctx context.Context, q JournalQuery) (from, before int64, err error) {
	newest, _, err := l.entryUpTo(ctx, math.MaxInt64)
	if err != nil {
		return 0, 0, err
	}
	from, before = 1, newest+1
	if !q.To.IsZero() {
		if before, err = l.firstSince(ctx, q.To.Add(clockSlack), before); err != nil {
			return 0, 0, err
		}
	}
	if !q.From.IsZero() {
		if from, err = l.firstSince(ctx, q.From.Add(-clockSlack), before); err != nil {
			return 0, 0, err
		}
	}
	if q.Before > 0 {
		before = min(before, q.Before)
	}
	return from, before, nil
}

// firstSince returns the number from which on the entries below end are of a moment or later. It steps back from end,
// twice as far each time, and halves what lies between the last two steps: a year in which the clock was wrong long
// ago does not mislead who asks for today.
func (l *Ledger) firstSince(ctx context.Context, moment time.Time, end int64) (int64, error) {
	since, low := moment.UnixMicro(), end-1
	for step := int64(1); ; step *= 2 {
		seq, at, err := l.entryUpTo(ctx, low)
		if err != nil {
			return 0, err
		}
		if seq == 0 || at < since {
			break
		}
		end, low = seq, max(seq-step, 0)
	}
	for end-low > 1 { // what is at low or just below is older, what is at end is not
		middle := low + (end-low)/2
		seq, at, err := l.entryUpTo(ctx, middle)
		if err != nil {
			return 0, err
		}
		if seq <= low || at < since {
			low = middle
		} else {
			end = seq
		}
	}
	return end, nil
}
