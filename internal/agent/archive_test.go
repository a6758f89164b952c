package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// TestArchive: a batch that ended so many days ago leaves the ledger by itself, and not before; not by a
// clock that is wrong.
func TestArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := configIn(t, dir, siteConfig)
		cfg.Archive.AfterDays = 2
		var jumped atomic.Int64 // years
		clock := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
		began := time.Now()
		now := func() time.Time { return clock.AddDate(int(jumped.Load()), 0, 0).Add(time.Since(began)) }
		l, err := ledger.Open(t.Context(), dir, ledger.Options{Agent: "line-3", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p := ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}
		id, err := l.Product(t.Context(), p)
		try := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		try(err)
		profile, err := code.Table{}.Profile(p.Group, p.Type)
		try(err)
		_, err = l.Import(t.Context(), id, profile, "file", func(add func(code.Code) error) error {
			return errors.Join(add("0104780012345677210000000000001\x1d93dGVz"), add("0104780012345677210000000000002\x1d93dGVz"))
		})
		try(err)
		try(l.StartBatch(t.Context(), ledger.Batch{Line: "3", Name: "B1"}))
		lot, err := l.Lot(t.Context(), "3", id, "B1")
		try(err)
		claims, err := l.Claim(t.Context(), "3/mark", lot, 1)
		try(err)
		_, err = l.Verify(t.Context(), "3/check", lot, profile, []code.Code{claims[0].Code})
		try(err)
		dues, err := l.DueUtilisation(t.Context(), "VERIFIED")
		try(err)
		r, err := l.BuildUtilisation(t.Context(), dues[0], 10, func(ledger.Report, []code.Code) ([]byte, error) { return []byte("{}"), nil })
		try(err)
		try(l.MarkReport(t.Context(), r.ID, ledger.Sent, "", ""))
		_, err = l.EndBatch(t.Context(), "3")
		try(err)

		n, err := newIZKM(cfg, l, Options{Log: slog.New(slog.DiscardHandler), Now: now})
		try(err)
		n.answered = true // else the clock is not believed
		a := &Agent{cfg: cfg, ledger: l, system: n, national: n.national, log: slog.New(slog.DiscardHandler)}
		a.alarms.log = a.log
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.archive(ctx) }()
		left := func() int {
			b, err := l.Recount(t.Context())
			try(err)
			return b[0].Archived
		}
		time.Sleep(47 * time.Hour)
		if left() != 0 {
			t.Error("archived too early")
		}
		jumped.Store(-30) // the PC's battery is empty
		time.Sleep(24 * time.Hour)
		if left() != 0 {
			t.Error("archived by a clock that is wrong")
		}
		jumped.Store(0)
		time.Sleep(24 * time.Hour)
		if left() != 1 || len(a.alarms.list()) != 0 {
			t.Errorf("%d archived, alarms %v", left(), a.alarms.list())
		}
		cancel()
		<-ended
	})
}
