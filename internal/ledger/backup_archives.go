package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// archivesOf is the folder beside an agent's backups that has its archives: they never change, so each
// is copied once, and none is ever removed.
func archivesOf(dir, agent string) string {
	return filepath.Join(dir, strings.TrimSuffix(backupPrefix(agent), "-")+"-"+ArchiveDir)
}

// KeepArchives copies the archives of the ledger in folder dataDir that an agent's backups in folder to lack:
// of a backup that was interrupted, and archives that were not to be read when it was made.
func KeepArchives(ctx context.Context, dataDir, to, agent string) error {
	l, err := OpenReader(ctx, dataDir)
	if err != nil {
		return err
	}
	_, err = l.keepArchives(ctx, archivesOf(to, agent))
	return errors.Join(err, l.Close())
}

// keepArchives copies the archives that the ledger names and the folder lacks.
func (l *Ledger) keepArchives(ctx context.Context, to string) (n int, err error) {
	all, err := l.archives(ctx, "")
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		path := filepath.Join(to, a.name)
		if exists(path) {
			continue
		}
		if err := os.MkdirAll(to, 0o750); err != nil {
			return n, err
		}
		if err := errors.Join(copyWhole(ctx, l.archivePath(a.name), path, a.sum), ctx.Err()); err != nil {
			return n, fmt.Errorf("keeping archive %s: %w", a.name, err)
		}
		n++
	}
	return n, nil
}

// copyWhole copies a file, which has its name only when it is on the disk and bears the sum.
func copyWhole(ctx context.Context, from, to, sum string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := to + partial
	defer func() {
		if err != nil {
			err = errors.Join(err, removeAll(part))
		}
	}()
	out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := flush(part); err != nil {
		return err
	}
	got, _, err := checksum(part)
	if err == nil && got != sum {
		err = &DamagedError{What: fmt.Sprintf("%s is not the one that was written", from)}
	}
	if err := errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	return os.Rename(part, to)
}

// bringArchives copies the archives beside a backup into the data folder, those of them that it lacks.
// The sums stand in the restored ledger. lacking are those that neither has.
func bringArchives(ctx context.Context, backup, ledger, agent string) (n, lacking int, err error) {
	from := archivesOf(filepath.Dir(backup), agent)
	l, err := openFile(ctx, ledger)
	if err != nil {
		return 0, 0, err
	}
	defer l.Close()
	all, err := l.archives(ctx, "")
	if err != nil {
		return 0, 0, err
	}
	dir := filepath.Join(filepath.Dir(ledger), ArchiveDir)
	for _, a := range all {
		to := filepath.Join(dir, a.name)
		if exists(to) {
			continue
		}
		if !exists(filepath.Join(from, a.name)) {
			lacking++
			continue
		}
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return n, lacking, err
		}
		if err := copyWhole(ctx, filepath.Join(from, a.name), to, a.sum); err != nil {
			return n, lacking, fmt.Errorf("bringing archive %s back: %w", a.name, err)
		}
		n++
	}
	return n, lacking, nil
}
