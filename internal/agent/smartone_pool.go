package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/retry"
	"linemark/internal/upstream/smartone"
)

// pageCodes is how many codes one request reads.
const pageCodes = 10_000

// poolOf names the codes of one product in one batch.
type poolOf struct {
	batch   int64
	product ledger.ProductID
}

// pool is as much of them as was read: a batch is for packages of several levels, and the codes of the
// product's own are counted here, in the system's order. Reading takes nothing away there.
type pool struct {
	codes  []code.Code
	offset int            // codes of all levels that were read
	whole  bool           // there are no more
	total  int            // codes of all levels, where the system says so; 0: it does not
	levels map[string]int // codes read, by their level
}

// pools reads batches, each page once in a run.
type pools struct {
	read func(ctx context.Context, q smartone.BatchQuery) (smartone.Batch, error)

	mu      sync.Mutex
	all     map[poolOf]*pool
	refused map[int64]string // batches that the system gives no codes of, and why
}

// codesOf reads until a batch's pool holds n codes of the product, or all there are. One batch of a product is
// kept at a time.
func (s *pools) codesOf(ctx context.Context, of poolOf, p config.Product, n int) ([]code.Code, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.all[of]
	if got == nil {
		maps.DeleteFunc(s.all, func(other poolOf, _ *pool) bool { return other.product == of.product })
		got = &pool{levels: map[string]int{}}
		s.all[of] = got
	}
	for len(got.codes) < n && !got.whole {
		if err := s.page(ctx, of.batch, got, p); err != nil {
			return nil, err
		}
	}
	if got.whole && len(got.codes) == 0 {
		return nil, fmt.Errorf("batch %d has no codes of unit %s: it has %s", of.batch, unitOf(p), levelsOf(got.levels))
	}
	return got.codes, nil
}

func (s *pools) page(ctx context.Context, batch int64, into *pool, p config.Product) error {
	b, err := s.read(ctx, smartone.BatchQuery{Batch: batch, Offset: into.offset, Count: pageCodes})
	if err != nil {
		if retry.Refused(err) {
			s.refused[batch] = err.Error()
		}
		return fmt.Errorf("batch %d: %w", batch, err)
	}
	delete(s.refused, batch)
	var codes []code.Code
	for _, c := range b.Codes {
		level := nameOf(c.Unit.Ext, int(c.Unit.System))
		ours, known := ofUnit(c.Unit, p)
		if !known {
			return fmt.Errorf("batch %d: the system names the package of its codes as %s, the configuration as %s: give product %q the other of unit and unit_id", batch, level, unitOf(p), p.Name)
		}
		if into.levels[level]++; ours {
			codes = append(codes, c.Code)
		}
	}
	if b.Total > len(b.Codes) {
		into.total = b.Total
	}
	into.codes = append(into.codes, codes...)
	into.offset += len(b.Codes)
	into.whole = len(b.Codes) < pageCodes || into.offset == into.total
	return nil
}

// why says why a batch gives no codes; empty: it does.
func (s *pools) why(batch int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
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

func levelsOf(levels map[string]int) string {
	var all []string
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		all = append(all, fmt.Sprintf("%d of %s", levels[level], level))
	}
	if len(all) == 0 {
		return "none at all"
	}
	return strings.Join(all, ", ")
}
