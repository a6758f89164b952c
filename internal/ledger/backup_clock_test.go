package ledger

import (
	"slices"
	"testing"
	"time"
)

// Backups that were made while the clock was years ahead go before any other: they are the oldest.
func TestBackupsOfAClockAhead(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 3)
	dir := t.TempDir()
	made := func(year int) string {
		return must(MakeBackup(p.ctx, p.dir, BackupOptions{Dir: dir, Agent: "line-3", Keep: 2, NoConfig: "none", Now: func() time.Time { return time.Date(year, 3, 1, 6, 0, 0, 0, time.UTC) }})).Path
	}
	made(2040)
	made(2041)
	want := []string{made(2026), made(2027)}
	var got []string
	for _, b := range must(Backups(dir, "line-3")) {
		got = append(got, b.Path)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
