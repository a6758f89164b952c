package link

import (
	"time"

	"golang.org/x/sys/windows"
)

// endDead has the system end a connection when what was sent stays unconfirmed for so long
// (IPPROTO_TCP socket options, TCP_MAXRT: in seconds).
func endDead(fd uintptr, after time.Duration) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_TCP, windows.TCP_MAXRT, int(after.Seconds()))
}
