package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"linemark/internal/ledger/home"
)

// ExistsError says that there is a ledger where one is to be restored.
type ExistsError struct{ Dir string }

func (e *ExistsError) Error() string { return "there is a ledger in " + e.Dir + " already" }

// RestoreOptions of Restore.
type RestoreOptions struct {
	// Replace moves a ledger that is there into a folder beside it. Nothing of it is removed.
	Replace  bool
	Now      func() time.Time
	Progress func(what string) // nil: nobody is told
}

// Restored is what Restore has put in place.
type Restored struct {
	Contents
	Archives int    // brought back beside it
	Lacking  int    // archives that the ledger names and that are nowhere
	Aside    string // the folder with the ledger that was there; empty: there was none
}

// Restore puts a ledger in folder dir that is a copy of a backup, or of any ledger's file with its log
// beside it. No agent may work there. The copy is verified before anything is moved; what is
// restored is a copy and says so: see BeginTakeover.
func Restore(ctx context.Context, from, dir string, o RestoreOptions) (r Restored, err error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return r, fmt.Errorf("creating the data folder: %w", err)
	}
	lock, err := lock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return r, fmt.Errorf("locking the ledger in %s: %w", dir, err)
	}
	defer lock.Close()
	var old []string
	for _, suffix := range []string{"-wal", "-shm", ""} { // the file itself last: without its log it is not taken for whole
		if path := filepath.Join(dir, FileName+suffix); exists(path) {
			old = append(old, path)
		}
	}
	notes, err := matching(dir, reachedName+"*")
	if err != nil {
		return r, err
	}
	const fresh = "ledger.restored"
	if there := len(old) + len(notes); there > 0 && !o.Replace {
		return r, &ExistsError{dir}
	}
	path := filepath.Join(dir, fresh)
	if r.Contents, err = fetch(ctx, from, path, o); err != nil {
		return r, err
	}
	if len(old)+len(notes) > 0 {
		r.Aside = filepath.Join(dir, "replaced-"+o.Now().UTC().Format(stamp))
		if err := setAside(r.Aside, old, notes); err != nil {
			return r, fmt.Errorf("setting the ledger aside that was there: %w", err)
		}
	}
	if err := errors.Join(os.Rename(path, filepath.Join(dir, FileName)), home.FlushDir(dir)); err != nil {
		return r, fmt.Errorf("putting the ledger in place: %w", err)
	}
	if r.Archives, r.Lacking, err = bringArchives(ctx, from, filepath.Join(dir, FileName), r.Agent); err != nil {
		return r, err
	}
	// The old note goes last: until then it keeps an agent from working on half of this.
	note, err := beginReached(dir, r.LastEntry)
	if err != nil {
		return r, err
	}
	return r, note.end()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// fetch copies and verifies the ledger that is to be restored.
func fetch(ctx context.Context, from, to string, o RestoreOptions) (c Contents, err error) {
	want, err := manifestSum(from)
	if err != nil {
		return c, fmt.Errorf("reading what was written down of the backup: %w", err)
	}
	if want != "" {
		o.Progress("reading the backup")
		if sum, _, err := checksum(from); err != nil || sum != want {
			return c, errors.Join(err, &DamagedError{What: fmt.Sprintf("%s is not the file that was written: its SHA-256 is %s, the backup's was %s", from, sum, want)})
		}
	}
	src, err := openFile(ctx, from)
	if err != nil {
		return c, err
	}
	defer src.Close()
	_, _, at, err := src.lastEntry(ctx)
	if err != nil {
		return c, err
	}
	return src.copyTo(ctx, to, copied{at: at, by: byBackup, why: "it was restored from " + from}, o.Progress)
}

// setAside moves a ledger's files into a folder. The notes of how far it had come are copied: they go
// when the new ledger stands.
func setAside(to string, old, notes []string) error {
	if err := os.Mkdir(to, 0o750); err != nil {
		return err
	}
	for _, path := range notes {
		b, err := os.ReadFile(path)
		if err == nil {
			err = writeFile(filepath.Join(to, filepath.Base(path)), b)
		}
		if err != nil {
			return err
		}
	}
	for _, path := range old {
		if err := os.Rename(path, filepath.Join(to, filepath.Base(path))); err != nil {
			return err
		}
	}
	return home.FlushDir(to)
}
