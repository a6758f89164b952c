package link

import (
	"time"

	"golang.org/x/sys/unix"
)

// endDead has the system end a connection when what was sent stays unconfirmed for so long
// (tcp(7), TCP_USER_TIMEOUT).
func endDead(fd uintptr, after time.Duration) error {
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(after.Milliseconds()))
}
