package dynamark

import (
	"net"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/dynamark/dynamarktest"
)

const (
	silence = 4 * time.Second
	// The code of the protocol's document, without its quote: lasers do not take that.
	nasty = "01046012345678932155<&'_1>=,;%/\x1d93dGVz"
)

// settings are those of a laser whose project takes separators as ~1.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "laser-1", Address: "tcp://127.0.0.1:20000", Options: map[string]any{
		"fields": map[string]any{"CODE": "{code}"}, "fnc1_form": "", "gs_form": "~1",
	}}
	s.Options = drivertest.Changed(s.Options, options)
	return s
}

// printer returns a laser that reaches the other end through dial.
func printer(t testing.TB, dial link.Dialer, options map[string]any) *Printer {
	t.Helper()
	s := settings(options)
	s.Dial = dial
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pipe connects to an emulated laser in memory.
func pipe(t testing.TB, e *dynamarktest.Printer) (link.Dialer, *drivertest.Tap) {
	tap := drivertest.NewTap(t, func(_ string, c net.Conn) { e.ServeConn(c) })
	return tap.Dial, tap
}

// scripted returns a far end whose answers a test writes by hand.
func scripted(answer func(command string) string) *drivertest.Script {
	p := &drivertest.Script{End: "\r\n"}
	p.Answer(answer)
	return p
}

// healthy answers as a laser that does everything at once and has no product yet.
func healthy(command string) string {
	switch command {
	case "ROLLBACKTRANS":
		return "ERROR 7\r\n"
	case "MARK START":
		return "OK\r\nMSG 26\r\nMSG 1\r\n"
	}
	return "OK\r\n"
}

// except answers one command in its own way and the others as healthy does.
func except(command, reply string) func(string) string {
	return func(c string) string {
		if strings.HasPrefix(c, command) {
			return reply
		}
		return healthy(c)
	}
}
