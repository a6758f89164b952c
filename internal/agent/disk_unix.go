//go:build !windows

package agent

import "golang.org/x/sys/unix"

// room returns how much is free for this account on the disk of a folder, and how large the disk is, in bytes.
func room(dir string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}
