package agent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// TestBackupWithoutItsArchives: a backup that lacks an archive is no whole one, and people know of it for as
// long as it is so; when the archive is there again it is copied, and no other backup is made for it.
func TestBackupWithoutItsArchives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, to := t.TempDir(), t.TempDir()
		cfg := configIn(t, dir, siteConfig)
		cfg.Backup.To, cfg.Backup.Every, cfg.Backup.Keep = to, 24*time.Hour, 2
		l := archivedLedger(t, dir)
		archives, err := filepath.Glob(filepath.Join(dir, ledger.ArchiveDir, "*"))
		if err != nil || len(archives) != 1 {
			t.Fatalf("%v, %v", archives, err)
		}
		if err := os.Rename(archives[0], archives[0]+".away"); err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b := newBackups(cfg, Options{Log: slog.New(slog.DiscardHandler)}, func(string, string) {})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.run(ctx) }()
		time.Sleep(6 * time.Hour)
		all, err := ledger.Backups(to, "line-3")
		if st := b.Status(); err != nil || len(all) != 1 || !strings.Contains(st.Trouble, "keeping archive ") {
			t.Errorf("%v, %+v, %v", all, st, err)
		}
		text, err := os.ReadFile(strings.TrimSuffix(all[0].Path, ".ledger") + ".txt")
		if err != nil || !strings.Contains(string(text), "archives   are not all here: ") {
			t.Errorf("%s, %v", text, err)
		}
		if err := os.Rename(archives[0]+".away", archives[0]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		kept, err := filepath.Glob(filepath.Join(to, "linemark-line-3-archive", "*.gz"))
		if st := b.Status(); err != nil || len(kept) != 1 || st.Trouble != "" {
			t.Errorf("%v, %+v, %v", kept, st, err)
		}
		if again, err := ledger.Backups(to, "line-3"); err != nil || len(again) != 1 {
			t.Errorf("%v, %v", again, err)
		}
		cancel()
		<-ended
	})
}

// archivedLedger is a ledger of which one code has left for an archive.
func archivedLedger(t *testing.T, dir string) *ledger.Ledger {
	t.Helper()
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := ledger.Open(t.Context(), dir, ledger.Options{Agent: "line-3"})
	try(err)
	p := ledger.Product{Name: "water-05", GTIN: "04780012345677", Group: "water", Type: code.Unit}
	id, err := l.Product(t.Context(), p)
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
	a, err := l.Archive(t.Context(), ledger.ArchiveOptions{Before: time.Now().Add(time.Hour), NeedsUtilisation: func(string) bool { return true }})
	if err != nil || a.Codes != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	return l
}
