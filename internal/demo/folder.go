package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"linemark/internal/ledger"
)

// marker lies in the folder of a demonstration that is running, or was killed.
const marker = "running"

// folder returns the folder to work in, and what to call at a good end. A demonstration that
// was killed left its marker: the next one goes on with its ledger and its plant's logs, so
// that everything that was printed before counts in the check. Else it begins afresh.
func folder(o Options) (string, func() error, error) {
	dir := o.Dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		dir = filepath.Join(cache, "linemark", "demo")
		if o.System == SmartOne {
			dir += "-smartone"
		}
	}
	mark := filepath.Join(dir, marker)
	_, err := os.Stat(mark)
	switch {
	case ledger.Locked(dir):
		return "", nil, fmt.Errorf("another linemark works in %s: end it, or give --data another folder", dir)
	case notOurs(dir):
		return "", nil, fmt.Errorf("%s holds a ledger or a configuration that no demonstration has made: give --data an empty folder", dir)
	case err == nil:
		o.say("The demonstration before this one did not end by itself: going on with its ledger in %s.", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("looking at %s: %w", dir, err)
	case o.Dir == "":
		if err := clear(dir); err != nil {
			return "", nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", nil, fmt.Errorf("creating the demonstration's folder: %w", err)
	}
	if err := os.WriteFile(mark, nil, 0o640); err != nil {
		return "", nil, fmt.Errorf("writing to the demonstration's folder: %w", err)
	}
	return dir, func() error { return os.Remove(mark) }, nil
}

// notOurs says whether a folder holds somebody's real work: a demonstration would print its codes.
// One that was killed before its plant was built has left its marker.
func notOurs(dir string) bool {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	return (has(ledger.FileName) || has("linemark.toml")) && !has("plant") && !has(marker)
}

// clear removes what a demonstration makes, and nothing else that may lie there.
func clear(dir string) error {
	for _, pattern := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.lock", "ledger.reached*", "agent.log", "linemark.toml", "labels/*.zpl", "plant/*.jsonl", "record/*.lrec", "shipping/*/*", "shipping/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				return fmt.Errorf("clearing the demonstration before: %w", err)
			}
		}
	}
	return nil
}

func (o Options) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(format, args...)
	}
}
