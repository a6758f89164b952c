package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/retry"
	"linemark/internal/upstream/smartone"
)

// pageCodes is how many codes one request reads.
const pageCodes = 10_000

// pool is as much of a batch as was read, in the system's order: codes for packages of all levels. Reading
// takes nothing away there.
type pool struct {
	codes []smartone.BatchCode
	whole bool // there are no more
	total int  // where the system says so; 0: it does not
	of    map[ledger.ProductID]*part
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
		if len(mine.codes) >= n || got.whole {
			break
		}
		if err := s.page(ctx, batch, got); err != nil {
			return nil, err
		}
	}
	if len(mine.codes) == 0 && n > 0 {
		return nil, fmt.Errorf("batch %d has no codes of unit %s: it has %s", batch, unitOf(p), levelsOf(got.codes))
	}
	return mine.codes, nil
}

// at is the pool of a batch. The caller has the lock.
func (s *pools) at(batch int64, id ledger.ProductID) *pool {
	s.in[id] = batch
	maps.DeleteFunc(s.all, func(other int64, _ *pool) bool {
		return !slices.Contains(slices.Collect(maps.Values(s.in)), other)
	})
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
	if b.Total > len(b.Codes) {
		into.total = b.Total
	}
	into.codes = append(into.codes, b.Codes...)
	into.whole = len(b.Codes) < pageCodes || len(into.codes) == into.total
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
