package link

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.bug.st/serial"
)

// presenceEvery is how often a serial port is looked for. Some port drivers leave a read
// waiting for ever when their USB plug is pulled.
const presenceEvery = 2 * time.Second

var errVanished = errors.New("the port has vanished: its plug was pulled or its device is off")

// listed returns what tells whether this machine still has the port.
func listed(name string) func() bool {
	if runtime.GOOS != "windows" {
		return func() bool {
			_, err := os.Stat(name)
			return !errors.Is(err, fs.ErrNotExist)
		}
	}
	name = strings.TrimPrefix(name, `\\.\`)
	return func() bool {
		ports, err := serial.GetPortsList()
		return err != nil || slices.ContainsFunc(ports, func(p string) bool { return strings.EqualFold(p, name) })
	}
}

// watch ends the connection when the port is there no more. A port that is not among those
// listed while it is open is not looked for: some virtual ones never are.
func (c *serialConn) watch(there func() bool) {
	if !there() {
		return
	}
	c.pumps.Go(func() {
		look := time.NewTicker(presenceEvery)
		defer look.Stop()
		for there() {
			select {
			case <-c.ended:
				return
			case <-look.C:
			}
		}
		c.failed(errVanished)
		c.inner.Close()
	})
}
