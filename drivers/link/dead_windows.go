package link

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// endDead has the system end a connection when what was sent stays unconfirmed for so long
// (IPPROTO_TCP socket options, TCP_MAXRT: in seconds). A system that does not know the option ends it after
// its own number of attempts, which is no reason not to work.
func endDead(fd uintptr, after time.Duration) error {
	err := windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_TCP, windows.TCP_MAXRT, int(after.Seconds()))
	if errors.Is(err, windows.WSAENOPROTOOPT) {
		return nil
	}
	return err
}
