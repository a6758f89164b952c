package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"linemark/internal/code"
)

// Word is a person's word that the PC on which a ledger lived is dead: it will print nothing any
// more, and send nothing.
type Word struct {
	Reason string // who says so, and how he knows
	// Prefixes are those of the transport codes that the configuration has printed. The copy may not know one
	// that the old PC has used since.
	Prefixes []string
	// Serials are the next serial numbers of transport codes, by prefix, where a person has read them
	// off the last label. For the others see Skipped.
	Serials map[string]int64
}

// Takeover says what BeginTakeover has set aside.
type Takeover struct {
	PC        string    // the old one's name
	Since     time.Time // the copy's moment: what happened after it is not in this ledger
	Codes     int       // taken out of stock, now in doubt
	Recovered           // what the copy had left open
	Skipped   []Skipped
	Unbuilt   int // reports that were half made: their codes are due anew
}

// Skipped are serial numbers of transport codes that are not given out, since the old PC may have
// printed them.
type Skipped struct {
	Prefix   string
	From, To int64 // both are skipped
}

// A PC may have printed this many transport codes of a prefix a second since the copy was made: more
// than any case packer makes. Not less than a few are skipped, for the clocks may differ.
const (
	serialsPerSecond = 2
	leastSkipped     = 1000
	lastSerial       = 9_999_999 // seven digits
)

// causeTaken is the journal's cause of a code that a takeover has taken out of stock.
func causeTaken(pc string, since time.Time) string {
	return fmt.Sprintf("may have been printed by the old PC %q after the copy of %s", pc, since.UTC().Format(time.RFC3339))
}

// BeginTakeover takes the place of a ledger of which this one is a copy, on a person's word; on the
// same word it takes one over that does not know of itself that it is a copy. Whatever the copy has in
// stock may be printed by the old PC: it becomes doubtful, as codes are that were recovered from the
// server, so that a scan makes a code verified and ReleaseOrder and ReleaseFrom return codes to the
// stock. Codes that come on labels stay: no printer ever gets them. Serial numbers of transport codes
// that the old PC may have used are skipped.
//
// Reports that were under way are in doubt; those that bear no id of their own wait for a person. One
// that was half made is taken apart: the old PC has made others under its id.
//
// The ledger then takes changes, in this process alone, so that it can be compared with the server;
// until EndTakeover it stays a copy on disk. When it ends in between it is begun again, and goes on.
func (l *Ledger) BeginTakeover(ctx context.Context, w Word) (Takeover, error) {
	var v Takeover
	if w.Reason == "" {
		return v, errors.New("a takeover needs a reason: who says that the old PC is dead, and how he knows")
	}
	row, err := l.declare(ctx, w)
	if err != nil {
		return v, err
	}
	v.PC, v.Since = row.place.PC.Name, row.copied.at
	if v.Recovered, err = l.Recover(ctx); err != nil {
		return v, err
	}
	if v.Codes, err = l.outOfStock(ctx, causeTaken(v.PC, v.Since)); err != nil {
		return v, err
	}
	if row.taking == "" {
		if err := l.take(ctx, w, row, &v); err != nil {
			return v, err
		}
	}
	l.w.mu.Lock()
	l.w.taking = true
	l.w.mu.Unlock()
	v.Unbuilt, err = l.takeApart(ctx)
	return v, err
}

// declare writes the word down and returns what the ledger knows of its home. What was begun at another
// place counts for nothing here.
func (l *Ledger) declare(ctx context.Context, w Word) (homeRow, error) {
	var row homeRow
	var found *CopyError
	err := l.always(ctx, func(t *tx) (err error) {
		if row, err = t.homeRow(); err != nil {
			return err
		}
		here, err := placeText(l.home)
		if err != nil {
			return err
		}
		if row.copied.at.IsZero() {
			if row.copied, err = t.found("a person says so", false); err != nil {
				return err
			}
			row.copied.by = byWord
		}
		if !row.takenAt(l.home) {
			here = ""
		}
		row.taking = here
		if _, err := t.event(PlaceAgent, fmt.Sprintf("PC %q is declared dead, its ledger is taken over: %s", row.place.PC.Name, w.Reason)); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE home SET copied_by = ?, taking = ?", row.copied.by, row.taking); err != nil {
			return err
		}
		found, err = t.copyError(row, l.home)
		return err
	})
	if err != nil {
		return row, err
	}
	l.w.mu.Lock()
	l.w.copy = found
	l.w.mu.Unlock()
	return row, nil
}

// outOfStock puts everything in stock that a printer could get into doubt, in commits of their own.
func (l *Ledger) outOfStock(ctx context.Context, cause string) (total int, err error) {
	for {
		n := 0
		err := l.always(ctx, func(t *tx) error {
			rows, err := t.query(fmt.Sprintf("SELECT %s FROM code WHERE state = 0 AND product IN (SELECT id FROM product WHERE preprinted = 0) ORDER BY id LIMIT %d", heldColumns, slice))
			found, err := collect(rows, err, scanHeld)
			if err != nil {
				return err
			}
			for _, h := range found {
				if err := t.move(h, Doubtful, NoEvidence, "recover", cause); err != nil {
					return err
				}
				if _, err := t.exec("UPDATE code SET claim = ?, lot = NULL WHERE id = ?", recovered, h.id); err != nil {
					return err
				}
			}
			n = len(found)
			return nil
		})
		if total += n; err != nil || n < slice {
			return total, err
		}
	}
}

// take sets the reports and the serial numbers aside, once at each place.
func (l *Ledger) take(ctx context.Context, w Word, row homeRow, v *Takeover) error {
	here, err := placeText(l.home)
	if err != nil {
		return err
	}
	return l.always(ctx, func(t *tx) error {
		const reason = "the old PC may have sent it"
		if _, err := t.exec("UPDATE report SET doubted = 1, changed_at = ? WHERE state = 'accepted'", t.at); err != nil {
			return err
		}
		for kinds, state := range map[string]ReportStatus{"kind = 'utilisation'": InDoubt, "kind <> 'utilisation'": Unclear} {
			if _, err := t.exec("UPDATE report SET state = ?, doubted = 1, reason = ?, changed_at = ? WHERE state IN ('frozen', 'sending', 'doubt') AND "+kinds, string(state), reason, t.at); err != nil {
				return err
			}
		}
		if v.Skipped, err = t.skipSerials(w, time.UnixMicro(t.at).Sub(row.copied.at)); err != nil {
			return err
		}
		_, err := t.exec("UPDATE home SET taking = ?", here)
		return err
	})
}

// SerialsError says that too few serial numbers of a prefix are left to skip all that the old PC may
// have used, or that their number is not known.
type SerialsError struct {
	Prefix string
	Next   int64 // the copy's
	Need   int64 // how many would be skipped
	// Behind is how far this PC's clock is behind the copy: it says nothing of the time since then. 0: it is not.
	Behind time.Duration
}

func (e *SerialsError) Error() string {
	if e.Behind > 0 {
		return fmt.Sprintf("this PC's clock is %s behind the copy, so nobody knows how many serial numbers of transport codes %s the old PC may have used since: set the clock, or tell the last one that it has used", e.Behind.Round(time.Minute), e.Prefix)
	}
	return fmt.Sprintf("the old PC may have used %d more serial numbers of transport codes %s since the copy, whose next one is %d: the last one that it has used must be told", e.Need, e.Prefix, e.Next)
}

func (t *tx) skipSerials(w Word, elapsed time.Duration) ([]Skipped, error) {
	rows, err := t.query("SELECT prefix, next FROM sscc ORDER BY prefix")
	all, err := collect(rows, err, func(s scanner) (k Skipped, err error) {
		err = s.Scan(&k.Prefix, &k.From)
		return k, err
	})
	if err != nil {
		return nil, err
	}
	for _, prefix := range slices.Sorted(maps.Keys(w.Serials)) {
		all = withPrefix(all, prefix)
	}
	for _, prefix := range w.Prefixes {
		all = withPrefix(all, prefix)
	}
	var skipped []Skipped
	for _, k := range all {
		next, told := w.Serials[k.Prefix]
		if !told {
			if behind := -elapsed; behind > leastSkipped/serialsPerSecond*time.Second {
				return nil, &SerialsError{Prefix: k.Prefix, Next: k.From, Behind: behind}
			}
			next = k.From + max(leastSkipped, int64(elapsed.Seconds())*serialsPerSecond)
			if next > lastSerial {
				return nil, &SerialsError{Prefix: k.Prefix, Next: k.From, Need: next - k.From}
			}
		}
		if next <= k.From {
			continue
		}
		k.To = next - 1
		skipped = append(skipped, k)
		if _, err := t.exec("INSERT INTO sscc (prefix, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next", k.Prefix, next); err != nil {
			return nil, err
		}
		if _, err := t.event("recover", fmt.Sprintf("serial numbers %d to %d of transport codes %s are skipped: the old PC may have used them", k.From, k.To, k.Prefix)); err != nil {
			return nil, err
		}
	}
	return skipped, nil
}

// withPrefix adds a prefix of which no serial number was given out yet.
func withPrefix(all []Skipped, prefix string) []Skipped {
	if slices.ContainsFunc(all, func(k Skipped) bool { return k.Prefix == prefix }) {
		return all
	}
	return append(all, Skipped{Prefix: prefix, From: 1})
}

// takeApart gives the codes of half made reports back, with what a division has left in the report that
// was divided: all of it is due anew.
func (l *Ledger) takeApart(ctx context.Context) (int, error) {
	half, err := l.reports(ctx, "WHERE state = 'building' AND kind = 'utilisation'")
	if err != nil {
		return 0, err
	}
	for _, r := range half {
		if r.Parent != 0 {
			if err := l.takeOver(ctx, r.Parent, 0); err != nil {
				return 0, err
			}
		}
		if err := l.unbuild(ctx, r); err != nil {
			return 0, err
		}
	}
	return len(half), nil
}

// HoldUtilisation is BuildUtilisation for codes that the old PC may have reported under an id of its
// own: the report waits for a person, and nothing of it is sent before.
func (l *Ledger) HoldUtilisation(ctx context.Context, d Due, limit int, build func(Report, []code.Code) ([]byte, error)) (Report, error) {
	return l.buildUtilisation(ctx, d, limit, true, build)
}

// HoldAggregation is BuildAggregation as HoldUtilisation is BuildUtilisation.
func (l *Ledger) HoldAggregation(ctx context.Context, d DueContainers, needsUtilisation bool, limit int, build func(Report, []AggregationUnit) ([]byte, error)) (Report, error) {
	return l.buildAggregation(ctx, d, needsUtilisation, limit, true, build)
}

// HoldDropout is BuildDropout as HoldUtilisation is BuildUtilisation.
func (l *Ledger) HoldDropout(ctx context.Context, d DueDropout, needsUtilisation bool, limit int, build func(Report, Drop, []code.Code) ([]byte, error)) (Report, error) {
	return l.buildDropout(ctx, d, needsUtilisation, limit, true, build)
}

// causeHeld is why a report waits that a takeover has made.
const causeHeld = "the old PC may have reported these codes under another id: look into the cabinet; linemark reports retry sends it, resolve --as sent settles it"

// EndTakeover makes this place the ledger's home. What the server knows of its orders and blocks must
// be in the ledger by now.
func (l *Ledger) EndTakeover(ctx context.Context) error {
	place, err := placeText(l.home)
	if err != nil {
		return err
	}
	err = l.do(ctx, func(t *tx) error {
		res, err := t.exec("UPDATE home SET place = ?, since = ?, copied_at = 0, copied_by = '', copied_why = '', copied_seq = 0, taking = '' WHERE taking = ?", place, t.at, place)
		if err := oneRow(res, err, "no takeover has begun here"); err != nil {
			return err
		}
		_, err = t.event(PlaceAgent, fmt.Sprintf("the ledger was compared with the server and is at home on PC %q from now on", l.home.PC.Name))
		return err
	})
	if err != nil {
		return err
	}
	l.w.mu.Lock()
	l.w.copy, l.w.taking = nil, false
	l.w.mu.Unlock()
	return nil
}

// Origin is whose ledger it is.
type Origin struct{ PC, Agent string }

// Origin says whose ledger it is: that of the PC at which it is, or was, at home, and of the agent that
// wrote its newest entry.
func (l *Ledger) Origin(ctx context.Context) (o Origin, err error) {
	r, err := scanHome(l.reads.QueryRowContext(ctx, homeColumns))
	if err != nil {
		return o, fmt.Errorf("reading where the ledger lives: %w", err)
	}
	o.PC = r.place.PC.Name
	_, o.Agent, _, err = l.lastEntry(ctx)
	return o, err
}

// OrderInDoubt counts the codes of an order that a recovery or a takeover has put into doubt.
type OrderInDoubt struct {
	Product string
	Order   string // the server's id; empty: its codes were imported
	Codes   int
}

// InDoubtByOrder returns the orders that have such codes.
func (l *Ledger) InDoubtByOrder(ctx context.Context) ([]OrderInDoubt, error) {
	rows, err := l.reads.QueryContext(ctx, `SELECT p.name, o.server_id, COUNT(*) FROM code c JOIN block b ON b.id = c.block JOIN orders o ON o.id = b.orders JOIN product p ON p.id = c.product
		WHERE c.state = 5 AND c.claim = ? GROUP BY o.id ORDER BY o.id`, recovered)
	found, err := collect(rows, err, func(s scanner) (o OrderInDoubt, err error) {
		err = s.Scan(&o.Product, &o.Order, &o.Codes)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("counting codes in doubt: %w", err)
	}
	return found, nil
}
