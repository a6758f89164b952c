package home

import (
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// Free returns the bytes that this account may still write to a folder's disk.
func Free(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: dir, Err: err}
	}
	return int64(min(free, math.MaxInt64)), nil
}

// FlushDir does nothing: the names in a folder of NTFS are in its journal, and no handle of a folder
// can be flushed.
func FlushDir(string) error { return nil }
