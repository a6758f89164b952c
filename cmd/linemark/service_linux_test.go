package main

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The agent under systemd: READY when the page answers and not before, the watchdog fed while it works, a
// hangup that ends nothing, and STOPPING at the end.
func TestSystemd(t *testing.T) {
	t.Parallel()
	s, err := layOut(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	heard := ""
	hear := func(want string) { // waits for a message that holds want
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
			t.Fatal(err)
		}
		for message := make([]byte, 4096); ; {
			n, err := conn.Read(message)
			if err != nil {
				t.Fatalf("%v while waiting for %s after\n%s", err, want, heard)
			}
			heard += string(message[:n])
			if strings.Contains(string(message[:n]), want) {
				return
			}
		}
	}
	p := startIn(t, []string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=3000000"}, "run", "--service", "--config", s.file)
	hear("READY=1")
	if _, err := get(s.at["HTTP"], "/healthz"); err != nil {
		t.Errorf("ready, and the page is not up: %v", err)
	}
	if strings.Contains(heard, "WATCHDOG") {
		t.Errorf("heard %q", heard)
	}
	hear("WATCHDOG=1")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	hear("WATCHDOG=1")
	hear("WATCHDOG=1")
	p.stop(syscall.SIGTERM)
	hear("STOPPING=1")
}
