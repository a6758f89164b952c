//go:build unix

package home

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Free returns the bytes that this account may still write to a folder's disk.
func Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(min(uint64(s.Bavail)*uint64(s.Bsize), math.MaxInt64)), nil
}

// FlushDir brings the names in a folder to the disk.
func FlushDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
