//go:build !linux

package home

import "os"

// DropCache has the next reader of a flushed file read the disk itself, where the system can be told so.
func DropCache(*os.File) {}
