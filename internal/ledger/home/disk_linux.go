package home

import (
	"os"

	"golang.org/x/sys/unix"
)

// DropCache has the next reader of a flushed file read the disk itself.
func DropCache(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // advice alone
}
