package zipher

import (
	"net"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/zipher/ziphertest"
)

const (
	silence = 3 * time.Second
	nasty   = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"
)

// settings are those of a printer whose job takes separators as the byte 1D.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "tto-1", Address: "tcp://127.0.0.1:3003", Options: map[string]any{
		"fields": map[string]any{"CODE": "{code}"}, "fnc1_form": "", "gs_form": "raw", "records": int64(50),
	}}
	s.Options = drivertest.Changed(s.Options, options)
	return s
}

// printer returns a printer that reaches the other end through dial.
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

// pipe connects to an emulated printer in memory.
func pipe(t testing.TB, e *ziphertest.Printer) (link.Dialer, *drivertest.Tap) {
	tap := drivertest.NewTap(t, func(_ string, c net.Conn) { e.ServeConn(c) })
	return tap.Dial, tap
}

// scripted returns a far end whose answers a test writes by hand.
func scripted(answer func(command string) string) *drivertest.Script {
	p := &drivertest.Script{End: "\r"}
	p.Answer(answer)
	return p
}

// healthy answers as a running printer that has printed the index 1041.
func healthy(command string) string {
	switch name, _, _ := strings.Cut(command, "|"); name {
	case "":
		return ""
	case "GST":
		return "STS|3|0|Unit|12|1041|\r"
	case "SLR":
		return "SLR|1041|\r"
	case "SNI":
		return "SNI|1042|\r"
	case "SRC":
		return "SRC|0|\r"
	case "GFT":
		return "FLT|0|\r"
	}
	return "ACK\r"
}

// except answers one command in its own way and the others as healthy does.
func except(command, reply string) func(string) string {
	return func(c string) string {
		if name, _, _ := strings.Cut(c, "|"); name == command {
			return reply
		}
		return healthy(c)
	}
}
