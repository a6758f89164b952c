package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/retry"
	"linemark/internal/upstream/smartone"
)

// pageCodes is how many codes one request reads.
const pageCodes = 10_000

// endHolds is how long the end of a batch is believed, and emptyHolds that it has no codes at all: they may be
// made a little later.
const (
	endHolds   = 10 * time.Minute
	emptyHolds = time.Minute
)

// pool is as much of a batch as was read, in the system's order: codes for packages of all levels. Reading
// takes nothing away there.
type pool struct {
	codes []smartone.BatchCode
	ended time.Time // when the system had no more; zero: it has
	total int       // the most that the system has named; 0: it names none
	of    map[ledger.ProductID]*part
}

// whole says whether there are no more.
func (p *pool) whole() bool { return holds(p.ended, len(p.codes)) }

func holds(ended time.Time, codes int) bool {
	most := endHolds
	if codes == 0 {
		most = emptyHolds
	}
	return !ended.IsZero() && time.Since(ended) < most
}

// end is where a batch had no more codes for a product.
type end struct {
	codes int // of the product
	of    int // in all
	at    time.Time
	why   error // it has none for the product
}

// errNoCodes is the fault of a batch that has codes for other packages alone, or none at all.
var errNoCodes = errors.New("has no codes")

// place is a product in a batch.
type place struct {
	batch   int64
	product ledger.ProductID
}

// part is what of a pool is a product's: the codes for its package.
type part struct {
	codes []code.Code
	seen  int // of the pool's codes
}

// pools reads batches, each page once in a run.
type pools struct {
	read func(ctx context.Context, q smartone.BatchQuery) (smartone.Batch, error)

	turn    chan struct{} // full: somebody reads, which may take a while
	all     map[int64]*pool
	in      map[ledger.ProductID]int64 // the batch that a product is at: others are not kept
	refused map[int64]string           // batches that the system gives no codes of, and why
	ends    map[place]end              // of what was read to its end
}

func newPools(read func(ctx context.Context, q smartone.BatchQuery) (smartone.Batch, error)) pools {
	return pools{turn: make(chan struct{}, 1), read: read, all: map[int64]*pool{}, in: map[ledger.ProductID]int64{}, refused: map[int64]string{}, ends: map[place]end{}}
}

func (s *pools) lock(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *pools) unlock() { <-s.turn }

// codesOf reads until a batch's pool holds n codes of the product, or all there are.
func (s *pools) codesOf(ctx context.Context, batch int64, id ledger.ProductID, p config.Product, n int) ([]code.Code, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	got := s.at(batch, id)
	mine := got.of[id]
	for {
		if err := mine.look(batch, got.codes, p); err != nil {
			return nil, err
		}
		if len(mine.codes) >= n || got.whole() {
			break
		}
		if err := s.page(ctx, batch, got); err != nil {
			return nil, err
		}
	}
	if got.whole() {
		e := end{codes: len(mine.codes), of: len(got.codes), at: got.ended}
		if e.codes == 0 {
			e.why = fmt.Errorf("batch %d %w of unit %s: it has %s", batch, errNoCodes, unitOf(p), levelsOf(got.codes))
		}
		s.ends[place{batch, id}] = e
		if n > 0 && e.why != nil {
			return nil, e.why
		}
	}
	s.in[id] = batch
	maps.DeleteFunc(s.all, func(other int64, _ *pool) bool {
		return !slices.Contains(slices.Collect(maps.Values(s.in)), other)
	})
	return mine.codes, nil
}

// usedUp says whether a batch was read to its end and holds no more than n codes of a product; fresh is false where
// that was so long ago that more may have come.
func (s *pools) usedUp(ctx context.Context, batch int64, id ledger.ProductID, n int) (e end, used, fresh bool) {
	if s.lock(ctx) != nil {
		return end{}, false, false
	}
	defer s.unlock()
	e, ok := s.ends[place{batch, id}]
	return e, ok && e.codes <= n, holds(e.at, e.of)
}

// at is the pool of a batch. The caller has the lock.
func (s *pools) at(batch int64, id ledger.ProductID) *pool {
	got := s.all[batch]
	if got == nil {
		got = &pool{of: map[ledger.ProductID]*part{}}
		s.all[batch] = got
	}
	if got.of[id] == nil {
		got.of[id] = &part{}
	}
	return got
}

func (s *pools) page(ctx context.Context, batch int64, into *pool) error {
	b, err := s.read(ctx, smartone.BatchQuery{Batch: batch, Offset: len(into.codes), Count: pageCodes})
	if err != nil {
		if retry.Refused(err) {
			s.refused[batch] = err.Error()
		}
		return fmt.Errorf("batch %d: %w", batch, err)
	}
	delete(s.refused, batch)
	if len(into.codes) > 0 && len(b.Codes) > 0 && into.codes[0].Code == b.Codes[0].Code {
		return fmt.Errorf("batch %d: the system was asked for what is behind its first %d codes, and gives the first ones again: tell its support that get_batch_codes takes no offset", batch, len(into.codes))
	}
	if b.Total > len(b.Codes) { // of all there are, or of all that are behind: never of this page alone
		into.total = max(into.total, b.Total)
	}
	into.codes = append(into.codes, b.Codes...)
	switch more := into.total > len(into.codes); {
	case len(b.Codes) == 0, len(b.Codes) < pageCodes && !more, len(into.codes) == into.total:
		into.ended = time.Now()
	default: // also a page that is shorter than was asked for, where the system says that there are more
		into.ended = time.Time{}
	}
	return nil
}

// look takes what is the product's out of the codes that came since the last look.
func (m *part) look(batch int64, all []smartone.BatchCode, p config.Product) error {
	for ; m.seen < len(all); m.seen++ {
		c := all[m.seen]
		ours, known := ofUnit(c.Unit, p)
		if !known {
			return fmt.Errorf("batch %d: the system names the package of its codes as %s, the configuration as %s: give product %q the other of unit and unit_id",
				batch, nameOf(c.Unit.Ext, int(c.Unit.System)), unitOf(p), p.Name)
		}
		if ours {
			m.codes = append(m.codes, c.Code)
		}
	}
	return nil
}

// why says why a batch gives no codes; empty: it does.
func (s *pools) why(ctx context.Context, batch int64) string {
	if s.lock(ctx) != nil {
		return ""
	}
	defer s.unlock()
	return s.refused[batch]
}

// ofUnit says whether a code's package is the product's; known is false where the two are named by
// different kinds of ids.
func ofUnit(u smartone.ID, p config.Product) (ours, known bool) {
	if p.Unit != "" {
		return u.Ext == p.Unit, u.Ext != ""
	}
	return u.System == int64(p.UnitID), u.System != 0
}

func unitOf(p config.Product) string { return nameOf(p.Unit, p.UnitID) }

// nameOf writes whichever of the two ids is known.
func nameOf(ext string, id int) string {
	switch {
	case ext != "" && id != 0:
		return fmt.Sprintf("%q (%d)", ext, id)
	case ext != "":
		return fmt.Sprintf("%q", ext)
	case id != 0:
		return fmt.Sprint(id)
	}
	return "no id"
}

// levelsOf counts codes by the packages that they are for.
func levelsOf(codes []smartone.BatchCode) string {
	levels := map[string]int{}
	for _, c := range codes {
		levels[nameOf(c.Unit.Ext, int(c.Unit.System))]++
	}
	var all []string
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		all = append(all, fmt.Sprintf("%d of %s", levels[level], level))
	}
	if len(all) == 0 {
		return "none at all"
	}
	return strings.Join(all, ", ")
}
