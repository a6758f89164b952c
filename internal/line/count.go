package line

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/internal/ledger"
)

// counting keeps a line's account.
type counting struct {
	cmu     sync.Mutex // guards what follows
	account *Account   // nil before Run
	batch   string     // that runs
	passed  int        // products counted by the PLC
	gaps    int
	plcs    map[string]bool // which can be read now
}

// lookEvery is how often the counts are held against each other.
const lookEvery = time.Second

// CountProducts tells that the PLC has counted n more products.
func (l *Line) CountProducts(n int) {
	l.cmu.Lock()
	defer l.cmu.Unlock()
	l.passed += n
}

// CountsLost tells that the PLC's counters jumped: what passed meanwhile is not known.
func (l *Line) CountsLost() {
	l.cmu.Lock()
	defer l.cmu.Unlock()
	l.gaps++
}

// CountsUp tells whether the counters of a PLC of the line can be read.
func (l *Line) CountsUp(plc string, up bool) {
	l.cmu.Lock()
	defer l.cmu.Unlock()
	if l.plcs == nil {
		l.plcs = map[string]bool{}
	}
	if l.plcs[plc] && !up {
		l.gaps++
	}
	l.plcs[plc] = up
}

func (l *Line) countBatch(b ledger.Batch) {
	l.cmu.Lock()
	defer l.cmu.Unlock()
	if l.batch = ""; b.Running() {
		l.batch = b.Name
	}
}

// count looks at the counts until ctx ends.
func (l *Line) count(ctx context.Context) {
	l.cmu.Lock()
	l.account = NewAccount(l.accountConfig(), time.Now())
	l.cmu.Unlock()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, t := range l.look(time.Now()) {
			if t.Station == "" {
				l.cfg.Log.Info(t.Text, "line", l.cfg.Name)
				continue
			}
			l.cfg.Alarm(l.cfg.Name+"/"+t.Station, t.Text)
		}
	}
}

func (l *Line) look(now time.Time) []Told {
	l.cmu.Lock()
	defer l.cmu.Unlock()
	return l.account.Look(now, l.moment())
}

// Counted returns the sums of the running hour, the hour before, and the batch that runs or was the
// last; the latter two may be nil. ok is false while the line does not run.
func (l *Line) Counted() (hour Sums, before, batch *Sums, ok bool) {
	l.cmu.Lock()
	defer l.cmu.Unlock()
	if l.account == nil {
		return Sums{}, nil, nil, false
	}
	hour, before, batch = l.account.Sums(l.moment())
	return hour, before, batch, true
}

// CountLimit returns how many products may lie between two neighbours; 0: that is not watched.
func (l *Line) CountLimit() int { return l.cfg.CountLimit }

// onBelt says whether every unit that passes the station is read there.
func (s StationConfig) onBelt() bool {
	return s.Kind == KindPack && s.Of == "" && (s.Mode == "" || s.Mode == ModeStream)
}

func (l *Line) accountConfig() AccountConfig {
	c := AccountConfig{Limit: l.cfg.CountLimit, Products: l.cfg.CountsProducts}
	names := func(fit func(StationConfig) bool) string {
		var all []string
		for _, s := range l.cfg.Stations {
			if fit(s) {
				all = append(all, s.Name)
			}
		}
		return strings.Join(all, "+")
	}
	c.Printers = names(func(s StationConfig) bool { return s.Kind == KindPrint })
	c.Checks = names(func(s StationConfig) bool { return s.Kind == KindVerify })
	c.Packers = names(StationConfig.onBelt)
	c.Thrown = !slices.ContainsFunc(l.cfg.Stations, func(s StationConfig) bool { return s.Kind == KindVerify && s.Within == 0 })
	for _, s := range l.cfg.Stations {
		if s.Kind == KindPrint {
			c.Ahead += s.Ahead
		}
	}
	return c
}

func (l *Line) moment() Moment {
	m := Moment{PLCGaps: l.gaps, PLCUp: !slices.Contains(slices.Collect(maps.Values(l.plcs)), false), Batch: l.batch}
	m.Products = l.passed
	for i, s := range l.Status() {
		n := s.Count
		switch s.Kind {
		case KindPrint:
			m.Printed += n["printed"]
			m.Unsure += n["doubtful"]
		case KindVerify:
			m.Read += n["read"]
			m.Verified += n["verified"]
			m.Rejected += n["rejected"]
			m.Thrown += n["rejects_counted"]
		case KindPack:
			if l.cfg.Stations[i].onBelt() {
				m.Packing += n["read"]
			}
			if l.cfg.Stations[i].Of == "" {
				m.Packed += n["packed"]
			}
		case KindDrop:
			m.Dropped += n["codes"]
			m.Taken += n["were_verified"]
		case KindRework:
			m.Reworked += n["verified"]
			m.Ready += n["ready"]
		}
	}
	return m
}
