package link

import (
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The system ends a connection whose far end has gone while something is unconfirmed, where
// keep-alive rests.
func TestDeadDeviceIsMissed(t *testing.T) {
	for name, connect := range both(t) {
		t.Run(name, func(t *testing.T) {
			_, c := connect(t)
			if a, ok := c.(*answered); ok {
				c = a.Conn
			}
			raw, err := c.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			options := map[string]struct{ level, option, want int }{
				"user timeout in ms":       {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 30_000},
				"keep-alive":               {syscall.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
				"keep-alive after s":       {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 10},
				"between keep-alives in s": {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 5},
			}
			for what, o := range options {
				var got int
				var gotErr error
				if err := raw.Control(func(fd uintptr) { got, gotErr = unix.GetsockoptInt(int(fd), o.level, o.option) }); err != nil || gotErr != nil {
					t.Fatal(err, gotErr)
				}
				if got != o.want {
					t.Errorf("%s = %d, want %d", what, got, o.want)
				}
			}
		})
	}
}
